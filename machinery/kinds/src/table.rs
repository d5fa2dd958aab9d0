//! Tables (`meta.k8s.io/v1` Table) as the server prints them: the columns of every kind and the cells of an object.
//! It does not build the response: rows' objects, metadata and negotiation are the caller's.

mod admission;
pub mod age;
mod autoscaling;
mod batch;
mod certificates;
mod core;
mod devices;
mod events;
mod flowcontrol;
mod networking;
mod nodes;
mod pods;
mod policy;
mod row;
mod scheduling;
mod selector;
mod services;
mod storage;
mod versions;
mod workloads;

use std::sync::Arc;

use jiff::Timestamp;
use schema::{Map, Value};

use crate::{Resource, custom};
use row::Row;

/// How objects of one kind are printed.
#[derive(Clone, Debug)]
pub struct Layout {
    columns: &'static [Column],
    conditions: Option<fn(&Value) -> Option<Value>>,
    /// Where a definition says what the columns are.
    custom: Option<Arc<dyn custom::Kind>>,
}

/// One column.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    /// Its header.
    pub name: &'static str,
    /// OpenAPI type of a cell: `string`, `integer`, `boolean`, `date`. Cells do not always keep to it.
    pub kind: &'static str,
    /// OpenAPI format; `name` marks the primary identifier.
    pub format: &'static str,
    /// 0 is always shown, 1 in wide output.
    pub priority: i64,
    /// Where the text that describes it comes from.
    pub description: Description,
    /// Whether it is defined to clients. A cell without a definition trails the others.
    listed: bool,
    cell: fn(&Row<'_>) -> Value,
}

/// The source of a column's description.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Description {
    /// The OpenAPI description of a field: type name (`io.k8s.api.core.v1.ConfigMap`) and JSON field name.
    Field(&'static str, &'static str),
    /// The column's own.
    Text(&'static str),
}

/// The OpenAPI description of a field, by a type's OpenAPI name and the field's JSON name.
pub type Describe<'a> = &'a dyn Fn(&str, &str) -> Option<String>;

/// The layout for the objects of a resource.
pub fn layout(resource: &Resource) -> Layout {
    if let Some(kind) = &resource.custom {
        return Layout {
            columns: &[],
            conditions: None,
            custom: Some(kind.clone()),
        };
    }
    match &resource.storage {
        Some(storage) => layout_of(&storage.group, &storage.kind),
        None => layout_of(&resource.group, &resource.kind),
    }
}

/// The layout for a kind, by the group that stores it; `Scale` (autoscaling) and `Status` (core) have one too.
pub fn layout_of(group: &str, kind: &str) -> Layout {
    let columns = match group {
        "" => core::columns(kind),
        "admissionregistration.k8s.io" => admission::columns(kind),
        "apiregistration.k8s.io" | "internal.apiserver.k8s.io" | "storagemigration.k8s.io" => {
            versions::columns(kind)
        }
        "apps" => workloads::columns(kind),
        "autoscaling" => autoscaling::columns(kind),
        "batch" => batch::columns(kind),
        "certificates.k8s.io" => certificates::columns(kind),
        "coordination.k8s.io" | "node.k8s.io" | "scheduling.k8s.io" => scheduling::columns(kind),
        "discovery.k8s.io" | "networking.k8s.io" => networking::columns(kind),
        "flowcontrol.apiserver.k8s.io" => flowcontrol::columns(kind),
        "policy" | "rbac.authorization.k8s.io" => policy::columns(kind),
        "resource.k8s.io" => devices::columns(kind),
        "storage.k8s.io" => storage::columns(kind),
        _ => None,
    };
    let conditions: Option<fn(&Value) -> Option<Value>> = match (group, kind) {
        ("", "Pod") => Some(pods::condition),
        _ => None,
    };
    Layout {
        columns: columns.unwrap_or(DEFAULT),
        conditions,
        custom: None,
    }
}

impl Layout {
    /// The columns of a built-in kind that clients are told of.
    pub fn columns(&self) -> impl Iterator<Item = &'static Column> {
        self.columns.iter().filter(|column| column.listed)
    }

    /// `columnDefinitions` of the Table.
    pub fn definitions(&self, describe: Describe<'_>) -> Value {
        if let Some(kind) = &self.custom {
            return Value::List(kind.column_definitions(describe));
        }
        Value::List(self.columns().map(|column| column.definition(describe)).collect())
    }

    /// The cells of an object, which must be in the form in which it is stored ([`crate::Catalog::hub`]).
    /// Those of a custom object are of the version in whose layout it is shown.
    pub fn cells(&self, object: &Value, now: Timestamp) -> Vec<Value> {
        if let Some(kind) = &self.custom {
            return kind.cells(object, now);
        }
        let row = Row { object, now };
        self.columns.iter().map(|column| (column.cell)(&row)).collect()
    }

    /// `conditions` of the row: a finished pod has one. Empty for everything else.
    pub fn conditions(&self, object: &Value) -> Vec<Value> {
        self.conditions
            .and_then(|condition| condition(object))
            .into_iter()
            .collect()
    }
}

