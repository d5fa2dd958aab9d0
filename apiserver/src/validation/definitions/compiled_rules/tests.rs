use schema::{Value, tree};

use super::super::open_api;
use super::super::strictness::Strictness;
use super::*;

/// What is told of a property `x` with this schema, without its path.
fn told(schema: Value) -> Vec<String> {
    let root = tree!({"type": "object", "properties": {"x": schema}});
    let mut errors = Errors::new();
    let place = Place::new(Some(&root), Path::root("root"));
    open_api::check(&place, &Strictness::FULL, true, &mut errors);
    let strip = |error: &object::field::Error| error.to_string().replace("root.properties[x]", "x");
    errors.iter().map(strip).collect()
}

fn with_rule(schema: Value, rule: Value) -> Value {
    let mut schema = schema;
    let map = schema.as_map_mut().expect("a schema");
    map.insert("x-kubernetes-validations", Value::List(vec![rule]));
    schema
}

fn number() -> Value {
    tree!({"type": "object", "properties": {"n": {"type": "integer"}, "text": {"type": "string", "maxLength": 10i64}}})
}

fn of(rule: Value) -> Vec<String> {
    told(with_rule(number(), rule))
}

#[test]
fn rules_compile_for_what_their_schema_declares() {
    assert_eq!(of(tree!({"rule": "self.n > 1 && self.text != 'a'"})), [""; 0]);
    assert_eq!(
        of(tree!({"rule": "self.n > oldSelf.n", "messageExpression": "'n: %d'.format([self.n])"})),
        [""; 0]
    );
    let shown = |text: &str, message: &str| {
        format!(
            "{{\"Rule\":\"{text}\",\"Message\":\"\",\"MessageExpression\":\"{message}\",\"Reason\":null,\"FieldPath\":\"\",\"OptionalOldSelf\":null}}"
        )
    };
    assert_eq!(
        of(tree!({"rule": "self.nope == 1"})),
        [format!(
            "x.x-kubernetes-validations[0].rule: Invalid value: {}: compilation failed: ERROR: <input>:1:5: undefined field 'nope'\n | self.nope == 1\n | ....^",
            shown("self.nope == 1", "")
        )]
    );
    assert_eq!(
        of(tree!({"rule": "self.n"})),
        [format!(
            "x.x-kubernetes-validations[0].rule: Invalid value: {}: cel expression must evaluate to a bool",
            shown("self.n", "")
        )]
    );
    assert_eq!(
        of(tree!({"rule": "true", "messageExpression": "self.n"})),
        [format!(
            "x.x-kubernetes-validations[0].messageExpression: Invalid value: {}: messageExpression must evaluate to a string",
            shown("true", "self.n")
        )]
    );
    let broken = of(tree!({"rule": "true", "messageExpression": "self.nope"}));
    assert!(
        broken[0]
            .contains(": messageExpression compilation failed: ERROR: <input>:1:5: undefined field 'nope'")
    );
}

/// If each rule took its time by the size of the schema, they would take minutes.
#[test]
fn many_rules_of_a_large_schema_are_compiled() {
    let mut properties = schema::Map::new();
    for at in 0..4_000 {
        properties.insert(
            format!("p{at}"),
            tree!({"type": "object", "properties": {"n": {"type": "integer"}}}),
        );
    }
    let rule = |at: usize| {
        let text = format!(
            "self.p{at}.n > oldSelf{}.n",
            if at.is_multiple_of(2) {
                format!(".p{at}")
            } else {
                format!(".value().p{at}")
            }
        );
        tree!({"rule": text, "optionalOldSelf": (at % 2 == 1)})
    };
    let mut rules: Vec<Value> = (0..4_000).map(rule).collect();
    rules.push(tree!({"rule": "self.p4000.n > 1"}));
    let told = told(tree!({
        "type": "object",
        "properties": (Value::Map(properties)),
        "x-kubernetes-validations": (Value::List(rules)),
    }));
    assert_eq!(told.len(), 1);
    assert!(told[0].contains("undefined field 'p4000'"), "{told:?}");
}

#[test]
fn rules_of_broken_schemas_are_not_compiled() {
    let mut schema = with_rule(number(), tree!({"rule": "self.nope == 1"}));
    schema.as_map_mut().expect("a schema").insert("uniqueItems", true);
    let told = told(schema);
    assert_eq!(told.len(), 1);
    assert!(told[0].starts_with("x.uniqueItems: Forbidden: "), "{told:?}");
}

