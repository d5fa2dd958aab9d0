//! What expressions come to: behaviours of the language's conformance tests and of Kubernetes' libraries, case by case.

mod libraries;
mod subjects;

use cel::limits::CALL_COST_MAX;
use cel::{Environment, Type, Value};
use schema::tree;

/// The value of an expression without variables, as `format` prints it, or what went wrong.
fn shown(text: &str) -> String {
    let environment = Environment::new().with_bind().with("object", Type::Dyn);
    let program = environment
        .compile(text, &[])
        .unwrap_or_else(|error| panic!("{text}: {error}"));
    let object = tree!({"spec": {"replicas": 3i64, "ratio": (schema::Value::Float(0.5)), "none": null,
        "items": [{"name": "a", "value": 1i64}, {"name": "b"}], "labels": {"x": "1", "y": "2"}}});
    let variables = [("object", Value::dynamic(&object))];
    match program.evaluate(&variables, CALL_COST_MAX).outcome {
        Ok(value) => value.to_tree().map_or_else(
            || value.type_name().to_owned(),
            |tree| schema::json::to_string(&tree),
        ),
        Err(error) => format!("error: {error}"),
    }
}

fn check(cases: &[(&str, &str)]) {
    for (text, wanted) in cases {
        assert_eq!(shown(text), *wanted, "{text}");
    }
}

#[test]
fn arithmetic_and_its_ends() {
    check(&[
        ("1 + 2 * 3 % 4", "3"),
        ("7 / -2", "-3"),
        ("-7 % 3", "-1"),
        ("1 / 0", "error: division by zero"),
        ("1u % 0u", "error: modulus by zero"),
        ("9223372036854775807 + 1", "error: integer overflow"),
        ("-9223372036854775808 - 1", "error: integer overflow"),
        ("-(-9223372036854775807 - 1)", "error: integer overflow"),
        ("(-9223372036854775807 - 1) / -1", "error: integer overflow"),
        ("0u - 1u", "error: unsigned integer overflow"),
        ("1.0 / 0.0 > 1e300", "true"),
        ("[1] + [2, 3]", "[1,2,3]"),
        ("b'a' + b'b' == b'ab'", "true"),
    ]);
}

#[test]
fn equality_and_order_across_types() {
    check(&[
        ("dyn(1) == 1.0", "true"),
        ("dyn(1) == 1u", "true"),
        ("dyn(1) == '1'", "false"),
        ("1 < 2u && 2.5 > 2 && 1u <= 1.0", "true"),
        ("9007199254740993 > 9007199254740992.0", "true"),
        ("9223372036854775807 < 9223372036854775808.0", "true"),
        ("0.0/0.0 == 0.0/0.0", "false"),
        ("0.0/0.0 < 1.0 || 0.0/0.0 >= 1.0", "false"),
        ("dyn([1, 2]) == dyn([1.0, 2.0])", "true"),
        ("{'a': 1} == {'a': 1}", "true"),
        ("{1: 'a'}[dyn(1.0)]", "\"a\""),
        ("{1: 'a'}[dyn(1u)]", "\"a\""),
        ("2 in [1, 2] && !('c' in {'a': 1})", "true"),
        ("dyn('a') < 1", "error: no such overload"),
        ("false < true && b'a' < b'b' && 'a' < 'b'", "true"),
        (
            "type(1) == int && type([]) == list && type(type(1)) == type",
            "true",
        ),
        (
            "duration('1h') == duration('60m') && duration('1s') < duration('1m')",
            "true",
        ),
    ]);
}

#[test]
fn one_side_makes_up_for_the_other() {
    check(&[
        ("false && 1/0 > 0", "false"),
        ("1/0 > 0 && false", "false"),
        ("true || 1/0 > 0", "true"),
        ("1/0 > 0 || true", "true"),
        ("1/0 > 0 && true", "error: division by zero"),
        ("false || 1/0 > 0", "error: division by zero"),
        ("dyn(1) && true", "error: no such overload"),
        ("dyn(1) && false", "false"),
        ("true ? 1 : 1/0", "1"),
        ("[0, 1].exists(x, 1/x == 1)", "true"),
        ("[0, 1].all(x, 1/x == 5)", "false"),
        ("[0].all(x, 1/x == 1)", "error: division by zero"),
    ]);
}

#[test]
fn macros_fold() {
    check(&[
        ("[1, 2, 3].all(x, x > 0)", "true"),
        ("[].all(x, false)", "true"),
        ("[].exists(x, true)", "false"),
        ("[1, 2, 2].exists_one(x, x == 2)", "false"),
        ("[1, 2].existsOne(x, x == 2)", "true"),
        ("[1, 2, 3].map(x, x * 2)", "[2,4,6]"),
        ("[1, 2, 3].map(x, x > 1, x * 2)", "[4,6]"),
        ("[1, 2, 3].filter(x, x > 1)", "[2,3]"),
        ("{'b': 1, 'a': 2}.map(k, k)", "[\"a\",\"b\"]"),
        ("[[1, 2], [3]].map(l, l.map(x, x + l[0]))", "[[2,3],[6]]"),
        ("[1, 2].all(i, v, i < v)", "true"),
        ("{'a': 1}.exists(k, v, k == 'a' && v == 1)", "true"),
        ("{'a': 1, 'b': 2}.transformMap(k, v, v > 1, v * 10)", "{\"b\":20}"),
        (
            "{'a': 'x', 'b': 'y'}.transformMapEntry(k, v, {v: k})",
            "{\"x\":\"a\",\"y\":\"b\"}",
        ),
        (
            "{'a': 'x', 'b': 'x'}.transformMapEntry(k, v, {v: k})",
            "error: insert failed: key x already exists",
        ),
        ("[3, 4].transformList(i, v, i > 0, v)", "[4]"),
        ("cel.bind(x, 2, x * x)", "4"),
        ("has(object.spec) && !has(object.nope)", "true"),
        ("has(object.spec.none)", "true"),
    ]);
}

