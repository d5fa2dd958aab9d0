//! Published schemas: the shapes that kubectl and client libraries read.

use schema::openapi::{Version, closure, definition};
use schema::{Types, Value, tree};

fn schema_of(name: &str, version: Version) -> Value {
    let types = Types::builtin();
    let id = types.id(name).unwrap_or_else(|| panic!("{name} is in the table"));
    let describe = |_: &str, field: Option<&str>| (field == Some("spec")).then_some("What is wanted.");
    definition(types, id, version, &describe)
}

#[test]
fn kinds_refer_to_their_parts() {
    let pod = schema_of("io.k8s.api.core.v1.Pod", Version::V3);
    let meta = "#/components/schemas/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta";
    assert_eq!(
        pod.at(&["properties", "metadata"]),
        Some(&tree!({"allOf": [{"$ref": meta}], "default": {}}))
    );
    assert_eq!(pod.at(&["properties", "kind"]), Some(&tree!({"type": "string"})));
    let kinds = tree!([{"group": "", "kind": "Pod", "version": "v1"}]);
    assert_eq!(pod.get("x-kubernetes-group-version-kind"), Some(&kinds));
    let pod = schema_of("io.k8s.api.core.v1.Pod", Version::V2);
    let spec = tree!({"$ref": "#/definitions/io.k8s.api.core.v1.PodSpec", "description": "What is wanted."});
    assert_eq!(pod.at(&["properties", "spec"]), Some(&spec));
}

#[test]
fn merge_rules_and_defaults_are_published() {
    let container = schema_of("io.k8s.api.core.v1.Container", Version::V3);
    let port = "#/components/schemas/io.k8s.api.core.v1.ContainerPort";
    assert_eq!(
        container.at(&["properties", "ports"]),
        Some(&tree!({
            "type": "array",
            "items": {"allOf": [{"$ref": port}], "default": {}},
            "x-kubernetes-list-type": "map",
            "x-kubernetes-list-map-keys": ["containerPort", "protocol"],
            "x-kubernetes-patch-strategy": "merge",
            "x-kubernetes-patch-merge-key": "containerPort"
        }))
    );
    assert_eq!(container.get("required"), Some(&tree!(["name"])));
    let port = schema_of("io.k8s.api.core.v1.ContainerPort", Version::V3);
    let protocol = tree!({"type": "string", "default": "TCP", "enum": ["SCTP", "TCP", "UDP"]});
    assert_eq!(port.at(&["properties", "protocol"]), Some(&protocol));
}

#[test]
fn special_kinds_are_definitions_of_their_own() {
    let name = "io.k8s.apimachinery.pkg.util.intstr.IntOrString";
    assert_eq!(
        schema_of(name, Version::V2),
        tree!({"type": "string", "format": "int-or-string"})
    );
    let one_of = tree!({"format": "int-or-string", "oneOf": [{"type": "integer"}, {"type": "string"}]});
    assert_eq!(schema_of(name, Version::V3), one_of);
    let limits = schema_of("io.k8s.api.core.v1.ResourceRequirements", Version::V3);
    let quantity = "#/components/schemas/io.k8s.apimachinery.pkg.api.resource.Quantity";
    assert_eq!(
        limits.at(&["properties", "limits", "additionalProperties"]),
        Some(&tree!({"$ref": quantity}))
    );
    let patch = schema_of("io.k8s.apimachinery.pkg.apis.meta.v1.Patch", Version::V3);
    assert_eq!(patch, tree!({"type": "object"}));
}

#[test]
fn a_closed_set_defines_all_that_it_refers_to() {
    let types = Types::builtin();
    let pod = types.id("io.k8s.api.core.v1.Pod").expect("a type");
    let set = closure(types, [pod]);
    for &id in &set {
        let text = schema::json::to_string(&definition(types, id, Version::V3, &|_, _| None));
        for reference in text.split("#/components/schemas/").skip(1) {
            let name = reference.split('"').next().expect("text");
            assert!(
                types.id(name).is_some_and(|id| set.contains(&id)),
                "{name} is defined"
            );
        }
    }
    let names: Vec<_> = set.iter().map(|id| types.get(*id).short_name()).collect();
    for name in [
        "Pod",
        "PodSpec",
        "ObjectMeta",
        "Quantity",
        "IntOrString",
        "Time",
        "FieldsV1",
    ] {
        assert!(names.contains(&name), "{name}");
    }
}
