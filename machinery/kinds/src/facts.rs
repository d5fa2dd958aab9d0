//! What is dispatched on and selected by: an object's labels, selectable fields and shard hashes, packed, so that they are read without
//! decoding it. Names and namespaces are in its key; which objects are selected is decided by whoever holds selectors.

mod packed;

use object::selector::label::Labels;
use object::selector::shard::Hashes;
use schema::{SmolStr, Value};

use crate::{Resource, fields};
use packed::Packed;

/// The selectable fields of a resource's objects beside name and namespace, in the order in which [`Facts`] keep them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selectable {
    kind: SmolStr,
    labels: Box<[SmolStr]>,
}

/// Labels and selectable fields of one object. Two allocations at most.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// Keys and values in turn, in key order.
    labels: Packed,
    /// Values in the order of [`Selectable`].
    fields: Packed,
    /// By which shard selectors find it, if they are heeded: made once for all of them.
    hashes: Hashes,
}

impl Selectable {
    /// Of a resource in its hub version. Other versions name some fields differently, but have no more of them.
    pub fn of(hub: &Resource) -> Self {
        let labels = fields::stored_labels(hub).into_iter();
        Self {
            // Custom kinds may be called like built-in ones, whose fields have values of their own.
            kind: match &hub.custom {
                Some(_) => SmolStr::default(),
                None => hub.kind.clone(),
            },
            labels: labels
                .filter(|label| !matches!(*label, fields::NAME | fields::NAMESPACE))
                .map(SmolStr::new)
                .collect(),
        }
    }

    /// The stored form's labels, in order.
    pub fn labels(&self) -> &[SmolStr] {
        &self.labels
    }

    /// The place of a label of the stored form, e.g. `spec.nodeName`.
    pub fn index(&self, label: &str) -> Option<usize> {
        self.labels.iter().position(|have| have == label)
    }
}

impl Facts {
    /// Of an object in its hub form; not what shard selectors ask for, which few do.
    pub fn of(selectable: &Selectable, object: &Value) -> Self {
        let values = selectable
            .labels
            .iter()
            .map(|label| fields::value(&selectable.kind, label, object));
        Self {
            labels: labels(object),
            fields: Packed::of(values),
            hashes: Hashes::default(),
        }
    }

    /// The same with what shard selectors ask for.
    pub fn hashed(self, object: &Value) -> Self {
        Self {
            hashes: hashes(object),
            ..self
        }
    }

    /// The value of a label, if it is set.
    #[inline]
    pub fn label(&self, key: &str) -> Option<&str> {
        let mut texts = self.labels.texts();
        while let (Some(have), Some(value)) = (texts.next(), texts.next()) {
            if have == key {
                return Some(value);
            }
        }
        None
    }

    /// All labels, in key order.
    pub fn labels(&self) -> impl Iterator<Item = (&str, &str)> {
        let mut texts = self.labels.texts();
        std::iter::from_fn(move || texts.next().zip(texts.next()))
    }

    /// The value of the field at this place of [`Selectable`]; empty if the object has none.
    #[inline]
    pub fn field(&self, index: usize) -> &str {
        self.fields.texts().nth(index).unwrap_or_default()
    }

    /// What shard selectors select by; meaningless unless they were [`Facts::hashed`].
    #[inline]
    pub fn hashes(&self) -> &Hashes {
        &self.hashes
    }

    /// Bytes on the heap.
    pub fn heap_bytes(&self) -> usize {
        self.labels.heap_bytes() + self.fields.heap_bytes()
    }
}

impl Labels for Facts {
    #[inline]
    fn label(&self, key: &str) -> Option<&str> {
        Facts::label(self, key)
    }
}

/// The hashes of an object's uid and namespace.
pub fn hashes(object: &Value) -> Hashes {
    let text = |key| object.str_at(&["metadata", key]).unwrap_or_default();
    Hashes::of(text("uid"), text("namespace"))
}

/// What is no text is no label.
fn labels(object: &Value) -> Packed {
    let labels = object.at(&["metadata", "labels"]).and_then(Value::as_map);
    let pairs = labels.into_iter().flat_map(|labels| labels.iter());
    Packed::of(
        pairs
            .filter_map(|(key, value)| Some([key.as_str(), value.as_str()?]))
            .flatten(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Catalog;
    use schema::tree;

    #[test]
    fn every_version_is_selected_by_fields_of_its_hub() {
        let catalog = Catalog::builtin();
        for resource in catalog.iter() {
            let selectable = Selectable::of(catalog.hub(resource));
            for label in Selectable::of(resource).labels() {
                assert!(
                    selectable.index(label).is_some(),
                    "{} {label}",
                    resource.qualified_name()
                );
            }
        }
    }

    #[test]
    fn facts_are_what_the_object_says() {
        let pods = Catalog::builtin().resource("", "v1", "pods").expect("built in");
        let selectable = Selectable::of(pods);
        let pod = tree!({
            "metadata": {"name": "p", "labels": {"app": "web", "empty": "", "number": 7i64}},
            "spec": {"nodeName": "n1"}
        });
        let facts = Facts::of(&selectable, &pod);
        let labels: Vec<_> = facts.labels().collect();
        assert_eq!(labels, [("app", "web"), ("empty", "")]);
        assert_eq!(
            (facts.label("app"), facts.label("empty"), facts.label("web")),
            (Some("web"), Some(""), None)
        );
        for (index, label) in selectable.labels().iter().enumerate() {
            assert_eq!(facts.field(index), fields::value("Pod", label, &pod), "{label}");
        }
        assert_eq!(
            selectable.index("spec.nodeName").map(|at| facts.field(at)),
            Some("n1")
        );
        let maps = Catalog::builtin()
            .resource("", "v1", "configmaps")
            .expect("built in");
        let bare = Facts::of(&Selectable::of(maps), &tree!({}));
        assert_eq!(bare.heap_bytes(), 0);
    }
}
