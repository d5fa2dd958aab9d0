//! Puts the fields of a message, and of the messages in it, into a random order: to protobuf it is still the same message.

use schema::{FieldType, TypeId, Types};

use crate::generate::Random;

const VARINT: u64 = 0;
const FIXED64: u64 = 1;
const BYTES: u64 = 2;

/// The same message in another order. What repeats keeps its order, but for the entries of a map.
pub fn shuffled(types: &Types, id: TypeId, body: &[u8], random: &mut Random) -> Vec<u8> {
    let mut fields = Vec::new();
    let mut rest = body;
    while !rest.is_empty() {
        let whole = rest;
        let tag = varint(&mut rest);
        let field = types
            .get(id)
            .wire_fields()
            .find(|field| u64::from(field.number) == tag >> 3);
        let mut bytes = Vec::new();
        match tag & 7 {
            BYTES => {
                let (inner, behind) = split(rest);
                rest = behind;
                put_varint(tag, &mut bytes);
                let inner = match field.map(|field| &field.ty) {
                    Some(FieldType::Message(id)) => shuffled(types, *id, inner, random),
                    Some(FieldType::List(item)) => match **item {
                        FieldType::Message(id) => shuffled(types, id, inner, random),
                        _ => inner.to_vec(),
                    },
                    _ => inner.to_vec(),
                };
                put_varint(inner.len() as u64, &mut bytes);
                bytes.extend(inner);
            }
            wire @ (VARINT | FIXED64) => {
                match wire {
                    VARINT => drop(varint(&mut rest)),
                    _ => rest = &rest[8..],
                }
                bytes.extend(&whole[..whole.len() - rest.len()]);
            }
            wire => panic!("wire type {wire} is not made"),
        }
        let is_map = field.is_some_and(|field| matches!(field.ty, FieldType::Map(_)));
        fields.push((tag >> 3, is_map, bytes));
    }
    let order = random.next();
    fields.sort_by_key(|(number, is_map, bytes)| {
        let place = Random(order ^ number).next();
        let within = if *is_map {
            Random(order ^ bytes.len() as u64).next()
        } else {
            0
        };
        (place, within)
    });
    fields.into_iter().flat_map(|(_, _, bytes)| bytes).collect()
}

fn split(mut bytes: &[u8]) -> (&[u8], &[u8]) {
    let length = varint(&mut bytes) as usize;
    bytes.split_at(length)
}

fn varint(bytes: &mut &[u8]) -> u64 {
    let mut number = 0;
    for (at, &byte) in bytes.iter().enumerate() {
        number |= u64::from(byte & 0x7f) << (7 * at);
        if byte < 0x80 {
            *bytes = &bytes[at + 1..];
            return number;
        }
    }
    panic!("a varint has no end");
}

fn put_varint(mut number: u64, out: &mut Vec<u8>) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}
