//! Puts a revision into the protobuf message of an object, without decoding it: what lists and watches in protobuf are served
//! from. Only `metadata.resourceVersion` changes; everything else is copied as it lies.
//!
//! The message is one that [`crate::proto::encode`] made: metadata is its first field, written once, and the fields of metadata
//! are in ascending number. What comes out is then what [`crate::proto::encode`] makes of the tree with the revision.

use crate::Error;
use crate::proto::wire::{BYTES, Reader, put_bytes, put_tag, put_varint, varint_len};

/// Of every object's message.
const METADATA: u32 = 1;
/// Of ObjectMeta.
const RESOURCE_VERSION: u32 = 6;

/// Appends the message with the revision in its metadata. On an error `out` is as it was.
///
/// # Errors
/// Bytes that are no message.
pub fn splice(body: &[u8], revision: i64, out: &mut Vec<u8>) -> Result<(), Error> {
    let (metadata, rest) = split(body)?;
    let parts = Parts::of(metadata)?;
    let digits = Digits::of(revision);
    out.reserve(body.len() + digits.text().len() + 16);
    parts.put(digits.text(), out);
    out.extend_from_slice(rest);
    Ok(())
}

/// How many bytes [`splice`] appends.
///
/// # Errors
/// The same.
pub fn spliced_len(body: &[u8], revision: i64) -> Result<usize, Error> {
    let (metadata, rest) = split(body)?;
    Ok(Parts::of(metadata)?.len(Digits::of(revision).text()) + rest.len())
}

/// The same as [`splice`] of a message that has nothing but its metadata.
///
/// # Errors
/// The same.
pub fn splice_metadata(body: &[u8], revision: i64, out: &mut Vec<u8>) -> Result<(), Error> {
    let parts = Parts::of(split(body)?.0)?;
    parts.put(Digits::of(revision).text(), out);
    Ok(())
}

/// How many bytes [`splice_metadata`] appends.
///
/// # Errors
/// The same.
pub fn spliced_metadata_len(body: &[u8], revision: i64) -> Result<usize, Error> {
    Ok(Parts::of(split(body)?.0)?.len(Digits::of(revision).text()))
}

/// The body of an object's metadata, and what comes after it.
///
/// # Errors
/// The same.
pub fn split(body: &[u8]) -> Result<(&[u8], &[u8]), Error> {
    let mut reader = Reader::new(body);
    match reader.tag()? {
        Some((METADATA, BYTES)) => {
            let metadata = reader.bytes()?;
            Ok((metadata, &body[reader.position()..]))
        }
        _ => Ok((&[], body)),
    }
}

/// Metadata around the resource version.
struct Parts<'a> {
    before: &'a [u8],
    after: &'a [u8],
}

impl<'a> Parts<'a> {
    fn of(metadata: &'a [u8]) -> Result<Self, Error> {
        let mut reader = Reader::new(metadata);
        loop {
            let at = reader.position();
            let (number, wire) = match reader.tag()? {
                Some((number, wire)) if number <= RESOURCE_VERSION => (number, wire),
                _ => return Ok(Self::around(metadata, at, at)),
            };
            reader.skip(wire)?;
            if number == RESOURCE_VERSION {
                return Ok(Self::around(metadata, at, reader.position()));
            }
        }
    }

    fn around(metadata: &'a [u8], until: usize, from: usize) -> Self {
        Self {
            before: &metadata[..until],
            after: &metadata[from..],
        }
    }

    /// Of the metadata's body.
    fn inner(&self, digits: &[u8]) -> usize {
        // The tag and the length of the digits are a byte each.
        self.before.len() + 2 + digits.len() + self.after.len()
    }

    fn len(&self, digits: &[u8]) -> usize {
        let inner = self.inner(digits);
        1 + varint_len(inner as u64) + inner
    }

    fn put(&self, digits: &[u8], out: &mut Vec<u8>) {
        put_tag(METADATA, BYTES, out);
        put_varint(self.inner(digits) as u64, out);
        out.extend_from_slice(self.before);
        put_bytes(RESOURCE_VERSION, digits, out);
        out.extend_from_slice(self.after);
    }
}

/// A number in decimal.
struct Digits {
    bytes: [u8; 20],
    from: usize,
}

impl Digits {
    fn of(number: i64) -> Self {
        let (mut bytes, mut from) = ([b'0'; 20], 20);
        let mut left = number.unsigned_abs();
        while left > 0 || from == 20 {
            from -= 1;
            bytes[from] = b'0' + (left % 10) as u8;
            left /= 10;
        }
        if number < 0 {
            from -= 1;
            bytes[from] = b'-';
        }
        Self { bytes, from }
    }

    fn text(&self) -> &[u8] {
        &self.bytes[self.from..]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_decimal() {
        for number in [0, 7, 10, 1_234_567, i64::MAX, i64::MIN] {
            assert_eq!(Digits::of(number).text(), number.to_string().as_bytes());
        }
    }

    #[test]
    fn a_message_without_metadata_gets_one() {
        let mut out = Vec::new();
        splice(&[0x12, 0], 7, &mut out).expect("a message");
        assert_eq!(out, [0x0a, 3, 0x32, 1, b'7', 0x12, 0]);
    }

    #[test]
    fn broken_bytes_are_refused_and_nothing_is_written() {
        let mut out = vec![9];
        for broken in [&[0x0a, 9][..], &[0x0a, 2, 0x0a, 9]] {
            assert!(splice(broken, 7, &mut out).is_err() && spliced_len(broken, 7).is_err());
        }
        assert_eq!(out, [9]);
    }
}
