//! Rules of schemas: what a schema declares, and how large values can become that it lets in.

use std::collections::{BTreeMap, BTreeSet};

use cel::cost::estimate::{Range, Sizes, Step};
use cel::{Environment, Object, Type, escape};
use schema::{Map, SmolStr, Value, tree};

use crate::limits::{BODY_BYTES_MAX, SCHEMA_DEPTH_MAX, TYPE_NAME_BYTES_MAX};

/// What a schema declares. Sizes are what the reference estimates costs with.
#[derive(Clone, Debug)]
pub struct Declared {
    /// The type.
    pub of: Type,
    /// The most items, entries or characters that a value has.
    pub elements_max: u64,
    /// The least bytes of a value in JSON.
    bytes_min: u64,
    parts: Parts,
}

#[derive(Clone, Debug)]
enum Parts {
    None,
    /// Of each item, or of each value.
    Each(Box<Declared>),
    /// By the names that expressions use.
    Fields(BTreeMap<SmolStr, Declared>),
}

const BODY: u64 = BODY_BYTES_MAX as u64;
/// Bytes of texts, truth values and numbers at least; of times and durations at least and at most, quotes among them.
const TEXT_MIN: u64 = 2;
const BOOL_MIN: u64 = 4;
const NUMBER_MIN: u64 = 1;
const DURATION: (u64, u64) = (4, 32);
const DATE: (u64, u64) = (12, 12);
const DATE_TIME: (u64, u64) = (21, 32);

/// The environment of the rules of a schema.
pub fn environment(declared: &Declared, optional_old: bool) -> Environment {
    let of = declared.of.clone();
    let old = if optional_old {
        Type::optional(of.clone())
    } else {
        of.clone()
    };
    Environment::new().with("self", of).with("oldSelf", old)
}

/// What a schema declares; nothing if expressions cannot see its values. Resources have their kind and their name.
pub fn declared(schema: &Value, is_resource: bool) -> Option<Declared> {
    Reader::default().schema(schema, "selfType", is_resource, 0)
}

/// What reads schemas. Types are told apart by their names, which are where they stand.
#[derive(Default)]
struct Reader {
    /// Types that have a number instead: a long name would be in the names of all that is below it.
    numbered: u64,
}

impl Reader {
    /// The name of a part's type.
    fn name(&mut self, above: &str, part: &str) -> String {
        if above.len() + part.len() < TYPE_NAME_BYTES_MAX {
            return format!("{above}.{part}");
        }
        self.numbered += 1;
        format!("selfType.@{}", self.numbered)
    }

    fn schema(&mut self, schema: &Value, name: &str, is_resource: bool, depth: usize) -> Option<Declared> {
        if depth > SCHEMA_DEPTH_MAX {
            return None;
        }
        if schema.bool_at(&["x-kubernetes-int-or-string"]) == Some(true) {
            return Some(Declared::plain(Type::Dyn, text_max(schema), 1));
        }
        match schema.str_at(&["type"]).unwrap_or_default() {
            "array" => self.list(schema, name, depth),
            "object"
                if schema
                    .get("additionalProperties")
                    .and_then(Value::as_map)
                    .is_some() =>
            {
                self.map(schema, name, depth)
            }
            "object" => Some(self.object(schema, name, is_resource, depth)),
            "string" => Some(text(schema)),
            "boolean" => Some(Declared::plain(Type::Bool, 0, BOOL_MIN)),
            "number" => Some(Declared::plain(Type::Double, 0, NUMBER_MIN)),
            "integer" => Some(Declared::plain(Type::Int, 0, NUMBER_MIN)),
            // A root is an object, whether it says so or not.
            _ if is_resource => Some(self.object(schema, name, is_resource, depth)),
            _ => None,
        }
    }

    fn list(&mut self, schema: &Value, name: &str, depth: usize) -> Option<Declared> {
        let items = schema.get("items").filter(|items| items.as_map().is_some())?;
        let name = self.name(name, "@idx");
        let item = self.schema(items, &name, is_embedded(items), depth + 1)?;
        let most = limit(schema, "maxItems").unwrap_or((BODY - 2) / (item.bytes_min + 1));
        let of = Type::list(item.of.clone());
        Some(Declared {
            parts: Parts::Each(Box::new(item)),
            ..Declared::plain(of, most, 2)
        })
    }

