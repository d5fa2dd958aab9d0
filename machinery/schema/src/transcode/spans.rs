//! Where the fields of a message lie in its body. JSON has them in another order than the wire, so each message is scanned once,
//! and its fields are then visited in JSON order.

use std::borrow::Cow;

use crate::proto::wire::{BYTES, Reader};
use crate::proto::wrong_wire;
use crate::{Error, Field, TypeSchema};

/// The fields of the messages that are open, innermost last.
#[derive(Default)]
pub(super) struct Spans {
    spans: Vec<Span>,
}

/// Where one field lies.
#[derive(Clone, Copy, Default)]
pub(super) struct Span {
    first: u32,
    last: u32,
    pub(super) count: u32,
}

/// A map entry: its key, and its value's wire type and bytes.
pub(super) type Entry<'a> = (&'a [u8], Option<(u8, &'a [u8])>);

impl Spans {
    /// Scans a body; the answer is what [`Spans::at`] and [`Spans::close`] want.
    pub(super) fn scan(&mut self, schema: &TypeSchema, body: &[u8]) -> Result<usize, Error> {
        if u32::try_from(body.len()).is_err() {
            return Err(Error::syntax("proto: message is too long"));
        }
        let base = self.spans.len();
        self.spans.resize(base + schema.fields.len(), Span::default());
        let mut reader = Reader::new(body);
        let mut expected = 0;
        loop {
            let at = reader.position() as u32;
            let Some((number, wire)) = reader.tag()? else {
                return Ok(base);
            };
            reader.skip(wire)?;
            let Some((place, index)) = schema.index_by_number(number, expected) else {
                continue;
            };
            let span = &mut self.spans[base + index];
            if span.count == 0 {
                span.first = at;
            }
            span.last = at;
            span.count += 1;
            expected = place;
        }
    }

    /// Where a field lies, by its index in the schema.
    pub(super) fn at(&self, base: usize, index: usize) -> Option<Span> {
        self.spans
            .get(base + index)
            .copied()
            .filter(|span| span.count > 0)
    }

    /// Forgets a message.
    pub(super) fn close(&mut self, base: usize) {
        self.spans.truncate(base);
    }
}

impl Span {
    /// A reader that stands at the first occurrence.
    pub(super) fn reader<'a>(&self, body: &'a [u8]) -> Reader<'a> {
        Reader::new(body.get(self.first as usize..).unwrap_or_default())
    }

    /// A reader that stands at the last one, which counts.
    pub(super) fn last<'a>(&self, body: &'a [u8]) -> Reader<'a> {
        Reader::new(body.get(self.last as usize..).unwrap_or_default())
    }

    /// The bytes of a message: to protobuf, one that comes several times is merged, which is all of it one after the other.
    pub(super) fn body<'a>(&self, field: &Field, body: &'a [u8]) -> Result<Cow<'a, [u8]>, Error> {
        let mut whole = Cow::Borrowed(&[][..]);
        self.each(field, body, |bytes| {
            match self.count {
                1 => whole = Cow::Borrowed(bytes),
                _ => whole.to_mut().extend_from_slice(bytes),
            }
            Ok(())
        })?;
        Ok(whole)
    }

    /// The entries of a map in key order; of several with one key the last counts.
    pub(super) fn entries<'a>(&self, field: &Field, body: &'a [u8]) -> Result<Vec<Entry<'a>>, Error> {
        let mut entries: Vec<Entry<'a>> = Vec::with_capacity((self.count as usize).min(body.len()));
        let mut sorted = true;
        self.each(field, body, |bytes| {
            let entry = entry(bytes)?;
            sorted &= entries.last().is_none_or(|last| last.0 < entry.0);
            entries.push(entry);
            Ok(())
        })?;
        if !sorted {
            entries.reverse();
            entries.sort_by_key(|entry| entry.0);
            entries.dedup_by_key(|entry| entry.0);
        }
        Ok(entries)
    }

    fn each<'a>(
        &self,
        field: &Field,
        body: &'a [u8],
        mut take: impl FnMut(&'a [u8]) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let mut reader = self.reader(body);
        let mut left = self.count;
        while left > 0
            && let Some((number, wire)) = reader.tag()?
        {
            match (number == field.number, wire) {
                (true, BYTES) => {
                    take(reader.bytes()?)?;
                    left -= 1;
                }
                (true, wire) => return Err(wrong_wire(field, wire)),
                (false, wire) => reader.skip(wire)?,
            }
        }
        Ok(())
    }
}

/// Reads a map entry.
pub(super) fn entry(body: &[u8]) -> Result<Entry<'_>, Error> {
    let mut entry: Entry<'_> = (&[], None);
    let mut reader = Reader::new(body);
    while let Some((number, wire)) = reader.tag()? {
        match (number, wire) {
            (1, BYTES) => entry.0 = reader.bytes()?,
            (2, wire) => {
                let start = reader.position();
                reader.skip(wire)?;
                entry.1 = Some((wire, &body[start..reader.position()]));
            }
            (_, wire) => reader.skip(wire)?,
        }
    }
    Ok(entry)
}
