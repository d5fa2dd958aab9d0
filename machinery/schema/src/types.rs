//! What a type is: its fields, their protobuf numbers, how lists and maps merge, defaults. Data, no behaviour.
//!
//! Built-in types come from the checked-in table (`data/types.txt`); custom resources make a [`Types`] of their own with [`Builder`].

mod build;
mod table;

use smol_str::{SmolStr, format_smolstr};
use std::collections::HashMap;
use std::sync::LazyLock;

use crate::Value;
pub use build::Builder;

/// A set of type schemas that refer to each other by [`TypeId`].
#[derive(Debug, Default)]
pub struct Types {
    schemas: Vec<TypeSchema>,
    by_name: HashMap<SmolStr, TypeId>,
}

/// The place of a schema in its [`Types`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TypeId(pub u32);

impl TypeId {
    /// Of objects that no table describes: they are read and printed as they are. It is in no [`Types`] and has no protobuf form.
    pub const UNTYPED: Self = Self(u32::MAX);
}

/// One API type: a message with fields.
#[derive(Debug, Default)]
pub struct TypeSchema {
    /// OpenAPI name, e.g. `io.k8s.api.core.v1.Pod`.
    pub name: SmolStr,
    /// In JSON declaration order; protobuf order is ascending [`Field::number`]. With `type_meta`, `kind` and `apiVersion`
    /// come first, with number 0.
    pub fields: Vec<Field>,
    /// JSON has `apiVersion` and `kind`; protobuf has them in the envelope only.
    pub type_meta: bool,
    /// Merged as one piece by server-side apply (`x-kubernetes-map-type: atomic`).
    pub atomic: bool,
    /// A JSON form of its own (schema-or-array, schema-or-bool, schema-or-strings).
    pub custom_json: bool,
    /// The protobuf body of a special kind (Quantity, Time, ...), which other types refer to as a [`FieldType`] of its own.
    pub scalar: bool,
    /// Left out of the published OpenAPI.
    pub unpublished: bool,
    /// It may have fields that it does not declare, whose owners are told by their own form. Of custom resources only.
    pub open: bool,
    /// Union groups for server-side apply and OpenAPI (`x-kubernetes-unions`).
    pub unions: Vec<Union>,
    /// Group, version and kind if this is a served kind.
    pub gvk: Vec<(SmolStr, SmolStr, SmolStr)>,
    /// Served under its kind in every group and version (DeleteOptions, WatchEvent).
    pub every_group: bool,
    /// The JSON fields in declaration order, those of inlined messages in their place: owner and index.
    json_fields: Box<[(TypeId, u16)]>,
    /// Indexes of `json_fields` sorted by name.
    json_sorted: Box<[u16]>,
    /// Numbers and indexes of `fields` with a protobuf form, in ascending number.
    wire_fields: Box<[(u32, u16)]>,
    /// What to look at to print the message from its wire form.
    steps: Box<[Step]>,
    /// Places among `steps` by number; [`NO_STEP`] where there is none.
    step_places: Box<[u8]>,
    /// A bit for each step that is looked at also when its field is absent.
    always_visited: u128,
    /// The steps come in ascending number, as a canonical wire form has them.
    in_wire_order: bool,
}

/// In [`TypeSchema::step_places`]: a number without a step.
const NO_STEP: u8 = u8::MAX;

/// A field that JSON shows and protobuf has, for the transcoder: small, as most fields of a message are absent.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Step {
    /// Its number.
    pub(crate) number: u32,
    /// Index in `fields`.
    pub(crate) index: u16,
    /// There is something to print also when it is absent.
    pub(crate) always: bool,
}

