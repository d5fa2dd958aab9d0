//! The structural schema of a version, and what it makes of objects: unknown fields are dropped, defaults filled in.
//! Whether values are valid is the request tier's to say.

use std::collections::BTreeMap;
use std::fmt::Write;

use schema::{ListType, Map, SmolStr, Value};

use crate::limits::{SCHEMA_DEPTH_MAX, UNKNOWN_FIELDS_MAX};
use crate::types;

/// What a place in an object may hold.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Structural {
    /// `object`, `array`, `string`, `integer`, `number`, `boolean`; empty where anything goes.
    pub kind: SmolStr,
    /// Its fields.
    pub properties: BTreeMap<SmolStr, Structural>,
    /// What other keys hold, if there may be others.
    pub additional: Option<Box<Structural>>,
    /// What the items of a list are.
    pub items: Option<Box<Structural>>,
    /// Unknown fields are kept.
    pub preserves_unknown: bool,
    /// An object of a kind of its own, with metadata.
    pub is_embedded: bool,
    /// A number or a text.
    pub int_or_string: bool,
    /// Null is a value.
    pub is_nullable: bool,
    /// What an absent field is taken for.
    pub default: Option<Value>,
    /// How a list is merged.
    pub list_type: ListType,
    /// By what items of a keyed list are told apart.
    pub list_map_keys: Vec<SmolStr>,
    /// A map that is merged as one piece.
    pub is_atomic_map: bool,
}

/// Fields that every object of a kind has.
const OF_OBJECTS: [&str; 3] = ["apiVersion", "kind", "metadata"];

impl Structural {
    /// A schema that all objects have.
    pub fn anything() -> Self {
        Self {
            kind: "object".into(),
            preserves_unknown: true,
            ..Self::default()
        }
    }

    /// Of an `openAPIV3Schema`.
    pub fn read(schema: &Value) -> Self {
        Self::read_at(schema, 0)
    }

    fn read_at(schema: &Value, depth: usize) -> Self {
        if depth > SCHEMA_DEPTH_MAX {
            return Self::anything();
        }
        let inner = |value: &Value| Self::read_at(value, depth + 1);
        let flag = |key: &str| schema.bool_at(&[key]) == Some(true);
        let text = |key: &str| schema.str_at(&[key]).unwrap_or_default();
        let properties = schema.map_at(&["properties"]).into_iter().flat_map(Map::iter);
        let additional = match schema.get("additionalProperties") {
            Some(Value::Bool(true)) => Some(Self::default()),
            Some(Value::Map(_)) => schema.get("additionalProperties").map(inner),
            _ => None,
        };
        let keys = schema.list_at(&["x-kubernetes-list-map-keys"]).iter();
        Self {
            kind: text("type").into(),
            properties: properties
                .map(|(key, value)| (key.clone(), inner(value)))
                .collect(),
            additional: additional.map(Box::new),
            items: schema.get("items").map(|items| Box::new(inner(items))),
            preserves_unknown: flag("x-kubernetes-preserve-unknown-fields"),
            is_embedded: flag("x-kubernetes-embedded-resource"),
            int_or_string: flag("x-kubernetes-int-or-string"),
            is_nullable: flag("nullable"),
            default: schema.get("default").filter(|value| !value.is_null()).cloned(),
            list_type: match text("x-kubernetes-list-type") {
                "map" => ListType::Map,
                "set" => ListType::Set,
                _ => ListType::Atomic,
            },
            list_map_keys: keys.filter_map(Value::as_str).map(SmolStr::new).collect(),
            is_atomic_map: text("x-kubernetes-map-type") == "atomic",
        }
    }

    /// Drops what an object of this schema does not have; says where, e.g. `spec.list[0].x`, in order. Metadata of
    /// the object itself is not looked into, that of embedded ones is.
    pub fn prune(&self, object: &mut Value) -> Vec<String> {
        let mut walk = Walk::default();
        walk.prune(object, self, true);
        walk.unknown.sort_unstable();
        walk.unknown
    }

    /// Fills in defaults, also for nulls that cannot be there.
    pub fn fill(&self, value: &mut Value) {
        match value {
            Value::Map(map) => self.fill_map(map),
            Value::List(list) => {
                if let Some(items) = &self.items {
                    list.iter_mut().for_each(|item| items.fill(item));
                }
            }
            _ => {}
        }
    }

    fn fill_map(&self, map: &mut Map) {
        for (key, property) in &self.properties {
            let Some(default) = &property.default else {
                continue;
            };
            let is_absent = map
                .get(key)
                .is_none_or(|value| value.is_null() && !property.is_nullable);
            if is_absent {
                map.insert(key.clone(), default.clone());
            }
        }
        for (key, value) in map.iter_mut() {
            if let Some(schema) = self.properties.get(key).or(self.additional.as_deref()) {
                if let (true, Some(default)) = (value.is_null() && !schema.is_nullable, &schema.default) {
                    *value = default.clone();
                }
                schema.fill(value);
            }
        }
    }

    /// Takes nulls for absent where none may be.
    pub fn drop_nulls(&self, value: &mut Value) {
        match value {
            Value::Map(map) => map.retain(|key, value| {
                let schema = self.properties.get(key).or(self.additional.as_deref());
                let Some(schema) = schema else { return true };
                schema.drop_nulls(value);
                !value.is_null() || schema.is_nullable
            }),
            Value::List(list) => {
                if let Some(items) = &self.items {
                    list.iter_mut().for_each(|item| items.drop_nulls(item));
                }
            }
            _ => {}
        }
    }
}

#[derive(Default)]
struct Walk {
    path: String,
    unknown: Vec<String>,
}

