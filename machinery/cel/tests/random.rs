//! Whatever is checked can be evaluated: with a value or an error, within its budget, and at no less than its steps.

use cel::{Environment, Error, Type, Value};
use proptest::prelude::*;
use schema::tree;

/// Expressions of all kinds; most of those that are checked fail for some data.
fn expressions() -> impl Strategy<Value = String> {
    let leaf = prop::sample::select(vec![
        "1",
        "-1",
        "0",
        "9223372036854775807",
        "2u",
        "1.5",
        "''",
        "'ab'",
        "b'x'",
        "true",
        "false",
        "null",
        "[]",
        "{}",
        "object",
        "object.list",
        "object.map",
        "object.text",
        "object.none",
        "object.nope",
        "duration('1h')",
        "timestamp('2020-01-01T00:00:00Z')",
        "quantity('1Gi')",
        "ip('1.2.3.4')",
        "cidr('10.0.0.0/8')",
        "url('https://a/b?c=d')",
        "optional.none()",
        "optional.of(1)",
        "semver('1.2.3')",
    ]);
    let leaf = leaf.prop_map(|text| format!("dyn({text})"));
    leaf.prop_recursive(5, 60, 4, |inner| {
        let signs = prop::sample::select(vec![
            "+", "-", "*", "/", "%", "<", ">=", "==", "!=", "&&", "||", "in",
        ]);
        let members = prop::sample::select(vec![
            "size()",
            "lowerAscii()",
            "trim()",
            "sum()",
            "max()",
            "isSorted()",
            "value()",
            "hasValue()",
            "first()",
            "getHours()",
            "asInteger()",
            "getQuery()",
            "family()",
            "masked()",
            "major()",
            "join()",
            "isLoopback()",
            "sign()",
            "prefixLength()",
        ]);
        let with_one = prop::sample::select(vec![
            "contains",
            "startsWith",
            "matches",
            "find",
            "findAll",
            "split",
            "charAt",
            "substring",
            "indexOf",
            "lastIndexOf",
            "orValue",
            "or",
            "add",
            "containsIP",
            "containsCIDR",
            "format",
            "compareTo",
            "getFullYear",
        ]);
        let global = prop::sample::select(vec![
            "int",
            "uint",
            "double",
            "string",
            "bytes",
            "bool",
            "timestamp",
            "duration",
            "type",
            "size",
            "quantity",
            "url",
            "ip",
        ]);
        let macros = prop::sample::select(vec!["all", "exists", "exists_one", "map", "filter", "optMap"]);
        prop_oneof![
            (inner.clone(), signs, inner.clone())
                .prop_map(|(left, sign, right)| format!("dyn({left} {sign} {right})")),
            (inner.clone(), members).prop_map(|(target, call)| format!("dyn({target}.{call})")),
            (inner.clone(), with_one, inner.clone())
                .prop_map(|(target, name, arg)| format!("dyn({target}.{name}({arg}))")),
            (global, inner.clone()).prop_map(|(name, arg)| format!("dyn({name}({arg}))")),
            (inner.clone(), macros, inner.clone())
                .prop_map(|(range, name, body)| format!("dyn({range}.{name}(x, dyn([x, {body}])[1]))")),
            (inner.clone(), inner.clone(), inner.clone())
                .prop_map(|(a, b, c)| format!("dyn({a} ? {b} : {c})")),
            (inner.clone(), inner.clone()).prop_map(|(target, at)| format!("dyn({target}[{at}])")),
            (inner.clone(), inner.clone()).prop_map(|(target, at)| format!("dyn({target}[?{at}])")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("dyn([{a}, {b}])")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("dyn({{{a}: {b}}})")),
            inner.clone().prop_map(|target| format!("dyn({target}.x)")),
            inner.prop_map(|target| format!("dyn({target}.?x)")),
        ]
    })
}

fn environment() -> Environment {
    Environment::new().with("object", Type::Dyn)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn evaluation_ends_within_its_budget(text in expressions()) {
        let analysis = match environment().check(&text) {
            Ok(analysis) => analysis,
            Err(error) => return Err(TestCaseError::fail(error.to_string())),
        };
        let object = tree!({"list": [1i64, "a", null, [2i64]], "map": {"x": 1i64, "y": {"x": true}}, "text": "a b c", "none": null});
        let evaluate = |max| analysis.program().evaluate(&[("object", Value::dynamic(&object))], max);
        let whole = evaluate(100_000);
        prop_assert_eq!(whole.cost > 100_000, matches!(&whole.outcome, Err(Error::CostLimit)));
        // The same again, with one unit less than it needs.
        if whole.cost > 0 && whole.cost <= 100_000 {
            let cut = evaluate(whole.cost - 1);
            prop_assert_eq!(cut.outcome.err(), Some(Error::CostLimit));
            prop_assert_eq!(cut.cost, whole.cost);
        }
    }
}