/// One field of a [`TypeSchema`].
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    /// JSON name; empty for an inlined message and for what JSON does not show.
    pub json: SmolStr,
    /// `,"name":`, as the transcoder prints it. Derived when the set is built.
    pub(crate) printed_name: SmolStr,
    /// Go prints it also when it has nothing to say. Derived when the set is built.
    pub(crate) printed_when_absent: bool,
    /// Protobuf field number; 0 when the field has no protobuf form.
    pub number: u32,
    /// What it holds.
    pub ty: FieldType,
    /// nil is distinct from zero, and absent on the wire when nil.
    pub pointer: bool,
    /// Left out of JSON when it is Go's empty value. Go calls no struct empty, so a message, time or quantity that is not a
    /// pointer is printed all the same.
    pub omit_empty: bool,
    /// Left out of JSON also when it is a zero struct.
    pub omit_zero: bool,
    /// Embedded: its fields are the parent's in JSON, a nested message at `number` in protobuf.
    pub inline: bool,
    /// Protobuf wraps the list, or each list of the map, in a message with field 1 `items`.
    pub wrap: bool,
    /// Its items are objects of a kind of their own (volume claim templates): JSON shows their `kind` and `apiVersion`, which
    /// protobuf does not carry. Derived when the set is built.
    pub embeds_kind: bool,
    /// Must be present, as OpenAPI says.
    pub required: bool,
    /// OpenAPI v3 prints the zero default.
    pub zero_default: bool,
    /// A declared default.
    pub default: Option<Value>,
    /// How server-side apply merges a list.
    pub list_type: ListType,
    /// The list type is written in the schema; an unmarked list is atomic too, but OpenAPI does not say so.
    pub list_type_declared: bool,
    /// Keys of a list of type map.
    pub list_map_keys: Vec<SmolStr>,
    /// A map field merged as one piece.
    pub atomic_map: bool,
    /// Declared granular although the message says atomic.
    pub granular_map: bool,
    /// What is absent gets a default that an empty list does not: a client's empty list is kept when it is read.
    pub nil_differs: bool,
    /// Strategic merge patch: `merge`, `replace`, `retainKeys`, as declared.
    pub patch_strategy: Vec<SmolStr>,
    /// Strategic merge patch: the key of list items.
    pub patch_merge_key: Option<SmolStr>,
    /// Known values, printed as an enum in OpenAPI.
    pub enum_values: Vec<SmolStr>,
    /// Values other than `enum_values` are invalid.
    pub enum_closed: bool,
    /// The named text type that the values have in Go, e.g. `io.k8s.api.core.v1.Protocol`; error texts show it.
    pub enum_name: Option<SmolStr>,
    /// The named text type of a map's keys.
    pub key_enum_name: Option<SmolStr>,
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
    /// The same, whose owners are told by its own form: of objects key by key, however deep. Of custom resources only.
    Deduced,
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
#[derive(Clone, Debug, Default)]
pub struct Union {
    /// JSON name of the discriminator, if there is one.
    pub discriminator: Option<SmolStr>,
    /// JSON name of each member and its discriminator value.
    pub members: Vec<(SmolStr, SmolStr)>,
}

impl Types {
    /// The types of the Kubernetes 1.36 API. Parsed at the first call, in a few milliseconds.
    pub fn builtin() -> &'static Types {
        static BUILTIN: LazyLock<Types> = LazyLock::new(table::builtin);
        &BUILTIN
    }

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
        self.schemas
            .iter()
            .enumerate()
            .map(|(at, schema)| (TypeId(at as u32), schema))
    }

    /// The JSON fields of a type in the order in which Go prints them, those of inlined messages included.
    pub fn json_fields(&self, id: TypeId) -> impl ExactSizeIterator<Item = &Field> {
        self.get(id).json_fields.iter().map(|&at| self.at(at))
    }

    /// The field with this JSON name, also when an inlined message holds it.
    pub fn field(&self, id: TypeId, json_name: &str) -> Option<&Field> {
        self.lookup(id, json_name, 0).map(|(_, field)| field)
    }

    /// The same, with its place among [`Types::json_fields`]. `expected` is tried first: objects mostly come in order.
    pub(crate) fn lookup(&self, id: TypeId, json_name: &str, expected: usize) -> Option<(usize, &Field)> {
        let schema = self.get(id);
        if let Some(&at) = schema.json_fields.get(expected) {
            let field = self.at(at);
            if field.json == json_name {
                return Some((expected, field));
            }
        }
        let place = schema
            .json_sorted
            .binary_search_by(|&at| {
                self.at(schema.json_fields[at as usize])
                    .json
                    .as_str()
                    .cmp(json_name)
            })
            .ok()?;
        let place = schema.json_sorted[place] as usize;
        Some((place, self.at(schema.json_fields[place])))
    }

    fn at(&self, (owner, index): (TypeId, u16)) -> &Field {
        &self.get(owner).fields[index as usize]
    }
}

