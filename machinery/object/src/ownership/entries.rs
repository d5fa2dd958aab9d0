//! `metadata.managedFields`: its entries, read from an object and written to it.

use schema::{Map, SmolStr, Value};

use super::fields_v1;
use super::set::Set;

/// How a manager set its fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Operation {
    /// By server-side apply.
    Apply,
    /// By any other write.
    Update,
}

/// What one manager owns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Who.
    pub manager: SmolStr,
    /// How.
    pub operation: Operation,
    /// In which version the paths are meant.
    pub api_version: SmolStr,
    /// Through which subresource; empty for the object itself.
    pub subresource: SmolStr,
    /// When it last changed; may be empty.
    pub time: SmolStr,
    /// What.
    pub fields: Set,
}

/// All entries of an object.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Entries(pub Vec<Entry>);

impl Operation {
    /// As the API writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Operation::Apply => "Apply",
            Operation::Update => "Update",
        }
    }
}

impl Entries {
    /// Of a `managedFields` list; `None` if an entry cannot be understood.
    pub fn read(list: &[Value]) -> Option<Self> {
        list.iter().map(read_entry).collect::<Option<Vec<_>>>().map(Self)
    }

    /// As a `managedFields` list, in the order of the reference: applies first, then by time, manager and version.
    pub fn write(mut self) -> Vec<Value> {
        self.0.retain(|entry| !entry.fields.is_empty());
        self.0.sort_by(|a, b| {
            (a.operation, &a.time, &a.manager, &a.api_version, &a.subresource).cmp(&(
                b.operation,
                &b.time,
                &b.manager,
                &b.api_version,
                &b.subresource,
            ))
        });
        self.0.iter().map(write_entry).collect()
    }
}

fn read_entry(value: &Value) -> Option<Entry> {
    let text = |field: &str| SmolStr::new(value.str_at(&[field]).unwrap_or_default());
    let operation = match value.str_at(&["operation"])? {
        "Apply" => Operation::Apply,
        "Update" => Operation::Update,
        _ => return None,
    };
    if !matches!(value.str_at(&["fieldsType"]), Some("FieldsV1")) {
        return None;
    }
    let fields = match value.get("fieldsV1") {
        Some(Value::Raw(raw)) => fields_v1::read(raw).ok()?,
        Some(tree @ Value::Map(_)) => fields_v1::read(&schema::json::to_string(tree)).ok()?,
        _ => Set::default(),
    };
    let api_version = text("apiVersion");
    if api_version.is_empty() {
        return None;
    }
    Some(Entry {
        manager: text("manager"),
        operation,
        api_version,
        subresource: text("subresource"),
        time: text("time"),
        fields,
    })
}

fn write_entry(entry: &Entry) -> Value {
    let mut value = Map::new();
    value.insert("apiVersion", entry.api_version.clone());
    value.insert("fieldsType", "FieldsV1");
    value.insert("fieldsV1", Value::Raw(fields_v1::write(&entry.fields)));
    for (key, text) in [
        ("manager", &entry.manager),
        ("subresource", &entry.subresource),
        ("time", &entry.time),
    ] {
        if !text.is_empty() {
            value.insert(key, text.clone());
        }
    }
    value.insert("operation", entry.operation.as_str());
    Value::Map(value)
}
