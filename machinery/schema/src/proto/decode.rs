//! Protobuf to tree.

use crate::json::text_of;

use super::wire::{Reader, Wire};
use super::{Alternatives, alternatives};
use crate::canonical::{is_absent, zero_item};
use crate::limits::DEPTH_MAX;
use crate::time::{Time, duration};
use crate::{Error, Field, FieldType, Map, SmolStr, TypeId, Types, Value, json};

/// The canonical tree of a body: what Go prints as absent is absent. Unknown fields are skipped.
pub fn decode(types: &Types, id: TypeId, body: &[u8]) -> Result<Value, Error> {
    Decoder { types }.message(id, body, 0)
}

struct Decoder<'a> {
    types: &'a Types,
}

impl Decoder<'_> {
    fn message(&self, id: TypeId, body: &[u8], depth: usize) -> Result<Value, Error> {
        if depth > DEPTH_MAX {
            return Err(Error::syntax("proto: the message nests too deep"));
        }
        if self.types.get(id).custom_json {
            return self.alternative(id, body, depth);
        }
        let mut map = Map::with_capacity(self.types.get(id).fields.len().min(8));
        self.fields(id, body, &mut map, depth)?;
        Ok(Value::Map(map))
    }

    fn fields(&self, id: TypeId, body: &[u8], map: &mut Map, depth: usize) -> Result<(), Error> {
        let schema = self.types.get(id);
        let mut reader = Reader::new(body);
        let mut place = 0;
        while let Some((number, wire)) = reader.next_field()? {
            let Some((at, field)) = schema.by_number(number, place) else { continue };
            place = at + usize::from(!matches!(field.ty, FieldType::List(_) | FieldType::Map(_)));
            match (&field.ty, field.inline) {
                (FieldType::Message(inlined), true) => self.fields(*inlined, wire.bytes()?, map, depth + 1)?,
                _ => self.field(field, wire, map, depth)?,
            }
        }
        Ok(())
    }

    fn field(&self, field: &Field, wire: Wire<'_>, map: &mut Map, depth: usize) -> Result<(), Error> {
        match &field.ty {
            FieldType::List(item) if field.wrap => {
                let list = self.wrapped(item, wire.bytes()?, depth)?;
                map.insert(field.json.clone(), list);
            }
            FieldType::List(item) => {
                let list = map.entry_or_insert_with(&field.json, || Value::List(Vec::new()));
                if let Value::List(list) = list {
                    self.items(item, wire, list, depth)?;
                }
            }
            FieldType::Map(value) => {
                let (key, value) = self.entry(value, field.wrap, wire.bytes()?, depth)?;
                map.map_at(&field.json).insert(key, value);
            }
            ty => {
                let value = self.value(ty, wire, depth)?;
                if !is_absent(field, &value) {
                    map.insert(field.json.clone(), value);
                }
            }
        }
        Ok(())
    }

    /// One item, or several packed ones.
    fn items(&self, item: &FieldType, wire: Wire<'_>, list: &mut Vec<Value>, depth: usize) -> Result<(), Error> {
        let is_number = matches!(item, FieldType::Int32 | FieldType::Int64 | FieldType::Bool);
        if let (true, Wire::Bytes(packed)) = (is_number, wire) {
            let mut packed = Reader::new(packed);
            while !packed.is_empty() {
                let number = packed.varint()?;
                list.push(self.value(item, Wire::Varint(number), depth)?);
            }
            return Ok(());
        }
        list.push(self.value(item, wire, depth)?);
        Ok(())
    }

    /// A list in a message of its own.
    fn wrapped(&self, item: &FieldType, body: &[u8], depth: usize) -> Result<Value, Error> {
        let mut list = Vec::new();
        let mut reader = Reader::new(body);
        while let Some((number, wire)) = reader.next_field()? {
            if number == 1 {
                self.items(item, wire, &mut list, depth + 1)?;
            }
        }
        Ok(Value::List(list))
    }

    fn entry(&self, ty: &FieldType, wrap: bool, body: &[u8], depth: usize) -> Result<(SmolStr, Value), Error> {
        let (mut key, mut value) = (SmolStr::default(), None);
        let mut reader = Reader::new(body);
        while let Some((number, wire)) = reader.next_field()? {
            match (number, ty) {
                (1, _) => key = wire.text()?,
                (2, FieldType::List(item)) if wrap => value = Some(self.wrapped(item, wire.bytes()?, depth + 1)?),
                (2, ty) => value = Some(self.value(ty, wire, depth + 1)?),
                _ => {}
            }
        }
        Ok((key, value.unwrap_or_else(|| zero_item(ty))))
    }

    fn value(&self, ty: &FieldType, wire: Wire<'_>, depth: usize) -> Result<Value, Error> {
        Ok(match ty {
            FieldType::String => Value::String(wire.text()?),
            FieldType::Int32 => Value::Int(i64::from(wire.number()? as i32)),
            FieldType::Int64 => Value::Int(wire.number()? as i64),
            FieldType::Bool => Value::Bool(wire.number()? != 0),
            FieldType::Double => Value::Float(wire.double()?),
            FieldType::Bytes => Value::String(text_of(wire.bytes()?)),
            FieldType::Quantity => Value::String(first_text(wire.bytes()?)?),
            FieldType::IntOrString => int_or_string(wire.bytes()?)?,
            FieldType::Time => time(wire.bytes()?, false)?,
            FieldType::MicroTime => time(wire.bytes()?, true)?,
            FieldType::Duration => Value::String(duration::format(first_number(wire.bytes()?)? as i64)),
            FieldType::FieldsV1 => raw_text(wire.bytes()?)?,
            FieldType::RawExtension | FieldType::Json => raw_tree(wire.bytes()?)?,
            FieldType::Any => Value::Null,
            FieldType::Message(id) => self.message(*id, wire.bytes()?, depth + 1)?,
            // Lists of lists and maps of lists exist wrapped only.
            FieldType::List(item) => self.wrapped(item, wire.bytes()?, depth + 1)?,
            FieldType::Map(_) => return Err(Error::syntax("proto: a map in a list has no protobuf form")),
        })
    }

    /// A type whose JSON is one of its alternatives.
    fn alternative(&self, id: TypeId, body: &[u8], depth: usize) -> Result<Value, Error> {
        let schema = self.types.get(id);
        let kind = alternatives(schema);
        let mut value = Value::Null;
        let mut reader = Reader::new(body);
        while let Some((number, wire)) = reader.next_field()? {
            let Some((_, field)) = schema.by_number(number, 0) else { continue };
            match &field.ty {
                FieldType::List(item) => {
                    let item = self.value(item, wire, depth)?;
                    match &mut value {
                        Value::List(list) => list.push(item),
                        other => *other = Value::List(vec![item]),
                    }
                }
                FieldType::Bool if value.is_null() => value = self.value(&field.ty, wire, depth)?,
                FieldType::Bool => {}
                ty => value = self.value(ty, wire, depth)?,
            }
        }
        // Nothing is said by an empty message but for the truth value.
        Ok(match (kind, value) {
            (Alternatives::BoolOrSchema, Value::Null) => Value::Bool(false),
            (_, value) => value,
        })
    }
}

