//! Tables: rows of objects, as `kubectl get` shows them. Columns and cells are `kinds`'.

use kinds::partial;
use kinds::table::Layout;
use schema::{Map, TypeId, Types, Value, json};
use serve::query::Query;
use serve::status::Status;

use crate::descriptions::Descriptions;
use crate::partial::metadata_only;

/// What of the object stands in a row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Include {
    /// Nothing.
    None,
    /// Its metadata.
    #[default]
    Metadata,
    /// All of it.
    Object,
}

impl Include {
    /// As `includeObject` says.
    pub fn read(query: &Query) -> Result<Self, Status> {
        match query.first("includeObject") {
            None | Some("" | "Metadata") => Ok(Include::Metadata),
            Some("None") => Ok(Include::None),
            Some("Object") => Ok(Include::Object),
            Some(other) => Err(Status::bad_request(format!(
                "Unable to convert to Table as requested: includeObject: Invalid value: {other:?}: must be 'Metadata', 'Object', 'None', or empty"
            ))),
        }
    }
}

/// A row: the hub form gives the cells, `shown` is the object in the requested version.
pub fn row(
    layout: &Layout,
    hub: &Value,
    (shown, type_id): (&Value, TypeId),
    include: Include,
    version: &str,
) -> Value {
    let mut row = Map::with_capacity(3);
    row.insert("cells", layout.cells(hub, jiff::Timestamp::now()));
    let conditions = layout.conditions(hub);
    if !conditions.is_empty() {
        row.insert("conditions", conditions);
    }
    let object = match include {
        Include::None => Value::Null,
        Include::Metadata => partial::object(&metadata_only(shown), version),
        Include::Object => json::printed(Types::builtin(), type_id, shown),
    };
    row.insert("object", object);
    Value::Map(row)
}

/// A table as JSON, from rows that are JSON already, separated by commas. Without descriptions it has no column definitions.
pub fn assemble(
    layout: &Layout,
    descriptions: Option<&Descriptions>,
    version: &str,
    metadata: &Value,
    rows: &[u8],
) -> Vec<u8> {
    let mut out = Vec::with_capacity(rows.len() + 1024);
    head(layout, descriptions, version, metadata, &mut out);
    out.push(b'[');
    out.extend_from_slice(rows);
    out.extend_from_slice(b"]}");
    out
}

/// What stands before the list of rows.
pub(crate) fn head(
    layout: &Layout,
    descriptions: Option<&Descriptions>,
    version: &str,
    metadata: &Value,
    out: &mut Vec<u8>,
) {
    out.extend_from_slice(
        format!("{{\"kind\":\"Table\",\"apiVersion\":\"meta.k8s.io/{version}\",\"metadata\":").as_bytes(),
    );
    json::write(metadata, out);
    out.extend_from_slice(b",\"columnDefinitions\":");
    match descriptions {
        Some(texts) => {
            let describe = |name: &str, field: &str| texts.get(name, Some(field)).map(str::to_owned);
            json::write(&layout.definitions(&describe), out);
        }
        None => out.extend_from_slice(b"null"),
    }
    out.extend_from_slice(b",\"rows\":");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_rows_include_is_known() {
        let read = |text: &str| Include::read(&Query::parse(text));
        for known in ["", "None", "Metadata", "Object"] {
            assert!(read(&format!("includeObject={known}")).is_ok(), "{known}");
        }
        let bad = read("includeObject=All").expect_err("not known");
        let told = "includeObject: Invalid value: \"All\"";
        assert!(bad.code == 400 && bad.message.contains(told), "{}", bad.message);
    }
}
