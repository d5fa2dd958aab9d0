//! Texts, lists and what Kubernetes adds.

use super::check;

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
        ("'hello'.indexOf('l', 5)", "-1"),
        ("'hello'.lastIndexOf('l', 5)", "-1"),
        ("'hello'.lastIndexOf('h', 9)", "-1"),
        ("'hello'.indexOf('l', -1)", "error: index out of range: -1"),
        ("'hello'.indexOf('') + 'hello'.indexOf('', 9)", "9"),
        ("'h\u{e9}llo'.lastIndexOf('') + ''.lastIndexOf('', 9)", "14"),
        ("''.indexOf('a') + ''.lastIndexOf('a')", "-2"),
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
            "\"a 1 1.50 ff 6B 101 10 1.234500\u{202f}\u{d7}\u{202f}10\u{2070}\u{b3} %\"",
        ),
        ("'%s %s'.format([1])", "error: index 1 out of range"),
        (
            "'hello'.contains('ell') && 'hello'.startsWith('he') && 'hello'.endsWith('lo')",
            "true",
        ),
    ]);
}

/// As the first formatter of the reference's library does it (its `formatting_test.go`).
#[test]
fn values_are_formatted() {
    check(&[
        (
            "'%s'.format([[1, 'a', {'k': null}, 2.71, 0.000000002]])",
            "\"[1, \\\"a\\\", {\\\"k\\\":null}, 2.710000, 0.000000]\"",
        ),
        (
            "'%s'.format([[double('NaN'), double('+Inf'), b'x', int, true, 1u]])",
            "\"[\\\"NaN\\\", \\\"+Inf\\\", b\\\"x\\\", int, true, 1]\"",
        ),
        (
            "'%s'.format([[timestamp('2023-02-03T23:31:20Z'), duration('1h45m47s')]])",
            "\"[timestamp(\\\"2023-02-03T23:31:20Z\\\"), duration(\\\"6347s\\\")]\"",
        ),
        (
            "'%s'.format([{10: 'b', 9: 'a', true: 1, 'x': 2}])",
            "\"{\\\"x\\\":2, 10:\\\"b\\\", 9:\\\"a\\\", true:1}\"",
        ),
        (
            "'%s %s %s'.format([2.71, 0.000000002, double('Infinity')])",
            "\"2.71 2e-09 +Inf\"",
        ),
        ("'%s'.format([duration('2ns')])", "\"0.000000002s\""),
        ("'%.3f %f'.format([1.2345, 2.71828])", "\"1.234 2.718280\""),
        (
            "'%.1f %.0f %.0f'.format([-1234567.0, 123.0, -999.0])",
            "\"-1,234,567.0 123 -999\"",
        ),
        (
            "'%e %.1e'.format([2.71828, -0.00012])",
            "\"2.718280\u{202f}\u{d7}\u{202f}10\u{2070}\u{2070} -1.2\u{202f}\u{d7}\u{202f}10\u{207b}\u{2070}\u{2074}\"",
        ),
        (
            "'%f %f %e'.format(['NaN', '-Infinity', double('inf')])",
            "\"NaN -\u{221e} \u{221e}\"",
        ),
        (
            "'%d'.format([1.0])",
            "error: error during formatting: decimal clause can only be used on integers, was given double",
        ),
        (
            "'%f'.format([1])",
            "error: error during formatting: fixed-point clause can only be used on doubles, was given int",
        ),
        (
            "'%x'.format([null])",
            "error: error during formatting: only integers, byte buffers, and strings can be formatted as hex, was given null_type",
        ),
        (
            "'%s'.format([[quantity('1')]])",
            "error: error during formatting: no formatting function for kubernetes.Quantity",
        ),
        (
            "'%s'.format([quantity('1')])",
            "error: error during formatting: string clause can only be used on strings, bools, bytes, ints, doubles, maps, lists, types, durations, and timestamps, was given kubernetes.Quantity",
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
        (
            "isURL('http://a%41/') || isURL('http://a%zz/') || isURL('http://a%c/')",
            "false",
        ),
        (
            "isURL('http://a%C3%A9/') && isURL('http://a%25/') && isURL('http://[fe80::1%25e%41]/')",
            "true",
        ),
        (
            "url('a b')",
            "error: URL parse error during conversion from string: parse \"a b\": invalid URI for request",
        ),
        (
            "format.uri().validate('b').value()",
            "[\"parse \\\"b\\\": invalid URI for request\"]",
        ),
        ("format.uri().validate('/b').hasValue()", "false"),
        ("format.dns1123LabelPrefix().validate('A-').hasValue()", "false"),
        (
            "format.dns1123SubdomainPrefix().validate('a.-').hasValue()",
            "false",
        ),
        ("format.dns1035LabelPrefix().validate('1b-').hasValue()", "true"),
        ("format.dns1035LabelPrefix().validate('1-').hasValue()", "false"),
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
