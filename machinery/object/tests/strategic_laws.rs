//! Laws of strategic merge patch, on generated pods.

use proptest::prelude::*;
use shardplane_object::patch::{merge, strategic};
use shardplane_object::{Map, SmolStr, Value, tree};

use schema::{TypeId, Types};

fn pod_type() -> TypeId {
    Types::builtin()
        .id("io.k8s.api.core.v1.Pod")
        .expect("a built-in type")
}

fn merged(document: &Value, patch: &Value) -> Result<Value, strategic::Error> {
    let mut document = document.clone();
    strategic::apply(Types::builtin(), pod_type(), &mut document, patch.clone())?;
    Ok(document)
}

fn named(names: Vec<SmolStr>, images: Vec<SmolStr>) -> Value {
    let items = names
        .into_iter()
        .zip(images)
        .map(|(name, image)| tree!({"name": name, "image": image}));
    Value::List(items.collect())
}

/// Containers with distinct names, in any order.
fn containers() -> impl Strategy<Value = Value> {
    let names = prop::sample::subsequence(vec!["a", "b", "c", "d", "e", "f"], 0..6).prop_shuffle();
    (names, prop::collection::vec("[xyz]", 6)).prop_map(|(names, images)| {
        let names = names.into_iter().map(SmolStr::new_static).collect();
        named(names, images.into_iter().map(SmolStr::from).collect())
    })
}

fn finalizers() -> impl Strategy<Value = Value> {
    prop::sample::subsequence(vec!["a", "b", "c", "d"], 0..5)
        .prop_shuffle()
        .prop_map(|names| Value::List(names.into_iter().map(Value::from).collect()))
}

fn selector(values: impl Strategy<Value = Value>) -> impl Strategy<Value = Value> {
    prop::collection::btree_map("[abc]", values, 0..4).prop_map(|map| {
        Value::Map(
            map.into_iter()
                .map(|(key, value)| (SmolStr::from(key), value))
                .collect(),
        )
    })
}

fn pod() -> impl Strategy<Value = Value> {
    (containers(), finalizers(), selector("[xy]".prop_map(Value::from))).prop_map(
        |(containers, finalizers, selector)| {
            tree!({
                "metadata": {"finalizers": finalizers},
                "spec": {"containers": containers, "nodeSelector": selector}
            })
        },
    )
}

fn text_or_null() -> impl Strategy<Value = Value> {
    prop_oneof![Just(Value::Null), "[xy]".prop_map(Value::from)]
}

fn names(value: &Value) -> Vec<SmolStr> {
    let items = value.list_at(&["spec", "containers"]).iter();
    items
        .filter_map(|item| item.str_at(&["name"]))
        .map(SmolStr::new)
        .collect()
}

/// Whether the items of `part` that are in `whole` stand in the same order there.
fn keeps_order(whole: &[SmolStr], part: &[SmolStr]) -> bool {
    let places: Vec<_> = part
        .iter()
        .filter_map(|name| whole.iter().position(|have| have == name))
        .collect();
    places.is_sorted()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn an_empty_patch_changes_nothing(pod in pod()) {
        prop_assert_eq!(merged(&pod, &tree!({})), Ok(pod));
    }

    #[test]
    fn a_patch_applied_twice_changes_nothing_more(pod in pod(), patch in pod()) {
        let once = merged(&pod, &patch).expect("merges");
        prop_assert_eq!(merged(&once, &patch), Ok(once));
    }

    #[test]
    fn a_merged_list_is_the_union_and_keeps_both_orders(pod in pod(), patch in pod()) {
        let after = names(&merged(&pod, &patch).expect("merges"));
        let (old, new) = (names(&pod), names(&patch));
        let mut union = [old.clone(), new.clone()].concat();
        union.sort();
        union.dedup();
        let mut sorted = after.clone();
        sorted.sort();
        prop_assert_eq!(sorted, union);
        prop_assert!(keeps_order(&after, &new));
        let others: Vec<_> = old.into_iter().filter(|name| !new.contains(name)).collect();
        prop_assert!(keeps_order(&after, &others));
    }

    #[test]
    fn without_lists_it_is_a_merge_patch(
        pod in pod(),
        patch in selector(text_or_null()),
    ) {
        let patch = tree!({"spec": {"nodeSelector": patch}});
        let mut expected = pod.clone();
        merge::apply(&mut expected, &patch).expect("an object");
        prop_assert_eq!(merged(&pod, &patch), Ok(expected));
    }

    #[test]
    fn the_order_set_is_the_order_got(pod in pod(), seed in prop::collection::vec(any::<u8>(), 6)) {
        let mut order = names(&pod);
        order.sort_by_key(|name| seed[usize::from(name.as_bytes()[0]) % seed.len()]);
        let directive = order.iter().map(|name| tree!({"name": (name.clone())})).collect::<Vec<_>>();
        let mut spec = Map::new();
        spec.insert("$setElementOrder/containers", directive);
        let after = merged(&pod, &tree!({"spec": spec}));
        if !order.is_empty() {
            prop_assert_eq!(names(&after.expect("merges")), order);
        }
    }

    #[test]
    fn any_directives_merge_or_are_refused(
        pod in pod(),
        key in prop::sample::select(vec![
            "$patch", "$retainKeys", "$setElementOrder/containers", "$setElementOrder/x", "$setElementOrder",
            "$deleteFromPrimitiveList/containers", "$deleteFromPrimitiveList", "containers", "nodeSelector",
        ]),
        value in prop_oneof![
            containers(),
            finalizers(),
            selector(text_or_null()),
            prop::sample::select(vec!["replace", "delete", "merge", "x"]).prop_map(Value::from),
            Just(tree!([{"$patch": "delete"}])),
            Just(tree!([{"$patch": "delete", "name": "a"}, {"$patch": "replace"}, {"name": ["a"]}])),
            Just(tree!([[], null, 1i64])),
            Just(Value::Null),
        ],
    ) {
        let spec: Map = [(SmolStr::new(key), value)].into_iter().collect();
        if let Err(error) = merged(&pod, &tree!({"spec": spec})) {
            prop_assert!(!error.to_string().is_empty());
        }
    }
}
