//! Where in the types a merge is: what is declared for a field of the map at hand.

use schema::{FieldType, Types};

use super::Error;

/// A place in the types.
#[derive(Clone, Copy)]
pub(super) struct Place<'t> {
    types: &'t Types,
    ty: &'t FieldType,
}

/// What is declared for a field.
#[derive(Clone, Copy)]
pub(super) struct Declared<'t> {
    /// What the field holds; for a list, what its items are.
    pub place: Place<'t>,
    /// Merged as one piece.
    pub replace: bool,
    /// A list whose items merge.
    pub merge: bool,
    /// The key that tells items apart; empty if none.
    pub merge_key: &'t str,
}

impl<'t> Place<'t> {
    pub fn new(types: &'t Types, ty: &'t FieldType) -> Self {
        Self { types, ty }
    }

    /// What is declared for the field `key` of the map here.
    ///
    /// # Errors
    /// No such field, or the map is not of a type with fields.
    pub fn field(self, key: &str) -> Result<Declared<'t>, Error> {
        let Self { types, ty } = self;
        let id = match ty {
            FieldType::Message(id) => *id,
            other => return Err(not_a_message(other, key)),
        };
        let field = types
            .field(id, key)
            .ok_or_else(|| unknown(types.get(id).short_name(), key))?;
        let strategies = &field.patch_strategy;
        let ty = match &field.ty {
            FieldType::List(item) => item.as_ref(),
            other => other,
        };
        Ok(Declared {
            place: Self { types, ty },
            replace: strategies.iter().any(|strategy| strategy == "replace"),
            merge: strategies.iter().any(|strategy| strategy == "merge"),
            merge_key: field.patch_merge_key.as_deref().unwrap_or_default(),
        })
    }

    /// What Go calls the kind of the type here.
    pub fn kind(self) -> &'static str {
        kind(self.ty)
    }
}

fn not_a_message(ty: &FieldType, key: &str) -> Error {
    match ty {
        FieldType::RawExtension => unknown("RawExtension", key),
        FieldType::FieldsV1 => unknown("FieldsV1", key),
        FieldType::Json => unknown("JSON", key),
        other => {
            let kind = kind(other);
            Error::Other(format!(
                "merging an object in json but data type is not struct, instead is: {kind}"
            ))
        }
    }
}

fn unknown(name: &str, key: &str) -> Error {
    Error::Other(format!(
        "unable to find api field in struct {name} for the json field \"{key}\""
    ))
}

fn kind(ty: &FieldType) -> &'static str {
    match ty {
        FieldType::String => "string",
        FieldType::Int32 => "int32",
        FieldType::Int64 | FieldType::Duration => "int64",
        FieldType::Bool => "bool",
        FieldType::Double => "float64",
        FieldType::Bytes | FieldType::List(_) => "slice",
        FieldType::Map(_) => "map",
        FieldType::Any | FieldType::Deduced => "interface",
        FieldType::Quantity
        | FieldType::IntOrString
        | FieldType::Time
        | FieldType::MicroTime
        | FieldType::RawExtension
        | FieldType::FieldsV1
        | FieldType::Json
        | FieldType::Message(_) => "struct",
    }
}
