//! How a scale shows an object, built-in or custom.

use object::meta;
use schema::{Map, Value};

/// What of an object is shown beside its name.
pub struct View<'a> {
    /// How many replicas are wanted.
    pub wanted: i64,
    /// How many there are.
    pub present: i64,
    /// Which pods they are, in the query form; empty if that is not said.
    pub selector: &'a str,
}

impl View<'_> {
    /// The scale of this object.
    pub fn of(self, object: &Value) -> Value {
        let found = meta::of(object);
        let mut scale = Value::Map(Map::new());
        meta::edit(&mut scale)
            .set_name(found.name())
            .set_namespace(found.namespace())
            .set_uid(found.uid())
            .set_resource_version(found.resource_version())
            .set_creation_timestamp(found.creation_timestamp().map(Into::into));
        let mut status = Map::new();
        status.insert("replicas", self.present);
        if !self.selector.is_empty() {
            status.insert("selector", self.selector);
        }
        if let Some(map) = scale.as_map_mut() {
            map.insert("apiVersion", "autoscaling/v1");
            map.insert("kind", "Scale");
            if self.wanted != 0 {
                map.map_at("spec").insert("replicas", self.wanted);
            }
            map.insert("status", status);
        }
        scale
    }
}
