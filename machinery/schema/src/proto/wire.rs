//! Protobuf's wire format: tags, varints, lengths. It knows no types.

use crate::Error;

/// Wire types.
pub(crate) const VARINT: u8 = 0;
pub(crate) const FIXED64: u8 = 1;
pub(crate) const BYTES: u8 = 2;
const START_GROUP: u8 = 3;
const END_GROUP: u8 = 4;
const FIXED32: u8 = 5;

/// Reads a message body field by field.
#[derive(Clone, Copy)]
pub(crate) struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Reader { bytes, at: 0 }
    }

    /// How many bytes are read.
    pub(crate) fn position(&self) -> usize {
        self.at
    }

    /// Whether all bytes are read.
    pub(crate) fn is_at_end(&self) -> bool {
        self.at == self.bytes.len()
    }

    /// Whether the next byte is 0: the number 0, or an empty text.
    #[inline]
    pub(crate) fn starts_with_zero(&self) -> bool {
        self.bytes.get(self.at) == Some(&0)
    }

    /// The next field's number and wire type, or `None` at the end.
    #[inline(always)]
    pub(crate) fn tag(&mut self) -> Result<Option<(u32, u8)>, Error> {
        // Most are one byte: a number below 16, which is not 0, and a wire type.
        match self.bytes.get(self.at) {
            None => Ok(None),
            Some(&byte) if (0x08..0x80).contains(&byte) && byte & 7 != END_GROUP => {
                self.at += 1;
                Ok(Some((u32::from(byte >> 3), byte & 7)))
            }
            Some(_) => self.long_tag(),
        }
    }

    /// The wire type of the next field if it has this number; nothing is read if it has another.
    #[inline(always)]
    pub(crate) fn another(&mut self, number: u32) -> Result<Option<u8>, Error> {
        let mut ahead = *self;
        match ahead.tag()? {
            Some((next, wire)) if next == number => {
                *self = ahead;
                Ok(Some(wire))
            }
            _ => Ok(None),
        }
    }

    fn long_tag(&mut self) -> Result<Option<(u32, u8)>, Error> {
        let tag = self.varint()?;
        let (number, wire) = ((tag >> 3) as u32, (tag & 7) as u8);
        if wire == END_GROUP {
            return Err(Error::syntax("proto: wiretype end group for non-group"));
        }
        if number == 0 || tag >> 3 > u64::from(u32::MAX) {
            return Err(Error::syntax(format!(
                "proto: illegal tag {} (wire type {tag})",
                tag >> 3
            )));
        }
        Ok(Some((number, wire)))
    }

    #[inline(always)]
    pub(crate) fn varint(&mut self) -> Result<u64, Error> {
        // Most are one byte.
        if let Some(&byte) = self.bytes.get(self.at)
            && byte < 0x80
        {
            self.at += 1;
            return Ok(byte.into());
        }
        // Most others, lengths among them, are two.
        if let Some(&[low, high, ..]) = self.bytes.get(self.at..)
            && high < 0x80
        {
            self.at += 2;
            return Ok(u64::from(low & 0x7f) | u64::from(high) << 7);
        }
        self.long_varint()
    }

    fn long_varint(&mut self) -> Result<u64, Error> {
        let mut number = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = *self.bytes.get(self.at).ok_or_else(end)?;
            self.at += 1;
            number |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(number);
            }
        }
        Err(Error::syntax("proto: integer overflow"))
    }

    pub(crate) fn fixed64(&mut self) -> Result<u64, Error> {
        let bytes = self.take(8)?;
        Ok(bytes
            .iter()
            .rev()
            .fold(0, |number, byte| number << 8 | u64::from(*byte)))
    }

    /// A length and as many bytes.
    #[inline(always)]
    pub(crate) fn bytes(&mut self) -> Result<&'a [u8], Error> {
        let length = usize::try_from(self.varint()?).map_err(|_| end())?;
        self.take(length)
    }

    /// Passes over a field's value.
    #[inline(always)]
    pub(crate) fn skip(&mut self, wire: u8) -> Result<(), Error> {
        match wire {
            VARINT => self.varint().map(drop),
            BYTES => self.bytes().map(drop),
            wire => self.skip_rare(wire),
        }
    }

    fn skip_rare(&mut self, wire: u8) -> Result<(), Error> {
        match wire {
            FIXED64 => self.take(8).map(drop),
            FIXED32 => self.take(4).map(drop),
            START_GROUP => self.skip_group(),
            _ => Err(Error::syntax(format!("proto: illegal wireType {wire}"))),
        }
    }

    /// Passes over what is in a group; groups nest.
    fn skip_group(&mut self) -> Result<(), Error> {
        let mut open = 1usize;
        while open > 0 {
            let tag = self.varint()?;
            match (tag & 7) as u8 {
                START_GROUP => open += 1,
                END_GROUP => open -= 1,
                wire => self.skip(wire)?,
            }
        }
        Ok(())
    }

    #[inline(always)]
    fn take(&mut self, length: usize) -> Result<&'a [u8], Error> {
        let until = self.at.checked_add(length).ok_or_else(end)?;
        let bytes = self.bytes.get(self.at..until).ok_or_else(end)?;
        self.at = until;
        Ok(bytes)
    }
}

#[cold]
fn end() -> Error {
    Error::syntax("unexpected EOF")
}

pub(crate) fn put_varint(mut number: u64, out: &mut Vec<u8>) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

/// How many bytes [`put_varint`] appends.
pub(crate) fn varint_len(number: u64) -> usize {
    (64 - (number | 1).leading_zeros() as usize).div_ceil(7)
}

pub(crate) fn put_tag(number: u32, wire: u8, out: &mut Vec<u8>) {
    put_varint(u64::from(number) << 3 | u64::from(wire), out);
}

pub(crate) fn put_bytes(number: u32, bytes: &[u8], out: &mut Vec<u8>) {
    put_tag(number, BYTES, out);
    put_varint(bytes.len() as u64, out);
    out.extend_from_slice(bytes);
}

/// A field whose body `write` appends; the length is put in front of it afterwards.
pub(crate) fn put_message(number: u32, out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
    put_tag(number, BYTES, out);
    out.push(0);
    let start = out.len();
    write(out);
    let length = out.len() - start;
    if length < 0x80 {
        out[start - 1] = length as u8;
        return;
    }
    let end = out.len();
    put_varint(length as u64, out);
    let width = out.len() - end;
    // The length goes where the one byte was kept for it; the body moves to make room for the rest.
    let mut head = [0; 10];
    head[..width].copy_from_slice(&out[end..]);
    out.copy_within(start..end, start - 1 + width);
    out[start - 1..start - 1 + width].copy_from_slice(&head[..width]);
    out.truncate(end + width - 1);
}
