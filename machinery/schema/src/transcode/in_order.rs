//! Messages whose wire order is that of JSON, read as they come, without a scan before. Canonical bytes keep to it; where others do
//! not, the object is begun again with a scan of each message.

use super::spans::{Span, entry};
use super::{Halt, Transcoder};
use crate::proto::wire::{BYTES, Reader};
use crate::proto::wrong_wire;
use crate::types::Step;
use crate::{Field, FieldType, TypeSchema};

impl<'t> Transcoder<'t, '_> {
    /// The fields of such a message; `start` is where its object's first field would be.
    pub(super) fn fields_in_order(
        &mut self,
        schema: &'t TypeSchema,
        body: &[u8],
        start: usize,
    ) -> Result<(), Halt> {
        let steps = schema.steps();
        let mut reader = Reader::new(body);
        let mut at = 0;
        while let Some((number, wire)) = reader.tag()? {
            while let Some(step) = steps.get(at).filter(|step| step.number < number) {
                self.skipped(schema, step, start)?;
                at += 1;
            }
            match steps.get(at) {
                Some(step) if step.number == number => {
                    at += 1;
                    let field = &schema.fields[step.index as usize];
                    self.field_in_order(field, wire, &mut reader, start)?;
                }
                _ if schema
                    .by_number(number, at)
                    .is_some_and(|(_, field)| field.is_shown()) =>
                {
                    return Err(Halt::Disordered);
                }
                _ => reader.skip(wire)?,
            }
        }
        for step in &steps[at..] {
            self.skipped(schema, step, start)?;
        }
        Ok(())
    }

    /// A field that is not there.
    #[inline]
    fn skipped(&mut self, schema: &'t TypeSchema, step: &Step, start: usize) -> Result<(), Halt> {
        if !step.always {
            return Ok(());
        }
        let field = &schema.fields[step.index as usize];
        match field.ty {
            FieldType::Message(inner) if field.inline => self.fields(inner, &[], start, None),
            _ => {
                self.absent(field, start);
                Ok(())
            }
        }
    }

    #[inline]
    fn field_in_order(
        &mut self,
        field: &'t Field,
        wire: u8,
        reader: &mut Reader<'_>,
        start: usize,
    ) -> Result<(), Halt> {
        match &field.ty {
            FieldType::Message(inner) if field.inline => match wire {
                BYTES => self.fields(*inner, reader.bytes()?, start, None),
                wire => Err(wrong_wire(field, wire).into()),
            },
            FieldType::List(item) if !field.wrap => {
                self.name(field, start);
                self.out.push(b'[');
                let first = self.out.len();
                let mut next = Some(wire);
                while let Some(wire) = next {
                    self.item(field, item, wire, reader, first)?;
                    next = reader.another(field.number)?;
                }
                self.out.push(b']');
                Ok(())
            }
            FieldType::Map(item) => {
                self.name(field, start);
                self.entries_in_order(field, item, wire, reader)?;
                Ok(())
            }
            ty => self.one(field, ty, wire, reader, start),
        }
    }

    /// A map of a message that was scanned: its entries lie together, in the order of their keys.
    pub(super) fn map_in_order(
        &mut self,
        field: &'t Field,
        item: &'t FieldType,
        span: Span,
        body: &[u8],
    ) -> Result<(), Halt> {
        let mut reader = span.reader(body);
        let read = match reader.tag()? {
            Some((_, wire)) => self.entries_in_order(field, item, wire, &mut reader)?,
            None => 0,
        };
        match read == span.count {
            true => Ok(()),
            false => Err(Halt::Disordered),
        }
    }

    /// The entries that follow each other, and how many they are.
    fn entries_in_order(
        &mut self,
        field: &'t Field,
        item: &'t FieldType,
        wire: u8,
        reader: &mut Reader<'_>,
    ) -> Result<u32, Halt> {
        self.out.push(b'{');
        let start = self.out.len();
        let mut read = 0;
        let mut last = None;
        let mut next = Some(wire);
        while let Some(wire) = next {
            if wire != BYTES {
                return Err(wrong_wire(field, wire).into());
            }
            let entry = entry(reader.bytes()?)?;
            if last.is_some_and(|last| last >= entry.0) {
                return Err(Halt::Disordered);
            }
            last = Some(entry.0);
            self.entry(field, item, entry, start)?;
            read += 1;
            next = reader.another(field.number)?;
        }
        self.out.push(b'}');
        Ok(read)
    }
}
