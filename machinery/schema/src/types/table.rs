//! Reads the checked-in table of built-in types. `generate.py` writes it from the API facts; nothing else may.
//!
//! Line-oriented, names without their package where it is the current one:
//! - `@package`: what follows belongs to it. `.Name` is of this package, `^Name` of meta/v1, `~Name` of core/v1.
//! - `!Name<tab>c or -<tab>values`: an enum, `c` closed.
//! - `=Name flags v=group/version/kind u=discriminator|member:value`: a type. Flags: `t` type meta, `c` custom JSON, `s` scalar,
//!   `w` wrapper, `u` unpublished, `a` atomic. `v=*`: in every group.
//! - ` name number type flags attributes`: a field of the type above; a name with `:` has no JSON form. `[]T` is a list, `{}T` a map.
//!   Flags: `p`ointer, `o`mitempty, omit`z`ero, `i`nline, `w`rap, `r`equired, zero `d`efault, `h`idden, list `s`et, `m`ap, `l` atomic,
//!   map `a`tomic, `g`ranular, `n`il differs. Attributes: `k=` list map keys, `m=` merge key, `s=` patch strategy, `g=` gate, `e=` enum, `n=` key
//!   enum, `d=` default.

use smol_str::{SmolStr, format_smolstr};
use std::collections::HashMap;

use super::{Builder, Field, FieldType, ListType, TypeId, TypeSchema, Types, Union};
use crate::Value;

const TABLE: &str = include_str!("../../data/types.txt");
const META: &str = "io.k8s.apimachinery.pkg.apis.meta.v1";
const CORE: &str = "io.k8s.api.core.v1";

/// The types of the checked-in table.
pub(super) fn builtin() -> Types {
    let mut reader = Reader::default();
    for line in TABLE.lines() {
        reader.line(line);
    }
    reader.finish()
}

#[derive(Default)]
struct Reader<'a> {
    builder: Builder,
    enums: HashMap<SmolStr, (bool, Vec<SmolStr>)>,
    package: &'a str,
    open: Option<(TypeId, TypeSchema)>,
}

impl<'a> Reader<'a> {
    fn line(&mut self, line: &'a str) {
        match line.split_at_checked(1) {
            Some(("@", package)) => {
                self.close();
                self.package = package;
            }
            Some(("!", rest)) => self.enumeration(rest),
            Some(("=", rest)) => {
                self.close();
                self.open = Some(self.message(rest));
            }
            Some((" ", rest)) => {
                let field = self.field(rest);
                if let Some((_, schema)) = &mut self.open {
                    schema.fields.push(field);
                }
            }
            _ => {}
        }
    }

    fn finish(mut self) -> Types {
        self.close();
        self.builder.build()
    }

    fn close(&mut self) {
        if let Some((id, schema)) = self.open.take() {
            self.builder.define(id, schema);
        }
    }

    fn enumeration(&mut self, rest: &str) {
        let mut words = rest.split('\t');
        let name = format_smolstr!("{}.{}", self.package, words.next().unwrap_or_default());
        let closed = words.next() == Some("c");
        self.enums
            .insert(name, (closed, words.map(SmolStr::new).collect()));
    }

    fn message(&mut self, rest: &str) -> (TypeId, TypeSchema) {
        let mut words = rest.split(' ');
        let id = self.builder.declare(format_smolstr!(
            "{}.{}",
            self.package,
            words.next().unwrap_or_default()
        ));
        let flags = words.next().unwrap_or_default();
        let mut schema = TypeSchema {
            type_meta: flags.contains('t'),
            custom_json: flags.contains('c'),
            scalar: flags.contains('s'),
            unpublished: flags.contains('u'),
            atomic: flags.contains('a'),
            ..TypeSchema::default()
        };
        for word in words {
            match word.split_once('=') {
                Some(("v", "*")) => schema.every_group = true,
                Some(("v", gvk)) => {
                    let mut parts = gvk.splitn(3, '/').map(SmolStr::new);
                    let mut part = || parts.next().unwrap_or_default();
                    schema.gvk.push((part(), part(), part()));
                }
                Some(("u", union)) => schema.unions.push(union_of(union)),
                _ => {}
            }
        }
        (id, schema)
    }

    fn field(&mut self, rest: &str) -> Field {
        let mut words = rest.split(' ');
        let name = words.next().unwrap_or_default();
        let name = if name.starts_with(':') { "" } else { name };
        let number = words.next().and_then(|text| text.parse().ok()).unwrap_or(0);
        let ty = self.kind(words.next().unwrap_or_default());
        let mut field = Field::new(name, number, ty);
        flag(&mut field, words.next().unwrap_or_default());
        for word in words {
            if let Some((mark, value)) = word.split_once('=') {
                self.attribute(&mut field, mark, value);
            }
        }
        field
    }

