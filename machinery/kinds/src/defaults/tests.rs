//! Properties of all rules together. Single rules are checked against recordings in `tests/defaulting.rs`.

use schema::{Field, FieldType, Map, TypeId, Types, Value, tree};

use super::{FAMILIES, Now, apply};
use crate::Catalog;

const NOW: Now<'static> = Now("2026-01-01T00:00:00Z");

#[test]
fn every_rule_names_a_message_and_every_fixed_value_a_field() {
    let types = Types::builtin();
    for family in FAMILIES.iter().copied().flatten() {
        for (name, _) in family.rules {
            assert!(
                types.id(&format!("{}{name}", family.prefix)).is_some(),
                "{}{name}",
                family.prefix
            );
        }
        for (name, field, _) in family.nil.iter().chain(family.empty) {
            let message = format!("{}{name}", family.prefix);
            let id = types
                .id(&message)
                .unwrap_or_else(|| panic!("{message} is a message"));
            let found = field_of(types, id, field).unwrap_or_else(|| panic!("{message} has {field}"));
            let in_nil = family.nil.iter().any(|(of, have, _)| of == name && have == field);
            assert_eq!(found.pointer, in_nil, "{message} {field}");
        }
    }
}

/// The field with this name, those of inlined messages included.
fn field_of<'a>(types: &'a Types, id: TypeId, name: &str) -> Option<&'a Field> {
    types.get(id).fields.iter().find_map(|field| match field.ty {
        FieldType::Message(inlined) if field.inline => field_of(types, inlined, name),
        _ => (field.json == name).then_some(field),
    })
}

#[test]
fn defaults_of_defaults_change_nothing() {
    for resource in Catalog::builtin().iter() {
        let mut object = tree!({"metadata": {"name": "a"}});
        apply(resource.type_id, &mut object, NOW);
        let once = object.clone();
        apply(resource.type_id, &mut object, NOW);
        assert_eq!(object, once, "{}", resource.kind);
    }
}

#[test]
fn messages_held_by_value_get_defaults_though_absent() {
    let deployments = Catalog::builtin()
        .resource("apps", "v1", "deployments")
        .expect("built in");
    let mut object = Value::Map(Map::new());
    apply(deployments.type_id, &mut object, NOW);
    assert_eq!(
        object.str_at(&["spec", "template", "spec", "restartPolicy"]),
        Some("Always")
    );
    assert_eq!(object.int_at(&["spec", "replicas"]), Some(1));
    assert_eq!(object.get("status"), None);
}

#[test]
fn amounts_finer_than_milli_are_rounded_up() {
    let quotas = Catalog::builtin()
        .resource("", "v1", "resourcequotas")
        .expect("built in");
    let mut object = tree!({"spec": {"hard": {"cpu": "1500u", "memory": "1n", "pods": "3"}}});
    apply(quotas.type_id, &mut object, NOW);
    assert_eq!(
        object,
        tree!({"spec": {"hard": {"cpu": "2m", "memory": "1m", "pods": "3"}}})
    );
}

#[test]
fn policies_of_stateful_sets_survive_without_parameters() {
    let sets = Catalog::builtin()
        .resource("apps", "v1", "statefulsets")
        .expect("built in");
    let mut object = tree!({"spec": {"updateStrategy": {"type": "RollingUpdate"}}});
    apply(sets.type_id, &mut object, NOW);
    assert_eq!(
        object.at(&["spec", "updateStrategy"]),
        Some(&tree!({"type": "RollingUpdate"}))
    );
}
