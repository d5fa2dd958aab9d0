use super::*;
use schema::{Map, tree};

fn version(schema: Value) -> Value {
    tree!({"name": "v1", "served": true, "storage": true, "schema": {"openAPIV3Schema": schema}})
}

fn definition(versions: Value) -> Value {
    tree!({"metadata": {"name": "things.a.example"}, "spec": {"group": "a.example", "scope": "Namespaced",
        "names": {"plural": "things", "singular": "thing", "kind": "Thing", "listKind": "ThingList"},
        "versions": versions, "conversion": {"strategy": "None"}}, "status": {"storedVersions": ["v1"]}})
}

fn plain() -> Value {
    tree!({"type": "object", "properties": {"spec": {"type": "object", "properties": {"n": {"type": "integer"}}}}})
}

fn told_of(definition: &Value) -> Vec<String> {
    let mut errors = Errors::new();
    create(definition, &mut errors);
    errors.iter().map(ToString::to_string).collect()
}

fn told(change: impl FnOnce(&mut Map)) -> Vec<String> {
    let mut definition = definition(tree!([(version(plain()))]));
    change(definition.as_map_mut().expect("a map").map_at("spec"));
    told_of(&definition)
}

/// What is told of a version with one field more.
fn told_of_version(field: &'static str, value: Value) -> Vec<String> {
    let mut version = version(plain());
    version.as_map_mut().expect("a map").insert(field, value);
    told_of(&definition(tree!([version])))
}

/// What is told of a property `x` with this schema, without its path.
fn told_of_property(schema: Value) -> Vec<String> {
    let root = tree!({"type": "object", "properties": {"x": schema}});
    let strip = |text: &String| text.replace("spec.validation.openAPIV3Schema.properties[x]", "x");
    told_of(&definition(tree!([(version(root))])))
        .iter()
        .map(strip)
        .collect()
}

#[test]
fn a_good_definition_is_good() {
    assert_eq!(told(|_| {}), [""; 0]);
}

#[test]
fn names_are_plural_and_group() {
    let wrong = "must be spec.names.plural+\".\"+spec.group";
    assert_eq!(
        told(|spec| drop(spec.insert("group", "nodots"))),
        [
            format!("metadata.name: Invalid value: \"things.a.example\": {wrong}"),
            "spec.group: Invalid value: \"nodots\": should be a domain with at least one dot".to_owned(),
        ]
    );
    assert_eq!(
        told(|spec| drop(spec.insert("group", "")))[1],
        "spec.group: Required value"
    );
    assert_eq!(told(|spec| drop(spec.insert("group", "A.b"))).len(), 2);
    assert_eq!(
        told(|spec| drop(spec.remove("scope"))),
        ["spec.scope: Required value"]
    );
    let names = |names: Value| told(|spec| drop(spec.insert("names", names)));
    assert_eq!(names(tree!({"plural": "things"})).len(), 3);
    let bad = tree!({"plural": "things", "singular": "S_", "kind": "K_", "listKind": "K_", "shortNames": ["S_"], "categories": ["C_"]});
    let paths: Vec<_> = names(bad)
        .iter()
        .map(|text| text.split(": ").next().unwrap_or_default().to_owned())
        .collect();
    assert_eq!(
        paths,
        [
            "singular",
            "kind",
            "listKind",
            "shortNames[0]",
            "listKind",
            "categories[0]"
        ]
        .map(|name| format!("spec.names.{name}"))
    );
}

#[test]
fn protected_groups_need_approval() {
    let of = |approval: &str, old: Option<&Value>| {
        let mut object = tree!({"metadata": {"annotations": {"api-approved.kubernetes.io": approval}}, "spec": {"group": "a.k8s.io"}});
        let mut errors = Errors::new();
        protected::check(&object, old, &mut errors);
        let count = errors.len();
        object
            .as_map_mut()
            .expect("a map")
            .map_at("spec")
            .insert("group", "ak8s.io");
        protected::check(&object, None, &mut errors);
        assert_eq!(errors.len(), count);
        count
    };
    for (approval, count) in [
        ("", 1),
        ("maybe", 1),
        ("unapproved, a test", 0),
        ("https://a.b/c", 0),
    ] {
        assert_eq!(of(approval, None), count, "{approval}");
    }
    assert_eq!(of("", Some(&tree!({"metadata": {}}))), 0);
}

