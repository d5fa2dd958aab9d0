//! What cannot be read, and how it is told. Texts marked so are as the reference was recorded to tell them.

mod unparse;

use cel::Environment;
use cel::limits::NODES_MAX;
use cel::parser::{Syntax, parse};
use proptest::prelude::*;

use unparse::{same, unparse};

const EXPRESSION: &str = "{'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}";

fn told(text: &str) -> String {
    Environment::new().check(text).expect_err(text).to_string()
}

#[test]
fn recorded_errors_of_syntax() {
    for (text, at, message) in [
        (
            "self.spec.min ==",
            17,
            format!("mismatched input '<EOF>' expecting {EXPRESSION}"),
        ),
        ("device.", 8, "no viable alternative at input '.'".to_owned()),
        (
            "Object{",
            8,
            "mismatched input '<EOF>' expecting {'}', ',', '?', IDENTIFIER, ESC_IDENTIFIER}".to_owned(),
        ),
    ] {
        let mark = ".".repeat(at - 1);
        let wanted = format!("ERROR: <input>:1:{at}: Syntax error: {message}\n | {text}\n | {mark}^");
        assert_eq!(told(text), wanted);
    }
}

#[test]
fn errors_tell_what_was_found_and_go_on_where_they_can() {
    for (text, wanted) in [
        (
            "",
            vec![format!(
                "1:1: Syntax error: mismatched input '<EOF>' expecting {EXPRESSION}"
            )],
        ),
        (
            "1 2",
            vec!["1:3: Syntax error: extraneous input '2' expecting <EOF>".to_owned()],
        ),
        (
            "1 2 3",
            vec!["1:3: Syntax error: mismatched input '2' expecting <EOF>".to_owned()],
        ),
        ("(1", vec!["1:3: Syntax error: missing ')' at '<EOF>'".to_owned()]),
        (
            "true ? 1",
            vec!["1:9: Syntax error: mismatched input '<EOF>' expecting ':'".to_owned()],
        ),
        (
            "*@a | b",
            vec![
                format!("1:1: Syntax error: extraneous input '*' expecting {EXPRESSION}"),
                "1:2: Syntax error: token recognition error at: '@'".to_owned(),
                "1:5: Syntax error: token recognition error at: '| '".to_owned(),
                "1:7: Syntax error: extraneous input 'b' expecting <EOF>".to_owned(),
            ],
        ),
        (
            "1 + +",
            vec![
                format!("1:5: Syntax error: mismatched input '+' expecting {EXPRESSION}"),
                format!("1:6: Syntax error: mismatched input '<EOF>' expecting {EXPRESSION}"),
            ],
        ),
        (
            "'abc",
            vec!["1:1: Syntax error: token recognition error at: ''abc'".to_owned()],
        ),
        (
            "1.all(2, 3)",
            vec!["1:7: argument must be a simple name".to_owned()],
        ),
        ("has(1)", vec!["1:5: invalid argument to has() macro".to_owned()]),
        ("if", vec!["1:1: reserved identifier: if".to_owned()]),
        (
            "99999999999999999999",
            vec!["1:1: invalid int literal".to_owned()],
        ),
        (
            "[1].map(x.y, 1)",
            vec!["1:10: argument is not an identifier".to_owned()],
        ),
    ] {
        let found = told(text);
        for message in &wanted {
            assert!(
                found.contains(&format!("ERROR: <input>:{message}")),
                "{text}: {found}"
            );
        }
    }
}

#[test]
fn limits_hold() {
    let deep = format!("{}1{}", "(".repeat(251), ")".repeat(251));
    assert!(told(&deep).contains("expression recursion limit exceeded: 250"));
    let fine = format!("{}1{}", "(".repeat(200), ")".repeat(200));
    assert!(Environment::new().check(&fine).is_ok());
    assert!(told(&"1+".repeat(400)).contains("expression recursion limit exceeded: 250"));
    let wide = vec!["true"; 5_000].join(" && ");
    assert!(Environment::new().check(&wide).is_ok());
    let long = format!("'{}'", "a".repeat(100_000));
    assert!(told(&long).contains("expression code point size exceeds limit: size: 100002, limit 100000"));
    // Each macro copies what it is applied to.
    let copies = format!("optional.of(1){}", ".optMap(x, x)".repeat(40));
    let told = told(&copies);
    assert!(
        told.contains("expression is too large: more than 200000 nodes"),
        "{told}"
    );
    assert_eq!(told.matches("ERROR").count(), 1, "{told}");
}

