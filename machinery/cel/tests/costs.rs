//! What expressions cost, and what they were estimated to cost before.

use cel::cost::estimate::{Range, Sizes, Step};
use cel::{Environment, Error, Object, Type, Value};
use proptest::prelude::*;
use schema::{SmolStr, tree};

fn this() -> Type {
    let item = Type::object(Object::new(
        "item",
        [
            (SmolStr::new("name"), Type::String),
            (SmolStr::new("value"), Type::Int),
        ],
    ));
    let fields = [
        ("text", Type::String),
        ("count", Type::Int),
        ("items", Type::list(item)),
        ("texts", Type::list(Type::String)),
        ("map", Type::map(Type::String, Type::String)),
    ];
    Type::object(Object::new(
        "self",
        fields.map(|(name, of)| (SmolStr::new(name), of)),
    ))
}

/// Texts are of at most 100 characters, lists of 10 items, maps of 5 entries.
struct Small;

impl Sizes for Small {
    fn size(&self, path: &[Step]) -> Option<Range> {
        let max = match path {
            [Step::Name(_), Step::Name(field)] if field == "items" || field == "texts" => 10,
            [Step::Name(_), Step::Name(field)] if field == "map" => 5,
            [_, .., Step::Name(field)] if field == "count" || field == "value" => 0,
            [_] => 0,
            _ => 100,
        };
        Some(Range { min: 0, max })
    }
}

/// Knows nothing.
struct Any;

impl Sizes for Any {
    fn size(&self, _: &[Step]) -> Option<Range> {
        None
    }
}

fn environment() -> Environment {
    Environment::new().with("self", this())
}

fn estimated(text: &str, sizes: &dyn Sizes) -> Range {
    environment()
        .check(text)
        .unwrap_or_else(|error| panic!("{error}"))
        .cost(sizes)
}

#[test]
fn estimates_follow_sizes() {
    let range = |min, max| Range { min, max };
    for (text, wanted) in [
        ("self.count > 1", range(3, 3)),
        ("has(self.count)", range(1, 1)),
        // The literal's three characters, and at most as many of the other.
        ("self.text == 'abc'", range(3, 3)),
        ("self.text.startsWith('a')", range(3, 3)),
        ("self.text.contains('abcdefghijkl')", range(2, 22)),
        ("self.text.matches('^[a-z]+$')", range(4, 24)),
        ("self.text.lowerAscii() + self.text", range(4, 34)),
        ("'a' in self.texts", range(2, 12)),
        // Each item: its name, the comparison, the loop's own steps.
        ("self.items.all(i, i.value > 0)", range(3, 63)),
        ("true || self.text.matches('^[a-z]+$')", range(0, 24)),
        ("self.count > 1 ? self.text : 'a'", range(3, 5)),
        ("[1, 2].map(x, x * 2)", range(49, 49)),
    ] {
        assert_eq!(estimated(text, &Small), wanted, "{text}");
    }
    let unbounded = estimated("self.texts.all(x, self.texts.all(y, y.matches(x)))", &Any);
    assert_eq!(unbounded.max, u64::MAX);
    assert!(estimated("self.texts.all(x, x.contains('gpu'))", &Small).max < 1_000);
}

#[test]
fn runs_cost_what_the_reference_says() {
    let data = tree!({"text": "abcdefghijklmnopqrst", "count": 1i64, "texts": ["a", "b"],
        "items": [{"name": "a", "value": 1i64}, {"name": "b", "value": 2i64}], "map": {"k": "v"}});
    let of = this();
    for (text, wanted) in [
        ("true", 0),
        ("self.count", 2),
        ("self.count == 1", 3),
        ("has(self.count)", 1),
        ("self.text.contains('ab')", 4),
        ("self.text + 'x'", 5),
        ("self.text.matches('^a')", 5),
        ("'b' in self.texts", 4),
        ("[self.count]", 12),
        ("{'a': self.count}", 32),
        // Two rounds of: the condition's two, the accumulator, the item's field and the comparison.
        ("self.items.all(i, i.value > 0)", 2 + 2 * 6 + 1),
        ("self.items.map(i, i.name)", 2 + 10 + 2 * 14 + 1),
        ("true || self.count == 1", 0),
    ] {
        let program = environment()
            .compile(text, &[])
            .unwrap_or_else(|error| panic!("{error}"));
        let evaluated = program.evaluate(&[("self", Value::tree(&data, &of))], u64::MAX);
        assert!(evaluated.outcome.is_ok(), "{text}");
        assert_eq!(evaluated.cost, wanted, "{text}");
    }
}

