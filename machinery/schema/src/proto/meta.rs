//! Reads what dispatch needs of an object's metadata from its stored bytes, without decoding the object.

use super::decode::moment;
use super::wire::{BYTES, Reader};
use crate::Error;
use crate::time::Time;

/// Metadata as it lies in a message body. Texts that are not UTF-8 are empty.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Meta<'a> {
    /// metadata.name
    pub name: &'a str,
    /// metadata.namespace
    pub namespace: &'a str,
    /// metadata.uid
    pub uid: &'a str,
    /// metadata.labels, in the order of the bytes, which is that of the keys.
    pub labels: Vec<(&'a str, &'a str)>,
    /// metadata.annotations, in the same way.
    pub annotations: Vec<(&'a str, &'a str)>,
    /// metadata.finalizers
    pub finalizers: Vec<&'a str>,
    /// metadata.creationTimestamp
    pub creation: Option<Time>,
    /// metadata.deletionTimestamp
    pub deletion: Option<Time>,
}

impl<'a> Meta<'a> {
    /// The value of a label.
    pub fn label(&self, key: &str) -> Option<&'a str> {
        self.labels
            .iter()
            .find(|(have, _)| *have == key)
            .map(|(_, value)| *value)
    }
}

/// The metadata of a stored object's body: field 1 of every kind is its ObjectMeta.
pub fn peek_meta(body: &[u8]) -> Result<Meta<'_>, Error> {
    let mut meta = Meta::default();
    let mut reader = Reader::new(body);
    while let Some((number, wire)) = reader.tag()? {
        match (number, wire) {
            (1, BYTES) => read(reader.bytes()?, &mut meta)?,
            _ => reader.skip(wire)?,
        }
    }
    Ok(meta)
}

fn read<'a>(body: &'a [u8], meta: &mut Meta<'a>) -> Result<(), Error> {
    let mut reader = Reader::new(body);
    while let Some((number, wire)) = reader.tag()? {
        if wire != BYTES {
            reader.skip(wire)?;
            continue;
        }
        let bytes = reader.bytes()?;
        match number {
            1 => meta.name = text(bytes),
            3 => meta.namespace = text(bytes),
            5 => meta.uid = text(bytes),
            8 => meta.creation = Some(moment(bytes)?),
            9 => meta.deletion = Some(moment(bytes)?),
            11 => meta.labels.push(entry(bytes)?),
            12 => meta.annotations.push(entry(bytes)?),
            14 => meta.finalizers.push(text(bytes)),
            _ => {}
        }
    }
    Ok(())
}

fn entry(body: &[u8]) -> Result<(&str, &str), Error> {
    let (mut key, mut value) = ("", "");
    let mut reader = Reader::new(body);
    while let Some((number, wire)) = reader.tag()? {
        match (number, wire) {
            (1, BYTES) => key = text(reader.bytes()?),
            (2, BYTES) => value = text(reader.bytes()?),
            _ => reader.skip(wire)?,
        }
    }
    Ok((key, value))
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap_or_default()
}
