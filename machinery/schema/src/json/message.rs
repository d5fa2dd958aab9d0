//! The part of the typed decoder that descends: messages, lists, maps, and the types with a JSON form of their own.

use super::decode::Decoder;
use super::scan::Begin;
use super::strict::{Step, StrictKind};
use super::untyped;
use crate::{Error, Field, FieldType, Map, SmolStr, TypeId, Value, canonical};

impl<'t> Decoder<'t, '_> {
    /// The object whose brace is next, as a message.
    pub(super) fn message(&mut self, id: TypeId) -> Result<Value, Error> {
        self.scan.enter()?;
        let outer = self.owner.replace(id);
        let mut map = Map::new();
        let mut seen = Seen::default();
        let mut expected = 0;
        let mut first = true;
        while let Some(key) = self.scan.key(first)? {
            first = false;
            let Some((place, field)) = self.types.lookup(id, &key, expected) else {
                self.report(StrictKind::Unknown, &key);
                self.scan.skip()?;
                continue;
            };
            expected = place + 1;
            let before = if seen.first(place) {
                None
            } else {
                self.report(StrictKind::Duplicate, &key);
                map.remove(&field.json)
            };
            self.steps.push(Step::Field(&field.json));
            self.field(field, before, &mut map)?;
            self.steps.pop();
        }
        self.owner = outer;
        Ok(Value::Map(map))
    }

    /// A field's value; `before` is what stood in it if it comes again.
    fn field(&mut self, field: &'t Field, before: Option<Value>, map: &mut Map) -> Result<(), Error> {
        let begin = self.scan.begin()?;
        let value = match (self.value(&field.ty, Some(field))?, before) {
            (Some(Value::Map(more)), Some(Value::Map(before)))
                if matches!(field.ty, FieldType::Message(_) | FieldType::Map(_)) =>
            {
                Some(Value::Map(merged(before, more)))
            }
            // null leaves what a duplicate has set, unless it is a pointer, list or map.
            (None, before) if begin == Begin::Null && !field.pointer && is_plain(&field.ty) => before,
            (value, _) => value,
        };
        let is_kept = |value: &Value| field.nil_differs && !value.is_null();
        if let Some(value) = value.filter(|value| !canonical::is_absent(field, value) || is_kept(value)) {
            map.insert(field.json.clone(), value);
        }
        Ok(())
    }

    /// The array that is next.
    pub(super) fn list(&mut self, item: &'t FieldType, field: Option<&'t Field>) -> Result<Value, Error> {
        self.scan.enter()?;
        let mut list = Vec::new();
        while self.scan.element(list.is_empty())? {
            self.steps.push(Step::Index(list.len()));
            let value = self.value(item, field)?;
            self.steps.pop();
            list.push(value.unwrap_or_else(|| canonical::zero_item(item)));
        }
        Ok(Value::List(list))
    }

    /// The object that is next, as a map with any keys.
    pub(super) fn map(&mut self, item: &'t FieldType, field: Option<&'t Field>) -> Result<Value, Error> {
        self.scan.enter()?;
        let mut map = Map::new();
        while let Some(key) = self.scan.key(map.is_empty())? {
            if map.contains_key(&key) {
                self.report(StrictKind::Duplicate, &key);
            }
            let key = SmolStr::new(&key);
            self.steps.push(Step::Key(key.clone()));
            let value = self.value(item, field)?;
            self.steps.pop();
            map.insert(key, value.unwrap_or_else(|| canonical::zero_item(item)));
        }
        Ok(Value::Map(map))
    }

    /// A value of any type, with duplicate keys reported.
    pub(super) fn any(&mut self, begin: Begin, field: Option<&'t Field>) -> Result<Option<Value>, Error> {
        match begin {
            Begin::Object => self.map(&FieldType::Any, field).map(Some),
            Begin::Array => self.list(&FieldType::Any, field).map(Some),
            _ => untyped::value(&mut self.scan).map(Some),
        }
    }

    /// A schema or something else: a list of schemas or texts, or a truth value.
    pub(super) fn custom(
        &mut self,
        id: TypeId,
        begin: Begin,
        ty: &'t FieldType,
        field: Option<&'t Field>,
    ) -> Result<Option<Value>, Error> {
        let types = self.types;
        let alternatives = &types.get(id).fields;
        let matching = alternatives.iter().find(|alternative| match alternative.ty {
            FieldType::Message(_) => begin == Begin::Object,
            FieldType::List(_) => begin == Begin::Array,
            FieldType::Bool => matches!(begin, Begin::True | Begin::False),
            _ => false,
        });
        let Some(alternative) = matching else {
            return self.wrong(begin, ty, field);
        };
        self.lenient += 1;
        let value = self.value(&alternative.ty, field);
        self.lenient -= 1;
        value
    }
}

/// Go decodes an object that comes again into the one that is there.
fn merged(mut before: Map, more: Map) -> Map {
    for (key, value) in more {
        let value = match (value, before.remove(&key)) {
            (Value::Map(more), Some(Value::Map(before))) => Value::Map(merged(before, more)),
            (value, _) => value,
        };
        before.insert(key, value);
    }
    before
}

/// Where Go's decoder lets null change nothing.
fn is_plain(ty: &FieldType) -> bool {
    matches!(
        ty,
        FieldType::String
            | FieldType::Int32
            | FieldType::Int64
            | FieldType::Bool
            | FieldType::Double
            | FieldType::Message(_)
    )
}

/// The fields of an object that have come already.
#[derive(Default)]
struct Seen {
    low: u128,
    high: Vec<usize>,
}

impl Seen {
    fn first(&mut self, place: usize) -> bool {
        if place < 128 {
            let bit = 1 << place;
            let first = self.low & bit == 0;
            self.low |= bit;
            return first;
        }
        let first = !self.high.contains(&place);
        self.high.push(place);
        first
    }
}