fn first_text(body: &[u8]) -> Result<SmolStr, Error> {
    let mut text = SmolStr::new_static("0");
    let mut reader = Reader::new(body);
    while let Some((number, wire)) = reader.next_field()? {
        if number == 1 {
            text = wire.text()?;
        }
    }
    // An empty text is a zero quantity.
    Ok(if text.is_empty() { SmolStr::new_static("0") } else { text })
}

fn first_number(body: &[u8]) -> Result<u64, Error> {
    let mut value = 0;
    let mut reader = Reader::new(body);
    while let Some((number, wire)) = reader.next_field()? {
        if number == 1 {
            value = wire.number()?;
        }
    }
    Ok(value)
}

fn first_bytes(body: &[u8]) -> Result<Option<&[u8]>, Error> {
    let mut bytes = None;
    let mut reader = Reader::new(body);
    while let Some((number, wire)) = reader.next_field()? {
        if number == 1 {
            bytes = Some(wire.bytes()?);
        }
    }
    Ok(bytes)
}

fn int_or_string(body: &[u8]) -> Result<Value, Error> {
    let (mut is_text, mut number, mut text) = (false, 0i64, SmolStr::default());
    let mut reader = Reader::new(body);
    while let Some((field, wire)) = reader.next_field()? {
        match field {
            1 => is_text = wire.number()? == 1,
            2 => number = i64::from(wire.number()? as i32),
            3 => text = wire.text()?,
            _ => {}
        }
    }
    Ok(if is_text { Value::String(text) } else { Value::Int(number) })
}

/// An empty message is Go's zero time, which JSON prints as null.
fn time(body: &[u8], micro: bool) -> Result<Value, Error> {
    if body.is_empty() {
        return Ok(Value::Null);
    }
    let (mut seconds, mut nanos) = (0i64, 0u32);
    let mut reader = Reader::new(body);
    while let Some((number, wire)) = reader.next_field()? {
        match number {
            1 => seconds = wire.number()? as i64,
            2 => nanos = u32::try_from(wire.number()?).unwrap_or(0).min(999_999_999),
            _ => {}
        }
    }
    let time = Time { seconds, nanos };
    Ok(Value::String(if micro { time.format_micro() } else { time.format() }))
}

fn raw_text(body: &[u8]) -> Result<Value, Error> {
    Ok(match first_bytes(body)? {
        Some(raw) if !raw.is_empty() => match std::str::from_utf8(raw) {
            Ok(text) => Value::Raw(SmolStr::new(text)),
            Err(_) => return Err(Error::syntax("fieldsV1 is not UTF-8")),
        },
        _ => Value::Null,
    })
}

/// Raw JSON becomes a tree; raw bytes of another kind cannot be shown.
fn raw_tree(body: &[u8]) -> Result<Value, Error> {
    match first_bytes(body)? {
        Some(raw) if !raw.is_empty() => json::parse(raw),
        _ => Ok(Value::Null),
    }
}
