use super::*;
use crate::limits::{JSON_PATCH_COPY_BYTES_MAX, JSON_PATCH_OPERATIONS_MAX};
use schema::tree;

fn patched(document: Value, patch: Value) -> Result<Value, String> {
    let mut document = document;
    let patch = Patch::decode(&patch).map_err(|e| e.to_string())?;
    patch.apply(&mut document).map_err(|e| e.to_string())?;
    Ok(document)
}

#[test]
fn operations_apply_as_rfc_6902_says() {
    for (document, patch, expected) in [
        (
            tree!({"a": 1i64}),
            tree!([{"op": "add", "path": "/b", "value": 2i64}]),
            tree!({"a": 1i64, "b": 2i64}),
        ),
        (
            tree!({"a": ["x"]}),
            tree!([{"op": "add", "path": "/a/0", "value": "y"}]),
            tree!({"a": ["y", "x"]}),
        ),
        (
            tree!({"a": ["x"]}),
            tree!([{"op": "add", "path": "/a/-", "value": "y"}]),
            tree!({"a": ["x", "y"]}),
        ),
        (
            tree!({"a": ["x", "y"]}),
            tree!([{"op": "remove", "path": "/a/0"}]),
            tree!({"a": ["y"]}),
        ),
        (
            tree!({"a": {"b/c~": 1i64}}),
            tree!([{"op": "remove", "path": "/a/b~1c~0"}]),
            tree!({"a": {}}),
        ),
        (
            tree!({"a": 1i64}),
            tree!([{"op": "move", "from": "/a", "path": "/b"}]),
            tree!({"b": 1i64}),
        ),
        (
            tree!({"a": [1i64]}),
            tree!([{"op": "copy", "from": "/a", "path": "/b"}]),
            tree!({"a": [1i64], "b": [1i64]}),
        ),
        (
            tree!({"a": 1i64}),
            tree!([{"op": "test", "path": "/a", "value": 1i64}]),
            tree!({"a": 1i64}),
        ),
        (
            tree!({"a": 1i64}),
            tree!([{"op": "test", "path": "", "value": {"a": 1i64}}]),
            tree!({"a": 1i64}),
        ),
        (
            tree!({"a": 1i64}),
            tree!([{"op": "replace", "path": "", "value": {"b": 1i64}}]),
            tree!({"b": 1i64}),
        ),
    ] {
        assert_eq!(patched(document, patch), Ok(expected));
    }
}

#[test]
fn the_library_is_wider_than_the_rfc() {
    for (document, patch, expected) in [
        (
            tree!({}),
            tree!([{"op": "replace", "path": "/a", "value": 1i64}]),
            tree!({"a": 1i64}),
        ),
        (
            tree!({"a": ["x", "y"]}),
            tree!([{"op": "remove", "path": "/a/-1"}]),
            tree!({"a": ["x"]}),
        ),
        (
            tree!({"a": ["x"]}),
            tree!([{"op": "add", "path": "/a/-1", "value": "y"}]),
            tree!({"a": ["x", "y"]}),
        ),
        (
            tree!({"a": ["x"]}),
            tree!([{"op": "add", "path": "/a/-2", "value": "y"}]),
            tree!({"a": ["y", "x"]}),
        ),
        (
            tree!({}),
            tree!([{"op": "test", "path": "/a", "value": null}]),
            tree!({}),
        ),
        (
            tree!({}),
            tree!([{"op": "add", "path": "x/a", "value": 1i64}]),
            tree!({"a": 1i64}),
        ),
        (
            tree!({}),
            tree!([{"op": "copy", "from": "/x", "path": "/y"}]),
            tree!({"y": null}),
        ),
        (tree!({}), Value::Null, tree!({})),
    ] {
        assert_eq!(patched(document, patch), Ok(expected));
    }
}