/// Nodes are counted for the whole text: many parts that are each small enough are not.
#[test]
fn copies_are_counted_together() {
    let one = format!("a{}", ".optMap(x, x)".repeat(14));
    let tree = parse(&one, Syntax::default()).expect("it is small enough");
    assert!(tree.extent.nodes > NODES_MAX / 2 && tree.extent.nodes <= NODES_MAX);
    let many = format!("[{}]", vec![one; 20].join(","));
    let told = parse(&many, Syntax::default()).expect_err("too many").to_string();
    assert!(
        told.contains("expression is too large: more than 200000 nodes"),
        "{told}"
    );
    assert_eq!(told.matches("ERROR").count(), 1, "{told}");
}

#[test]
fn trees_are_as_the_grammar_says() {
    for (text, wanted) in [
        ("1 + 2 * 3 - 4", "(1 + (2 * 3)) - 4"),
        ("a < b == c", "(a < b) == c"),
        ("a ? b : c ? d : e", "a ? b : (c ? d : e)"),
        ("!!a", "a"),
        ("!a.b(c)[1].?d", "!a.b(c)[1].?d"),
        ("- 1", "-1"),
        ("--a", "a"),
        ("x in [1, ?y,]", "x in [1, ?y]"),
        ("{'a': 1, ?b: c,}", "{\"a\": 1, ?b: c}"),
        ("A.B{c: 1, ?d: e}", "A.B{c: 1, ?d: e}"),
        (
            "has(a.b) && 'x\\n\\u00e9' == r'\\n'",
            "has(a.b) && (\"x\\n\u{e9}\" == \"\\\\n\")",
        ),
        ("b'\\x00\\377' // comment", "b\"\\x00\\xff\""),
        (
            ".a.b(1u, 0x1F, 1e3, - (2), (1).f())",
            ".a.b(1u, 31, 1e3, -(2), (1).f())",
        ),
        ("'''a'b'''", "\"a'b\""),
    ] {
        let tree = parse(text, Syntax::default()).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(unparse(&tree).as_deref(), Some(wanted), "{text}");
    }
}

/// Trees that have a text.
fn expressions() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        any::<i64>().prop_map(|number| number.to_string()),
        any::<u64>().prop_map(|number| format!("{number}u")),
        "[a-z]{1,3}_".prop_map(String::from),
        "[a-z\u{e9}\u{2603} ]{0,5}".prop_map(|text| format!("'{text}'")),
        Just("null".to_owned()),
        Just("true".to_owned()),
    ];
    leaf.prop_recursive(5, 40, 4, |inner| {
        let signs = prop::sample::select(vec!["+", "-", "*", "/", "%", "<", "==", "&&", "||", "in"]);
        prop_oneof![
            (inner.clone(), signs, inner.clone())
                .prop_map(|(left, sign, right)| format!("({left} {sign} {right})")),
            (inner.clone(), inner.clone(), inner.clone()).prop_map(|(a, b, c)| format!("({a} ? {b} : {c})")),
            prop::collection::vec(inner.clone(), 0..3).prop_map(|items| format!("[{}]", items.join(","))),
            (inner.clone(), inner.clone()).prop_map(|(key, value)| format!("{{{key}: {value}}}")),
            (inner.clone(), prop::collection::vec(inner.clone(), 0..3))
                .prop_map(|(target, args)| format!("({target}).f_({})", args.join(", "))),
            inner.clone().prop_map(|target| format!("({target}).field_")),
            (inner.clone(), inner.clone()).prop_map(|(target, at)| format!("({target})[{at}]")),
            inner.prop_map(|operand| format!("!({operand})")),
        ]
    })
}

proptest! {
    #[test]
    fn nothing_makes_the_parser_fail(text in ".{0,60}") {
        let _ = parse(&text, Syntax { bind: true });
    }

    #[test]
    fn nothing_of_its_own_signs_does_either(parts in prop::collection::vec(prop::sample::select(vec![
        "(", ")", "[", "]", "{", "}", ".", ",", ":", "?", "-", "!", "+", "&&", "||", "|", "'", "\"", "'''", "a", "1", "1.", "b'", "`",
        "all", "has", "map", "in", "\u{e9}", "\\", "\n", "0x", "x.all(y,", "//",
    ]), 0..25)) {
        let text = parts.concat();
        if let Err(issues) = Environment::new().with_bind().check(&text) {
            prop_assert!(issues.to_string().starts_with("ERROR: <input>:"));
        }
    }

    #[test]
    fn what_is_printed_is_read_as_the_same(text in expressions()) {
        let tree = parse(&text, Syntax::default()).map_err(|error| TestCaseError::fail(error.to_string()))?;
        let printed = unparse(&tree).expect("it has no macros");
        let again = parse(&printed, Syntax::default()).map_err(|error| TestCaseError::fail(error.to_string()))?;
        prop_assert!(same(&tree, &again), "{} is not {}", text, printed);
    }
}
