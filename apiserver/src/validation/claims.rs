//! Persistent volume claims: what they ask for, where its data comes from, and what may change.
//! Which volume a claim gets is the volume controller's.

use object::field::{Error, Path};
use object::meta_validation::{IMMUTABLE, annotations, label_selector, labels};
use object::names::{dns_label, dns_subdomain, qualified_name};
use schema::{Map, Value};

use super::place::Place;
use super::{internal_form, quantities};
use crate::strategy::Errors;

/// Where the class stood before it had a field.
const CLASS_ANNOTATION: &str = "volume.beta.kubernetes.io/storage-class";
const ACCESS_MODES: [&str; 4] = [
    "ReadOnlyMany",
    "ReadWriteMany",
    "ReadWriteOnce",
    "ReadWriteOncePod",
];
const RESIZE: [&str; 5] = [
    "ControllerResizeInProgress",
    "ControllerResizeInfeasible",
    "NodeResizePending",
    "NodeResizeInProgress",
    "NodeResizeInfeasible",
];

/// A claim by itself.
pub fn create(object: &Value, errors: &mut Errors) {
    spec(&Place::root(object, "spec"), errors);
}

/// A claim after another. A bound claim may grow; a claim may be given a volume, and a class if it had none.
pub fn update(object: &Value, old: &Value, errors: &mut Errors) {
    create(object, errors);
    let empty = Value::Map(Map::new());
    let mut now = object.get("spec").unwrap_or(&empty).clone();
    let mut before = old.get("spec").unwrap_or(&empty).clone();
    excuse(object, &mut now, &mut before);
    if now != before {
        let diff = internal_form::diff("PersistentVolumeClaimSpec", &before, &now);
        let detail = "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims";
        errors.push(Place::root(object, "spec").forbidden(format!("{detail}\n{diff}")));
    }
    class_annotation(object, old, errors);
    shrunk(object, old, errors);
    volume_mode(object, old, errors);
    let class = |object, part| Place::root(object, part).field("volumeAttributesClassName");
    let current = Place::root(old, "status").field("currentVolumeAttributesClassName");
    if current.is_set() && class(object, "spec").is_empty() && !class(old, "spec").is_empty() {
        errors.push(class(object, "spec").forbidden("update from non-nil value to nil is forbidden"));
    }
}

/// The class that was once an annotation stays as it is, but may give way to the field that says the same.
fn class_annotation(object: &Value, old: &Value, errors: &mut Errors) {
    let annotated = |object| Value::str_at(object, &["metadata", "annotations", CLASS_ANNOTATION]);
    let class = |object| Value::str_at(object, &["spec", "storageClassName"]);
    let (now, before) = (annotated(object), annotated(old));
    let becomes_a_field = before.is_some()
        && class(old).is_none()
        && class(object) == before
        && now.is_none_or(|now| Some(now) == before);
    if now != before && !becomes_a_field {
        let path = Path::root("metadata")
            .child("annotations")
            .child(CLASS_ANNOTATION);
        errors.push(Error::invalid(&path, now.unwrap_or_default(), IMMUTABLE));
    }
}

/// Makes those fields equal that may change.
fn excuse(object: &Value, now: &mut Value, before: &mut Value) {
    let (Some(now), Some(before)) = (now.as_map_mut(), before.as_map_mut()) else {
        return;
    };
    if before.get("volumeName").is_none_or(Value::is_zero) {
        copy("volumeName", now, before);
    }
    if !before.contains_key("storageClassName") {
        now.remove("storageClassName");
    }
    if object.str_at(&["status", "phase"]) != Some("Bound") {
        return;
    }
    copy("volumeAttributesClassName", before, now);
    let size = before
        .get("resources")
        .and_then(|resources| resources.at(&["requests", "storage"]))
        .cloned();
    let asked = now
        .get_mut("resources")
        .and_then(|resources| resources.at_mut(&["requests", "storage"]));
    if let (Some(size), Some(asked)) = (size, asked) {
        *asked = size;
    }
}

fn copy(field: &str, from: &Map, to: &mut Map) {
    match from.get(field) {
        Some(value) => to.insert(field, value.clone()),
        None => to.remove(field),
    };
}

