//! Metadata, to write. A zero value removes the field, which keeps the object canonical.

use schema::{Map, SmolStr, Value};

use super::View;

/// Writes the metadata of `object`. `metadata` is made when absent; an object that is not a map becomes one.
pub fn edit(object: &mut Value) -> Edit<'_> {
    if !matches!(object, Value::Map(_)) {
        *object = Value::Map(Map::new());
    }
    match object {
        Value::Map(map) => Edit(map.map_at("metadata")),
        _ => unreachable!("made a map just above"),
    }
}

/// Metadata, to write.
#[derive(Debug)]
pub struct Edit<'a>(&'a mut Map);

impl Edit<'_> {
    /// The same metadata, to read.
    pub fn view(&self) -> View<'_> {
        View::of_map(Some(self.0))
    }

    /// Sets the name.
    pub fn set_name(&mut self, name: impl Into<SmolStr>) -> &mut Self {
        self.set_text("name", name.into())
    }

    /// Sets the prefix of a name to generate.
    pub fn set_generate_name(&mut self, prefix: impl Into<SmolStr>) -> &mut Self {
        self.set_text("generateName", prefix.into())
    }

    /// Sets the namespace.
    pub fn set_namespace(&mut self, namespace: impl Into<SmolStr>) -> &mut Self {
        self.set_text("namespace", namespace.into())
    }

    /// Sets the UID.
    pub fn set_uid(&mut self, uid: impl Into<SmolStr>) -> &mut Self {
        self.set_text("uid", uid.into())
    }

    /// Sets the resource version.
    pub fn set_resource_version(&mut self, version: impl Into<SmolStr>) -> &mut Self {
        self.set_text("resourceVersion", version.into())
    }

    /// Sets the generation.
    pub fn set_generation(&mut self, generation: i64) -> &mut Self {
        let value = (generation != 0).then_some(Value::Int(generation));
        self.set("generation", value)
    }

    /// Sets or clears the time of creation (canonical RFC 3339).
    pub fn set_creation_timestamp(&mut self, time: Option<SmolStr>) -> &mut Self {
        self.set("creationTimestamp", time.map(Value::String))
    }

    /// Sets or clears the time of deletion (canonical RFC 3339).
    pub fn set_deletion_timestamp(&mut self, time: Option<SmolStr>) -> &mut Self {
        self.set("deletionTimestamp", time.map(Value::String))
    }

    /// Sets or clears the grace period. Zero is a value of its own.
    pub fn set_deletion_grace_period_seconds(&mut self, seconds: Option<i64>) -> &mut Self {
        self.set("deletionGracePeriodSeconds", seconds.map(Value::Int))
    }

    /// Replaces all labels.
    pub fn set_labels(&mut self, labels: Map) -> &mut Self {
        self.set_map("labels", labels)
    }

    /// Sets one label.
    pub fn set_label(&mut self, key: impl Into<SmolStr>, value: impl Into<SmolStr>) -> &mut Self {
        self.0.map_at("labels").insert(key, Value::String(value.into()));
        self
    }

    /// Removes one label.
    pub fn remove_label(&mut self, key: &str) -> &mut Self {
        self.remove_entry("labels", key)
    }

    /// Replaces all annotations.
    pub fn set_annotations(&mut self, annotations: Map) -> &mut Self {
        self.set_map("annotations", annotations)
    }

    /// Sets one annotation.
    pub fn set_annotation(&mut self, key: impl Into<SmolStr>, value: impl Into<SmolStr>) -> &mut Self {
        self.0
            .map_at("annotations")
            .insert(key, Value::String(value.into()));
        self
    }

    /// Removes one annotation.
    pub fn remove_annotation(&mut self, key: &str) -> &mut Self {
        self.remove_entry("annotations", key)
    }

    /// Replaces all finalizers.
    pub fn set_finalizers<S: Into<SmolStr>>(&mut self, names: impl IntoIterator<Item = S>) -> &mut Self {
        let names = names.into_iter().map(|name| Value::String(name.into())).collect();
        self.set_list("finalizers", names)
    }

    /// Adds a finalizer at the end unless it is there.
    pub fn add_finalizer(&mut self, name: &str) -> &mut Self {
        if !self.view().has_finalizer(name) {
            let mut names: Vec<SmolStr> = self.view().finalizers().map(SmolStr::new).collect();
            names.push(SmolStr::new(name));
            self.set_finalizers(names);
        }
        self
    }

    /// Removes a finalizer.
    pub fn remove_finalizer(&mut self, name: &str) -> &mut Self {
        let names: Vec<SmolStr> = self
            .view()
            .finalizers()
            .filter(|have| *have != name)
            .map(SmolStr::new)
            .collect();
        self.set_finalizers(names)
    }

    /// Replaces all owner references.
    pub fn set_owner_references(&mut self, owners: Vec<Value>) -> &mut Self {
        self.set_list("ownerReferences", owners)
    }

    /// Replaces all managed fields.
    pub fn set_managed_fields(&mut self, entries: Vec<Value>) -> &mut Self {
        self.set_list("managedFields", entries)
    }

    /// Sets or removes any field by its JSON name. The caller sees to the canonical form.
    pub fn set(&mut self, field: &str, value: Option<Value>) -> &mut Self {
        match value {
            Some(value) => self.0.insert(field, value),
            None => self.0.remove(field),
        };
        self
    }

    fn set_text(&mut self, field: &str, text: SmolStr) -> &mut Self {
        let value = (!text.is_empty()).then_some(Value::String(text));
        self.set(field, value)
    }

    fn set_map(&mut self, field: &str, map: Map) -> &mut Self {
        let value = (!map.is_empty()).then_some(Value::Map(map));
        self.set(field, value)
    }

    fn set_list(&mut self, field: &str, list: Vec<Value>) -> &mut Self {
        let value = (!list.is_empty()).then_some(Value::List(list));
        self.set(field, value)
    }

    fn remove_entry(&mut self, field: &str, key: &str) -> &mut Self {
        if let Some(Value::Map(map)) = self.0.get_mut(field) {
            map.remove(key);
            if map.is_empty() {
                self.0.remove(field);
            }
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use schema::tree;

    #[test]
    fn zero_values_are_removed() {
        let mut object = tree!({"metadata": {"name": "a", "generation": 2i64, "labels": {"x": "y"}}});
        edit(&mut object)
            .set_name("")
            .set_generation(0)
            .remove_label("x")
            .set_deletion_grace_period_seconds(Some(0));
        assert_eq!(object, tree!({"metadata": {"deletionGracePeriodSeconds": 0i64}}));
    }

    #[test]
    fn finalizers_keep_their_order_and_are_single() {
        let mut object = tree!({});
        edit(&mut object)
            .add_finalizer("b")
            .add_finalizer("a")
            .add_finalizer("b");
        assert_eq!(object, tree!({"metadata": {"finalizers": ["b", "a"]}}));
        edit(&mut object).remove_finalizer("b").remove_finalizer("a");
        assert_eq!(object, tree!({"metadata": {}}));
    }
}