/// Of short texts, nothing is asked but what the reference asks.
#[test]
fn work_on_long_texts_is_paid() {
    let cost = |text: &str, chars: usize| {
        let data = tree!({"text": ("a".repeat(chars))});
        let of = this();
        let program = environment().compile(text, &[]).expect(text);
        program
            .evaluate(&[("self", Value::tree(&data, &of))], u64::MAX)
            .cost
    };
    let unit = 1024;
    for (text, small, bytes) in [
        // Of each: what it takes for 10 characters, and how many bytes are gone through or made for 4,000.
        ("self.text.replace('', self.text)", 4 + 2, 4_001 * 4_000),
        ("self.text.replace('', self.text, 500)", 4 + 2, 500 * 4_000),
        (
            "'%s%s%s%s'.format([self.text, {'k': self.text}, [self.text], 1])",
            6 + 10 + 30 + 10 + 1 + 1,
            3 * 4_000,
        ),
        ("'%.1000f'.format([1.5])", 10 + 1000 * 64 / unit, 0),
        ("self.text.charAt(9)", 2 + 1, 4_000),
        ("self.text.size()", 2 + 1, 4_000),
        ("double(self.text)", 2 + 1, 4_000),
        ("duration(self.text)", 2 + 1, 4_000),
    ] {
        assert_eq!(cost(text, 10), small, "{text}");
        let asked = cost(text, 4_000);
        assert!(asked >= bytes / unit, "{text}: {asked}");
    }
}

/// What is deep in values is compared, too. Of what is flat, nothing is asked but what the reference asks.
#[test]
fn deep_comparisons_are_paid() {
    let text = "a".repeat(100_000);
    let list = schema::Value::List;
    let items = |last: i64| list((0..400).chain([last]).map(schema::Value::from).collect());
    let texts = |last: &str| list(vec![schema::Value::from(format!("{text}{last}")); 10]);
    let data = tree!({
        "ints": (items(1)), "one": [(items(1))], "same": [(items(1))], "other": [(items(2))],
        "text": (format!("{text}b")), "texts": (texts("c")), "more": (texts("d")), "map": {},
        "deep": [{"a": (items(1))}, {"a": (items(1))}],
    });
    let environment = Environment::new().with("self", Type::Dyn);
    let cost = |text: &str| {
        let program = environment.compile(text, &[]).expect(text);
        program
            .evaluate(&[("self", Value::dynamic(&data))], u64::MAX)
            .cost
    };
    let names = 4;
    for (text, wanted) in [
        ("self.ints == self.ints", 401 / 10 + 1),
        ("self.one == self.same", 403 / 20),
        ("self.one != self.other", 403 / 20),
        ("self.ints in self.one", 402 / 20),
        ("self.deep.lastIndexOf(self.deep[0])", 1 + 2 * 403 / 20),
        ("sets.contains(self.one, self.other)", 403 / 20),
        ("sets.equivalent(self.one, self.other)", 403 / 20 * 2),
        ("self.text in self.texts", 10 * (1 + 100_001 / 1024) / 20),
        ("self.texts == self.more", (2 + 100_001 / 1024) / 20),
        ("sets.intersects(self.texts, self.more)", 100 * 98 / 20),
        ("self.text in self.map", 100_001 / 1024),
        ("1 in self.ints", 401),
    ] {
        let asked = cost(text) - if text.starts_with('1') { 2 } else { names };
        assert_eq!(asked, wanted, "{text}");
    }
}

#[test]
fn evaluation_stops_at_the_limit() {
    let texts = (0..1_000)
        .map(|_| schema::Value::from("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"))
        .collect::<Vec<_>>();
    let data = tree!({"texts": texts});
    let program = environment()
        .compile("self.texts.all(x, self.texts.all(y, x.contains(y)))", &[])
        .expect("good");
    let evaluated = program.evaluate(&[("self", Value::dynamic(&data))], 1_000_000);
    let error = evaluated.outcome.expect_err("too much");
    assert_eq!(error, Error::CostLimit);
    assert_eq!(
        error.to_string(),
        "operation cancelled: actual cost limit exceeded"
    );
    assert!(evaluated.cost < 1_000_100);
    let doubled = format!(
        "[[1, 2]].map(x, {}x{})",
        "cel.bind(x, x + x, ".repeat(40),
        ")".repeat(40)
    );
    let program = Environment::new()
        .with_bind()
        .compile(&doubled, &[])
        .expect("good");
    assert_eq!(
        program.evaluate(&NOTHING, 1_000_000).outcome.err(),
        Some(Error::CostLimit)
    );
}

/// A few steps make values and types that nobody could go through: they end before that.
#[test]
fn what_is_shared_is_counted() {
    let bound = |text: &str, times: usize, end: &str| {
        format!(
            "cel.bind(x, {text}, {}{end}{})",
            "cel.bind(x, dyn([x, x]), ".repeat(times),
            ")".repeat(times)
        )
    };
    let run = |text: &str| {
        let program = Environment::new()
            .with_bind()
            .compile(text, &[])
            .unwrap_or_else(|error| panic!("{error}"));
        program.evaluate(&NOTHING, 1_000_000)
    };
    assert!(run(&bound("dyn([1])", 10, "x == x")).outcome.is_ok());
    assert!(run(&bound("dyn([1])", 10, "x == x")).cost > 100);
    for end in [
        "x == x",
        "x in [x]",
        "'%s'.format([x])",
        "sets.contains([x], [x])",
        "string(x)",
    ] {
        assert_eq!(
            run(&bound("dyn([1])", 60, end)).outcome.err(),
            Some(Error::CostLimit),
            "{end}"
        );
    }
    let typed = format!("{}1{}", "cel.bind(x, {1: 1}, ", ")").replace(
        "1)",
        &format!("{}x{})", "cel.bind(x, {x: x}, ".repeat(60), ")".repeat(60)),
    );
    let told = Environment::new()
        .with_bind()
        .check(&typed)
        .expect_err("a type too large")
        .to_string();
    assert!(
        told.contains("the type of the expression has too many parts"),
        "{told}"
    );
    let patterns = "[1, 2, 3].map(x, 'a{' + string(x) + '}').all(p, 'aaa'.matches(p))";
    assert_eq!(run(patterns).outcome.map(|value| value.as_bool()), Ok(Some(true)));
}

