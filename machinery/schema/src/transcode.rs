//! Stored protobuf to JSON in one pass, without a tree: what lists and watches are served from.
//!
//! The text is that of [`crate::json::encode`] over [`crate::proto::decode`], with the revision put in, but for raw extensions
//! and field sets, whose key order is kept. Unknown protobuf fields are passed over.

mod in_order;
mod scalar;
mod spans;

use std::borrow::Cow;

use crate::json::{self, write};
use crate::proto::wire::{BYTES, Reader};
use crate::{Error, Field, FieldType, TypeId, Types, limits, proto};
use spans::{Entry, Span, Spans};

/// Appends a stored object as JSON. `body` is the message without its envelope.
///
/// `api_version` and `kind` are printed if the type has them and they are not empty. `resource_version` is put into the
/// object's metadata. On an error `out` is as it was.
pub fn to_json(
    types: &Types,
    id: TypeId,
    body: &[u8],
    api_version: &str,
    kind: &str,
    resource_version: Option<i64>,
    out: &mut Vec<u8>,
) -> Result<(), Error> {
    let top = Top {
        api_version,
        kind,
        resource_version,
    };
    // Canonical bytes have their fields in order. Others are begun again, once, whatever is in them.
    let done = match attempt(types, id, body, top, true, out) {
        Err(Halt::Disordered) => attempt(types, id, body, top, false, out),
        done => done,
    };
    done.map_err(|halt| match halt {
        Halt::Error(error) => *error,
        Halt::Disordered => Error::syntax("proto: fields are out of order"),
    })
}

fn attempt(
    types: &Types,
    id: TypeId,
    body: &[u8],
    top: Top<'_>,
    in_order: bool,
    out: &mut Vec<u8>,
) -> Result<(), Halt> {
    let start = out.len();
    let mut transcoder = Transcoder {
        types,
        out,
        spans: Spans::new(),
        depth: 0,
        in_order,
    };
    let done = transcoder.object(id, body, top);
    if done.is_err() {
        out.truncate(start);
    }
    done
}

/// Why transcoding ends early. It is small, as it is part of what every step answers.
enum Halt {
    /// The bytes are wrong.
    Error(Box<Error>),
    /// A field, or the key of a map, comes behind one that should follow it, or twice.
    Disordered,
}

impl From<Error> for Halt {
    fn from(error: Error) -> Self {
        Halt::Error(Box::new(error))
    }
}

#[derive(Clone, Copy)]
struct Top<'a> {
    api_version: &'a str,
    kind: &'a str,
    resource_version: Option<i64>,
}

struct Transcoder<'t, 'o> {
    types: &'t Types,
    out: &'o mut Vec<u8>,
    spans: Spans,
    depth: usize,
    /// Fields are expected in the order of a canonical wire form.
    in_order: bool,
}