/// A claim may shrink again after a growth that failed, but not below what it has.
fn shrunk(object: &Value, old: &Value, errors: &mut Errors) {
    let of = |object| {
        Place::root(object, "spec")
            .field("resources")
            .field("requests")
            .field("storage")
    };
    let (now, before) = (quantities::quantity(&of(object)), quantities::quantity(&of(old)));
    let has = quantities::quantity(&Place::root(old, "status").field("capacity").field("storage"));
    if quantities::compare(&now, &before).is_lt() && quantities::compare(&now, &has).is_le() {
        errors.push(of(object).forbidden("field can not be less than status.capacity"));
    }
}

/// The metadata of a claim's template: it gives labels and annotations alone.
pub fn template_metadata(metadata: &Place<'_>, errors: &mut Errors) {
    let of = |name: &'static str| metadata.field(name);
    errors.extend(annotations(
        of("annotations").value().as_map(),
        of("annotations").path(),
    ));
    errors.extend(labels(of("labels").value().as_map(), of("labels").path()));
    for (field, value) in metadata.entries() {
        if !value.is_empty() && !["labels", "annotations"].contains(&field.as_str()) {
            let place = Place::new(Some(value.value()), metadata.path().child(field.clone()));
            errors.push(place.forbidden("cannot be set"));
        }
    }
}

/// The `spec` of a claim, or of a claim's template.
pub fn spec(spec: &Place<'_>, errors: &mut Errors) {
    let modes = spec.field("accessModes");
    if modes.list().is_empty() {
        errors.push(modes.required("at least 1 access mode is required"));
    }
    let selector = spec.field("selector");
    if selector.is_set() {
        errors.extend(label_selector(selector.value(), true, selector.path()));
    }
    access_modes(&modes, errors);
    let shown = spec.field("resources").path().key("storage");
    let storage = Place::new(
        spec.field("resources")
            .field("requests")
            .key("storage")
            .is_set()
            .then(|| spec.field("resources").field("requests").key("storage").value()),
        shown,
    );
    match storage.is_set() {
        true => quantities::positive(&storage, errors),
        false => errors.push(storage.required("")),
    }
    let class = spec.field("storageClassName");
    if !class.is_empty() {
        class.format(dns_subdomain, errors);
    }
    spec.field("volumeMode")
        .one_of_if_set(&["Block", "Filesystem"], errors);
    sources(spec, errors);
    let attributes = spec.field("volumeAttributesClassName");
    if !attributes.is_empty() {
        attributes.format(dns_subdomain, errors);
    }
}

/// Known access modes; the strictest stands alone.
pub fn access_modes(modes: &Place<'_>, errors: &mut Errors) {
    for mode in modes.items() {
        if !ACCESS_MODES.contains(&mode.text()) {
            errors.push(object::field::Error::not_supported(
                modes.path(),
                mode.text(),
                &ACCESS_MODES,
            ));
        }
    }
    if modes.list().len() > 1 && modes.texts().contains(&"ReadWriteOncePod") {
        errors.push(modes.forbidden("may not use ReadWriteOncePod with other access modes"));
    }
}

fn sources(spec: &Place<'_>, errors: &mut Errors) {
    let (source, reference) = (spec.field("dataSource"), spec.field("dataSourceRef"));
    if source.is_set() {
        self::source(&source, errors);
    }
    if reference.is_set() {
        self::source(&reference, errors);
        let namespace = reference.field("namespace");
        if !namespace.is_empty() {
            namespace.format(dns_label, errors);
        }
    }
    let abroad = !reference.field("namespace").is_empty();
    if abroad && source.is_set() {
        let detail = "may not be specified when dataSourceRef.namespace is specified";
        errors.push(spec.invalid_as(object::field::Printed::raw("{}"), detail));
    } else if source.is_set() && reference.is_set() && differ(&source, &reference) {
        errors.push(spec.invalid_as(object::field::Printed::raw("{}"), "must match dataSourceRef"));
    }
}

fn differ(source: &Place<'_>, reference: &Place<'_>) -> bool {
    ["apiGroup", "kind", "name"]
        .iter()
        .any(|field| source.value().get(field) != reference.value().get(field))
}