#[test]
fn the_old_value_is_used_where_there_is_one() {
    let list = |kind: Value, rule: Value| {
        told(
            tree!({"type": "array", "maxItems": 5i64, "x-kubernetes-list-type": kind,
            "x-kubernetes-list-map-keys": ["k"], "items": (with_rule(
                tree!({"type": "object", "required": ["k"], "properties": {"k": {"type": "string", "maxLength": 5i64}}}), rule))}),
        )
    };
    let uses = || tree!({"rule": "self.k == oldSelf.k"});
    assert_eq!(list(Value::from("map"), uses()), [""; 0]);
    let atomic = told(
        tree!({"type": "array", "maxItems": 5i64, "items": (with_rule(number(), tree!({"rule": "self.n == oldSelf.n"})))}),
    );
    assert_eq!(
        atomic,
        [
            "x.items.x-kubernetes-validations[0].rule: Invalid value: \"self.n == oldSelf.n\": oldSelf cannot be used on the uncorrelatable portion of the schema within x"
        ]
    );
    assert_eq!(
        of(tree!({"rule": "oldSelf.optMap(o, o.n < self.n).orValue(true)", "optionalOldSelf": true})),
        [""; 0]
    );
    assert_eq!(
        of(tree!({"rule": "self.n > 1", "optionalOldSelf": true})),
        [
            "x.x-kubernetes-validations[0].optionalOldSelf: Invalid value: true: may not be set if oldSelf is not used in rule"
        ]
    );
}

#[test]
fn rules_cost_no_more_than_they_may() {
    let texts = |items: Value, rule: &'static str| {
        told(with_rule(
            tree!({"type": "array", "maxItems": items, "items": {"type": "string", "maxLength": 16i64}}),
            tree!({"rule": rule}),
        ))
    };
    let contains = "self.all(x, x.contains('gpu'))";
    assert_eq!(texts(Value::Int(100_000), contains), [""; 0]);
    let large = texts(Value::Int(2_000_000), contains);
    assert!(
        large[0].starts_with(
            "x.x-kubernetes-validations[0].rule: Forbidden: estimated rule cost exceeds budget by factor of "
        ),
        "{large:?}"
    );
    let all = texts(Value::Null, "self.all(x, self.all(y, x.matches(y)))");
    let more = "exceeds budget by factor of more than 100x (try simplifying the rule, or adding maxItems, maxProperties, and maxLength where arrays, maps, and strings are declared)";
    assert_eq!(
        all,
        [
            format!("x.x-kubernetes-validations[0].rule: Forbidden: estimated rule cost {more}"),
            "x.x-kubernetes-validations[0].rule: Forbidden: contributed to estimated rule cost total exceeding cost limit for entire OpenAPIv3 schema".to_owned(),
            format!("root: Forbidden: x-kubernetes-validations estimated rule cost total for entire OpenAPIv3 schema {more}"),
        ]
    );
}

/// As measured with the reference: the most items for which a rule is let in, by the length of its texts.
#[test]
fn the_limit_is_where_the_reference_has_it() {
    let is_let_in = |items: i64, length: i64| {
        let schema =
            tree!({"type": "array", "maxItems": items, "items": {"type": "string", "maxLength": length}});
        told(with_rule(
            schema,
            tree!({"rule": "self.all(x, x.contains('gpu'))"}),
        ))
        .is_empty()
    };
    for (length, items) in [(16, 909_090), (63, 333_333), (253, 94_339), (1_024, 24_154)] {
        assert!(is_let_in(items, length), "{length}");
        assert!(!is_let_in(items + 1, length), "{length}");
    }
}

#[test]
fn a_rule_costs_as_often_as_there_are_values() {
    let of_items = |list_max: Value| {
        let item = with_rule(
            tree!({"type": "string", "maxLength": 1_000i64}),
            tree!({"rule": "self.matches('^[a-z]+(-[a-z]+)*$')"}),
        );
        told(tree!({"type": "array", "maxItems": list_max, "items": item}))
    };
    assert_eq!(of_items(Value::Int(100)), [""; 0]);
    assert!(of_items(Value::Int(100_000))[0].contains("estimated rule cost exceeds budget by factor of "));
    assert!(of_items(Value::Null)[0].contains("estimated rule cost exceeds budget by factor of "));
}