impl Walk {
    fn prune(&mut self, value: &mut Value, schema: &Structural, is_root: bool) {
        match value {
            Value::Map(map) => self.prune_map(map, schema, is_root),
            Value::List(list) => {
                let nothing = Structural::default();
                let items = match (&schema.items, schema.preserves_unknown) {
                    (Some(items), _) => items,
                    (None, true) => return,
                    (None, false) => &nothing,
                };
                for (at, item) in list.iter_mut().enumerate() {
                    let len = self.path.len();
                    let _ = write!(self.path, "[{at}]");
                    self.prune(item, items, false);
                    self.path.truncate(len);
                }
            }
            _ => {}
        }
    }

    fn prune_map(&mut self, map: &mut Map, schema: &Structural, is_root: bool) {
        let is_object = is_root || schema.is_embedded;
        map.retain(|key, value| {
            if is_object && OF_OBJECTS.contains(&key) {
                if !is_root && key == "metadata" {
                    self.type_metadata(value);
                }
                return true;
            }
            let known = schema.properties.get(key).or(schema.additional.as_deref());
            let len = self.path.len();
            if len > 0 {
                self.path.push('.');
            }
            self.path.push_str(key);
            let is_kept = known.is_some() || schema.preserves_unknown;
            match known {
                // What is kept above is kept below, where nothing else is said.
                Some(known) if schema.preserves_unknown && known.is_silent() => {}
                Some(known) => self.prune(value, known, false),
                None if !is_kept => self.tell(self.path.clone()),
                None => {}
            }
            self.path.truncate(len);
            is_kept
        });
    }

    /// Drops what metadata does not have.
    fn type_metadata(&mut self, metadata: &mut Value) {
        for path in types::type_metadata(metadata) {
            self.tell(format!("{}.metadata.{path}", self.path));
        }
    }

    fn tell(&mut self, path: String) {
        if self.unknown.len() < UNKNOWN_FIELDS_MAX {
            self.unknown.push(path);
        }
    }
}

impl Structural {
    /// Whether it says nothing of what is in it.
    fn is_silent(&self) -> bool {
        self.properties.is_empty() && self.additional.is_none() && self.items.is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use schema::tree;

    fn schema() -> Structural {
        Structural::read(&tree!({"type": "object", "properties": {
            "spec": {"type": "object", "properties": {
                "a": {"type": "string", "default": "da"},
                "n": {"type": "string", "nullable": true},
                "l": {"type": "array", "items": {"type": "object", "properties": {"p": {"type": "string", "default": "TCP"}}}},
                "free": {"type": "object", "x-kubernetes-preserve-unknown-fields": true, "properties": {"t": {"type": "object", "properties": {"i": {"type": "integer"}}}}},
                "m": {"type": "object", "additionalProperties": {"type": "object", "properties": {"z": {"type": "boolean", "default": true}}}}
            }}
        }}))
    }

    #[test]
    fn unknown_fields_are_dropped_and_told() {
        let mut object = tree!({"apiVersion": "g/v1", "kind": "K", "metadata": {"any": 1i64}, "top": 1i64, "spec": {
            "l": [{"p": "x"}, {"p": "y", "q": 1i64}], "x": {"y": 1i64},
            "free": {"q": {"r": 1i64}, "t": {"i": 1i64, "j": 2i64}}, "m": {"k": {"z": true, "w": 1i64}}
        }});
        let told = schema().prune(&mut object);
        assert_eq!(
            told,
            ["spec.free.t.j", "spec.l[1].q", "spec.m.k.w", "spec.x", "top"]
        );
        let left = tree!({"apiVersion": "g/v1", "kind": "K", "metadata": {"any": 1i64}, "spec": {
            "l": [{"p": "x"}, {"p": "y"}], "free": {"q": {"r": 1i64}, "t": {"i": 1i64}}, "m": {"k": {"z": true}}
        }});
        assert_eq!(object, left);
        assert!(schema().prune(&mut object).is_empty());
    }

    #[test]
    fn metadata_of_embedded_objects_has_no_other_fields() {
        let schema = Structural::read(&tree!({"type": "object", "properties": {
            "emb": {"type": "object", "x-kubernetes-embedded-resource": true, "x-kubernetes-preserve-unknown-fields": true}
        }}));
        let mut object = tree!({"metadata": {"any": 1i64}, "emb": {"kind": "K", "free": {"x": 1i64},
            "metadata": {"name": "a", "bogus": 1i64, "ownerReferences": [{"name": "b", "what": 1i64}]}}});
        assert_eq!(
            schema.prune(&mut object),
            ["emb.metadata.bogus", "emb.metadata.ownerReferences[0].what"]
        );
        let left = object.at(&["emb", "metadata"]).cloned();
        assert_eq!(left.as_ref().and_then(|left| left.str_at(&["name"])), Some("a"));
        assert!(left.is_some_and(|left| left.get("bogus").is_none()));
        let mut wrong = tree!({"emb": {"metadata": {"labels": 1i64}}});
        assert!(schema.prune(&mut wrong).is_empty());
        assert_eq!(wrong, tree!({"emb": {"metadata": {"labels": 1i64}}}));
    }

    #[test]
    fn defaults_fill_what_is_absent_or_null() {
        let mut object = tree!({"spec": {"a": null, "n": null, "l": [{}, {"p": "UDP"}], "m": {"k": {}}}});
        schema().fill(&mut object);
        let filled = tree!({"spec": {"a": "da", "n": null, "l": [{"p": "TCP"}, {"p": "UDP"}], "m": {"k": {"z": true}}}});
        assert_eq!(object, filled);
        let mut null = tree!({"spec": null});
        schema().drop_nulls(&mut null);
        assert_eq!(null, tree!({}));
        let mut bare = tree!({});
        schema().fill(&mut bare);
        assert_eq!(bare, tree!({}));
    }
}