impl Column {
    /// The column as Table's `columnDefinitions` has it.
    pub fn definition(&self, describe: Describe<'_>) -> Value {
        let mut definition = Map::with_capacity(5);
        definition.insert("description", self.description.resolve(describe));
        definition.insert("format", self.format);
        definition.insert("name", self.name);
        definition.insert("priority", self.priority);
        definition.insert("type", self.kind);
        Value::Map(definition)
    }

    /// Shown in wide output only.
    const fn wide(mut self) -> Self {
        self.priority = 1;
        self
    }

    /// A cell that clients are not told of.
    const fn unlisted(mut self) -> Self {
        self.listed = false;
        self
    }

    /// With a format.
    const fn format(mut self, format: &'static str) -> Self {
        self.format = format;
        self
    }
}

impl Description {
    /// The text; empty when the field has none.
    pub fn resolve(self, describe: Describe<'_>) -> String {
        match self {
            Description::Field(type_name, field) => describe(type_name, field).unwrap_or_default(),
            Description::Text(text) => text.to_owned(),
        }
    }
}

const fn string(name: &'static str, description: Description, cell: fn(&Row<'_>) -> Value) -> Column {
    Column {
        name,
        kind: "string",
        format: "",
        priority: 0,
        description,
        listed: true,
        cell,
    }
}

const fn integer(name: &'static str, description: Description, cell: fn(&Row<'_>) -> Value) -> Column {
    Column {
        kind: "integer",
        ..string(name, description, cell)
    }
}

const fn boolean(name: &'static str, description: Description, cell: fn(&Row<'_>) -> Value) -> Column {
    Column {
        kind: "boolean",
        ..string(name, description, cell)
    }
}

const fn text(text: &'static str) -> Description {
    Description::Text(text)
}

/// The description of a field of a type below `io.k8s.api`.
macro_rules! field {
    ($type_name:literal, $field:literal) => {
        $crate::table::Description::Field(concat!("io.k8s.api.", $type_name), $field)
    };
}
use field;

const META: &str = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta";
const CREATED: Description = Description::Field(META, "creationTimestamp");

const NAME: Column = string("Name", Description::Field(META, "name"), |row| {
    row.text(&["metadata", "name"])
})
.format("name");
const AGE: Column = string("Age", CREATED, |row| row.age(&["metadata", "creationTimestamp"]));
const CREATED_AT: Column = Column {
    kind: "date",
    ..string("Created At", CREATED, |row| row.created_at())
};

/// What a kind without columns of its own prints.
const DEFAULT: &[Column] = &[NAME, CREATED_AT];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Catalog;
    use schema::tree;

    #[test]
    fn kinds_without_columns_print_name_and_creation() {
        let object = tree!({"metadata": {"name": "a", "creationTimestamp": "2026-01-02T03:04:05Z"}});
        let cells = layout_of("example.com", "Widget").cells(&object, Timestamp::UNIX_EPOCH);
        assert_eq!(cells, [Value::from("a"), Value::from("2026-01-02T03:04:05Z")]);
        let bare = layout_of("example.com", "Widget").cells(&tree!({}), Timestamp::UNIX_EPOCH);
        assert_eq!(bare, [Value::from(""), Value::from("0001-01-01T00:00:00Z")]);
    }

    #[test]
    fn every_layout_takes_an_object_of_any_shape() {
        let shapes = [
            Value::Null,
            tree!({}),
            tree!({"metadata": [], "spec": "x", "status": {"conditions": [1i64, null]}}),
        ];
        for resource in Catalog::builtin().iter() {
            let layout = layout(resource);
            for shape in &shapes {
                assert!(
                    layout.cells(shape, Timestamp::UNIX_EPOCH).len() >= layout.columns().count(),
                    "{resource:?}"
                );
            }
        }
    }

    #[test]
    fn described_fields_exist() {
        let types = schema::Types::builtin();
        for resource in Catalog::builtin().iter() {
            for column in layout(resource).columns() {
                let Description::Field(name, field) = column.description else {
                    continue;
                };
                let schema = types.get(types.id(name).unwrap_or_else(|| panic!("no type {name}")));
                let known = schema.fields.iter().any(|found| found.json == field);
                assert!(
                    known,
                    "{name} has no field {field} ({} of {})",
                    column.name, resource.resource
                );
            }
        }
    }

    #[test]
    fn a_definition_has_all_five_members_and_the_described_text() {
        let describe = |type_name: &str, field: &str| Some(format!("{type_name}#{field}"));
        let definitions = layout_of("", "ConfigMap").definitions(&describe);
        let expected = tree!({
            "description": "io.k8s.api.core.v1.ConfigMap#data", "format": "", "name": "Data",
            "priority": 0i64, "type": "string",
        });
        assert_eq!(definitions.as_list().expect("a list")[1], expected);
    }
}
