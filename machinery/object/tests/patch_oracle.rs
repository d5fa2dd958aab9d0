//! JSON patch and merge patch against the crate `json-patch`: where it accepts what the RFC defines, so do we, with the
//! same result.

use proptest::prelude::*;
use shardplane_object::patch::{json, merge};
use shardplane_object::{SmolStr, Value};

/// Small documents over few keys, so that paths often hit.
fn document() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        any::<bool>().prop_map(serde_json::Value::from),
        (0i64..3).prop_map(serde_json::Value::from),
        "[xy]?".prop_map(serde_json::Value::from),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(serde_json::Value::from),
            prop::collection::btree_map("[abc/~]", inner, 0..4)
                .prop_map(|map| serde_json::Value::Object(map.into_iter().collect())),
        ]
    })
}

fn object() -> impl Strategy<Value = serde_json::Value> {
    prop::collection::btree_map("[abc/~]", document(), 0..4)
        .prop_map(|map| serde_json::Value::Object(map.into_iter().collect()))
}

fn with_nulls() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        (0i64..3).prop_map(serde_json::Value::from)
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop::collection::btree_map("[abc]", inner, 0..4)
            .prop_map(|map| serde_json::Value::Object(map.into_iter().collect()))
    })
    .prop_filter("an object", serde_json::Value::is_object)
}

fn path() -> impl Strategy<Value = String> {
    prop::collection::vec(
        prop_oneof!["[abc]", Just("~0".to_owned()), Just("~1".to_owned()), "[0-3]"],
        1..4,
    )
    .prop_map(|steps| steps.into_iter().map(|step| format!("/{step}")).collect())
}

fn operation() -> impl Strategy<Value = serde_json::Value> {
    let kind = prop::sample::select(vec!["add", "remove", "replace", "move", "copy", "test"]);
    (kind, path(), path(), document()).prop_map(
        |(op, path, from, value)| serde_json::json!({"op": op, "path": path, "from": from, "value": value}),
    )
}

fn tree(value: &serde_json::Value) -> Value {
    match value {
        serde_json::Value::Null => Value::Null,
        serde_json::Value::Bool(truth) => Value::Bool(*truth),
        serde_json::Value::Number(number) => Value::Int(number.as_i64().expect("small integers only")),
        serde_json::Value::String(text) => Value::from(text.as_str()),
        serde_json::Value::Array(items) => Value::List(items.iter().map(tree).collect()),
        serde_json::Value::Object(map) => Value::Map(
            map.iter()
                .map(|(key, value)| (SmolStr::new(key), tree(value)))
                .collect(),
        ),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn json_patches_agree(document in object(), operations in prop::collection::vec(operation(), 0..5)) {
        let operations = serde_json::Value::from(operations);
        let patch: json_patch::Patch = serde_json::from_value(operations.clone()).expect("well formed");
        let mut expected = document.clone();
        // Without undoing, in which the oracle itself can fail.
        let oracle = json_patch::patch_unsafe(&mut expected, &patch);

        let mut ours = tree(&document);
        let applied = json::Patch::decode(&tree(&operations)).expect("well formed").apply(&mut ours);
        if oracle.is_ok() {
            prop_assert!(applied.is_ok(), "{applied:?}");
            prop_assert_eq!(ours, tree(&expected));
        }
    }

    #[test]
    fn merge_patches_agree(document in object(), patch in with_nulls()) {
        let mut expected = document.clone();
        json_patch::merge(&mut expected, &patch);
        let mut ours = tree(&document);
        prop_assert_eq!(merge::apply(&mut ours, &tree(&patch)), Ok(()));
        prop_assert_eq!(ours, tree(&expected));
    }

    #[test]
    fn a_merge_patch_applied_twice_changes_nothing_more(document in object(), patch in with_nulls()) {
        let mut once = tree(&document);
        merge::apply(&mut once, &tree(&patch)).expect("an object");
        let mut twice = once.clone();
        merge::apply(&mut twice, &tree(&patch)).expect("an object");
        prop_assert_eq!(once, twice);
    }
}
