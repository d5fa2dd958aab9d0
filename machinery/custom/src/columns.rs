//! The columns of a custom kind's tables: the name, and what its definition says.

use jiff::Timestamp;
use kinds::table::{Describe, age};
use object::meta;
use schema::{Map, SmolStr, Value, json};

use crate::json_path::Path;

const METADATA: &str = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta";
const CREATED: &str = ".metadata.creationTimestamp";

/// What tables of a version show.
#[derive(Clone, Debug)]
pub struct Columns(Vec<Column>);

/// A column of a definition.
#[derive(Clone, Debug)]
struct Column {
    name: SmolStr,
    kind: SmolStr,
    format: SmolStr,
    /// `None`: that of the field of metadata.
    description: Option<String>,
    priority: i64,
    path: Option<Path>,
}

impl Columns {
    /// Of `additionalPrinterColumns`; without any it is the age.
    pub fn read(columns: &[Value]) -> Self {
        if columns.is_empty() {
            return Self(vec![Column {
                name: "Age".into(),
                kind: "date".into(),
                format: SmolStr::default(),
                description: None,
                priority: 0,
                path: Path::parse(CREATED),
            }]);
        }
        Self(columns.iter().map(Column::read).collect())
    }

    /// `columnDefinitions` of a table.
    pub fn definitions(&self, describe: Describe<'_>) -> Vec<Value> {
        let name = definition(
            ("Name", "string", "name"),
            describe(METADATA, "name").unwrap_or_default(),
            0,
        );
        let own = self.0.iter().map(|column| {
            let description = column.description.clone();
            let description = description.or_else(|| describe(METADATA, "creationTimestamp"));
            definition(
                (&column.name, &column.kind, &column.format),
                description.unwrap_or_default(),
                column.priority,
            )
        });
        [name].into_iter().chain(own).collect()
    }

    /// The cells of an object; null where there is nothing of the column's type.
    pub fn cells(&self, object: &Value, now: Timestamp) -> Vec<Value> {
        let name = Value::from(meta::of(object).name());
        let own = self.0.iter().map(|column| column.cell(object, now));
        [name].into_iter().chain(own).collect()
    }
}

impl Column {
    fn read(column: &Value) -> Self {
        let text = |key: &str| column.str_at(&[key]).unwrap_or_default();
        let description = match text("description") {
            "" => format!(
                "Custom resource definition column (in JSONPath format): {}",
                text("jsonPath")
            ),
            told => told.to_owned(),
        };
        Self {
            name: text("name").into(),
            kind: text("type").into(),
            format: text("format").into(),
            description: Some(description),
            priority: column.int_at(&["priority"]).unwrap_or(0),
            path: Path::parse(text("jsonPath")),
        }
    }

    fn cell(&self, object: &Value, now: Timestamp) -> Value {
        let found = self
            .path
            .as_ref()
            .map(|path| path.find(object))
            .unwrap_or_default();
        let Some(value) = found.first() else {
            return Value::Null;
        };
        match (self.kind.as_str(), value) {
            ("string", Value::Null) => Value::from("<no value>"),
            ("string", Value::String(text)) => Value::String(text.clone()),
            ("string", other) => Value::from(json::to_string(other)),
            ("integer", Value::Int(_)) | ("number", Value::Int(_) | Value::Float(_)) => (*value).clone(),
            ("integer", Value::Float(number)) => Value::Int(*number as i64),
            ("boolean", Value::Bool(_)) => (*value).clone(),
            ("date", Value::String(text)) => match text.parse::<Timestamp>() {
                Ok(_) => Value::from(age::since(Some(text), now)),
                Err(_) => Value::from("<invalid>"),
            },
            _ => Value::Null,
        }
    }
}

fn definition((name, kind, format): (&str, &str, &str), description: String, priority: i64) -> Value {
    let mut definition = Map::with_capacity(5);
    definition.insert("description", description);
    definition.insert("format", format);
    definition.insert("name", name);
    definition.insert("priority", priority);
    definition.insert("type", kind);
    Value::Map(definition)
}
