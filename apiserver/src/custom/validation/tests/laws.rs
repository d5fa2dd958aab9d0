//! Laws of ratcheting, over random values: what is equal may stay, an update is refused for nothing that a create is not refused for,
//! and what a create lets in, an update lets in after anything.

use proptest::prelude::*;

use super::*;

fn schema() -> Value {
    let small =
        || tree!({"type": "integer", "maximum": 3i64, "x-kubernetes-validations": [{"rule": "self > 0"}]});
    let item = || tree!({"type": "object", "required": ["k"], "properties": {"k": {"type": "string"}, "v": (small())}});
    tree!({"type": "object", "properties": {
        "n": (small()),
        "text": {"type": "string"},
        "list": {"type": "array", "items": (small()), "maxItems": 3i64},
        "set": {"type": "array", "x-kubernetes-list-type": "set", "items": (small())},
        "keyed": {"type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["k"], "items": (item())},
        "map": {"type": "object", "additionalProperties": (small()), "maxProperties": 2i64},
        "any": {"type": "object", "properties": {"a": (small()), "b": (small())}, "anyOf": [{"required": ["a"]}, {"required": ["b"]}]}
    }})
}

fn number() -> impl Strategy<Value = Value> {
    (-1i64..6).prop_map(Value::Int)
}

/// Of the wrong type, mostly. It has no rules: those that fail on a value are told whether it changed or not.
fn text() -> impl Strategy<Value = Value> {
    prop_oneof![Just(tree!("x")), number()]
}

fn map_of(keys: &'static str, value: impl Strategy<Value = Value> + 'static) -> impl Strategy<Value = Value> {
    prop::collection::vec((keys, value), 0..4).prop_map(|entries| {
        Value::Map(
            entries
                .into_iter()
                .map(|(key, value)| (key.into(), value))
                .collect(),
        )
    })
}

/// Each key once: items with the same keys all follow the first of them.
fn keyed() -> impl Strategy<Value = Value> {
    let items = prop::collection::btree_map("[abc]", number(), 0..4);
    let item = |(key, value)| tree!({"k": (Value::from(String::as_str(&key))), "v": value});
    items
        .prop_map(move |items| items.into_iter().map(item).collect::<Vec<_>>())
        .prop_shuffle()
        .prop_map(Value::List)
}

fn list_of(item: impl Strategy<Value = Value> + 'static) -> impl Strategy<Value = Value> {
    prop::collection::vec(item, 0..5).prop_map(Value::List)
}

fn spec() -> impl Strategy<Value = Value> {
    let parts = (number(), text(), list_of(number()), list_of(number()), keyed());
    let maps = [
        map_of("[a-d]", number()).boxed(),
        map_of("[ab]", number()).boxed(),
    ];
    (parts, maps, any::<u8>()).prop_map(|((n, text, list, set, keyed), [map, any], which)| {
        let all = [
            ("n", n),
            ("text", text),
            ("list", list),
            ("set", set),
            ("keyed", keyed),
            ("map", map),
            ("any", any),
        ];
        let some = all
            .into_iter()
            .enumerate()
            .filter(|(at, _)| which & (1 << at) != 0);
        Value::Map(some.map(|(_, (name, value))| (name.into(), value)).collect())
    })
}

/// Of a new object too, where others are wrong the rules are not asked: then nothing is known of them.
fn without_rules(texts: Vec<String>) -> Vec<String> {
    texts
        .into_iter()
        .filter(|text| !text.contains(NOT_CHECKED) && !text.contains("failed rule"))
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn what_is_equal_may_stay(value in spec()) {
        prop_assert_eq!(updated(schema(), value.clone(), value), NONE);
    }

    #[test]
    fn an_update_is_refused_for_nothing_new(new in spec(), old in spec()) {
        let alone = without_rules(created(schema(), new.clone()));
        for text in without_rules(updated(schema(), new, old)) {
            prop_assert!(alone.contains(&text), "{text} is not among {alone:?}");
        }
    }

    #[test]
    fn what_is_valid_may_follow_anything(new in spec(), old in spec()) {
        if created(schema(), new.clone()).is_empty() {
            prop_assert_eq!(updated(schema(), new, old), NONE);
        }
    }
}
