//! Makes objects of any type from the table, with a seeded source of randomness.

use schema::{Field, FieldType, Map, SmolStr, TypeId, Types, Value, tree};

/// splitmix64: enough for test data.
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len() as u64) as usize]
    }
}

/// A random object with its `apiVersion` and `kind`.
pub fn object(types: &Types, id: TypeId, random: &mut Random) -> Value {
    let mut generator = Generator { types, random };
    let mut map = generator.message(id, 0);
    let (api_version, kind) = types.get(id).only_kind().expect("a served kind");
    map.insert("apiVersion", api_version);
    map.insert("kind", kind);
    Value::Map(map)
}

struct Generator<'a> {
    types: &'a Types,
    random: &'a mut Random,
}

const TEXTS: &[&str] = &[
    "a",
    "0",
    "<b> & \"c\"",
    "line\nbreak",
    "\u{e9}\u{4e2d}\u{2028}\u{1f600}",
    "a-rather-long-text-that-is-not-inline",
];
const QUANTITIES: &[&str] = &["1", "100m", "1Gi", "1536Mi", "12e3", "5n"];
const TIMES: &[&str] = &[
    "2024-02-29T12:00:00Z",
    "1970-01-01T00:00:00Z",
    "1969-12-31T23:59:59Z",
];
const MICRO_TIMES: &[&str] = &["2024-02-29T12:00:00.000000Z", "2001-01-01T00:00:00.123456Z"];

impl Generator<'_> {
    fn message(&mut self, id: TypeId, depth: usize) -> Map {
        let types = self.types;
        let mut map = Map::new();
        for field in types.json_fields(id).filter(|field| field.number != 0) {
            // Deep down only a few, or objects would grow without bound.
            let chance = [90, 80, 60, 35, 20, 12, 8].get(depth).copied().unwrap_or(4);
            if must(field) || self.random.below(100) < chance {
                let value = self.value(&field.ty, field, depth + 1);
                map.insert(field.json.clone(), value);
            }
        }
        map
    }

    fn value(&mut self, ty: &FieldType, field: &Field, depth: usize) -> Value {
        match ty {
            FieldType::String if field.enum_values.is_empty() => Value::from(*self.random.pick(TEXTS)),
            FieldType::String => Value::from(self.random.pick(&field.enum_values).clone()),
            FieldType::Int32 => {
                Value::Int(
                    *self
                        .random
                        .pick(&[0, 1, -1, i64::from(i32::MAX), i64::from(i32::MIN)]),
                )
            }
            FieldType::Int64 => Value::Int(*self.random.pick(&[0, 1, -1, i64::MAX, i64::MIN])),
            FieldType::Bool => Value::Bool(self.random.below(2) == 1),
            FieldType::Bytes => Value::from(*self.random.pick(&["AAEC/w==", "YQ==", "YWJj"])),
            FieldType::Double => self
                .random
                .pick(&[Value::Int(3), Value::Float(0.5), Value::Float(-1e-9)])
                .clone(),
            FieldType::Quantity => Value::from(*self.random.pick(QUANTITIES)),
            FieldType::IntOrString => self.random.pick(&[Value::Int(80), Value::from("25%")]).clone(),
            FieldType::Time => Value::from(*self.random.pick(TIMES)),
            FieldType::MicroTime => Value::from(*self.random.pick(MICRO_TIMES)),
            FieldType::Duration => Value::from("1m0s"),
            FieldType::FieldsV1 => Value::Raw(SmolStr::new("{\"f:a\":{},\"f:b\":{\".\":{}}}")),
            FieldType::RawExtension | FieldType::Json | FieldType::Any | FieldType::Deduced => {
                tree!({"a": [1i64, "<", null], "b": {"c": true}})
            }
            FieldType::Message(id) if self.types.get(*id).custom_json => self.custom(*id, depth),
            FieldType::Message(id) => {
                let mut map = self.message(*id, depth);
                if let Some((api_version, kind)) =
                    self.types.get(*id).only_kind().filter(|_| field.embeds_kind)
                {
                    map.insert("apiVersion", api_version);
                    map.insert("kind", kind);
                }
                Value::Map(map)
            }
            FieldType::List(item) => {
                let length = self.random.below(3);
                Value::List((0..length).map(|_| self.value(item, field, depth)).collect())
            }
            FieldType::Map(item) => {
                let length = self.random.below(3) as usize;
                Value::Map(
                    ["b<", "a", "z"]
                        .iter()
                        .take(length)
                        .map(|key| ((*key).into(), self.value(item, field, depth)))
                        .collect(),
                )
            }
        }
    }

    /// One of the forms of a type that has several.
    fn custom(&mut self, id: TypeId, depth: usize) -> Value {
        let field = self.random.pick(&self.types.get(id).fields).clone();
        match self.value(&field.ty, &field, depth) {
            Value::List(list) if list.is_empty() => Value::Map(Map::new()),
            value => value,
        }
    }
}

/// k8s-openapi reads no null time, and makes a zero value of a required one that is absent; Go prints null or nothing.
fn must(field: &Field) -> bool {
    let is_time = matches!(field.ty, FieldType::Time | FieldType::MicroTime);
    let is_message = field.message().is_some();
    match field.pointer {
        true => !is_message && (!field.omit_empty || field.required),
        false => is_time,
    }
}
