//! Makes a set of types: names are declared first, so that types may refer to each other, then defined.
//! It derives the lookup orders; it checks nothing but that every declared type is defined.

use smol_str::{SmolStr, format_smolstr};

use super::{Field, FieldType, NO_STEP, Step, TypeId, TypeSchema, Types};
use crate::{canonical, limits};

/// Collects schemas for a [`Types`].
#[derive(Debug, Default)]
pub struct Builder {
    types: Types,
}

impl Builder {
    /// The id of a name, new or declared before.
    pub fn declare(&mut self, name: impl Into<SmolStr>) -> TypeId {
        let name = name.into();
        if let Some(id) = self.types.id(&name) {
            return id;
        }
        let id = TypeId(self.types.schemas.len() as u32);
        self.types.schemas.push(TypeSchema {
            name: name.clone(),
            ..TypeSchema::default()
        });
        self.types.by_name.insert(name, id);
        id
    }

    /// Defines a declared type, or defines it anew; the name stays. With `type_meta` the fields `kind` and `apiVersion` are
    /// put first.
    pub fn define(&mut self, id: TypeId, schema: TypeSchema) {
        let slot = &mut self.types.schemas[id.0 as usize];
        let name = std::mem::take(&mut slot.name);
        *slot = TypeSchema { name, ..schema };
        if slot.type_meta {
            for name in ["apiVersion", "kind"] {
                let mut field = Field::new(name, 0, FieldType::String);
                field.omit_empty = true;
                slot.fields.insert(0, field);
            }
        }
    }

    /// The set. A type that was only declared has no fields.
    pub fn build(mut self) -> Types {
        for at in 0..self.types.schemas.len() {
            let id = TypeId(at as u32);
            let mut json_fields = Vec::new();
            self.flatten(id, &mut json_fields, 0);
            let mut json_sorted: Vec<u16> = (0..json_fields.len() as u16).collect();
            json_sorted.sort_by_key(|&at| &self.types.at(json_fields[at as usize]).json);
            let fields = &self.types.schemas[at].fields;
            let mut wire_fields = Vec::new();
            let mut steps = Vec::new();
            for (index, field) in (0..).zip(fields).filter(|(_, field)| field.number != 0) {
                wire_fields.push((field.number, index));
                if field.is_shown() {
                    let always =
                        field.inline || canonical::is_printed_when_absent(field) || field.json == "metadata";
                    steps.push(Step {
                        number: field.number,
                        index,
                        always,
                    });
                }
            }
            wire_fields.sort_unstable();
            let schema = &mut self.types.schemas[at];
            for field in &mut schema.fields {
                field.printed_name = format_smolstr!(",\"{}\":", field.json);
                field.printed_when_absent = canonical::is_printed_when_absent(field);
            }
            schema.json_fields = json_fields.into();
            schema.json_sorted = json_sorted.into();
            schema.wire_fields = wire_fields.into();
            schema.in_wire_order = steps.is_sorted_by_key(|step| step.number);
            schema.step_places = step_places(&steps);
            schema.always_visited = (0..)
                .zip(&steps)
                .filter(|(_, step)| step.always)
                .fold(0, |bits, (place, _)| bits | 1 << place);
            schema.steps = steps.into();
        }
        self.mark_embedded_kinds();
        self.types
    }

    fn mark_embedded_kinds(&mut self) {
        let kinds: Vec<bool> = self
            .types
            .schemas
            .iter()
            .map(|schema| schema.type_meta && schema.gvk.len() == 1)
            .collect();
        for schema in self.types.schemas.iter_mut().filter(|schema| !schema.type_meta) {
            for field in &mut schema.fields {
                let FieldType::List(item) = &field.ty else {
                    continue;
                };
                field.embeds_kind = item.message().is_some_and(|id| kinds[id.0 as usize]);
            }
        }
    }

    /// Inlined messages nest a few levels; the bound only ends a set that inlines itself.
    fn flatten(&self, id: TypeId, into: &mut Vec<(TypeId, u16)>, depth: usize) {
        for (index, field) in self.types.get(id).fields.iter().enumerate() {
            match field.ty {
                FieldType::Message(inner) if field.inline && depth < 8 => {
                    self.flatten(inner, into, depth + 1)
                }
                _ if field.json.is_empty() => {}
                _ => into.push((id, index as u16)),
            }
        }
    }
}

fn step_places(steps: &[Step]) -> Box<[u8]> {
    assert!(
        steps.len() <= limits::SHOWN_FIELDS_MAX,
        "a message has too many fields"
    );
    let numbers = steps.iter().map(|step| step.number as usize + 1);
    let mut places = vec![NO_STEP; numbers.max().unwrap_or_default()];
    for (place, step) in (0..).zip(steps) {
        places[step.number as usize] = place;
    }
    places.into()
}
