use super::*;

fn told(schema: Value) -> Vec<String> {
    check(&Place::new(Some(&schema), object::field::Path::root("x")))
        .iter()
        .map(ToString::to_string)
        .collect()
}

/// What is told of a field `a`.
fn told_of_field(schema: Value) -> Vec<String> {
    told(tree!({"type": "object", "properties": {"a": schema}}))
}

#[test]
fn every_field_has_a_type() {
    assert_eq!(told(tree!({"type": "object"})), [""; 0]);
    assert_eq!(
        told_of_field(tree!({"type": "array", "items": {}})),
        ["x.properties[a].items.type: Required value: must not be empty for specified array items"]
    );
    for untyped in [INT_OR_STRING, PRESERVE] {
        let mut schema = tree!({});
        schema.as_map_mut().expect("a map").insert(untyped, true);
        assert_eq!(told_of_field(schema), [""; 0], "{untyped}");
    }
    assert_eq!(
        told(tree!({"type": "object", "additionalProperties": true})),
        ["x.additionalProperties: Forbidden: must not be used at the root"]
    );
}

#[test]
fn parts_only_narrow_what_is_specified() {
    assert_eq!(
        told_of_field(tree!({"anyOf": [{"type": "string"}]})),
        [
            "x.properties[a].anyOf[0].type: Forbidden: must be empty to be structural",
            "x.properties[a].type: Required value: must not be empty for specified object fields",
        ]
    );
    let mut spelled_out = tree!({"x-kubernetes-int-or-string": true});
    spelled_out
        .as_map_mut()
        .expect("a map")
        .insert("anyOf", int_or_string());
    assert_eq!(told_of_field(spelled_out), [""; 0]);
    let in_all = tree!({"x-kubernetes-int-or-string": true, "allOf": [{"anyOf": (int_or_string())}, {"pattern": "a"}]});
    assert_eq!(told_of_field(in_all), [""; 0]);
    assert_eq!(
        told(tree!({"type": "object", "not": {"properties": {"b": {"minimum": 1i64}}}})),
        ["x.properties[b]: Required value: because it is defined in x.not.properties[b]"]
    );
    assert_eq!(
        told(
            tree!({"type": "object", "allOf": [{"description": "d", "nullable": true, "default": 1i64,
            "additionalProperties": {}, "x-kubernetes-map-type": "atomic", "properties": {"metadata": {}}}]})
        )
        .len(),
        7
    );
}

#[test]
fn metadata_only_restricts_names() {
    let metadata = |metadata: Value| told(tree!({"type": "object", "properties": {"metadata": metadata}}));
    assert_eq!(
        metadata(tree!({"type": "object", "properties": {"name": {"type": "string", "maxLength": 3i64}}})),
        [""; 0]
    );
    for bad in [
        tree!({"type": "object", "properties": {"labels": {"type": "object"}}}),
        tree!({"type": "object", "description": "d"}),
        tree!({"type": "object", "required": ["name"]}),
    ] {
        assert_eq!(
            metadata(bad),
            [
                "x.properties[metadata]: Forbidden: must not specify anything other than name and generateName, but metadata is implicitly specified"
            ]
        );
    }
    assert_eq!(
        told(
            tree!({"type": "object", "properties": {"kind": {"type": "integer"}, "metadata": {"type": "string"}}})
        ),
        [
            "x.properties[kind].type: Invalid value: \"integer\": must be string",
            "x.properties[metadata].type: Invalid value: \"string\": must be object",
        ]
    );
}

#[test]
fn embedded_resources_are_objects() {
    assert_eq!(
        told_of_field(tree!({"x-kubernetes-embedded-resource": true, "type": "string"})).len(),
        2
    );
    let embedded = tree!({"type": "object", "x-kubernetes-embedded-resource": true, "x-kubernetes-preserve-unknown-fields": true});
    assert_eq!(told_of_field(embedded), [""; 0]);
    let odd = tree!({"x-kubernetes-int-or-string": true, "x-kubernetes-preserve-unknown-fields": true});
    assert_eq!(
        told_of_field(odd),
        [
            "x.properties[a].x-kubernetes-preserve-unknown-fields: Invalid value: true: must be false if x-kubernetes-int-or-string is true"
        ]
    );
}

#[test]
fn what_is_not_supported_is_found_anywhere() {
    let nested = tree!({"type": "object", "properties": {"a": {"not": {"$ref": "b"}}}});
    assert!(has_unsupported(&nested));
    assert!(!is_structural(&nested));
    assert!(is_structural(&tree!({"type": "object"})));
}
