//! What expressions come to: behaviours of the language's conformance tests and of Kubernetes' libraries, case by case.

use cel::authorizer::{Authorizer, Check, Decision, On, Permit, Stage};
use cel::limits::CALL_COST_MAX;
use cel::{Environment, Error, Kept, Object, Type, Value};
use schema::{SmolStr, tree};
use std::sync::Arc;

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
    ]);
}

#[test]
fn texts() {
    check(&[
        ("'h\u{e9}llo'.size()", "5"),
        ("'h\u{e9}llo'.charAt(1) + 'abc'.charAt(3)", "\"\u{e9}\""),
        ("'abc'.charAt(4)", "error: index out of range: 4"),
        ("'h\u{e9}llo'.indexOf('l')", "2"),
        ("'hello'.indexOf('l', 3)", "3"),
        ("'hello'.lastIndexOf('l')", "3"),
        ("'hello'.lastIndexOf('l', 2)", "2"),
        ("'hello'.lastIndexOf('hello', 0)", "0"),
        ("'hello'.indexOf('z')", "-1"),
        ("'TacoCat'.lowerAscii() + 'x'.upperAscii()", "\"tacocatX\""),
        ("'a,b,c'.split(',')", "[\"a\",\"b\",\"c\"]"),
        ("'a,b,c'.split(',', 2)", "[\"a\",\"b,c\"]"),
        ("'a,b'.split(',', 0)", "[]"),
        ("'abc'.split('')", "[\"a\",\"b\",\"c\"]"),
        ("['a', 'b'].join('-') + ['a', 'b'].join()", "\"a-bab\""),
        ("'hello hello'.replace('he', 'we', 1)", "\"wello hello\""),
        ("'hello'.replace('l', '')", "\"heo\""),
        ("'ab'.replace('', '_')", "\"_a_b_\""),
        ("'hello'.substring(1, 3) + 'hello'.substring(4)", "\"elo\""),
        (
            "'hello'.substring(3, 1)",
            "error: invalid substring range. start: 3, end: 1",
        ),
        ("'  \\ttrim\\n'.trim()", "\"trim\""),
        ("strings.quote('a\"\\n')", "\"\\\"a\\\\\\\"\\\\n\\\"\""),
        (
            "'%s %d %.2f %x %X %b %o %e %%'.format(['a', 1, 1.5, 255, 'k', 5, 8, 1234.5])",
            "\"a 1 1.50 ff 6B 101 10 1.234500e+03 %\"",
        ),
        ("'%s'.format([[1, 'a', {'k': null}]])", "\"[1, a, {k: null}]\""),
        ("'%s %s'.format([1])", "error: index 1 out of range"),
        (
            "'hello'.contains('ell') && 'hello'.startsWith('he') && 'hello'.endsWith('lo')",
            "true",
        ),
    ]);
}

#[test]
fn lists_sets_and_patterns() {
    check(&[
        ("[1, 2, 2].isSorted() && !['b', 'a'].isSorted()", "true"),
        ("[1, 2].sum() + [3, 1].max() + [3, 1].min()", "7"),
        ("[].sum() == 0", "true"),
        ("dyn([]).min()", "error: min called on empty list"),
        ("[1, 2, 1].indexOf(1) + [1, 2, 1].lastIndexOf(1)", "2"),
        (
            "sets.contains([1, 2], [2]) && sets.equivalent([1, 1], [1]) && !sets.intersects([1], [2])",
            "true",
        ),
        ("'abc 123'.find('[0-9]+')", "\"123\""),
        ("'1 22 333'.findAll('[0-9]+', 2)", "[\"1\",\"22\"]"),
        ("'abc'.matches('^a.c$') && matches('abc', 'b')", "true"),
        (
            "'abc'.matches(dyn('['))",
            "error: error parsing regexp: missing closing ]: `[`",
        ),
    ]);
}

