//! Typed views of an object's `metadata`, to read ([`of`]) and to write ([`edit`]).
//! They check nothing: that is the codec's and validation's part.
//!
//! The object is in canonical form, so an absent field and its zero value are the same: views answer with the zero
//! value, and setting a zero value removes the field.

mod edit;
mod owner;

pub use edit::{Edit, edit};
pub use owner::OwnerReference;

use schema::{Map, Value};

/// Reads the metadata of `object`.
pub fn of(object: &Value) -> View<'_> {
    View(object.map_at(&["metadata"]))
}

/// Metadata, to read.
#[derive(Clone, Copy, Debug)]
pub struct View<'a>(Option<&'a Map>);

impl<'a> View<'a> {
    /// The view of a bare `metadata` map, as lists and pod templates have it.
    pub const fn of_map(metadata: Option<&'a Map>) -> Self {
        Self(metadata)
    }

    /// Empty when not yet named.
    pub fn name(self) -> &'a str {
        self.text("name")
    }

    /// The prefix of a name to generate; empty if none.
    pub fn generate_name(self) -> &'a str {
        self.text("generateName")
    }

    /// Empty for a cluster-scoped object.
    pub fn namespace(self) -> &'a str {
        self.text("namespace")
    }

    /// Empty when not yet stored.
    pub fn uid(self) -> &'a str {
        self.text("uid")
    }

    /// As text; empty when not yet stored.
    pub fn resource_version(self) -> &'a str {
        self.text("resourceVersion")
    }

    /// 0 if unset.
    pub fn generation(self) -> i64 {
        self.get("generation").and_then(Value::as_int).unwrap_or(0)
    }

    /// RFC 3339 in canonical form.
    pub fn creation_timestamp(self) -> Option<&'a str> {
        self.get("creationTimestamp").and_then(Value::as_str)
    }

    /// Set once deletion was asked for.
    pub fn deletion_timestamp(self) -> Option<&'a str> {
        self.get("deletionTimestamp").and_then(Value::as_str)
    }

    /// Seconds between the request to delete and `deletionTimestamp`.
    pub fn deletion_grace_period_seconds(self) -> Option<i64> {
        self.get("deletionGracePeriodSeconds").and_then(Value::as_int)
    }

    /// Whether deletion was asked for.
    pub fn is_deleting(self) -> bool {
        self.deletion_timestamp().is_some()
    }

    /// None when there are none.
    pub fn labels(self) -> Option<&'a Map> {
        self.get("labels").and_then(Value::as_map)
    }

    /// The value of one label.
    pub fn label(self, key: &str) -> Option<&'a str> {
        self.labels()?.get(key)?.as_str()
    }

    /// None when there are none.
    pub fn annotations(self) -> Option<&'a Map> {
        self.get("annotations").and_then(Value::as_map)
    }

    /// The value of one annotation.
    pub fn annotation(self, key: &str) -> Option<&'a str> {
        self.annotations()?.get(key)?.as_str()
    }

    /// In stored order.
    pub fn finalizers(self) -> impl Iterator<Item = &'a str> {
        self.list("finalizers").iter().filter_map(Value::as_str)
    }

    /// Whether a finalizer is present.
    pub fn has_finalizer(self, name: &str) -> bool {
        self.finalizers().any(|have| have == name)
    }

    /// In stored order.
    pub fn owner_references(self) -> impl Iterator<Item = OwnerReference<'a>> {
        self.list("ownerReferences").iter().map(OwnerReference::of)
    }

    /// The owner that manages the object, if there is one.
    pub fn controller(self) -> Option<OwnerReference<'a>> {
        self.owner_references().find(|owner| owner.controller())
    }

    /// In stored order; each a `ManagedFieldsEntry`.
    pub fn managed_fields(self) -> &'a [Value] {
        self.list("managedFields")
    }

    /// Any field of metadata by its JSON name.
    pub fn get(self, field: &str) -> Option<&'a Value> {
        self.0?.get(field)
    }

    fn text(self, field: &str) -> &'a str {
        self.get(field).and_then(Value::as_str).unwrap_or_default()
    }

    fn list(self, field: &str) -> &'a [Value] {
        self.get(field).and_then(Value::as_list).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use schema::tree;

    #[test]
    fn absent_metadata_reads_as_zero_values() {
        let object = tree!({"kind": "Pod"});
        let meta = of(&object);
        assert_eq!(
            (meta.name(), meta.generation(), meta.creation_timestamp()),
            ("", 0, None)
        );
        assert_eq!(meta.finalizers().count() + meta.owner_references().count(), 0);
        assert!(!meta.is_deleting());
    }

    #[test]
    fn reads_every_field() {
        let object = tree!({"metadata": {
            "name": "a", "namespace": "n", "uid": "u", "resourceVersion": "7", "generation": 3i64,
            "generateName": "a-", "labels": {"l": "1"}, "annotations": {"x": "2"}, "finalizers": ["f/a", "f/b"],
            "creationTimestamp": "2020-01-01T00:00:00Z", "deletionTimestamp": "2020-01-01T00:00:01Z",
            "deletionGracePeriodSeconds": 1i64,
            "ownerReferences": [{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "o", "uid": "ou"},
                {"apiVersion": "v1", "kind": "Pod", "name": "c", "uid": "cu", "controller": true}]
        }});
        let meta = of(&object);
        assert_eq!(
            (meta.name(), meta.namespace(), meta.uid(), meta.resource_version()),
            ("a", "n", "u", "7")
        );
        assert_eq!((meta.generation(), meta.generate_name()), (3, "a-"));
        assert_eq!(
            (meta.label("l"), meta.annotation("x"), meta.label("x")),
            (Some("1"), Some("2"), None)
        );
        assert_eq!(meta.finalizers().collect::<Vec<_>>(), ["f/a", "f/b"]);
        assert_eq!(meta.deletion_grace_period_seconds(), Some(1));
        assert!(meta.is_deleting() && meta.has_finalizer("f/b"));
        assert_eq!(meta.controller().map(|owner| owner.name()), Some("c"));
    }
}
