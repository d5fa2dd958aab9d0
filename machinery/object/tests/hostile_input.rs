//! Arbitrary selectors, names and patches: nothing panics or hangs, and what is accepted survives printing.

use proptest::prelude::*;
use shardplane_object::field::{Path, Printed};
use shardplane_object::patch::{json, merge};
use shardplane_object::selector::{field, label};
use shardplane_object::{SmolStr, Value, names};

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(Value::Int),
        any::<f64>().prop_map(Value::Float),
        ".{0,8}".prop_map(Value::from),
        "[{}\\[\\]\":a1,]{0,12}".prop_map(|text| Value::Raw(SmolStr::from(text))),
    ];
    leaf.prop_recursive(5, 32, 5, |inner| {
        let key = prop_oneof![
            "[a-c/~$-]{0,3}",
            prop::sample::select(vec!["op", "path", "from", "value", "$patch", "$retainKeys"])
                .prop_map(str::to_owned),
        ];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::List),
            prop::collection::vec((key.prop_map(SmolStr::from), inner), 0..5)
                .prop_map(|entries| Value::Map(entries.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn label_selectors_print_what_they_parse(text in "[ab./ ,!=<>()\u{0}in\n\u{e9}-]{0,24}") {
        if let Ok(selector) = label::Selector::parse(&text) {
            let printed = selector.to_string();
            prop_assert_eq!(label::Selector::parse(&printed).map(|again| again.to_string()), Ok(printed));
        }
    }

    #[test]
    fn any_text_is_a_selector_or_an_error(text in ".{0,64}") {
        let _ = label::Selector::parse(&text).map_err(|error| error.to_string());
        if let Ok(selector) = field::Selector::parse(&text) {
            let mut again = field::Selector::parse(&selector.to_string()).expect("what was printed parses");
            prop_assert_eq!(again.terms().len(), selector.terms().len());
            again = field::Selector::parse(&again.to_string()).expect("what was printed parses");
            prop_assert_eq!(&field::Selector::parse(&again.to_string()), &Ok(again));
        }
    }

    #[test]
    fn any_text_is_a_name_or_a_problem(text in ".{0,40}", prefix in any::<bool>()) {
        for format in [
            names::NameFormat::DnsLabel,
            names::NameFormat::DnsSubdomain,
            names::NameFormat::Dns1035Label,
            names::NameFormat::PathSegment,
        ] {
            let _ = format.check(&text, prefix);
        }
        prop_assert!(names::generate(&text, [1, 2, 3, 4, 5]).len() <= 63);
        let _ = names::qualified_name(&text).len() + names::port_name(&text).len();
    }

    #[test]
    fn any_tree_is_a_patch_or_an_error(document in value(), patch in value()) {
        let mut merged = document.clone();
        let _ = merge::apply(&mut merged, &patch);
        if let Ok(patch) = json::Patch::decode(&patch) {
            let _ = patch.apply(&mut document.clone());
        }
        let _ = Printed::from(&document);
    }

    #[test]
    fn any_operation_applies_or_is_an_error(
        document in value(),
        op in prop::sample::select(vec!["add", "remove", "replace", "move", "copy", "test"]),
        path in "(/[a-c0-3~$-]{0,2}){0,4}",
        from in "(/[a-c0-3~$-]{0,2}){0,4}",
        value in value(),
    ) {
        let operation = shardplane_object::tree!({"op": op, "path": path, "from": from, "value": value});
        let patch = json::Patch::decode(&shardplane_object::tree!([operation])).expect("well formed");
        let _ = patch.apply(&mut document.clone());
    }

    #[test]
    fn any_tree_is_a_label_selector_object_or_an_error(object in value()) {
        let _ = label::Selector::of_object(Some(&object));
        let _ = shardplane_object::meta_validation::label_selector(&object, true, &Path::root("spec"));
    }
}