    fn map(&mut self, schema: &Value, name: &str, depth: usize) -> Option<Declared> {
        let values = schema.get("additionalProperties")?;
        let name = self.name(name, "@elem");
        let value = self.schema(values, &name, is_embedded(values), depth + 1)?;
        let most = limit(schema, "maxProperties").unwrap_or((BODY - 2) / (value.bytes_min + 6));
        let of = Type::map(Type::String, value.of.clone());
        Some(Declared {
            parts: Parts::Each(Box::new(value)),
            ..Declared::plain(of, most, 2)
        })
    }

    fn object(&mut self, schema: &Value, name: &str, is_resource: bool, depth: usize) -> Declared {
        let metadata = is_resource.then(metadata);
        let is_own = |name: &str| {
            metadata
                .as_ref()
                .is_none_or(|metadata| metadata.get(name).is_none())
        };
        let properties = entries(schema.get("properties")).filter(|(name, _)| is_own(name));
        let properties = properties.chain(entries(metadata.as_ref()));
        let required = schema.list_at(&["required"]);
        let required: BTreeSet<&str> = required.iter().filter_map(Value::as_str).collect();
        let mut bytes_min = 2;
        let mut fields = BTreeMap::new();
        let mut types = Vec::new();
        for (field, property) in properties {
            let inner_name = self.name(name, field);
            let inner = self.schema(property, &inner_name, is_embedded(property), depth + 1);
            let Some(inner) = inner else { continue };
            if required.contains(field.as_str()) && property.get("default").is_none_or(Value::is_null) {
                bytes_min += field.len() as u64 + inner.bytes_min + 4;
            }
            if let Some(escaped) = escape(field) {
                types.push((field.clone(), inner.of.clone()));
                fields.insert(escaped, inner);
            }
        }
        let of = Type::object(Object::escaped(name, types));
        Declared {
            parts: Parts::Fields(fields),
            ..Declared::plain(of, 0, bytes_min)
        }
    }
}

fn is_embedded(schema: &Value) -> bool {
    schema.bool_at(&["x-kubernetes-embedded-resource"]) == Some(true)
}

fn limit(schema: &Value, field: &str) -> Option<u64> {
    schema
        .int_at(&[field])
        .map(|limit| u64::try_from(limit).unwrap_or_default())
}

/// What resources have, whatever their schema says.
fn metadata() -> Value {
    let text = || tree!({"type": "string"});
    let names = tree!({"name": (text()), "generateName": (text())});
    tree!({"apiVersion": (text()), "kind": (text()), "metadata": {"type": "object", "properties": names}})
}

fn entries(map: Option<&Value>) -> impl Iterator<Item = (&SmolStr, &Value)> {
    map.and_then(Value::as_map).into_iter().flat_map(Map::iter)
}

fn text(schema: &Value) -> Declared {
    let sized = |of: Type, (least, most): (u64, u64)| Declared::plain(of, most, least);
    match schema.str_at(&["format"]).unwrap_or_default() {
        "byte" => {
            let most = limit(schema, "maxLength").unwrap_or(BODY - 2);
            Declared::plain(Type::Bytes, most, TEXT_MIN)
        }
        "duration" => sized(Type::Duration, DURATION),
        "date" => sized(Type::Timestamp, DATE),
        "date-time" => sized(Type::Timestamp, DATE_TIME),
        _ => Declared::plain(Type::String, text_max(schema), TEXT_MIN),
    }
}

/// Schemas count characters, of which each can take four bytes.
fn text_max(schema: &Value) -> u64 {
    let longest = schema
        .list_at(&["enum"])
        .iter()
        .filter_map(Value::as_str)
        .map(|text| text.len() as u64)
        .max();
    let by_length = limit(schema, "maxLength").map(|chars| chars.saturating_mul(4));
    by_length.or(longest).unwrap_or(BODY - 2)
}

impl Declared {
    fn plain(of: Type, elements_max: u64, bytes_min: u64) -> Self {
        Self {
            of,
            elements_max,
            bytes_min,
            parts: Parts::None,
        }
    }

