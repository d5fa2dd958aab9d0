//! What a type is: its fields, their protobuf numbers, how lists and maps merge, defaults. Data, no behaviour.
//!
//! Built-in types come from the checked-in tables (`data/`); custom resources make a [`Types`] of their own.

use smol_str::SmolStr;
use std::collections::HashMap;

use crate::Value;

/// A set of type schemas that refer to each other by [`TypeId`].
#[derive(Debug, Default)]
pub struct Types {
    schemas: Vec<TypeSchema>,
    by_name: HashMap<SmolStr, TypeId>,
}

/// The place of a schema in its [`Types`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TypeId(pub u32);

/// One API type: a message with fields.
#[derive(Debug, Default)]
pub struct TypeSchema {
    /// OpenAPI name, e.g. `io.k8s.api.core.v1.Pod`.
    pub name: SmolStr,
    /// In JSON declaration order; protobuf order is ascending [`Field::number`].
    pub fields: Vec<Field>,
    /// JSON has `apiVersion` and `kind`; protobuf has them in the envelope only.
    pub type_meta: bool,
    /// Merged as one piece by server-side apply (`x-kubernetes-map-type: atomic`).
    pub atomic: bool,
    /// A JSON form of its own (schema-or-array, schema-or-bool, schema-or-strings).
    pub custom_json: bool,
    /// Left out of the published OpenAPI.
    pub unpublished: bool,
    /// Union groups for server-side apply and OpenAPI (`x-kubernetes-unions`).
    pub unions: Vec<Union>,
    /// Group, version and kind if this is a served kind.
    pub gvk: Vec<(SmolStr, SmolStr, SmolStr)>,
    /// JSON name to index in `fields`, with the fields of inlined messages flattened in: a path of field indexes.
    pub(crate) by_json: HashMap<SmolStr, Vec<u16>>,
    /// Indexes of `fields` in ascending protobuf number.
    pub(crate) by_number: Vec<u16>,
}

/// One field of a [`TypeSchema`].
#[derive(Debug)]
pub struct Field {
    /// JSON name; empty for an inlined message.
    pub json: SmolStr,
    /// Protobuf field number; 0 when the field has no protobuf form.
    pub number: u32,
    /// What it holds.
    pub ty: FieldType,
    /// nil is distinct from zero, and absent on the wire when nil.
    pub pointer: bool,
    /// Left out of JSON when it is Go's empty value.
    pub omit_empty: bool,
    /// Embedded: its fields are the parent's in JSON, a nested message at `number` in protobuf.
    pub inline: bool,
    /// Protobuf wraps each list of the map in a message with field 1 `items`.
    pub wrap: bool,
    /// Must be present, as OpenAPI says.
    pub required: bool,
    /// OpenAPI v3 prints the zero default.
    pub zero_default: bool,
    /// A declared default.
    pub default: Option<Value>,
    /// How server-side apply merges a list.
    pub list_type: ListType,
    /// Keys of a list of type map.
    pub list_map_keys: Vec<SmolStr>,
    /// A map field merged as one piece.
    pub atomic_map: bool,
    /// Strategic merge patch: `merge`, `replace`, `retainKeys`, as declared.
    pub patch_strategy: Vec<SmolStr>,
    /// Strategic merge patch: the key of list items.
    pub patch_merge_key: Option<SmolStr>,
    /// Known values, printed as an enum in OpenAPI.
    pub enum_values: Vec<SmolStr>,
    /// Values other than `enum_values` are invalid.
    pub enum_closed: bool,
    /// The feature gate that guards it, if any.
    pub feature_gate: Option<SmolStr>,
}

/// What a field holds.
#[derive(Clone, Debug, PartialEq)]
pub enum FieldType {
    /// UTF-8 text.
    String,
    /// 32-bit signed.
    Int32,
    /// 64-bit signed.
    Int64,
    /// Truth value.
    Bool,
    /// Base64 in JSON.
    Bytes,
    /// 64-bit float.
    Double,
    /// resource.Quantity: canonical text.
    Quantity,
    /// A number or text.
    IntOrString,
    /// RFC 3339, whole seconds, UTC.
    Time,
    /// RFC 3339 with microseconds, UTC.
    MicroTime,
    /// Go duration text.
    Duration,
    /// Any object, opaque bytes in protobuf.
    RawExtension,
    /// A field set, kept as text ([`Value::Raw`]).
    FieldsV1,
    /// apiextensions JSON: any value, text in protobuf.
    Json,
    /// Any JSON value, no protobuf form.
    Any,
    /// Another type.
    Message(TypeId),
    /// A list.
    List(Box<FieldType>),
    /// A map with text keys.
    Map(Box<FieldType>),
}

/// `x-kubernetes-list-type`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ListType {
    /// Replaced as one piece; also what an unmarked list is.
    #[default]
    Atomic,
    /// Scalars, each once.
    Set,
    /// Items told apart by [`Field::list_map_keys`].
    Map,
}

/// A union declared for a type.
#[derive(Debug, Default)]
pub struct Union {
    /// JSON name of the discriminator, if there is one.
    pub discriminator: Option<SmolStr>,
    /// JSON name of each member and its discriminator value.
    pub members: Vec<(SmolStr, SmolStr)>,
}

impl Types {
    /// The schema with this id. Ids come from the same set only.
    pub fn get(&self, id: TypeId) -> &TypeSchema {
        &self.schemas[id.0 as usize]
    }

    /// The id of an OpenAPI name.
    pub fn id(&self, name: &str) -> Option<TypeId> {
        self.by_name.get(name).copied()
    }

    /// All schemas with their ids.
    pub fn iter(&self) -> impl Iterator<Item = (TypeId, &TypeSchema)> {
        self.schemas.iter().enumerate().map(|(at, schema)| (TypeId(at as u32), schema))
    }
}