fn source(source: &Place<'_>, errors: &mut Errors) {
    for field in ["name", "kind"] {
        source.field(field).require(errors);
    }
    let group = source.field("apiGroup");
    if group.is_empty() && source.field("kind").text() != "PersistentVolumeClaim" {
        errors.push(source.invalid_as(
            source.field("kind").text(),
            "must be 'PersistentVolumeClaim' when referencing the default apiGroup",
        ));
    }
    if !group.is_empty() {
        group.format(dns_subdomain, errors);
    }
}

/// The mode is the same word in claims and volumes, reported without its parent.
pub(super) fn volume_mode(object: &Value, old: &Value, errors: &mut Errors) {
    let of = |object: &Value| object.at(&["spec", "volumeMode"]).cloned().unwrap_or_default();
    let (now, before) = (of(object), of(old));
    if now != before {
        errors.push(object::field::Error::invalid(
            &object::field::Path::root("volumeMode"),
            &now,
            IMMUTABLE,
        ));
    }
}

/// A claim's status after another.
pub fn status(object: &Value, _old: &Value, errors: &mut Errors) {
    let status = Place::root(object, "status");
    for (_, amount) in status.field("capacity").entries() {
        quantities::basic(&amount, errors);
    }
    for (name, state) in status.field("allocatedResourceStatuses").entries() {
        state.text_format(name, qualified_name, errors);
        if !RESIZE.contains(&state.text()) {
            errors.push(state.not_supported(&RESIZE));
        }
    }
    for (name, amount) in status.field("allocatedResources").entries() {
        amount.text_format(name, qualified_name, errors);
        quantities::basic(&amount, errors);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use schema::tree;

    fn created(object: &Value) -> Vec<String> {
        let mut errors = Errors::new();
        create(object, &mut errors);
        errors.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_claim_asks_for_a_mode_and_a_size() {
        let good = tree!({"spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}});
        assert_eq!(created(&good), [""; 0]);
        let empty = created(&tree!({"spec": {}}));
        let texts = [
            "spec.accessModes: Required value: at least 1 access mode is required",
            "spec.resources[storage]: Required value",
        ];
        assert_eq!(empty, texts);
        let alone = tree!({"spec": {"accessModes": ["ReadWriteOncePod", "ReadOnlyMany"],
            "resources": {"requests": {"storage": "0"}}}});
        assert_eq!(created(&alone).len(), 2);
    }

    #[test]
    fn an_unbound_claim_stays_but_for_its_volume() {
        let of = |size: &str, volume: &str| {
            tree!({"spec": {"accessModes": ["ReadWriteOnce"], "volumeName": volume,
                "resources": {"requests": {"storage": size}}}, "status": {"phase": "Pending"}})
        };
        let mut errors = Errors::new();
        update(&of("1Gi", "pv"), &of("1Gi", ""), &mut errors);
        assert_eq!(errors, []);
        update(&of("2Gi", "pv"), &of("1Gi", "pv"), &mut errors);
        assert_eq!(errors.len(), 1);
        assert!(
            errors[0]
                .detail
                .contains("-   \"storage\": \"1Gi\"\n+   \"storage\": \"2Gi\"\n")
        );
    }

    #[test]
    fn a_bound_claim_grows() {
        let of = |size: &str| {
            tree!({"spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": size}}},
                "status": {"phase": "Bound", "capacity": {"storage": "1Gi"}}})
        };
        let mut errors = Errors::new();
        update(&of("2Gi"), &of("1Gi"), &mut errors);
        assert_eq!(errors, []);
        update(&of("500Mi"), &of("1Gi"), &mut errors);
        assert_eq!(errors.len(), 1);
    }

    #[test]
    fn data_sources_agree() {
        let claim = tree!({"spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1"}},
            "dataSource": {"kind": "PersistentVolumeClaim", "name": "a"},
            "dataSourceRef": {"kind": "PersistentVolumeClaim", "name": "b"}}});
        assert_eq!(
            created(&claim),
            ["spec: Invalid value: {}: must match dataSourceRef"]
        );
    }

    #[test]
    fn capacities_in_the_status_are_not_negative() {
        let mut errors = Errors::new();
        let object = tree!({"status": {"capacity": {"storage": "-1"}}});
        status(&object, &object, &mut errors);
        let text = "status.capacity[storage]: Invalid value: -1: must be a valid resource quantity";
        assert_eq!(errors[0].to_string(), text);
    }
}
