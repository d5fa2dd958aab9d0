//! Decodes message bodies into the canonical tree.

use super::wire::{BYTES, FIXED64, Reader, VARINT};
use crate::json::{bytes_text, float_value, time_value};
use crate::time::Time;
use crate::{Error, Field, FieldType, Map, SmolStr, TypeId, Types, Value, canonical, json, limits, quantity};

pub(crate) fn message(types: &Types, id: TypeId, body: &[u8]) -> Result<Value, Error> {
    Decoder { types, depth: 0 }.nested(id, body, None)
}

struct Decoder<'t> {
    types: &'t Types,
    depth: usize,
}

impl<'t> Decoder<'t> {
    fn fields(&mut self, id: TypeId, body: &[u8], map: &mut Map) -> Result<(), Error> {
        self.depth += 1;
        if self.depth > limits::DEPTH_MAX {
            return Err(Error::syntax("proto: message is nested too deep"));
        }
        let schema = self.types.get(id);
        let mut reader = Reader::new(body);
        let mut expected = 0;
        while let Some((number, wire)) = reader.tag()? {
            match schema.by_number(number, expected) {
                Some((place, field)) => {
                    // Repeated fields come in runs; others are followed by the next.
                    expected =
                        place + usize::from(!matches!(field.ty, FieldType::List(_) | FieldType::Map(_)));
                    self.field(field, wire, &mut reader, map)?;
                }
                None => reader.skip(wire)?,
            }
        }
        self.depth -= 1;
        Ok(())
    }

    fn field(
        &mut self,
        field: &'t Field,
        wire: u8,
        reader: &mut Reader<'_>,
        map: &mut Map,
    ) -> Result<(), Error> {
        match &field.ty {
            FieldType::Message(id) if field.inline => self.fields(*id, take(field, wire, reader)?, map),
            FieldType::Message(id) => {
                let body = take(field, wire, reader)?;
                // A message that comes twice is merged, as protobuf has it.
                let before = map.remove(&field.json);
                let value = self.nested(*id, body, before)?;
                put(field, value, map);
                Ok(())
            }
            FieldType::List(item) if field.wrap => {
                let value = self.wrapped(item, take(field, wire, reader)?)?;
                put(field, value, map);
                Ok(())
            }
            FieldType::List(item) => self.list(field, item, wire, reader, map),
            FieldType::Map(item) => {
                let (key, value) = self.entry(field, item, take(field, wire, reader)?)?;
                map.map_at(&field.json).insert(key, value);
                Ok(())
            }
            ty => {
                let value = self.single(field, ty, wire, reader)?;
                put(field, value, map);
                Ok(())
            }
        }
    }

    fn nested(&mut self, id: TypeId, body: &[u8], before: Option<Value>) -> Result<Value, Error> {
        if self.types.get(id).custom_json {
            return self.custom(id, body);
        }
        let mut map = match before {
            Some(Value::Map(map)) => map,
            _ => Map::new(),
        };
        self.fields(id, body, &mut map)?;
        Ok(Value::Map(map))
    }

    fn list(
        &mut self,
        field: &'t Field,
        item: &'t FieldType,
        wire: u8,
        reader: &mut Reader<'_>,
        map: &mut Map,
    ) -> Result<(), Error> {
        if wire == BYTES && matches!(item, FieldType::Int32 | FieldType::Int64 | FieldType::Bool) {
            let mut packed = Reader::new(reader.bytes()?);
            while !packed.is_at_end() {
                let value = self.single(field, item, VARINT, &mut packed)?;
                list_at(map, &field.json).push(value);
            }
            return Ok(());
        }
        let mut value = self.single(field, item, wire, reader)?;
        if field.embeds_kind {
            self.name_kind(item, &mut value);
        }
        list_at(map, &field.json).push(value);
        Ok(())
    }

    fn name_kind(&self, item: &FieldType, value: &mut Value) {
        let kind = item.message().and_then(|id| self.types.get(id).only_kind());
        if let (Some((api_version, kind)), Some(map)) = (kind, value.as_map_mut()) {
            map.insert("apiVersion", api_version);
            map.insert("kind", kind);
        }
    }

