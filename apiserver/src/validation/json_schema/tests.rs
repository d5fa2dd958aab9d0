use super::*;
use object::field::Path;
use schema::tree;

fn told(schema: Value, value: Value) -> Vec<String> {
    let base = Path::root("x");
    problems(&schema, &value)
        .iter()
        .map(|problem| problem.at(&base).to_string())
        .collect()
}

#[test]
fn types_are_told_by_their_names() {
    assert_eq!(
        told(tree!({"type": "integer"}), tree!("str")),
        ["x: Invalid value: \"string\":  in body must be of type integer: \"string\""]
    );
    for (name, good) in [
        ("number", Value::Int(1)),
        ("integer", Value::Float(2.0)),
        ("array", tree!([])),
        ("boolean", tree!(true)),
    ] {
        assert_eq!(told(tree!({"type": name}), good), [""; 0], "{name}");
    }
    let either = || tree!({"x-kubernetes-int-or-string": true});
    assert_eq!(told(either(), tree!("a")), [""; 0]);
    assert_eq!(told(either(), tree!(true)).len(), 1);
    assert_eq!(
        told(tree!({"type": "string", "nullable": true}), Value::Null),
        [""; 0]
    );
    assert_eq!(told(tree!({"type": "string"}), Value::Null).len(), 1);
}

#[test]
fn numbers_have_bounds() {
    let maximum = |value: Value| {
        told(
            tree!({"type": "integer", "maximum": 1i64, "minimum": 0i64}),
            value,
        )
    };
    assert_eq!(maximum(Value::Int(1)), [""; 0]);
    assert_eq!(
        maximum(Value::Int(3)),
        ["x: Invalid value: 3:  in body should be less than or equal to 1"]
    );
    assert_eq!(
        maximum(Value::Int(-1)),
        ["x: Invalid value: -1:  in body should be greater than or equal to 0"]
    );
    let open = tree!({"type": "number", "minimum": 1i64, "exclusiveMinimum": true});
    assert_eq!(
        told(open, Value::Float(1.0)),
        ["x: Invalid value: 1:  in body should be greater than 1"]
    );
    assert_eq!(
        told(
            tree!({"type": "number", "multipleOf": (Value::Float(0.5))}),
            Value::Float(0.3)
        ),
        ["x: Invalid value: 0.3:  in body should be a multiple of 0.5"]
    );
    assert_eq!(
        told(tree!({"type": "integer", "format": "int32"}), Value::Int(1 << 40)),
        ["x: Invalid value: \"\": Checked value must be of type integer with format int32 in "]
    );
}

#[test]
fn text_has_length_pattern_and_format() {
    let schema = || tree!({"type": "string", "minLength": 2i64, "maxLength": 3i64, "pattern": "^a"});
    assert_eq!(told(schema(), tree!("ab")), [""; 0]);
    assert_eq!(
        told(schema(), tree!("abcd")),
        ["x: Too long: may not be more than 3 bytes"]
    );
    assert_eq!(
        told(schema(), tree!("a")),
        ["x: Invalid value: \"a\":  in body should be at least 2 chars long"]
    );
    assert_eq!(
        told(schema(), tree!("bc")),
        ["x: Invalid value: \"bc\":  in body should match '^a'"]
    );
    assert_eq!(
        told(tree!({"type": "string", "format": "ipv4"}), tree!("1.2.3")),
        ["x: Invalid value: \"1.2.3\":  in body must be of type ipv4: \"1.2.3\""]
    );
    assert_eq!(
        told(tree!({"type": "string", "format": "unheard-of"}), tree!("x")),
        [""; 0]
    );
}

