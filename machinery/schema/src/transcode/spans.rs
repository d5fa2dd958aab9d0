//! Where the fields of a message lie in its body. JSON has them in another order than the wire, so each message is scanned once,
//! and its fields are then visited in JSON order.

use std::borrow::Cow;

use crate::proto::wire::{BYTES, Reader};
use crate::proto::wrong_wire;
use crate::{Error, Field, TypeSchema};

/// The fields of the messages that are open, innermost last.
pub(super) struct Spans {
    /// By place among the steps of each message. It does not shrink; what was not found in a message is left from another.
    spans: Vec<Span>,
    /// How many belong to open messages.
    open: usize,
}

/// What was found in a message.
pub(super) struct Found {
    base: usize,
    /// A bit for each place among the steps.
    places: u128,
}

/// Where one field lies.
#[derive(Clone, Copy, Default)]
pub(super) struct Span {
    first: u32,
    /// The value of the last occurrence.
    value: u32,
    wire: u8,
    pub(super) count: u32,
}

/// A map entry: its key, and its value's wire type and bytes.
pub(super) type Entry<'a> = (&'a [u8], Option<(u8, &'a [u8])>);

/// How many spans there is room for at first: a pod's deepest messages need about as many.
const SPANS_AT_FIRST: usize = 128;

impl Spans {
    pub(super) fn new() -> Self {
        Self {
            spans: Vec::with_capacity(SPANS_AT_FIRST),
            open: 0,
        }
    }

    /// Scans a body for the fields that [`TypeSchema::steps`] has; the answer is what [`Spans::at`] and [`Spans::close`] want.
    pub(super) fn scan(&mut self, schema: &TypeSchema, body: &[u8]) -> Result<Found, Error> {
        if u32::try_from(body.len()).is_err() {
            return Err(Error::syntax("proto: message is too long"));
        }
        let base = self.open;
        self.open += schema.steps().len();
        if self.spans.len() < self.open {
            self.spans.resize(self.open, Span::default());
        }
        let spans = &mut self.spans[base..self.open];
        let mut places = 0u128;
        let mut reader = Reader::new(body);
        loop {
            let at = reader.position() as u32;
            let Some((number, wire)) = reader.tag()? else {
                return Ok(Found { base, places });
            };
            let value = reader.position() as u32;
            reader.skip(wire)?;
            let Some(place) = schema.step_place(number) else {
                continue;
            };
            let span = &mut spans[place];
            if places & 1 << place == 0 {
                places |= 1 << place;
                (span.first, span.count) = (at, 0);
            }
            (span.value, span.wire) = (value, wire);
            span.count += 1;
        }
    }

    /// Where a field lies, by its place among the steps.
    #[inline]
    pub(super) fn at(&self, found: &Found, place: usize) -> Option<Span> {
        let is_there = found.places & 1 << place != 0;
        is_there.then(|| self.spans[found.base + place])
    }

    /// Forgets a message.
    pub(super) fn close(&mut self, found: &Found) {
        self.open = found.base;
    }
}

impl Found {
    /// The places of what was found, and of what `always` has a bit of, in ascending order.
    #[inline]
    pub(super) fn places(&self, always: u128) -> impl Iterator<Item = usize> + use<> {
        let mut left = self.places | always;
        std::iter::from_fn(move || {
            let place = left.trailing_zeros() as usize;
            left &= left.wrapping_sub(1);
            (place < u128::BITS as usize).then_some(place)
        })
    }
}

impl Span {
    /// A reader that stands at the first occurrence.
    pub(super) fn reader<'a>(&self, body: &'a [u8]) -> Reader<'a> {
        Reader::new(body.get(self.first as usize..).unwrap_or_default())
    }

    /// The wire type of the last one, which counts, and a reader that stands at its value.
    #[inline]
    pub(super) fn last<'a>(&self, body: &'a [u8]) -> (u8, Reader<'a>) {
        let value = body.get(self.value as usize..).unwrap_or_default();
        (self.wire, Reader::new(value))
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