impl<'t> Transcoder<'t, '_> {
    fn object(&mut self, id: TypeId, body: &[u8], top: Top<'_>) -> Result<(), Halt> {
        self.out.push(b'{');
        let start = self.out.len();
        if self.types.get(id).type_meta {
            for (name, text) in [("\"kind\":", top.kind), ("\"apiVersion\":", top.api_version)] {
                if !text.is_empty() {
                    self.comma(start);
                    self.out.extend_from_slice(name.as_bytes());
                    write::string(text, self.out);
                }
            }
        }
        self.fields(id, body, start, top.resource_version)?;
        self.out.push(b'}');
        Ok(())
    }

    /// The fields of a message; `start` is where its object's first field would be.
    fn fields(&mut self, id: TypeId, body: &[u8], start: usize, revision: Option<i64>) -> Result<(), Halt> {
        self.depth += 1;
        if self.depth > limits::DEPTH_MAX {
            return Err(Error::syntax("proto: message is nested too deep").into());
        }
        let schema = self.types.get(id);
        if self.in_order && schema.is_in_wire_order() && revision.is_none() {
            self.fields_in_order(schema, body, start)?;
            self.depth -= 1;
            return Ok(());
        }
        let found = self.spans.scan(schema, body)?;
        for place in found.places(schema.always_visited()) {
            let step = &schema.steps()[place];
            let span = self.spans.at(&found, place);
            let field = &schema.fields[step.index as usize];
            if let FieldType::Message(inner) = field.ty
                && field.inline
            {
                let body = span.map_or(Ok(Cow::default()), |span| span.body(field, body))?;
                self.fields(inner, &body, start, None)?;
            } else if revision.is_some() && field.json == "metadata" {
                self.metadata(field, span, body, start, revision)?;
            } else {
                self.field(field, span, body, start)?;
            }
        }
        self.spans.close(&found);
        self.depth -= 1;
        Ok(())
    }

    /// An object's metadata with the revision in its place.
    fn metadata(
        &mut self,
        field: &'t Field,
        span: Option<Span>,
        body: &[u8],
        start: usize,
        revision: Option<i64>,
    ) -> Result<(), Halt> {
        let FieldType::Message(id) = field.ty else {
            return self.field(field, span, body, start);
        };
        let body = span.map_or(Ok(Cow::default()), |span| span.body(field, body))?;
        let schema = self.types.get(id);
        self.name(field, start);
        self.out.push(b'{');
        let start = self.out.len();
        let found = self.spans.scan(schema, &body)?;
        for (place, step) in schema.steps().iter().enumerate() {
            let field = &schema.fields[step.index as usize];
            match revision {
                Some(revision) if field.json == "resourceVersion" => {
                    self.name(field, start);
                    self.out.push(b'"');
                    write::int(revision, self.out);
                    self.out.push(b'"');
                }
                _ => self.field(field, self.spans.at(&found, place), &body, start)?,
            }
        }
        self.spans.close(&found);
        self.out.push(b'}');
        Ok(())
    }

    fn field(&mut self, field: &'t Field, span: Option<Span>, body: &[u8], start: usize) -> Result<(), Halt> {
        let Some(span) = span else {
            self.absent(field, start);
            return Ok(());
        };
        match &field.ty {
            FieldType::List(item) if !field.wrap => {
                self.name(field, start);
                self.list(field, item, span, body)
            }
            FieldType::Map(item) => {
                self.name(field, start);
                self.map(field, item, span, body)
            }
            ty => self.singular(field, ty, span, body, start),
        }
    }

    /// A value that is neither list nor map. It is printed, and taken back if it turns out to be one that is left out.
    fn singular(
        &mut self,
        field: &'t Field,
        ty: &'t FieldType,
        span: Span,
        body: &[u8],
        start: usize,
    ) -> Result<(), Halt> {
        if let FieldType::Message(id) = ty
            && span.count > 1
            && !self.types.get(*id).custom_json
        {
            self.name(field, start);
            let joined = span.body(field, body)?;
            return self.message(*id, &joined);
        }
        let (wire, mut reader) = span.last(body);
        self.one(field, ty, wire, &mut reader, start)
    }

    /// The same of one whose tag is read already.
    #[inline]
    fn one(
        &mut self,
        field: &'t Field,
        ty: &'t FieldType,
        wire: u8,
        reader: &mut Reader<'_>,
        start: usize,
    ) -> Result<(), Halt> {
        let is_left_out = !field.pointer && !field.printed_when_absent;
        if is_left_out && scalar::is_plain_zero(ty, wire, reader) {
            return Ok(reader.skip(wire)?);
        }
        let before = self.out.len();
        self.name(field, start);
        let printed = self.out.len();
        self.value(field, ty, wire, reader)?;
        if is_left_out && scalar::is_zero(&self.out[printed..]) {
            self.out.truncate(before);
        }
        Ok(())
    }

    fn absent(&mut self, field: &Field, start: usize) {
        if !field.printed_when_absent {
            return;
        }
        self.name(field, start);
        if field.pointer {
            self.out.extend_from_slice(b"null");
        } else {
            json::zero(self.types, &field.ty, self.out);
        }
    }

    fn list(&mut self, field: &'t Field, item: &'t FieldType, span: Span, body: &[u8]) -> Result<(), Halt> {
        self.out.push(b'[');
        let start = self.out.len();
        let mut reader = span.reader(body);
        let mut left = span.count;
        while left > 0
            && let Some((number, wire)) = reader.tag()?
        {
            if number != field.number {
                reader.skip(wire)?;
                continue;
            }
            left -= 1;
            self.item(field, item, wire, &mut reader, start)?;
        }
        self.out.push(b']');
        Ok(())
    }

    /// An item of a list, or several that are packed; `start` is where the first item would be.
    #[inline]
    fn item(
        &mut self,
        field: &'t Field,
        item: &'t FieldType,
        wire: u8,
        reader: &mut Reader<'_>,
        start: usize,
    ) -> Result<(), Halt> {
        if wire == BYTES && matches!(item, FieldType::Int32 | FieldType::Int64 | FieldType::Bool) {
            let mut packed = Reader::new(reader.bytes()?);
            while !packed.is_at_end() {
                self.comma(start);
                self.value(field, item, 0, &mut packed)?;
            }
            return Ok(());
        }
        self.comma(start);
        match item {
            FieldType::Message(id) if field.embeds_kind => self.embedded(*id, field, wire, reader),
            _ => self.value(field, item, wire, reader),
        }
    }

    /// An object of a kind of its own.
    fn embedded(&mut self, id: TypeId, field: &Field, wire: u8, reader: &mut Reader<'_>) -> Result<(), Halt> {
        if wire != BYTES {
            return Err(proto::wrong_wire(field, wire).into());
        }
        let (api_version, kind) = self.types.get(id).only_kind().unwrap_or_default();
        self.object(
            id,
            reader.bytes()?,
            Top {
                api_version: &api_version,
                kind: &kind,
                resource_version: None,
            },
        )
    }

    fn map(&mut self, field: &'t Field, item: &'t FieldType, span: Span, body: &[u8]) -> Result<(), Halt> {
        if self.in_order {
            return self.map_in_order(field, item, span, body);
        }
        let entries = span.entries(field, body)?;
        self.out.push(b'{');
        let start = self.out.len();
        for entry in entries {
            self.entry(field, item, entry, start)?;
        }
        self.out.push(b'}');
        Ok(())
    }

    fn entry(
        &mut self,
        field: &'t Field,
        item: &'t FieldType,
        (key, value): Entry<'_>,
        start: usize,
    ) -> Result<(), Halt> {
        self.comma(start);
        write::string_of_bytes(key, self.out);
        self.out.push(b':');
        match value {
            Some((wire, bytes)) => self.value(field, item, wire, &mut Reader::new(bytes)),
            None => {
                json::zero(self.types, item, self.out);
                Ok(())
            }
        }
    }

    /// One value, whose tag is read already.
    fn value(
        &mut self,
        field: &'t Field,
        ty: &'t FieldType,
        wire: u8,
        reader: &mut Reader<'_>,
    ) -> Result<(), Halt> {
        match ty {
            FieldType::String if wire == BYTES => {
                write::string_of_bytes(reader.bytes()?, self.out);
                Ok(())
            }
            FieldType::Message(id) if wire == BYTES => self.message(*id, reader.bytes()?),
            FieldType::List(item) if wire == BYTES => self.wrapped(field, item, reader.bytes()?),
            ty => Ok(scalar::transcode(field, ty, wire, reader, self.out)?),
        }
    }

    fn message(&mut self, id: TypeId, body: &[u8]) -> Result<(), Halt> {
        if self.types.get(id).custom_json {
            let value = proto::decode(self.types, id, body)?;
            json::encode(self.types, id, &value, self.out);
            return Ok(());
        }
        self.out.push(b'{');
        let start = self.out.len();
        self.fields(id, body, start, None)?;
        self.out.push(b'}');
        Ok(())
    }

    /// A list in a message of its own; nil when empty.
    fn wrapped(&mut self, field: &'t Field, item: &'t FieldType, body: &[u8]) -> Result<(), Halt> {
        let before = self.out.len();
        self.out.push(b'[');
        let start = self.out.len();
        let mut reader = Reader::new(body);
        while let Some((number, wire)) = reader.tag()? {
            if number != 1 {
                reader.skip(wire)?;
                continue;
            }
            self.comma(start);
            self.value(field, item, wire, &mut reader)?;
        }
        if self.out.len() == start {
            self.out.truncate(before);
            self.out.extend_from_slice(b"null");
        } else {
            self.out.push(b']');
        }
        Ok(())
    }

    fn comma(&mut self, start: usize) {
        if self.out.len() > start {
            self.out.push(b',');
        }
    }

    /// A field's name, behind a comma where another came before.
    #[inline]
    fn name(&mut self, field: &Field, start: usize) {
        let first = usize::from(self.out.len() <= start);
        self.out
            .extend_from_slice(&field.printed_name.as_bytes()[first..]);
    }
}