#[test]
fn formats_are_what_they_are_called() {
    for (format, good, bad) in [
        ("byte", "YQ==", "%"),
        ("cidr", "10.0.0.0/8", "10.0.0.0"),
        ("date", "2020-02-29", "2020-13-01"),
        ("date-time", "2020-02-29T01:02:03.5Z", "yesterday"),
        ("duration", "1h30m", "soon"),
        ("email", "Ann <a@b.c>", "a.b"),
        ("hexcolor", "#fff", "fff0"),
        ("hostname", "a.b-c", "bad_host!"),
        ("ipv6", "::1", "1.2.3.4"),
        ("isbn", "978-0321751041", "978-0321751042"),
        ("isbn10", "0321751043", "0321751044"),
        ("mac", "01:23:45:67:89:ab", "01:23"),
        ("rgbcolor", "rgb(1, 2, 3)", "rgb(1)"),
        ("ssn", "111-11-1111", "1"),
        ("uri", "https://a", "::"),
        ("uuid", "00000000-0000-0000-0000-000000000000", "x"),
        (
            "uuid4",
            "00000000-0000-4000-8000-000000000000",
            "00000000-0000-0000-0000-000000000000",
        ),
        ("creditcard", "4111 1111 1111 1111", "4111 1111 1111 1112"),
        ("bsonobjectid", "0123456789abcdef01234567", "0"),
    ] {
        let schema = || tree!({"type": "string", "format": format});
        assert_eq!(told(schema(), tree!(good)), [""; 0], "{format}");
        assert_eq!(told(schema(), tree!(bad)).len(), 1, "{format}");
    }
}

#[test]
fn lists_and_objects_are_looked_into() {
    let list = || tree!({"type": "array", "items": {"type": "string"}, "minItems": 1i64, "maxItems": 2i64, "uniqueItems": true});
    assert_eq!(told(list(), tree!(["a", "b"])), [""; 0]);
    assert_eq!(told(list(), tree!([])).len(), 1);
    assert_eq!(
        told(list(), tree!(["a", "b", "c"])),
        ["x: Too many: 3: must have at most 2 items"]
    );
    assert_eq!(told(list(), tree!(["a", "a"])).len(), 1);
    assert_eq!(
        told(list(), tree!([true])),
        ["x.[0]: Invalid value: \"boolean\": [0] in body must be of type string: \"boolean\""]
    );
    let object = || {
        tree!({"type": "object", "required": ["a"], "properties": {"a": {"type": "string"}},
            "additionalProperties": {"type": "integer"}, "maxProperties": 2i64})
    };
    assert_eq!(told(object(), tree!({"a": "b", "c": 1i64})), [""; 0]);
    assert_eq!(told(object(), tree!({})), ["x.a: Required value"]);
    assert_eq!(
        told(object(), tree!({"a": "b", "c": "d"})),
        ["x.c: Invalid value: \"string\": .c in body must be of type integer: \"string\""]
    );
    assert_eq!(told(object(), tree!({"a": "b", "c": 1i64, "d": 1i64})).len(), 1);
    let closed = tree!({"type": "object", "additionalProperties": false});
    assert_eq!(told(closed, tree!({"a": "b"})).len(), 1);
}

#[test]
fn listed_values_are_the_only_ones() {
    let schema = || tree!({"type": "string", "enum": ["A", "B"]});
    assert_eq!(told(schema(), tree!("A")), [""; 0]);
    assert_eq!(
        told(schema(), tree!("C")),
        ["x: Unsupported value: \"C\": supported values: \"A\", \"B\""]
    );
}

#[test]
fn several_schemas_are_tried() {
    let parts = || tree!([{"minimum": 10i64}, {"maximum": 5i64}]);
    let of = |name: &'static str, value: i64| {
        let mut schema = tree!({"type": "integer"});
        schema.as_map_mut().expect("a map").insert(name, parts());
        told(schema, Value::Int(value))
    };
    assert_eq!(of("anyOf", 3), [""; 0]);
    assert_eq!(of("oneOf", 3), [""; 0]);
    assert_eq!(
        of("anyOf", 7)[0],
        "x: Invalid value: \"\": \"\" must validate at least one schema (anyOf)"
    );
    assert_eq!(
        of("oneOf", 7)[0],
        "x: Invalid value: \"\": \"\" must validate one and only one schema (oneOf). Found none valid"
    );
    assert_eq!(
        of("allOf", 7).last().map(String::as_str),
        Some("x: Invalid value: \"\": \"\" must validate all the schemas (allOf). None validated")
    );
    let not = tree!({"type": "integer", "not": {"minimum": 1i64}});
    assert_eq!(
        told(not, Value::Int(3)),
        ["x: Invalid value: \"\": \"\" must not validate the schema (not)"]
    );
}