    /// How many values of this kind a request has room for.
    pub fn count_max(&self) -> u64 {
        BODY / (self.bytes_min + 1)
    }

    fn below(&self, step: &Step) -> Option<&Self> {
        match (&self.parts, step) {
            (Parts::Each(each), Step::Item | Step::Value) => Some(each),
            (Parts::Fields(fields), Step::Name(name)) => fields.get(name),
            _ => None,
        }
    }
}

impl Sizes for Declared {
    fn size(&self, path: &[Step]) -> Option<Range> {
        // The keys of maps are of no size of their own to the reference.
        if let [_, .., Step::Key] = path {
            return Some(Range::ZERO);
        }
        let (_, steps) = path.split_first()?;
        let found = steps
            .iter()
            .try_fold(self, |declared, step| declared.below(step))?;
        Some(Range {
            min: 0,
            max: found.elements_max,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(schema: &Value) -> Declared {
        declared(schema, true).expect("a declaration")
    }

    fn path(text: &'static str) -> Vec<Step> {
        let step = |part: &'static str| match part {
            "@item" => Step::Item,
            "@value" => Step::Value,
            name => Step::Name(SmolStr::new_static(name)),
        };
        text.split('.').map(step).collect()
    }

    #[test]
    fn long_names_are_not_in_all_that_is_below_them() {
        let long = |letter: &str| letter.repeat(TYPE_NAME_BYTES_MAX);
        let inner = |of: &str| tree!({"type": "object", "properties": {"n": {"type": of}}});
        let mut properties = Map::new();
        properties.insert("a", inner("integer"));
        properties.insert(long("b"), inner("integer"));
        properties.insert(long("c"), inner("string"));
        let schema = tree!({"type": "object", "properties": properties});
        let declared = of(&schema);
        let Parts::Fields(fields) = &declared.parts else {
            panic!("{declared:?}")
        };
        let name = |field: &str| fields[field].of.to_string();
        assert_eq!(name("a"), "selfType.a");
        assert_eq!(
            [name(&long("b")), name(&long("c"))],
            ["selfType.@1", "selfType.@2"]
        );
        let environment = environment(&declared, false);
        let rule = format!("self.{}.n == 1 && self.{}.n == 'a'", long("b"), long("c"));
        assert!(environment.check(&rule).is_ok());
    }

    #[test]
    fn schemas_declare_types_and_sizes() {
        let schema = tree!({"type": "object", "required": ["list"], "properties": {
            "list": {"type": "array", "maxItems": 7i64, "items": {"type": "string", "maxLength": 5i64}},
            "a-b": {"type": "object", "additionalProperties": {"type": "integer"}},
            "any": {"x-kubernetes-int-or-string": true},
            "kept": {"x-kubernetes-preserve-unknown-fields": true},
            "text": {"type": "string"},
            "one": {"type": "string", "enum": ["abc", "de"]},
            "at": {"type": "string", "format": "date-time"},
        }});
        let declared = of(&schema);
        for (at, max) in [
            ("self.list", 7),
            ("self.list.@item", 20),
            ("self.a__dash__b", (BODY - 2) / 7),
            ("self.text", BODY - 2),
            ("self.one", 3),
            ("self.at", 32),
            ("self.metadata.name", BODY - 2),
        ] {
            assert_eq!(declared.size(&path(at)), Some(Range { min: 0, max }), "{at}");
        }
        assert_eq!(declared.size(&path("self.kept")), None);
        // `{` and `}`, the name of the required field, its quotes, colon and comma, and `[]`.
        assert_eq!(declared.count_max(), BODY / (2 + 4 + 2 + 4 + 1));
        let environment = environment(&declared, false);
        for good in [
            "self.list.all(x, x != '') && self.a__dash__b.all(k, self.a__dash__b[k] > 0)",
            "self.at.getFullYear() > 2000 && self.metadata.name == '' && self.any == 1 && oldSelf.text == self.text",
        ] {
            assert!(environment.check(good).is_ok(), "{good}");
        }
        for bad in ["self.kept", "self.metadata.labels", "self.status"] {
            assert!(environment.check(bad).is_err(), "{bad}");
        }
    }
}