    /// One value that is neither a list nor a map.
    fn single(
        &mut self,
        field: &Field,
        ty: &'t FieldType,
        wire: u8,
        reader: &mut Reader<'_>,
    ) -> Result<Value, Error> {
        match (ty, wire) {
            (FieldType::Int32, VARINT) => Ok(Value::Int(i64::from(reader.varint()? as i32))),
            (FieldType::Int64, VARINT) => Ok(Value::Int(reader.varint()? as i64)),
            (FieldType::Bool, VARINT) => Ok(Value::Bool(reader.varint()? != 0)),
            (FieldType::Double, FIXED64) => Ok(float_value(f64::from_bits(reader.fixed64()?))),
            (FieldType::Int32 | FieldType::Int64 | FieldType::Bool | FieldType::Double, _) => {
                Err(wrong_wire(field, wire))
            }
            (ty, _) => self.delimited(ty, take(field, wire, reader)?),
        }
    }

    /// A value that has a length in front.
    fn delimited(&mut self, ty: &'t FieldType, body: &[u8]) -> Result<Value, Error> {
        match ty {
            FieldType::String => Ok(text(body)),
            FieldType::Bytes => Ok(Value::String(bytes_text(body))),
            FieldType::Message(id) => self.nested(*id, body, None),
            FieldType::Quantity => quantity(body),
            FieldType::Time => moment(body).map(|time| time_value(Time { nanos: 0, ..time }, false)),
            FieldType::MicroTime => moment(body).map(|time| time_value(time, true)),
            FieldType::IntOrString => int_or_string(body),
            FieldType::RawExtension | FieldType::Json => match first_bytes(body)? {
                [] => Ok(Value::Null),
                raw => json::parse(raw),
            },
            FieldType::FieldsV1 => match first_bytes(body)? {
                [] => Ok(Value::Null),
                raw => Ok(Value::Raw(small(raw))),
            },
            FieldType::Duration => {
                let mut nanos = 0;
                each(body, |number, reader| {
                    if number == 1 {
                        reader.varint().map(|value| nanos = value as i64).map(|()| true)
                    } else {
                        Ok(false)
                    }
                })?;
                Ok(Value::String(crate::time::duration::format(nanos)))
            }
            FieldType::List(item) => self.wrapped(item, body),
            _ => Err(Error::syntax("proto: a field has no protobuf form")),
        }
    }

    /// A list inside a message of its own.
    fn wrapped(&mut self, item: &'t FieldType, body: &[u8]) -> Result<Value, Error> {
        let mut list = Vec::new();
        let mut reader = Reader::new(body);
        while let Some((number, wire)) = reader.tag()? {
            match (number, wire) {
                (1, BYTES) => list.push(self.delimited(item, reader.bytes()?)?),
                _ => reader.skip(wire)?,
            }
        }
        Ok(if list.is_empty() {
            Value::Null
        } else {
            Value::List(list)
        })
    }

    fn entry(&mut self, field: &Field, item: &'t FieldType, body: &[u8]) -> Result<(SmolStr, Value), Error> {
        let (mut key, mut value) = (SmolStr::default(), None);
        let mut reader = Reader::new(body);
        while let Some((number, wire)) = reader.tag()? {
            match number {
                1 if wire == BYTES => key = small(reader.bytes()?),
                2 => value = Some(self.single(field, item, wire, &mut reader)?),
                _ => reader.skip(wire)?,
            }
        }
        Ok((key, value.unwrap_or_else(|| canonical::zero_item(item))))
    }

    /// A type with a JSON form of its own: the schema or list that is set, else the truth value.
    fn custom(&mut self, id: TypeId, body: &[u8]) -> Result<Value, Error> {
        let schema = self.types.get(id);
        let mut value = Value::Null;
        let mut reader = Reader::new(body);
        while let Some((number, wire)) = reader.tag()? {
            match schema.by_number(number, 0).map(|(_, field)| &field.ty) {
                Some(FieldType::Bool) if wire == VARINT => {
                    let allows = reader.varint()? != 0;
                    if value.is_null() {
                        value = Value::Bool(allows);
                    }
                }
                Some(FieldType::Message(inner)) if wire == BYTES => {
                    value = self.nested(*inner, reader.bytes()?, None)?
                }
                Some(FieldType::List(item)) if wire == BYTES => {
                    let item = self.delimited(item, reader.bytes()?)?;
                    match &mut value {
                        Value::List(list) => list.push(item),
                        _ => value = Value::List(vec![item]),
                    }
                }
                _ => reader.skip(wire)?,
            }
        }
        Ok(value)
    }
}

