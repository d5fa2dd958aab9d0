//! The types by which fields of custom objects are owned: those of the schema, and the metadata that all objects have.

use std::collections::HashMap;

use schema::types::Builder;
use schema::{Field, FieldType, TypeId, TypeSchema, Types, Value, json};

use crate::structural::Structural;

const METADATA: &str = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta";

/// The types of a schema, and the one of its objects.
pub fn of(schema: &Structural) -> (Types, TypeId) {
    let mut made = Made::default();
    let id = made.object("object", schema, true);
    (made.builder.build(), id)
}

/// Metadata of an object as every server has it in its hands; what does not fit is left out.
pub fn typed_metadata(object: &mut Value) {
    if let Some(metadata) = object.get_mut("metadata") {
        type_metadata(metadata);
    }
}

/// Makes a value metadata as every server has it in its hands; returns the paths of fields that metadata does not have. What is no
/// metadata at all stays as it is: it is for validation to say so.
pub(crate) fn type_metadata(metadata: &mut Value) -> Vec<String> {
    let types = Types::builtin();
    let decoded = types
        .id(METADATA)
        .and_then(|id| json::from_tree(types, id, metadata).ok());
    let Some(decoded) = decoded else {
        return Vec::new();
    };
    *metadata = decoded.value;
    decoded.strict.into_iter().map(|error| error.path).collect()
}

#[derive(Default)]
struct Made {
    builder: Builder,
    copied: HashMap<TypeId, TypeId>,
}

impl Made {
    fn object(&mut self, name: &str, schema: &Structural, is_root: bool) -> TypeId {
        let id = self.builder.declare(name);
        let is_object = is_root || schema.is_embedded;
        let mut fields: Vec<Field> = Vec::new();
        if let (true, Some(metadata)) = (is_object, Types::builtin().id(METADATA)) {
            let metadata = FieldType::Message(self.copy(metadata));
            fields.push(field("metadata", metadata));
        }
        for (key, property) in &schema.properties {
            if is_object && matches!(key.as_str(), "apiVersion" | "kind" | "metadata") {
                continue;
            }
            fields.push(self.field(&format!("{name}.{key}"), key, property));
        }
        let mut made = TypeSchema::default();
        made.fields = fields;
        made.type_meta = is_object;
        made.atomic = schema.is_atomic_map;
        made.open = schema.preserves_unknown;
        self.builder.define(id, made);
        id
    }

    fn field(&mut self, name: &str, key: &str, schema: &Structural) -> Field {
        let mut field = field(key, self.ty(name, schema));
        field.list_type = schema.list_type;
        field.list_map_keys.clone_from(&schema.list_map_keys);
        field.atomic_map = schema.is_atomic_map;
        field.default.clone_from(&schema.default);
        field
    }

    fn ty(&mut self, name: &str, schema: &Structural) -> FieldType {
        if schema.int_or_string {
            return FieldType::IntOrString;
        }
        match schema.kind.as_str() {
            "string" => FieldType::String,
            "integer" => FieldType::Int64,
            "number" => FieldType::Double,
            "boolean" => FieldType::Bool,
            "array" => {
                let item = schema
                    .items
                    .as_deref()
                    .map(|items| self.ty(&format!("{name}[]"), items));
                FieldType::List(Box::new(item.unwrap_or(FieldType::Deduced)))
            }
            "object" => match &schema.additional {
                Some(additional) => FieldType::Map(Box::new(self.ty(&format!("{name}{{}}"), additional))),
                None if schema.properties.is_empty() && !schema.is_embedded => FieldType::Deduced,
                None => FieldType::Message(self.object(name, schema, false)),
            },
            _ => FieldType::Deduced,
        }
    }

    /// A built-in type and those that it refers to.
    fn copy(&mut self, of: TypeId) -> TypeId {
        if let Some(known) = self.copied.get(&of) {
            return *known;
        }
        let original = Types::builtin().get(of);
        let id = self.builder.declare(original.name.clone());
        self.copied.insert(of, id);
        let mut made = TypeSchema::default();
        for field in &original.fields {
            let mut field = field.clone();
            field.ty = self.copy_type(&field.ty);
            made.fields.push(field);
        }
        made.atomic = original.atomic;
        made.custom_json = original.custom_json;
        self.builder.define(id, made);
        id
    }

    fn copy_type(&mut self, ty: &FieldType) -> FieldType {
        match ty {
            FieldType::Message(id) => FieldType::Message(self.copy(*id)),
            FieldType::List(item) => FieldType::List(Box::new(self.copy_type(item))),
            FieldType::Map(item) => FieldType::Map(Box::new(self.copy_type(item))),
            other => other.clone(),
        }
    }
}

fn field(key: &str, ty: FieldType) -> Field {
    let mut field = Field::new(key, 0, ty);
    field.omit_empty = true;
    field
}

#[cfg(test)]
mod tests {
    use super::*;
    use schema::{Map, Value, tree};

    /// Only fields that protobuf has are counted against what a message may have of them.
    #[test]
    fn a_definition_may_have_any_number_of_fields() {
        let mut properties = Map::new();
        for number in 0..1_000 {
            properties.insert(format!("field{number}"), tree!({"type": "string"}));
        }
        let schema = tree!({"type": "object", "properties": (Value::Map(properties))});
        let (types, id) = of(&Structural::read(&schema));
        let fields = types.get(id).fields.iter();
        let own = fields.filter(|field| field.json.starts_with("field"));
        assert_eq!(own.count(), 1_000);
    }
}