#[test]
fn objects_are_looked_into() {
    check(&[
        ("object.spec.replicas + 1", "4"),
        ("object.spec['ratio']", "0.5"),
        ("object.spec.items[1].name", "\"b\""),
        ("object.spec.items[2]", "error: index out of bounds: 2"),
        ("object.spec.items[-1]", "error: index out of bounds: -1"),
        ("object.spec.nope", "error: no such key: nope"),
        ("object.spec.replicas.x", "error: no such overload"),
        (
            "object.spec.items.exists(i, has(i.value) && i.value == 1)",
            "true",
        ),
        (
            "object.spec.labels.all(k, object.spec.labels[k].matches('^[0-9]$'))",
            "true",
        ),
        ("size(object.spec.labels)", "2"),
        ("object.spec.?nope.?x.orValue('d')", "\"d\""),
        ("object.spec.items[?5].hasValue()", "false"),
        ("object.spec.items[?0].name.value()", "\"a\""),
        ("optional.of(1).or(optional.of(2)).value()", "1"),
        ("optional.none().value()", "error: optional.none() dereference"),
        ("optional.ofNonZeroValue('').hasValue()", "false"),
        ("[?object.?nope, ?optional.of(dyn(2))]", "[2]"),
        ("{?'a': object.?nope, ?'b': optional.of(dyn(1))}", "{\"b\":1}"),
        ("optional.of(2).optMap(x, x * 2).value()", "4"),
        (
            "optional.of(2).optFlatMap(x, optional.none()).hasValue()",
            "false",
        ),
        ("object.spec.none == null", "true"),
        ("{'a': 1, 'a': 2}", "error: Failed with repeated key"),
    ]);
}

#[test]
fn conversions() {
    check(&[
        ("int('42') + int(2.9) + int(3u)", "47"),
        ("int('x')", "error: type conversion error from 'string' to 'int'"),
        ("uint(-1)", "error: unsigned integer overflow"),
        ("int(1e30)", "error: integer overflow"),
        ("double('1.5') + double(1)", "2.5"),
        ("uint('5') + 0u == 5u && int('+5') == 5", "true"),
        (
            "uint('+5')",
            "error: type conversion error from 'string' to 'uint'",
        ),
        (
            "double('1e400')",
            "error: type conversion error from 'string' to 'double'",
        ),
        (
            "double('+nan')",
            "error: type conversion error from 'string' to 'double'",
        ),
        ("double('-Inf') < 0.0 && double('infinity') > 0.0", "true"),
        (
            "string(1.5) + string(true) + string(-1) + string(2u)",
            "\"1.5true-12\"",
        ),
        ("string(1e21)", "\"1e+21\""),
        ("string(b'abc') == 'abc' && bytes('abc') == b'abc'", "true"),
        ("bool('true') && !bool('0')", "true"),
        (
            "string(timestamp('2023-01-02T03:04:05.5Z'))",
            "\"2023-01-02T03:04:05.5Z\"",
        ),
        ("string(duration('90m'))", "\"5400s\""),
        ("int(timestamp('1970-01-01T00:01:00Z'))", "60"),
        (
            "timestamp(0) + duration('1h') == timestamp('1970-01-01T01:00:00Z')",
            "true",
        ),
        (
            "timestamp('9999-12-31T23:59:59Z') + duration('1s')",
            "error: timestamp overflow",
        ),
        (
            "string(timestamp('2023-01-02T00:00:00Z') - timestamp('2023-01-01T00:00:00Z'))",
            "\"86400s\"",
        ),
        ("timestamp('2023-05-06T07:08:09.010Z').getFullYear()", "2023"),
        ("timestamp('2023-05-06T07:08:09.010Z').getMonth()", "4"),
        ("timestamp('2023-05-06T07:08:09.010Z').getDate()", "6"),
        ("timestamp('2023-05-06T07:08:09.010Z').getDayOfMonth()", "5"),
        ("timestamp('2023-05-06T07:08:09.010Z').getDayOfWeek()", "6"),
        ("timestamp('2023-05-06T07:08:09.010Z').getDayOfYear()", "125"),
        ("timestamp('2023-05-06T07:08:09.010Z').getHours('+02:30')", "9"),
        ("timestamp('2023-05-06T07:08:09.010Z').getMinutes('-02:30')", "38"),
        ("timestamp('2023-05-06T07:08:09.010Z').getMilliseconds()", "10"),
        ("duration('3h30m').getMinutes()", "210"),
        ("timestamp('9999-12-31T23:59:59.5Z').getFullYear()", "9999"),
        ("timestamp('9999-12-31T23:59:59.5Z').getMilliseconds()", "500"),
        ("timestamp('9999-12-31T23:59:59Z').getHours('-02:00')", "21"),
        ("timestamp('0001-01-01T00:00:00Z').getHours('-01:00')", "23"),
        ("timestamp('1969-12-31T23:59:59.5Z').getSeconds()", "59"),
        ("timestamp('2023-05-06T07:08:09Z').getHours('Europe/Berlin')", "9"),
        ("timestamp('2023-01-06T07:08:09Z').getHours('Europe/Berlin')", "8"),
        (
            "timestamp('2023-05-06T07:08:09Z').getHours('europe/berlin')",
            "error: unknown time zone europe/berlin",
        ),
    ]);
}