#[test]
fn what_does_not_apply_is_told() {
    for (patch, message) in [
        (
            tree!([{"op": "add", "path": "/x/y", "value": 1i64}]),
            "add operation does not apply: doc is missing path: \"/x/y\": missing value",
        ),
        (
            tree!([{"op": "add", "path": "", "value": {}}]),
            "add operation does not apply: doc is missing path: \"\": missing value",
        ),
        (
            tree!([{"op": "remove", "path": "/x"}]),
            "error in remove for path: '/x': Unable to remove nonexistent key: x: missing value",
        ),
        (
            tree!([{"op": "remove", "path": "/list/3"}]),
            "error in remove for path: '/list/3': Unable to access invalid index: 3: invalid index referenced",
        ),
        (
            tree!([{"op": "replace", "path": "/list/1", "value": 1i64}]),
            "replace operation does not apply: doc is missing key: /list/1: missing value",
        ),
        (
            tree!([{"op": "test", "path": "/a", "value": 2i64}]),
            "testing value /a failed: test failed",
        ),
        (
            tree!([{"op": "test", "path": "/a"}]),
            "testing value /a failed: test failed",
        ),
        (tree!([{"op": "jump", "path": "/a"}]), "Unexpected kind: jump"),
        (tree!([null]), "Unexpected kind: unknown"),
        (
            tree!([{"op": "remove"}]),
            "remove operation failed to decode path: missing value",
        ),
        (
            tree!("str"),
            "json: cannot unmarshal string into Go value of type []handlers.jsonPatchOp",
        ),
        (
            tree!(["str"]),
            "json: cannot unmarshal string into Go value of type handlers.jsonPatchOp",
        ),
        (
            tree!([{"op": 1i64}]),
            "json: cannot unmarshal number into Go struct field jsonPatchOp.op of type string",
        ),
    ] {
        assert_eq!(
            patched(tree!({"a": 1i64, "list": ["x"]}), patch),
            Err(message.to_owned())
        );
    }
}

#[test]
fn unknown_fields_are_told_for_strict_validation() {
    let patch =
        tree!([{"op": "test", "path": "/a", "value": 1i64}, {"op": "remove", "path": "/a", "x": 1i64}]);
    let patch = Patch::decode(&patch).expect("valid");
    assert_eq!(patch.unknown_fields(), ["json patch unknown field \"[1].x\""]);
}

#[test]
fn field_sets_are_reached_into_and_compared() {
    let document = || tree!({"set": (Value::Raw("{\"f:a\":{},\"f:b\":{\".\":{}}}".into()))});
    let patch = tree!([
        {"op": "test", "path": "/set", "value": {"f:a": {}, "f:b": {".": {}}}},
        {"op": "remove", "path": "/set/f:b"},
    ]);
    assert_eq!(patched(document(), patch), Ok(tree!({"set": {"f:a": {}}})));
    let untouched =
        patched(document(), tree!([{"op": "add", "path": "/x", "value": 1i64}])).expect("applies");
    assert!(matches!(untouched.at(&["set"]), Some(Value::Raw(_))));
}

#[test]
fn operations_and_copies_are_limited() {
    let operation = tree!({"op": "test", "path": "/a", "value": 1i64});
    let patch = Value::List(vec![operation; JSON_PATCH_OPERATIONS_MAX + 1]);
    assert_eq!(Patch::decode(&patch), Err(DecodeError::TooManyOperations(10_001)));

    let document = tree!({"a": ("x".repeat(JSON_PATCH_COPY_BYTES_MAX / 2))});
    let copy = tree!({"op": "copy", "from": "/a", "path": "/b"});
    assert!(patched(document.clone(), Value::List(vec![copy.clone()])).is_ok());
    let error = patched(document, Value::List(vec![copy; 3])).expect_err("too much");
    assert!(
        error.starts_with("Unable to complete the copy, the accumulated size increase of copy is "),
        "{error}"
    );
}

#[test]
fn a_patch_cannot_nest_without_bound() {
    let mut deep = tree!({});
    for _ in 0..600 {
        deep = tree!({"a": deep});
    }
    assert!(Patch::decode(&tree!([{"op": "add", "path": "/a", "value": deep}])).is_err());
    let nest = tree!({"op": "copy", "from": "/a", "path": "/a/a"});
    let error = patched(tree!({"a": {}}), Value::List(vec![nest; 600])).expect_err("too deep");
    assert_eq!(error, "exceeded max depth");
}
