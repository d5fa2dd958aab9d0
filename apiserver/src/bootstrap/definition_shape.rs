//! The `NonStructuralSchema` condition of custom resource definitions. New ones cannot be like that; those that were made by releases
//! that accepted them can, and their owners read here why.

use schema::Value;

use super::conditions::{self, Condition};
use crate::validation::definitions::structural;
use crate::validation::place::Place;

const KIND: &str = "NonStructuralSchema";

/// Sets the condition where a definition is like that, and takes it away where it is not any more.
pub fn mark(definition: &mut Value, now: &str) {
    match condition(definition) {
        Some(condition) => conditions::set(definition, &condition, now),
        None => conditions::remove(definition, KIND),
    }
}

fn condition(definition: &Value) -> Option<Condition> {
    let spec = Place::root(definition, "spec");
    let mut found = Vec::new();
    let preserves = spec.field("preserveUnknownFields");
    if preserves.is_true() {
        found.push(preserves.invalid("must be false"));
    }
    for version in spec.field("versions").items() {
        let schema = version.field("schema").field("openAPIV3Schema");
        if !schema.is_set() {
            continue;
        }
        if structural::has_unsupported(schema.value()) {
            return Some(Condition {
                kind: KIND,
                status: "Unknown",
                reason: "StructuralError",
                message: format!(
                    "failed to check validation schema for version {}: OpenAPIV3Schema 'schema' is not supported",
                    version.field("name").text()
                ),
            });
        }
        found.extend(structural::check(&schema));
    }
    let texts: Vec<String> = found.iter().map(ToString::to_string).collect();
    let message = match texts.as_slice() {
        [] => return None,
        [one] => one.clone(),
        several => format!("[{}]", several.join(", ")),
    };
    Some(Condition {
        kind: KIND,
        status: "True",
        reason: "Violations",
        message,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use schema::tree;

    fn marked(mut definition: Value) -> Value {
        mark(&mut definition, "now");
        definition
    }

    fn of_schema(schema: Value) -> Value {
        tree!({"spec": {"versions": [{"name": "v1", "schema": {"openAPIV3Schema": schema}}]}})
    }

    fn told(definition: &Value) -> Option<(String, String, String)> {
        let found = conditions::find(definition, KIND)?;
        let text = |field| found.str_at(&[field]).unwrap_or_default().to_owned();
        Some((text("status"), text("reason"), text("message")))
    }

    #[test]
    fn what_is_not_structural_is_told_until_it_is() {
        let untyped = of_schema(tree!({"properties": {"a": {"type": "string"}}}));
        let mut definition = marked(untyped);
        let message =
            "spec.versions[0].schema.openAPIV3Schema.type: Required value: must not be empty at the root";
        assert_eq!(
            told(&definition),
            Some(("True".into(), "Violations".into(), message.into()))
        );
        let structural = of_schema(tree!({"type": "object"}));
        if let (Some(map), Some(spec)) = (definition.as_map_mut(), structural.get("spec")) {
            map.insert("spec", spec.clone());
        }
        assert_eq!(told(&marked(definition)), None);
    }

    #[test]
    fn preserving_all_unknown_fields_is_not_structural() {
        let definition = marked(tree!({"spec": {"preserveUnknownFields": true}}));
        let message = "spec.preserveUnknownFields: Invalid value: true: must be false";
        assert_eq!(told(&definition).map(|told| told.2).as_deref(), Some(message));
    }

    #[test]
    fn what_cannot_be_read_as_structural_is_told_by_version() {
        let definition = marked(of_schema(tree!({"type": "object", "$ref": "x"})));
        assert_eq!(
            told(&definition).map(|told| (told.0, told.1)),
            Some(("Unknown".into(), "StructuralError".into()))
        );
    }

    #[test]
    fn what_is_structural_is_left_alone() {
        let definition = of_schema(tree!({"type": "object"}));
        assert_eq!(marked(definition.clone()), definition);
    }
}
