use super::*;
use crate::field::aggregate;
use crate::meta;
use crate::names::NameFormat;
use schema::tree;

fn path() -> Path {
    Path::root("metadata")
}

fn on_create(metadata: Value, namespaced: bool, format: NameFormat) -> String {
    let name = |name: &str, prefix| format.check(name, prefix);
    let object = tree!({"metadata": (metadata)});
    let errors = create(
        meta::of(&object),
        Rules {
            namespaced,
            name: &name,
        },
        &path(),
    );
    aggregate(&errors).unwrap_or_default()
}

fn on_update(new: Value, old: Value) -> String {
    let (new, old) = (tree!({"metadata": (new)}), tree!({"metadata": (old)}));
    aggregate(&update(meta::of(&new), meta::of(&old), &path())).unwrap_or_default()
}

#[test]
fn good_metadata_passes() {
    let metadata = tree!({
        "name": "a.b", "generateName": "a-", "namespace": "n", "labels": {"a/b": "c"}, "annotations": {"A.b/C": "x y"},
        "finalizers": ["example.com/f"], "managedFields": [{"manager": "m", "operation": "Update"}],
        "ownerReferences": [{"apiVersion": "apps/v1", "kind": "K", "name": "n", "uid": "u", "controller": true}]
    });
    assert_eq!(on_create(metadata, true, NameFormat::DnsSubdomain), "");
}

#[test]
fn names_and_namespaces() {
    let format = NameFormat::PathSegment;
    assert_eq!(
        on_create(tree!({}), true, format),
        "[metadata.name: Required value: name or generateName is required, metadata.namespace: Required value]"
    );
    assert_eq!(
        on_create(tree!({"name": "a/b", "namespace": "n"}), false, format),
        "[metadata.name: Invalid value: \"a/b\": may not contain '/', metadata.namespace: Forbidden: not allowed on \
         this type]"
    );
    assert_eq!(
        on_create(tree!({"name": "a", "generateName": "x%"}), false, format),
        "metadata.generateName: Invalid value: \"x%\": may not contain '%'"
    );
}

#[test]
fn generation_and_annotations() {
    let metadata =
        tree!({"name": "a", "generation": (-3i64), "annotations": {"a": ("x".repeat(256 * 1024))}});
    assert_eq!(
        on_create(metadata, false, NameFormat::DnsLabel),
        "[metadata.generation: Invalid value: -3: must be greater than or equal to 0, metadata.annotations: Too long: \
         may not be more than 262144 bytes]"
    );
}

#[test]
fn owners() {
    let pod = tree!({"apiVersion": "v1", "kind": "Pod", "name": "p", "uid": "u1", "controller": true});
    let other = tree!({"apiVersion": "v1", "kind": "Pod", "name": "q", "uid": "u2", "controller": true});
    assert_eq!(
        on_create(
            tree!({"name": "a", "ownerReferences": [pod, other]}),
            false,
            NameFormat::DnsLabel
        ),
        "metadata.ownerReferences: Invalid value: [{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"name\":\"p\",\"uid\":\
         \"u1\",\"controller\":true},{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"name\":\"q\",\"uid\":\"u2\",\
         \"controller\":true}]: Only one reference can have Controller set to true. Found \"true\" in references for \
         Pod/p and Pod/q"
    );
    let event = tree!({"apiVersion": "v1", "kind": "Event", "name": "", "uid": "u"});
    assert_eq!(
        on_create(
            tree!({"name": "a", "ownerReferences": [event]}),
            false,
            NameFormat::DnsLabel
        ),
        "[metadata.ownerReferences.name: Invalid value: \"\": must not be empty, metadata.ownerReferences: Invalid \
         value: {\"apiVersion\":\"v1\",\"kind\":\"Event\",\"name\":\"\",\"uid\":\"u\"}: /v1, Kind=Event is disallowed \
         from being an owner]"
    );
}

#[test]
fn finalizer_names() {
    let metadata = tree!({"name": "a", "finalizers": ["nodomain", "orphan", "foregroundDeletion"]});
    assert_eq!(
        on_create(metadata.clone(), false, NameFormat::DnsLabel),
        "metadata.finalizers: Invalid value: [\"nodomain\",\"orphan\",\"foregroundDeletion\"]: finalizer orphan and \
         foregroundDeletion cannot be both set"
    );
    let object = tree!({"metadata": metadata});
    let errors = standard_finalizers(meta::of(&object), &path());
    assert_eq!(
        aggregate(&errors).unwrap_or_default(),
        "metadata.finalizers[0]: Invalid value: \"nodomain\": name is neither a standard finalizer name nor is it \
         fully qualified"
    );
}

#[test]
fn managers() {
    let entry = tree!({"manager": "a\tb", "operation": "Patch", "fieldsType": "V2", "subresource": ("s".repeat(257))});
    assert_eq!(
        on_create(
            tree!({"name": "a", "managedFields": [entry]}),
            false,
            NameFormat::DnsLabel
        ),
        "[metadata.managedFields[0].operation: Invalid value: \"Patch\": must be `Apply` or `Update`, \
         metadata.managedFields[0].fieldsType: Invalid value: \"V2\": must be `FieldsV1`, \
         metadata.managedFields[0].manager: Invalid value: \"a\\tb\": invalid character U+0009 (at position 1), \
         metadata.managedFields[0].subresource: Too long: may not be more than 256 bytes]"
    );
}

#[test]
fn updates_keep_what_is_immutable() {
    let old = tree!({"name": "a", "uid": "u", "resourceVersion": "1", "generation": 2i64});
    assert_eq!(on_update(old.clone(), old.clone()), "");
    let new =
        tree!({"name": "b", "generation": 1i64, "uid": "u", "deletionTimestamp": "2001-01-01T00:00:00Z"});
    assert_eq!(
        on_update(new, old),
        "[metadata.resourceVersion: Invalid value: \"\": must be specified for an update, metadata.generation: Invalid \
         value: 1: must not be decremented, metadata.name: Invalid value: \"b\": field is immutable, \
         metadata.deletionTimestamp: Invalid value: \"2001-01-01T00:00:00Z\": field is immutable]"
    );
}

#[test]
fn no_finalizer_is_added_to_a_dying_object() {
    let old = tree!({"name": "a", "resourceVersion": "1", "deletionTimestamp": "2001-01-01T00:00:00Z",
        "finalizers": ["example.com/old"]});
    let mut new = old.clone();
    new.as_map_mut()
        .expect("map")
        .insert("finalizers", tree!(["example.com/new", "example.com/old"]));
    assert_eq!(
        on_update(new, old),
        "metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted, found new \
         finalizers []string{\"example.com/new\"}"
    );
}

#[test]
fn selectors() {
    let selector = tree!({
        "matchLabels": {"a": "-"},
        "matchExpressions": [
            {"key": "", "operator": "In"},
            {"key": "a", "operator": "Exists", "values": ["-"]},
            {"key": "a", "operator": "Gt"}
        ]
    });
    let paths = |checked| -> Vec<String> {
        label_selector(&selector, checked, &Path::root("s"))
            .into_iter()
            .map(|error| error.path)
            .collect()
    };
    assert_eq!(
        paths(true),
        [
            "s.matchLabels",
            "s.matchExpressions[0].values",
            "s.matchExpressions[0].key",
            "s.matchExpressions[0].key",
            "s.matchExpressions[1].values",
            "s.matchExpressions[1].values[0]",
            "s.matchExpressions[2].operator",
        ]
    );
    assert_eq!(paths(false).len(), 6);
}
