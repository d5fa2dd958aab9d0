//! Objects with declared fields, and how field names that the language cannot write are escaped.

use std::collections::BTreeMap;

use smol_str::SmolStr;

use super::Type;
use crate::lexer::is_reserved;

/// A type with fields. Two are the same if their names are.
#[derive(Clone, Debug)]
pub struct Object {
    /// Its name.
    pub name: SmolStr,
    /// Its fields by the names that expressions use; nothing if it may have any, of any type.
    fields: Option<BTreeMap<SmolStr, Field>>,
}

/// A field.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    /// Its name in data.
    pub name: SmolStr,
    /// Its type.
    pub of: Type,
}

impl Object {
    /// An object with these fields, by the names that they have in data and in expressions.
    pub fn new(name: impl Into<SmolStr>, fields: impl IntoIterator<Item = (SmolStr, Type)>) -> Self {
        let same = |(name, of): (SmolStr, Type)| (name.clone(), Field { name, of });
        Self {
            name: name.into(),
            fields: Some(fields.into_iter().map(same).collect()),
        }
    }

    /// An object with these fields, by their names in data, which expressions escape. Those that cannot be written in any way
    /// are left out.
    pub fn escaped(name: impl Into<SmolStr>, fields: impl IntoIterator<Item = (SmolStr, Type)>) -> Self {
        let escaped =
            |(name, of): (SmolStr, Type)| escape(&name).map(|escaped| (escaped, Field { name, of }));
        Self {
            name: name.into(),
            fields: Some(fields.into_iter().filter_map(escaped).collect()),
        }
    }

    /// An object with any fields.
    pub fn open(name: impl Into<SmolStr>) -> Self {
        Self {
            name: name.into(),
            fields: None,
        }
    }

    /// The type of a field by the name that expressions use.
    pub fn field_type(&self, name: &str) -> Option<Type> {
        match &self.fields {
            Some(fields) => fields.get(name).map(|field| field.of.clone()),
            None => Some(Type::Dyn),
        }
    }

    /// A declared field by the name that expressions use.
    pub fn field(&self, name: &str) -> Option<&Field> {
        self.fields.as_ref()?.get(name)
    }

    /// All declared fields, with the names that expressions use.
    pub fn fields(&self) -> impl Iterator<Item = (&SmolStr, &Field)> {
        self.fields.iter().flatten()
    }

    /// Whether it may have any field.
    pub fn is_open(&self) -> bool {
        self.fields.is_none()
    }
}

impl PartialEq for Object {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

/// The name by which expressions select a field: `-`, `.`, `/` and `__` have names between underscores, reserved words stand
/// between them. Nothing for names that cannot be written, as in the reference.
pub fn escape(name: &str) -> Option<SmolStr> {
    if is_reserved(name) {
        return Some(SmolStr::from(format!("__{name}__")));
    }
    let is_part = |char: char| char.is_ascii_alphanumeric() || matches!(char, '_' | '-' | '.' | '/');
    if name.is_empty() || name.starts_with(|first: char| first.is_ascii_digit()) || !name.chars().all(is_part)
    {
        return None;
    }
    let escaped = name
        .replace("__", "\0")
        .replace('.', "__dot__")
        .replace('-', "__dash__")
        .replace('/', "__slash__")
        .replace('\0', "__underscores__");
    Some(SmolStr::from(escaped))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_escaped_so_that_expressions_can_write_them() {
        for (name, escaped) in [
            ("spec", "spec"),
            ("a-b.c/d", "a__dash__b__dot__c__slash__d"),
            ("a__b", "a__underscores__b"),
            ("namespace", "__namespace__"),
            ("x_y", "x_y"),
        ] {
            assert_eq!(escape(name).as_deref(), Some(escaped), "{name}");
        }
        for name in ["", "1a", "a$", "\u{e9}"] {
            assert_eq!(escape(name), None, "{name}");
        }
    }
}