#[test]
fn one_version_is_stored_and_each_has_a_name() {
    assert_eq!(
        told_of(&definition(tree!([]))).first().map(String::as_str),
        Some("spec.versions: Invalid value: []: must have exactly one version marked as storage version")
    );
    let twice = told_of(&definition(tree!([(version(plain())), (version(plain()))])));
    let shown = r#"{"Name":"v1","Served":true,"Storage":true,"Deprecated":false,"DeprecationWarning":null,"Schema":null,"Subresources":null,"AdditionalPrinterColumns":null,"SelectableFields":null}"#;
    assert_eq!(
        twice,
        [
            format!("spec.versions: Invalid value: [{shown},{shown}]: must contain unique version names"),
            format!(
                "spec.versions: Invalid value: [{shown},{shown}]: must have exactly one version marked as storage version"
            ),
            "status.storedVersions: Invalid value: [\"v1\"]: must have the storage version v1".to_owned(),
        ]
    );
    let mut gone = definition(tree!([(version(plain()))]));
    gone.as_map_mut()
        .expect("a map")
        .map_at("status")
        .insert("storedVersions", tree!(["v1", "v0"]));
    assert!(
        told_of(&gone)[0]
            .starts_with("status.storedVersions[1]: Invalid value: \"v0\": missing from spec.versions;")
    );
    let bad = told_of_version("name", tree!("bad_version"));
    assert_eq!(bad.len(), 4, "{bad:?}");
    assert!(bad[1].starts_with("spec.version: "), "{bad:?}");
}

#[test]
fn versions_warn_only_when_they_are_deprecated() {
    let of = |deprecated: bool, warning: &str| {
        let mut version = version(plain());
        let map = version.as_map_mut().expect("a map");
        map.insert("deprecated", deprecated);
        map.insert("deprecationWarning", warning);
        told_of(&definition(tree!([version])))
    };
    assert_eq!(of(true, "use v2"), [""; 0]);
    let at = "spec.versions[0].deprecationWarning: Invalid value";
    assert_eq!(
        of(false, "w"),
        [format!("{at}: \"w\": can only be set for deprecated versions")]
    );
    assert_eq!(of(true, ""), [format!("{at}: \"\": must not be an empty string")]);
    assert_eq!(of(true, &"w".repeat(257)).len(), 1);
    assert_eq!(of(true, "a\tb").len(), 1);
}

#[test]
fn versions_have_schemas_of_objects() {
    let without = tree!([{"name": "v1", "served": true, "storage": true}]);
    assert_eq!(
        told_of(&definition(without)),
        ["spec.versions[0].schema.openAPIV3Schema: Required value: schemas are required"]
    );
    let root = |schema: Value| told_of(&definition(tree!([(version(schema))])));
    let at = "spec.validation.openAPIV3Schema";
    assert_eq!(
        root(tree!({})),
        [format!(
            "{at}.type: Required value: must not be empty at the root"
        )]
    );
    assert_eq!(
        root(tree!({"type": "string"})),
        [format!(
            "{at}.type: Invalid value: \"string\": must be object at the root"
        )]
    );
    assert_eq!(
        root(tree!({"type": "object", "nullable": true})),
        [format!(
            "{at}.nullable: Forbidden: nullable cannot be true at the root"
        )]
    );
    assert_eq!(
        root(tree!({"type": "object", "$schema": "x"})),
        [format!(
            "{at}: Invalid value: \"\": OpenAPIV3Schema 'schema' is not supported"
        )]
    );
}

