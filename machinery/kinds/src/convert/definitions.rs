//! Definitions of custom resources: served as v1, stored as v1beta1, where schema, subresources, columns and selectable
//! fields stand at the top when all versions agree on them. What definitions mean is not known here.

use schema::{Map, SmolStr, Value, tree};

use super::rename;

/// `apiVersion` of stored definitions.
pub const STORED_VERSION: &str = "apiextensions.k8s.io/v1beta1";
const V1: &str = "apiextensions.k8s.io/v1";

/// Fields that stand at the top or in each version: their name at the top and in a version of v1beta1.
const SHARED: &[(&str, &str)] = &[
    ("validation", "schema"),
    ("subresources", "subresources"),
    ("additionalPrinterColumns", "additionalPrinterColumns"),
    ("selectableFields", "selectableFields"),
];

/// Turns v1 into the stored form.
pub fn to_stored(object: &mut Value) {
    let Value::Map(object) = object else { return };
    object.insert("apiVersion", SmolStr::new_static(STORED_VERSION));
    let Some(Value::Map(spec)) = object.get_mut("spec") else {
        return;
    };
    if let Some(Value::Map(conversion)) = spec.get_mut("conversion") {
        conversion_to_stored(conversion);
    }
    let preserve = spec.remove("preserveUnknownFields").unwrap_or(Value::Bool(false));
    spec.insert("preserveUnknownFields", preserve);
    for version in versions(spec) {
        columns(version, &[("jsonPath", "JSONPath")]);
    }
    let first = versions(spec)
        .next()
        .and_then(|version| version.get("name").cloned());
    for (top, in_version) in SHARED {
        hoist(spec, top, in_version);
    }
    if let Some(name) = first {
        spec.insert("version", name);
    }
}

/// Turns the stored form into v1, with the defaults of v1beta1.
pub fn from_stored(object: &mut Value) {
    let Value::Map(object) = object else { return };
    object.insert("apiVersion", SmolStr::new_static(V1));
    let spec = object.map_at("spec");
    fill(spec, "scope", "Namespaced");
    fill(spec, "preserveUnknownFields", true);
    if let Some(Value::Map(conversion)) = spec.get_mut("conversion") {
        conversion_from_stored(conversion);
    }
    let version = spec.remove("version");
    if let (Some(name), true) = (version, spec.get("versions").is_none_or(Value::is_zero)) {
        spec.insert(
            "versions",
            vec![tree!({"name": name, "served": true, "storage": true})],
        );
    }
    for (top, in_version) in SHARED {
        if let Some(value) = spec.remove(top).filter(|value| !value.is_null()) {
            versions(spec).for_each(|version| {
                version.insert(*in_version, value.clone());
            });
        }
    }
    for version in versions(spec) {
        columns(version, &[("JSONPath", "jsonPath")]);
    }
}

/// Moves a field to the top if all versions have the same, and only then.
fn hoist(spec: &mut Map, top: &'static str, in_version: &str) {
    let all: Vec<_> = versions(spec)
        .map(|version| version.get(in_version).cloned())
        .collect();
    let Some(Some(shared)) = all.first().cloned() else {
        return;
    };
    if all.iter().any(|other| other.as_ref() != Some(&shared)) {
        return;
    }
    versions(spec).for_each(|version| {
        version.remove(in_version);
    });
    spec.insert(top, shared);
}

fn versions(spec: &mut Map) -> impl Iterator<Item = &mut Map> {
    let list = spec.get_mut("versions").and_then(Value::as_list_mut);
    list.into_iter().flatten().filter_map(Value::as_map_mut)
}

fn columns(version: &mut Map, names: &[(&'static str, &'static str)]) {
    let list = version
        .get_mut("additionalPrinterColumns")
        .and_then(Value::as_list_mut);
    for column in list.into_iter().flatten().filter_map(Value::as_map_mut) {
        rename::fields(column, names);
    }
}

fn conversion_to_stored(conversion: &mut Map) {
    if let Some(Value::Map(mut webhook)) = conversion.remove("webhook") {
        for (from, to) in [
            ("clientConfig", "webhookClientConfig"),
            ("conversionReviewVersions", "conversionReviewVersions"),
        ] {
            if let Some(value) = webhook.remove(from) {
                conversion.insert(to, value);
            }
        }
    }
}

fn conversion_from_stored(conversion: &mut Map) {
    let is_webhook = conversion.get("strategy").and_then(Value::as_str) == Some("Webhook");
    let config = conversion
        .remove("webhookClientConfig")
        .filter(|config| !config.is_null());
    let reviewed = conversion
        .remove("conversionReviewVersions")
        .filter(|list| !list.is_zero());
    let reviewed = reviewed.or_else(|| is_webhook.then(|| tree!(["v1beta1"])));
    if config.is_none() && reviewed.is_none() {
        return;
    }
    let webhook = conversion.map_at("webhook");
    for (key, value) in [("clientConfig", config), ("conversionReviewVersions", reviewed)] {
        if let Some(value) = value {
            webhook.insert(key, value);
        }
    }
}

fn fill(map: &mut Map, key: &'static str, value: impl Into<Value>) {
    if map.get(key).is_none_or(Value::is_null) {
        map.insert(key, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_all_versions_share_is_stored_once() {
        let v1 = tree!({"apiVersion": "apiextensions.k8s.io/v1", "spec": {
            "scope": "Cluster",
            "versions": [
                {"name": "v1", "schema": {"openAPIV3Schema": {"type": "object"}}, "subresources": {"status": {}}},
                {"name": "v2", "schema": {"openAPIV3Schema": {"type": "object"}}}
            ],
            "conversion": {"strategy": "Webhook", "webhook": {"conversionReviewVersions": ["v1"]}}
        }});
        let stored = tree!({"apiVersion": "apiextensions.k8s.io/v1beta1", "spec": {
            "scope": "Cluster",
            "version": "v1",
            "validation": {"openAPIV3Schema": {"type": "object"}},
            "versions": [{"name": "v1", "subresources": {"status": {}}}, {"name": "v2"}],
            "conversion": {"strategy": "Webhook", "conversionReviewVersions": ["v1"]},
            "preserveUnknownFields": false
        }});
        let mut object = v1.clone();
        to_stored(&mut object);
        assert_eq!(object, stored);
        from_stored(&mut object);
        assert_eq!(object.at(&["spec", "versions"]), v1.at(&["spec", "versions"]));
        assert_eq!(object.at(&["spec", "conversion"]), v1.at(&["spec", "conversion"]));
    }
}
