//! Whether an applied configuration fits the type that it is of: known fields, right forms, each list item once.
//! Values are the validation's affair.

use std::collections::BTreeSet;

use schema::{Field, FieldType, ListType, SmolStr, TypeId, Types, Value, json};

use super::path::Element;
use super::shape::Shape;

/// What does not fit, in the words of the reference; one text for all.
pub fn validate(types: &Types, id: TypeId, tree: &Value) -> Result<(), String> {
    let mut walker = Walker {
        types,
        path: Vec::new(),
        errors: Vec::new(),
    };
    walker.message(id, tree);
    match walker.errors.as_slice() {
        [] => Ok(()),
        [one] => Err(one.clone()),
        all => Err(format!("errors:\n  {}", all.join("\n  "))),
    }
}

struct Walker<'t> {
    types: &'t Types,
    path: Vec<Element>,
    errors: Vec<String>,
}

impl Walker<'_> {
    fn refuse(&mut self, why: &str) {
        let path: String = self.path.iter().map(ToString::to_string).collect();
        self.errors.push(if path.is_empty() {
            why.to_owned()
        } else {
            format!("{path}: {why}")
        });
    }

    fn field(&mut self, field: &Field, value: &Value) {
        match &field.ty {
            FieldType::List(item) => {
                self.list(Shape::of_field(self.types, field), field.list_type, item, value)
            }
            ty => self.value(ty, value),
        }
    }

    fn value(&mut self, ty: &FieldType, value: &Value) {
        if value.is_null() {
            return;
        }
        match ty {
            FieldType::String | FieldType::Bytes | FieldType::Duration => {
                if value.as_str().is_none() {
                    self.refuse(&format!("expected string, got {}", go_syntax(value)));
                }
            }
            FieldType::Int32 | FieldType::Int64 | FieldType::Double => {
                if !matches!(value, Value::Int(_) | Value::Float(_)) {
                    self.refuse("expected numeric (int or float), got *value.valueUnstructured");
                }
            }
            FieldType::Bool => {
                if value.as_bool().is_none() {
                    self.refuse(&format!("expected boolean, got {}", go_plain(value)));
                }
            }
            FieldType::Quantity | FieldType::IntOrString | FieldType::Time | FieldType::MicroTime => {
                if matches!(value, Value::Map(_) | Value::List(_)) {
                    self.refuse(&format!("expected any scalar, got {}", go_plain(value)));
                }
            }
            FieldType::Message(id) => self.message(*id, value),
            FieldType::List(item) => self.list(Shape::Leaf, ListType::Atomic, item, value),
            FieldType::Map(item) => self.map(item, value),
            FieldType::RawExtension
            | FieldType::FieldsV1
            | FieldType::Json
            | FieldType::Any
            | FieldType::Deduced => {}
        }
    }

    fn message(&mut self, id: TypeId, value: &Value) {
        let schema = self.types.get(id);
        if schema.custom_json {
            return;
        }
        let Some(map) = self.as_map(value) else { return };
        for (key, value) in map.iter() {
            self.path.push(Element::Field(key.clone()));
            match self.types.field(id, key) {
                Some(field) => self.field(field, value),
                None if schema.type_meta && matches!(key.as_str(), "apiVersion" | "kind") => {
                    self.value(&FieldType::String, value);
                }
                None if schema.open => {}
                None => self.refuse("field not declared in schema"),
            }
            self.path.pop();
        }
    }

    fn map(&mut self, item: &FieldType, value: &Value) {
        let Some(map) = self.as_map(value) else { return };
        for (key, value) in map.iter() {
            self.path.push(Element::Field(key.clone()));
            self.value(item, value);
            self.path.pop();
        }
    }

    fn as_map<'v>(&mut self, value: &'v Value) -> Option<&'v schema::Map> {
        if !value.is_null() && value.as_map().is_none() {
            self.refuse(&format!("expected map, got {}", go_plain(value)));
        }
        value.as_map()
    }

    /// Whether an item has none of the keys that tell items apart. Built-in keys that are empty unless they are said have a default.
    fn is_keyless(&self, item: &FieldType, element: &Element) -> bool {
        let has_default = |key: &str| match item {
            FieldType::Message(id) => self.types.field(*id, key).is_none_or(|field| field.zero_default),
            _ => true,
        };
        let Element::Keys(pairs) = element else {
            return false;
        };
        let is_missing = |(key, value): &(SmolStr, Value)| value.is_null() && !has_default(key);
        !pairs.is_empty() && pairs.iter().all(is_missing)
    }

    fn list(&mut self, shape: Shape<'_>, list_type: ListType, item: &FieldType, value: &Value) {
        let items = match value {
            Value::Null => return,
            Value::List(items) => items,
            other => return self.refuse(&format!("expected list, got {}", go_plain(other))),
        };
        let mut seen = BTreeSet::new();
        for (index, value) in items.iter().enumerate() {
            let element = match list_type {
                ListType::Atomic => Element::Index(i64::try_from(index).unwrap_or(i64::MAX)),
                _ => match shape.element(self.types, value) {
                    Some(element) if self.is_keyless(item, &element) => {
                        let why = format!("element {index}: {}", keyless(&element));
                        self.refuse(&why);
                        continue;
                    }
                    Some(element) => element,
                    None => {
                        self.refuse(&format!("element {index}: {}", misfit(value)));
                        continue;
                    }
                },
            };
            if !seen.insert(element.clone()) {
                self.refuse(&format!("duplicate entries for key {element}"));
            }
            self.path.push(element);
            self.value(item, value);
            self.path.pop();
        }
    }
}

fn keyless(element: &Element) -> String {
    let Element::Keys(pairs) = element else {
        return String::new();
    };
    let keys: Vec<String> = pairs.iter().map(|(key, _)| format!("{key:?}")).collect();
    format!(
        "associative list with keys has an element that omits all key fields [{}] (and doesn't have default values for any key fields)",
        keys.join(" ")
    )
}

fn misfit(value: &Value) -> &'static str {
    match value {
        Value::Null => "associative list with keys may not have a null element",
        _ => "associative list with keys may not have non-map elements",
    }
}

/// As Go's `%#v` shows the reference's wrapper of a value.
fn go_syntax(value: &Value) -> String {
    let inner = match value {
        Value::List(_) => format!("[]interface {{}}{}", json::to_string(value)),
        Value::Map(_) => format!("map[string]interface {{}}{}", json::to_string(value)),
        value => json::to_string(value),
    };
    format!("&value.valueUnstructured{{Value:{inner}}}")
}

/// As Go's `%v` shows it.
fn go_plain(value: &Value) -> String {
    fn plain(value: &Value) -> String {
        match value {
            Value::List(items) => format!("[{}]", items.iter().map(plain).collect::<Vec<_>>().join(" ")),
            Value::Map(map) => {
                let pairs: Vec<String> = map
                    .iter()
                    .map(|(key, value)| format!("{key}:{}", plain(value)))
                    .collect();
                format!("map[{}]", pairs.join(" "))
            }
            Value::String(text) => text.to_string(),
            Value::Null => "<nil>".to_owned(),
            value => json::to_string(value),
        }
    }
    format!("&{{{}}}", plain(value))
}