#[test]
fn a_status_of_its_own_restricts_the_root() {
    let of = |schema: Value| {
        let mut version = version(schema);
        version
            .as_map_mut()
            .expect("a map")
            .insert("subresources", tree!({"status": {}}));
        told_of(&definition(tree!([version])))
    };
    assert_eq!(of(plain()), [""; 0]);
    let told = of(tree!({"type": "object", "maxProperties": 3i64}));
    assert!(
        told[0].starts_with("spec.validation.openAPIV3Schema: Invalid value: {\"ID\":\"\","),
        "{told:?}"
    );
    assert!(
        told[0]
            .ends_with("fields are allowed at the root of the schema if the status subresource is enabled")
    );
}

#[test]
fn what_differs_between_versions_is_told_by_version() {
    let mut second = version(tree!({"type": "object", "properties": {"a": {}}}));
    let map = second.as_map_mut().expect("a map");
    map.insert("name", "v2");
    map.insert("storage", false);
    assert_eq!(
        told_of(&definition(tree!([(version(plain())), second]))),
        [
            "spec.versions[1].schema.openAPIV3Schema.properties[a].type: Required value: must not be empty for specified object fields"
        ]
    );
}

#[test]
fn lists_and_maps_are_of_known_kinds() {
    for (schema, wanted) in [
        (
            tree!({"type": "array"}),
            vec!["x.items: Required value: must be specified"],
        ),
        (
            tree!({"type": "array", "items": {"type": "object"}, "x-kubernetes-list-type": "bogus"}),
            vec![
                "x.x-kubernetes-list-type: Unsupported value: \"bogus\": supported values: \"atomic\", \"set\", \"map\"",
            ],
        ),
        (
            tree!({"type": "array", "items": {"type": "string"}, "x-kubernetes-list-type": "map"}),
            vec![
                "x.x-kubernetes-list-map-keys: Required value: must not be empty if x-kubernetes-list-type is map",
                "x.items.type: Invalid value: \"string\": must be object if parent array's x-kubernetes-list-type is map",
            ],
        ),
        (
            tree!({"type": "array", "items": {"type": "object", "properties": {"k": {"type": "string", "nullable": true}}},
                "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["k", "k", "l"]}),
            vec![
                "x.x-kubernetes-list-map-keys: Invalid value: [\"k\",\"k\",\"l\"]: must not contain duplicate entries",
                "x.x-kubernetes-list-map-keys: Invalid value: [\"k\",\"k\",\"l\"]: entries must all be names of item properties",
                "x.items.properties[k].default: Required value: this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property",
                "x.items.properties[k].nullable: Forbidden: this property is in x-kubernetes-list-map-keys, so it cannot be nullable",
                "x.items.properties[k].default: Required value: this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property",
                "x.items.properties[k].nullable: Forbidden: this property is in x-kubernetes-list-map-keys, so it cannot be nullable",
            ],
        ),
        (
            tree!({"type": "array", "items": {"type": "object", "nullable": true}, "x-kubernetes-list-type": "set"}),
            vec![
                "x.items.x-kubernetes-map-type: Invalid value: null: must be atomic as item of a list with x-kubernetes-list-type=set",
                "x.items.nullable: Forbidden: cannot be nullable when x-kubernetes-list-type is set",
            ],
        ),
        (
            tree!({"type": "string", "x-kubernetes-list-type": "atomic", "x-kubernetes-map-type": "atomic"}),
            vec![
                "x.type: Invalid value: \"string\": must be object if x-kubernetes-map-type is specified",
                "x.type: Invalid value: \"string\": must be array if x-kubernetes-list-type is specified",
            ],
        ),
        (
            tree!({"type": "array", "items": {"type": "string"}, "x-kubernetes-list-map-keys": ["a"]}),
            vec![
                "x.x-kubernetes-list-type: Required value: must be map if x-kubernetes-list-map-keys is non-empty",
            ],
        ),
    ] {
        assert_eq!(told_of_property(schema), wanted);
    }
}

#[test]
fn keywords_are_those_that_are_supported() {
    for (schema, wanted) in [
        (
            tree!({"type": "bogus"}),
            "x.type: Unsupported value: \"bogus\": supported values: \"array\", \"boolean\", \"integer\", \"number\", \"object\", \"string\"",
        ),
        (
            tree!({"type": "string", "id": "a"}),
            "x.id: Forbidden: id is not supported",
        ),
        (
            tree!({"type": "string", "$ref": "a"}),
            "x.$ref: Forbidden: $ref is not supported",
        ),
        (
            tree!({"type": "string", "uniqueItems": true}),
            "x.uniqueItems: Forbidden: uniqueItems cannot be set to true since the runtime complexity becomes quadratic",
        ),
        (
            tree!({"type": "object", "properties": {"a": {"type": "string"}}, "additionalProperties": false}),
            "x.additionalProperties: Forbidden: additionalProperties and properties are mutual exclusive",
        ),
        (
            tree!({"type": "object", "x-kubernetes-preserve-unknown-fields": false}),
            "x.x-kubernetes-preserve-unknown-fields: Invalid value: false: must be true or undefined",
        ),
        (
            tree!({"type": "string", "pattern": "["}),
            "x.pattern: Invalid value: \"[\": must be a valid regular expression, but isn't: error parsing regexp: missing closing ]: `[`",
        ),
    ] {
        assert_eq!(told_of_property(schema), [wanted]);
    }
}

#[test]
fn defaults_are_what_their_schema_asks_for() {
    for (schema, wanted) in [
        (
            tree!({"type": "integer", "default": "str"}),
            "x.default: Invalid value: \"string\":  in body must be of type integer: \"string\"",
        ),
        (
            tree!({"type": "integer", "default": 3i64, "maximum": 1i64}),
            "x.default: Invalid value: 3:  in body should be less than or equal to 1",
        ),
        (
            tree!({"type": "object", "default": {"a": 1i64}, "properties": {"b": {"type": "string"}}}),
            "x.default: Invalid value: {\"a\":1}: must not have unknown fields",
        ),
        (
            tree!({"type": "object", "default": {"b": true}, "properties": {"b": {"type": "string"}}}),
            "x.default.b: Invalid value: \"boolean\": b in body must be of type string: \"boolean\"",
        ),
    ] {
        assert_eq!(told_of_property(schema), [wanted]);
    }
    let kept =
        tree!({"type": "object", "default": {"a": 1i64}, "x-kubernetes-preserve-unknown-fields": true});
    assert_eq!(told_of_property(kept), [""; 0]);
    let name = tree!({"type": "object", "properties": {"metadata": {"type": "object",
        "properties": {"name": {"type": "string", "default": "a"}}}}});
    assert_eq!(
        told_of(&definition(tree!([(version(name))]))),
        [
            "spec.validation.openAPIV3Schema.properties[metadata].properties[name].default: Forbidden: must not be set in top-level metadata"
        ]
    );
}

#[test]
fn rules_have_texts_reasons_and_paths() {
    let of = |rule: Value| {
        told_of_property(
            tree!({"type": "object", "properties": {"a": {"type": "string"}}, "x-kubernetes-validations": [rule]}),
        )
    };
    assert_eq!(
        of(tree!({"rule": "true", "fieldPath": ".a", "reason": "FieldValueInvalid"})),
        [""; 0]
    );
    for (rule, wanted) in [
        (
            tree!({"rule": " "}),
            "rule: Required value: rule is not specified",
        ),
        (
            tree!({"rule": "true", "message": " \n"}),
            "message: Invalid value: \" \\n\": must be non-empty if specified",
        ),
        (
            tree!({"rule": "true", "message": "a\nb"}),
            "message: Invalid value: \"a\\nb\": must not contain line breaks",
        ),
        (
            tree!({"rule": "true\n&& true"}),
            "message: Required value: must be specified if rule contains line breaks",
        ),
        (
            tree!({"rule": "true", "messageExpression": " "}),
            "messageExpression: Required value: must be non-empty if specified",
        ),
        (
            tree!({"rule": "true", "reason": "Bogus"}),
            "reason: Unsupported value: \"Bogus\": supported values: \"FieldValueDuplicate\", \"FieldValueForbidden\", \"FieldValueInvalid\", \"FieldValueRequired\"",
        ),
        (
            tree!({"rule": "true", "fieldPath": ".nope"}),
            "fieldPath: Invalid value: \".nope\": must be a valid path",
        ),
    ] {
        assert_eq!(of(rule), [format!("x.x-kubernetes-validations[0].{wanted}")]);
    }
}

#[test]
fn columns_and_subresources_have_paths() {
    let columns = |column: Value| told_of_version("additionalPrinterColumns", tree!([column]));
    assert_eq!(
        columns(tree!({"name": "A", "type": "string", "jsonPath": ".spec.n"})),
        [""; 0]
    );
    assert_eq!(
        columns(tree!({"name": "", "type": "string", "jsonPath": "x"})),
        [
            "spec.additionalPrinterColumns[0].name: Required value",
            "spec.additionalPrinterColumns[0].JSONPath: Invalid value: \"x\": must be a simple json path starting with .",
        ]
    );
    assert_eq!(
        columns(tree!({"name": "A", "type": "bogus", "format": "bogus"})).len(),
        3
    );
    assert_eq!(columns(tree!({"name": "A", "jsonPath": ".a"})).len(), 1);
    let scale = |scale: Value| told_of_version("subresources", tree!({"scale": scale}));
    assert_eq!(
        scale(tree!({"specReplicasPath": ".spec.n", "statusReplicasPath": ".status.n"})),
        [""; 0]
    );
    assert_eq!(
        scale(tree!({"specReplicasPath": ".spec.n"})),
        ["spec.subresources.scale.statusReplicasPath: Required value"]
    );
    assert_eq!(
        scale(tree!({"specReplicasPath": ".status.n", "statusReplicasPath": "x", "labelSelectorPath": ".x"})),
        [
            "spec.subresources.scale.specReplicasPath: Invalid value: \".status.n\": should be a json path under .spec",
            "spec.subresources.scale.statusReplicasPath: Invalid value: \"x\": must be a simple json path starting with .",
            "spec.subresources.scale.labelSelectorPath: Invalid value: \".x\": should be a json path under either .spec or .status",
        ]
    );
}

#[test]
fn fields_to_select_by_are_scalars_of_the_schema() {
    let of = |paths: &[&str]| {
        let fields = paths.iter().map(|path| tree!({"jsonPath": (*path)})).collect();
        told_of_version("selectableFields", Value::List(fields))
    };
    assert_eq!(of(&[".spec.n"]), [""; 0]);
    assert_eq!(
        of(&[".spec.nope"]),
        [
            "spec.selectableFields[0].jsonPath: Invalid value: \".spec.nope\": is an invalid path: does not refer to a valid field"
        ]
    );
    assert_eq!(of(&["", ".spec", ".spec.n", ".spec.n"]).len(), 3);
}

#[test]
fn conversion_is_by_a_webhook_that_is_described() {
    let of = |conversion: Value| told(|spec| drop(spec.insert("conversion", conversion)));
    assert_eq!(
        of(tree!({"strategy": "Webhook"})),
        [
            "spec.conversion.webhookClientConfig: Required value: required when strategy is set to Webhook",
            "spec.conversion.conversionReviewVersions: Required value",
        ]
    );
    let webhook = || tree!({"clientConfig": {"url": "https://a"}, "conversionReviewVersions": ["v1"]});
    assert_eq!(
        of(tree!({"strategy": "Webhook", "webhook": (webhook())})),
        [""; 0]
    );
    let told = of(tree!({"strategy": "None", "webhook": (webhook())}));
    assert_eq!(told.len(), 2);
    assert!(told[0].ends_with("Forbidden: should not be set when strategy is not set to Webhook"));
    assert_eq!(
        of(tree!({"strategy": "Bogus"})),
        ["spec.conversion.strategy: Unsupported value: \"Bogus\": supported values: \"None\", \"Webhook\""]
    );
}

#[test]
fn unknown_fields_are_not_kept_as_a_whole() {
    assert_eq!(
        told(|spec| drop(spec.insert("preserveUnknownFields", true))),
        [
            "spec.preserveUnknownFields: Invalid value: true: cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead"
        ]
    );
}

fn updated(change: impl FnOnce(&mut Map), old: &Value) -> Vec<String> {
    let mut new = old.clone();
    change(new.as_map_mut().expect("a map").map_at("spec"));
    let mut errors = Errors::new();
    update(&new, old, &mut errors);
    errors.iter().map(ToString::to_string).collect()
}

#[test]
fn established_definitions_keep_scope_and_kind() {
    let mut old = definition(tree!([(version(plain()))]));
    let change = |spec: &mut Map| {
        spec.insert("scope", "Cluster");
        spec.map_at("names").insert("kind", "Other");
        spec.map_at("names").insert("plural", "others");
    };
    assert_eq!(
        updated(change, &old),
        ["spec.names.plural: Invalid value: \"others\": field is immutable"]
    );
    let conditions = tree!([{"type": "Established", "status": "True"}]);
    old.as_map_mut()
        .expect("a map")
        .map_at("status")
        .insert("conditions", conditions);
    let paths: Vec<_> = updated(change, &old);
    assert_eq!(paths.len(), 3, "{paths:?}");
    assert!(paths[0].starts_with("spec.scope: "));
    let webhook = tree!({"strategy": "Webhook", "webhook": {"conversionReviewVersions": ["v1"],
        "clientConfig": {"url": "https://a", "caBundle": "AAAA"}}});
    assert_eq!(
        updated(|spec| drop(spec.insert("conversion", webhook)), &old),
        [
            "spec.conversion.webhookClientConfig.caBundle: Invalid value: \"AAAA\": unable to load root certificates: data does not contain any valid RSA or ECDSA certificates"
        ]
    );
}

#[test]
fn what_was_let_in_may_stay() {
    let set = tree!({"type": "array", "items": {"type": "object"}, "x-kubernetes-list-type": "set"});
    let list = tree!({"type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["k"],
        "items": {"type": "object", "properties": {"k": {"type": "string"}}}});
    let default = tree!({"type": "object", "default": {"a": 1i64}, "properties": {"b": {"type": "string"}}});
    let root = tree!({"type": "object", "properties": {"s": set, "l": list, "d": default}});
    let old = definition(tree!([(version(root))]));
    assert_eq!(told_of(&old).len(), 3);
    assert_eq!(updated(|_| {}, &old), [""; 0]);
}

#[test]
fn accepted_names_are_names() {
    let object = tree!({"status": {"acceptedNames": {"plural": "A_"}}});
    let mut errors = Errors::new();
    status(&object, &object, &mut errors);
    assert_eq!(errors.len(), 1);
}

#[test]
fn clients_are_warned_of_unknown_formats() {
    let with = |format: &str| {
        definition(tree!([(version(
            tree!({"type": "object", "properties": {"a": {"type": "string", "format": format}}})
        ))]))
    };
    assert_eq!(
        warnings(&with("bogus-format"), None),
        ["unrecognized format \"bogus-format\""]
    );
    assert_eq!(warnings(&with("date-time"), None), [""; 0]);
    assert_eq!(warnings(&with("bogus"), Some(&with("bogus"))), [""; 0]);
}
