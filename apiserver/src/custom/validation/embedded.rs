//! Resources inside of custom objects: they say what they are, and their metadata is that of any object.

use object::field::{Error, Path};
use object::meta::View;
use object::meta_validation::{self, Rules};
use object::names;
use schema::{Map, SmolStr, Types, Value, json};

use super::walk::walk;
use crate::strategy::Errors;

const METADATA: &str = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta";

/// Checks all resources inside of an object; the object itself is not one.
pub(super) fn check(schema: &Value, object: &Value, errors: &mut Errors) {
    walk(schema, object, &mut |visited| {
        let is_resource = visited.schema.bool_at(&["x-kubernetes-embedded-resource"]) == Some(true);
        if let (true, false, Some(map)) = (is_resource, visited.is_root, visited.value.as_map()) {
            resource(map, visited.path, errors);
        }
    });
}

fn resource(map: &Map, path: &Path, errors: &mut Errors) {
    text(map, "apiVersion", path, errors, |text| {
        let problem = format!("unexpected GroupVersion string: {text}");
        (text.matches('/').count() > 1).then_some(problem)
    });
    text(map, "kind", path, errors, |kind| {
        let problems = names::dns_1035_label(&kind.to_lowercase());
        let told = "may have mixed case, but should otherwise match: ";
        (!problems.is_empty()).then(|| format!("{told}{}", problems.join(",")))
    });
    if let Some(value) = map.get("metadata") {
        metadata(value, &path.child("metadata"), errors);
    }
}

/// Requires text in which `wrong` finds nothing.
fn text(
    map: &Map,
    name: &'static str,
    path: &Path,
    errors: &mut Errors,
    wrong: impl Fn(&str) -> Option<String>,
) {
    let path = path.child(SmolStr::new_static(name));
    match map.get(name) {
        None => errors.push(Error::required(&path, "")),
        Some(Value::String(text)) if text.is_empty() => errors.push(Error::required(&path, "")),
        Some(Value::String(text)) => {
            errors.extend(wrong(text).map(|problem| Error::invalid(&path, text, problem)));
        }
        Some(other) => errors.push(Error::invalid(&path, other, "must be a string")),
    }
}

/// A resource inside of another may go without a name.
fn metadata(value: &Value, path: &Path, errors: &mut Errors) {
    let types = Types::builtin();
    let Some(id) = types.id(METADATA) else { return };
    let mut decoded = match json::from_tree(types, id, value) {
        Ok(decoded) => decoded.value,
        Err(error) => {
            errors.push(Error::invalid(path, value, error.message));
            return;
        }
    };
    if View::of_map(decoded.as_map()).name().is_empty()
        && let Some(map) = decoded.as_map_mut()
    {
        map.insert("name", "fakename");
    }
    let view = View::of_map(decoded.as_map());
    let rules = Rules {
        namespaced: !view.namespace().is_empty(),
        name: &|name, is_prefix| match is_prefix {
            true => names::path_segment_prefix(name),
            false => names::path_segment(name),
        },
    };
    errors.extend(meta_validation::create(view, rules, path));
}
