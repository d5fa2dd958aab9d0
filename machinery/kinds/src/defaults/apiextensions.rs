//! Defaults of custom resource definitions. What their schemas say about custom resources is not here.

use schema::{Map, SmolStr, tree};

use super::Fill::Int;
use super::{Family, Now, fill};

pub(super) const FAMILIES: &[Family] = &[Family {
    prefix: "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.",
    rules: &[
        ("CustomResourceDefinition", definition),
        ("CustomResourceDefinitionSpec", spec),
    ],
    nil: &[("ServiceReference", "port", Int(443))],
    empty: &[],
}];

fn definition(definition: &mut Map, _: Now<'_>) {
    let stored = definition
        .get("status")
        .map_or(&[][..], |status| status.list_at(&["storedVersions"]));
    if !stored.is_empty() {
        return;
    }
    let versions = definition
        .get("spec")
        .map_or(&[][..], |spec| spec.list_at(&["versions"]));
    let storage = versions
        .iter()
        .find(|version| version.bool_at(&["storage"]) == Some(true));
    if let Some(name) = storage.and_then(|version| version.get("name")).cloned() {
        definition.map_at("status").insert("storedVersions", vec![name]);
    }
}

fn spec(spec: &mut Map, _: Now<'_>) {
    let names = spec.map_at("names");
    let kind = SmolStr::new(fill::text(names, "kind"));
    if !kind.is_empty() && fill::is_empty(names, "singular") {
        names.insert("singular", kind.to_lowercase());
    }
    if !kind.is_empty() && fill::is_empty(names, "listKind") {
        names.insert("listKind", format!("{kind}List"));
    }
    if fill::is_nil(spec, "conversion") {
        spec.insert("conversion", tree!({"strategy": "None"}));
    }
}

#[cfg(test)]
mod tests {
    use schema::{Value, tree};

    use super::{Now, definition};

    #[test]
    fn stored_versions_start_with_the_storage_version() {
        let mut object = tree!({"spec": {"versions": [{"name": "v1"}, {"name": "v2", "storage": true}]}});
        let Value::Map(map) = &mut object else {
            panic!("a map")
        };
        definition(map, Now(""));
        assert_eq!(object.list_at(&["status", "storedVersions"]), [Value::from("v2")]);
    }
}