#[test]
fn kubernetes_libraries() {
    check(&[
        (
            "quantity('1Ki').isGreaterThan(quantity('1k')) && quantity('50k').compareTo(quantity('50000')) == 0",
            "true",
        ),
        ("quantity('50k').add(quantity('20k')).sub(5).asInteger()", "69995"),
        ("quantity('0.5').isInteger() || isQuantity('1x')", "false"),
        (
            "quantity('0.5').asInteger()",
            "error: cannot convert value to integer",
        ),
        ("quantity('1500m').asApproximateFloat()", "1.5"),
        ("quantity('-1').sign()", "-1"),
        (
            "url('https://example.com:80/p%20a/?k=1&k=2&x=a+b').getHost()",
            "\"example.com:80\"",
        ),
        (
            "url('https://[::1]:80/').getHostname() + url('https://a:80').getPort()",
            "\"::180\"",
        ),
        ("url('https://a/p a').getEscapedPath()", "\"/p%20a\""),
        (
            "url('https://a/?k=1&k=2&x=a+b').getQuery()",
            "{\"k\":[\"1\",\"2\"],\"x\":[\"a b\"]}",
        ),
        (
            "isURL('/absolute') && !isURL('relative') && url('/a').getScheme() == ''",
            "true",
        ),
        ("ip('192.168.0.1').family() + ip('::1').family()", "10"),
        ("isIP('127.0.0.256') || isIP('::ffff:1.2.3.4')", "false"),
        (
            "ip.isCanonical('2001:db8::abcd') && !ip.isCanonical('2001:DB8::ABCD')",
            "true",
        ),
        (
            "ip('127.0.0.1').isLoopback() && ip('0.0.0.0').isUnspecified() && ip('224.0.0.1').isLinkLocalMulticast()",
            "true",
        ),
        (
            "ip('169.254.169.254').isLinkLocalUnicast() && ip('8.8.8.8').isGlobalUnicast()",
            "true",
        ),
        (
            "cidr('192.168.0.0/24').containsIP('192.168.0.1') && cidr('10.0.0.0/8').containsCIDR('10.1.0.0/16')",
            "true",
        ),
        (
            "string(cidr('192.168.1.7/24').masked()) + string(cidr('192.168.1.7/24').ip())",
            "\"192.168.1.0/24192.168.1.7\"",
        ),
        ("cidr('192.168.0.0/24').prefixLength()", "24"),
        ("format.dns1123Label().validate('a-b').hasValue()", "false"),
        ("format.dns1123Label().validate('A').value().size()", "1"),
        (
            "format.named('nope').hasValue() || format.named('uuid').value().validate('x').hasValue() == false",
            "false",
        ),
        ("semver('1.2.3').major() + semver('v01.2', true).minor()", "3"),
        (
            "semver('1.0.0-rc.1').isLessThan(semver('1.0.0')) && !isSemver('v1.0') && isSemver('v1.0', true)",
            "true",
        ),
    ]);
}

#[test]
fn declared_types_tell_how_trees_are_read() {
    let fields = [
        ("at", Type::Timestamp),
        ("for", Type::Duration),
        ("ratio", Type::Double),
        ("raw", Type::Bytes),
    ];
    let this = Type::object(Object::escaped(
        "self",
        fields.map(|(name, of)| (SmolStr::new_static(name), of)),
    ));
    let environment = Environment::new().with("self", this.clone());
    let text = "self.at.getFullYear() == 2020 && self.__for__ > duration('1m') && self.ratio / 2.0 == 0.5 && self.raw == b'x'";
    let program = environment.compile(text, &[Type::Bool]).expect("good");
    let data = tree!({"at": "2020-01-01T00:00:00Z", "for": "2m", "ratio": 1i64, "raw": "eA==", "more": 1i64});
    let evaluated = program.evaluate(&[("self", Value::tree(&data, &this))], CALL_COST_MAX);
    assert_eq!(evaluated.outcome.expect("a value").as_bool(), Some(true));
}

#[derive(Debug)]
struct Knows;

impl Authorizer for Knows {
    fn decide(&self, check: &Check) -> Option<Decision> {
        let allowed = match &check.on {
            On::Path(path) => path == "/healthz",
            On::Resource(on) if on.resource == "slow" => return None,
            On::Resource(on) => {
                on.resource == "pods" && on.namespace == "a" && check.service_account.is_none()
            }
        };
        Some(Decision {
            allowed,
            reason: "r".into(),
            error: SmolStr::default(),
        })
    }
}

#[test]
fn rights_are_asked_of_the_caller() {
    let authorizer = Arc::new(Permit {
        authorizer: Arc::new(Knows),
        stage: Stage::Authorizer,
        check: Check::default(),
    });
    let of = Type::Opaque("kubernetes.authorization.Authorizer");
    let environment = Environment::new().with("authorizer", of);
    let run = |text: &str| {
        let program = environment
            .compile(text, &[Type::Bool])
            .unwrap_or_else(|error| panic!("{error}"));
        let variables = [("authorizer", Value::Kept(Kept::Permit(authorizer.clone())))];
        program
            .evaluate(&variables, CALL_COST_MAX)
            .outcome
            .map(|value| value.as_bool())
    };
    assert_eq!(
        run("authorizer.path('/healthz').check('get').allowed()"),
        Ok(Some(true))
    );
    let pods = "authorizer.group('').resource('pods').namespace('a')";
    assert_eq!(
        run(&format!(
            "{pods}.check('list').allowed() && {pods}.check('get').reason() == 'r'"
        )),
        Ok(Some(true))
    );
    assert_eq!(
        run(
            "authorizer.serviceAccount('ns', 'sa').group('').resource('pods').namespace('a').check('x').allowed()"
        ),
        Ok(Some(false))
    );
    let three = format!("[1, 2, 3].all(i, {pods}.check('list').allowed())");
    assert_eq!(run(&three), Err(Error::CostLimit));
    assert!(matches!(
        run("authorizer.group('').resource('slow').check('get').allowed() || true"),
        Err(Error::Undecided(check)) if check.verb == "get"
    ));
}