impl TypeSchema {
    /// The fields with a protobuf form, in ascending number.
    pub fn wire_fields(&self) -> impl ExactSizeIterator<Item = &Field> {
        self.wire_fields.iter().map(|&(_, at)| &self.fields[at as usize])
    }

    /// The field with this protobuf number. `expected` is a place among [`TypeSchema::wire_fields`] that is tried first.
    pub(crate) fn by_number(&self, number: u32, expected: usize) -> Option<(usize, &Field)> {
        self.index_by_number(number, expected)
            .map(|(place, index)| (place, &self.fields[index]))
    }

    /// The same, with the field's index in `fields`.
    #[inline]
    pub(crate) fn index_by_number(&self, number: u32, expected: usize) -> Option<(usize, usize)> {
        // Fields mostly come in order, and lists in runs.
        for place in [expected, expected + 1] {
            match self.wire_fields.get(place) {
                Some(&(have, at)) if have == number => return Some((place, at as usize)),
                _ => {}
            }
        }
        let place = self
            .wire_fields
            .binary_search_by_key(&number, |&(number, _)| number)
            .ok()?;
        Some((place, self.wire_fields[place].1 as usize))
    }

    /// The transcoder's steps, in JSON order.
    pub(crate) fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// The place among [`Self::steps`] of the field with this protobuf number.
    #[inline]
    pub(crate) fn step_place(&self, number: u32) -> Option<usize> {
        let place = *self.step_places.get(number as usize)?;
        (place != NO_STEP).then_some(place.into())
    }

    /// A bit for each step that is looked at also when its field is absent.
    pub(crate) fn always_visited(&self) -> u128 {
        self.always_visited
    }

    /// Whether the steps are in the order of a canonical wire form too.
    pub(crate) fn is_in_wire_order(&self) -> bool {
        self.in_wire_order
    }

    /// `apiVersion` and `kind` of an object of this type, if it is served under exactly one name.
    pub fn only_kind(&self) -> Option<(SmolStr, SmolStr)> {
        match self.gvk.as_slice() {
            [(group, version, kind)] if group.is_empty() => Some((version.clone(), kind.clone())),
            [(group, version, kind)] => Some((format_smolstr!("{group}/{version}"), kind.clone())),
            _ => None,
        }
    }

    /// The last part of the name: `Pod`.
    pub fn short_name(&self) -> &str {
        self.name.rsplit('.').next().unwrap_or_default()
    }
}

impl Field {
    /// Whether JSON has something of it.
    pub(crate) fn is_shown(&self) -> bool {
        self.inline || !self.json.is_empty()
    }

    /// A field with this name, number and type, and no marks.
    pub fn new(json: impl Into<SmolStr>, number: u32, ty: FieldType) -> Field {
        Field {
            json: json.into(),
            printed_name: SmolStr::default(),
            printed_when_absent: false,
            number,
            ty,
            pointer: false,
            omit_empty: false,
            omit_zero: false,
            inline: false,
            wrap: false,
            embeds_kind: false,
            required: false,
            zero_default: false,
            default: None,
            list_type: ListType::Atomic,
            list_type_declared: false,
            list_map_keys: Vec::new(),
            atomic_map: false,
            granular_map: false,
            nil_differs: false,
            patch_strategy: Vec::new(),
            patch_merge_key: None,
            enum_values: Vec::new(),
            enum_closed: false,
            enum_name: None,
            key_enum_name: None,
            feature_gate: None,
        }
    }

    /// The message that it holds, be it directly, in a list or in a map.
    pub fn message(&self) -> Option<TypeId> {
        self.ty.message()
    }
}

impl FieldType {
    /// The message that it holds, be it directly, in a list or in a map.
    pub fn message(&self) -> Option<TypeId> {
        match self {
            FieldType::Message(id) => Some(*id),
            FieldType::List(item) | FieldType::Map(item) => item.message(),
            _ => None,
        }
    }
}