fn put(field: &Field, value: Value, map: &mut Map) {
    if canonical::is_absent(field, &value) {
        map.remove(&field.json);
    } else {
        map.insert(field.json.clone(), value);
    }
}

fn list_at<'m>(map: &'m mut Map, key: &str) -> &'m mut Vec<Value> {
    let value = map.entry_or_insert_with(key, || Value::List(Vec::new()));
    if !matches!(value, Value::List(_)) {
        *value = Value::List(Vec::new());
    }
    match value {
        Value::List(list) => list,
        _ => unreachable!("made a list just above"),
    }
}

fn take<'a>(field: &Field, wire: u8, reader: &mut Reader<'a>) -> Result<&'a [u8], Error> {
    if wire == BYTES {
        reader.bytes()
    } else {
        Err(wrong_wire(field, wire))
    }
}

pub(crate) fn wrong_wire(field: &Field, wire: u8) -> Error {
    let (head, tail) = field
        .json
        .split_at(field.json.chars().next().map_or(0, char::len_utf8));
    Error::syntax(format!(
        "proto: wrong wireType = {wire} for field {}{tail}",
        head.to_uppercase()
    ))
}

fn text(body: &[u8]) -> Value {
    Value::String(small(body))
}

/// Bytes that are not UTF-8 become replacement characters, as where Go prints them.
fn small(bytes: &[u8]) -> SmolStr {
    match std::str::from_utf8(bytes) {
        Ok(text) => SmolStr::new(text),
        Err(_) => SmolStr::new(String::from_utf8_lossy(bytes)),
    }
}

fn quantity(body: &[u8]) -> Result<Value, Error> {
    match first_bytes(body)? {
        [] => Ok(Value::String(SmolStr::new_static("0"))),
        raw => match quantity::canonical(&String::from_utf8_lossy(raw)) {
            Ok(text) => Ok(Value::String(text)),
            Err(error) => Err(Error::value(error.to_string())),
        },
    }
}

/// A time's seconds and nanoseconds; an empty body is Go's zero time.
pub(crate) fn moment(body: &[u8]) -> Result<Time, Error> {
    if body.is_empty() {
        return Ok(Time::ZERO);
    }
    let mut time = Time { seconds: 0, nanos: 0 };
    each(body, |number, reader| {
        match number {
            1 => time.seconds = reader.varint()? as i64,
            2 => {
                time.nanos = u32::try_from(reader.varint()? as i32)
                    .unwrap_or(0)
                    .min(999_999_999)
            }
            _ => return Ok(false),
        }
        Ok(true)
    })?;
    Ok(time)
}

/// The number or text of an IntOrString.
pub(crate) fn int_or_string_parts(body: &[u8]) -> Result<Result<i64, &[u8]>, Error> {
    let (mut is_text, mut number, mut text): (bool, i64, &[u8]) = (false, 0, &[]);
    let mut reader = Reader::new(body);
    while let Some((field, wire)) = reader.tag()? {
        match (field, wire) {
            (1, VARINT) => is_text = reader.varint()? == 1,
            (2, VARINT) => number = i64::from(reader.varint()? as i32),
            (3, BYTES) => text = reader.bytes()?,
            _ => reader.skip(wire)?,
        }
    }
    Ok(if is_text { Err(text) } else { Ok(number) })
}

fn int_or_string(body: &[u8]) -> Result<Value, Error> {
    Ok(match int_or_string_parts(body)? {
        Ok(number) => Value::Int(number),
        Err(bytes) => text(bytes),
    })
}

/// Field 1 of a body, as bytes; empty when absent.
pub(crate) fn first_bytes(body: &[u8]) -> Result<&[u8], Error> {
    let mut found: &[u8] = &[];
    let mut reader = Reader::new(body);
    while let Some((number, wire)) = reader.tag()? {
        match (number, wire) {
            (1, BYTES) => found = reader.bytes()?,
            _ => reader.skip(wire)?,
        }
    }
    Ok(found)
}

/// Calls `take` for every varint field; what it does not take is passed over.
fn each<'a>(
    body: &'a [u8],
    mut take: impl FnMut(u32, &mut Reader<'a>) -> Result<bool, Error>,
) -> Result<(), Error> {
    let mut reader = Reader::new(body);
    while let Some((number, wire)) = reader.tag()? {
        if wire != VARINT || !take(number, &mut reader)? {
            reader.skip(wire)?;
        }
    }
    Ok(())
}