    fn attribute(&self, field: &mut Field, mark: &str, value: &str) {
        let names = || value.split(',').map(SmolStr::new).collect();
        match mark {
            "k" => field.list_map_keys = names(),
            "m" => field.patch_merge_key = Some(SmolStr::new(value)),
            "s" => field.patch_strategy = names(),
            "g" => field.feature_gate = Some(SmolStr::new(value)),
            "n" => field.key_enum_name = Some(self.name(value)),
            "d" => field.default = Some(default_of(value)),
            "e" => {
                let name = self.name(value);
                if let Some((closed, values)) = self.enums.get(&name) {
                    field.enum_closed = *closed;
                    field.enum_values = values.clone();
                }
                field.enum_name = Some(name);
            }
            _ => {}
        }
    }

    fn kind(&mut self, text: &str) -> FieldType {
        if let Some(item) = text.strip_prefix("[]") {
            return FieldType::List(Box::new(self.kind(item)));
        }
        if let Some(item) = text.strip_prefix("{}") {
            return FieldType::Map(Box::new(self.kind(item)));
        }
        match text {
            "string" => FieldType::String,
            "int32" => FieldType::Int32,
            "int64" => FieldType::Int64,
            "bool" => FieldType::Bool,
            "bytes" => FieldType::Bytes,
            "double" => FieldType::Double,
            "quantity" => FieldType::Quantity,
            "intOrString" => FieldType::IntOrString,
            "time" => FieldType::Time,
            "microTime" => FieldType::MicroTime,
            "duration" => FieldType::Duration,
            "rawExtension" => FieldType::RawExtension,
            "fieldsV1" => FieldType::FieldsV1,
            "json" => FieldType::Json,
            "any" => FieldType::Any,
            name => {
                let name = self.name(name);
                FieldType::Message(self.builder.declare(name))
            }
        }
    }

    fn name(&self, short: &str) -> SmolStr {
        match short.split_at_checked(1) {
            Some((".", own)) => format_smolstr!("{}.{own}", self.package),
            Some(("^", own)) => format_smolstr!("{META}.{own}"),
            Some(("~", own)) => format_smolstr!("{CORE}.{own}"),
            _ => SmolStr::new(short),
        }
    }
}

fn flag(field: &mut Field, flags: &str) {
    for mark in flags.chars() {
        match mark {
            'p' => field.pointer = true,
            'o' => field.omit_empty = true,
            'z' => field.omit_zero = true,
            'i' => field.inline = true,
            'w' => field.wrap = true,
            'r' => field.required = true,
            'd' => field.zero_default = true,
            's' => field.list_type = ListType::Set,
            'm' => field.list_type = ListType::Map,
            'a' => field.atomic_map = true,
            'g' => field.granular_map = true,
            'n' => field.nil_differs = true,
            _ => {}
        }
        field.list_type_declared |= matches!(mark, 's' | 'm' | 'l');
    }
}

fn union_of(text: &str) -> Union {
    let (discriminator, members) = text.split_once('|').unwrap_or((text, ""));
    let pair = |member: &str| {
        member
            .split_once(':')
            .map(|(name, value)| (SmolStr::new(name), SmolStr::new(value)))
    };
    Union {
        discriminator: (!discriminator.is_empty()).then(|| SmolStr::new(discriminator)),
        members: members.split(',').filter_map(pair).collect(),
    }
}

/// Declared defaults are text, whole numbers and truth values.
fn default_of(text: &str) -> Value {
    match text {
        "true" => Value::Bool(true),
        "false" => Value::Bool(false),
        _ => match text.parse() {
            Ok(number) => Value::Int(number),
            Err(_) => Value::from(text.trim_matches('"')),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn built_in_types_are_complete() {
        let types = Types::builtin();
        let pod = types.id("io.k8s.api.core.v1.Pod").expect("core type");
        let names: Vec<_> = types.json_fields(pod).map(|field| field.json.as_str()).collect();
        assert_eq!(names, ["kind", "apiVersion", "metadata", "spec", "status"]);
        assert_eq!(types.iter().count(), 937);
    }

    #[test]
    fn inlined_fields_are_found_in_their_parent() {
        let types = Types::builtin();
        let volume = types.id("io.k8s.api.core.v1.Volume").expect("core type");
        assert_eq!(types.field(volume, "hostPath").map(|field| field.number), Some(1));
        assert_eq!(types.field(volume, "hostpath"), None);
        let order: Vec<_> = types
            .json_fields(volume)
            .take(3)
            .map(|field| field.json.as_str())
            .collect();
        assert_eq!(order, ["name", "hostPath", "emptyDir"]);
    }

    #[test]
    fn merge_rules_enums_and_defaults_are_read() {
        let types = Types::builtin();
        let port = types.id("io.k8s.api.core.v1.ContainerPort").expect("core type");
        let protocol = types.field(port, "protocol").expect("field");
        assert_eq!(protocol.default, Some(Value::from("TCP")));
        assert_eq!(protocol.enum_values, ["TCP", "UDP", "SCTP"]);
        let container = types.id("io.k8s.api.core.v1.Container").expect("core type");
        let ports = types.field(container, "ports").expect("field");
        assert_eq!(ports.list_type, ListType::Map);
        assert_eq!(ports.list_map_keys, ["containerPort", "protocol"]);
        assert_eq!(ports.patch_merge_key.as_deref(), Some("containerPort"));
    }
}