/// What a type that is open at first becomes is made anew for each node that has it: no more than a check may make.
#[test]
fn types_that_are_made_are_counted() {
    let nested = |inner: &str| format!("{}{inner}{}", "[".repeat(200), "]".repeat(200));
    let text = |uses: usize| {
        let of = vec!["optional.of(x)"; uses].join(",");
        format!(
            "cel.bind(x, {}, [[x, {}].size()] == [] ? [] : [{of}])",
            nested(""),
            nested("1")
        )
    };
    let environment = Environment::new().with_bind();
    assert!(environment.check(&text(100)).is_ok());
    let told = environment.check(&text(6_000)).expect_err("too many").to_string();
    assert!(
        told.contains("the types of the expression have too many parts"),
        "{told}"
    );
    assert_eq!(told.matches("ERROR").count(), 1);
}

/// The deepest trees that are let in go through everything on the stack of a worker's thread.
#[test]
fn the_deepest_expressions_are_safe() {
    let wrapped = |before: &str, inner: &str, after: &str, times: usize| {
        format!("{}{inner}{}", before.repeat(times), after.repeat(times))
    };
    let deepest = [
        wrapped("[", "1", "]", 240),
        wrapped("{1: ", "1", "}", 240),
        wrapped("dyn(", "1", ")", 240),
        wrapped("!(", "true", ")", 240),
        wrapped("(true ? ", "1", " : 2)", 240),
        wrapped("optional.of(", "1", ")", 240),
        format!("1{}", " + 1".repeat(240)),
        format!("self{}", ".?a".repeat(240)),
        wrapped("[1].map(x, ", "1", ")", 70),
        wrapped("[1].all(x, ", "true", ")", 90),
        wrapped("optional.of(1).optMap(x, ", "1", ").value()", 40),
    ];
    for text in deepest {
        let environment = Environment::new().with("self", Type::Dyn);
        match environment.check(&text) {
            Ok(analysis) => {
                let data = tree!({});
                let evaluated = analysis
                    .program()
                    .evaluate(&[("self", Value::dynamic(&data))], 1_000_000);
                let failed = evaluated.outcome.err().map(|error| error.to_string());
                assert_eq!(failed, None, "{text}");
                assert!(analysis.cost(&Any).max >= evaluated.cost);
            }
            Err(issues) => assert!(issues.to_string().contains("limit exceeded"), "{issues}"),
        }
    }
}

const NOTHING: [(&str, Value<'static>); 0] = [];

proptest! {
    /// Within the sizes that it was told, an estimate holds what a run costs.
    #[test]
    fn runs_cost_no_more_than_was_estimated(
        text in "[a-z]{0,100}", texts in prop::collection::vec("[a-z]{0,100}", 0..10), at in 0..14usize,
    ) {
        let expressions = [
            "self.texts.all(x, x.contains(self.text))", "self.texts.exists(x, x == self.text)", "self.text.matches('[a-f]+x')",
            "self.texts.map(x, x + self.text).size() > 1", "self.texts.filter(x, x < self.text).size() == 2", "self.text in self.texts",
            "self.text.lowerAscii().trim() == 'a'", "self.texts.all(x, self.texts.exists(y, x == y))", "self.map.all(k, self.map[k] == k)",
            "self.text.size() > 2 ? self.text.split('a').size() > 1 : self.texts.join(',') == ''", "self.texts.exists_one(x, x.endsWith('b'))",
            "self.text.replace('a', 'bb') == self.text", "self.items.map(i, i.name) == []", "self.texts.isSorted()",
        ];
        let list = |texts: &[String]| schema::Value::List(texts.iter().map(|text| schema::Value::from(text.as_str())).collect());
        let data = tree!({"text": (text.as_str()), "texts": (list(&texts)), "count": 1i64,
            "map": {"a": "b", "c": (text.as_str())}, "items": [{"name": "a", "value": 1i64}]});
        let estimate = estimated(expressions[at], &Small);
        let of = this();
        let program = environment().compile(expressions[at], &[]).expect("good");
        let evaluated = program.evaluate(&[("self", Value::tree(&data, &of))], u64::MAX);
        prop_assert!(evaluated.outcome.is_ok());
        prop_assert!(evaluated.cost <= estimate.max, "{}: {} > {}", expressions[at], evaluated.cost, estimate.max);
    }
}
