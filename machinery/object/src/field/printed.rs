//! How an offending value looks in a message: text quoted as Go quotes it, numbers and truth values plain, all else
//! as JSON. It does not know where the value stood.

use std::fmt::Write;

use schema::{SmolStr, TypeId, Types, Value, json};

/// A value as it appears in a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Printed(String);

impl Printed {
    /// Text that is shown as it is: a form that only the caller knows.
    pub fn raw(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// An object of a type that has the API's JSON form also inside the reference: fields in declared order.
    pub fn typed(types: &Types, id: TypeId, value: &Value) -> Self {
        let mut text = Vec::new();
        json::encode(types, id, value, &mut text);
        Self(String::from_utf8_lossy(&text).into_owned())
    }

    /// What an absent value prints as.
    pub fn null() -> Self {
        Self("null".to_owned())
    }

    /// The printed text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Printed {
    fn from(text: &str) -> Self {
        Self(quote(text))
    }
}
impl From<&String> for Printed {
    fn from(text: &String) -> Self {
        Self(quote(text))
    }
}
impl From<String> for Printed {
    fn from(text: String) -> Self {
        Self(quote(&text))
    }
}
impl From<&SmolStr> for Printed {
    fn from(text: &SmolStr) -> Self {
        Self(quote(text))
    }
}
impl From<i64> for Printed {
    fn from(number: i64) -> Self {
        Self(number.to_string())
    }
}
impl From<i32> for Printed {
    fn from(number: i32) -> Self {
        Self(number.to_string())
    }
}
impl From<bool> for Printed {
    fn from(truth: bool) -> Self {
        Self(truth.to_string())
    }
}
impl From<&Value> for Printed {
    /// Keys of objects are sorted: [`Printed::typed`] has them in declared order. What the reference prints in the
    /// form of its inner types (`{"Type":"x","RollingUpdate":null}`) the caller makes ([`Printed::raw`]).
    fn from(value: &Value) -> Self {
        match value {
            Value::String(text) => Self(quote(text)),
            other => Self(json::to_string(other)),
        }
    }
}

/// Text in double quotes, escaped as Go's `%q` does.
pub fn quote(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\x07' => out.push_str("\\a"),
            '\x08' => out.push_str("\\b"),
            '\x0c' => out.push_str("\\f"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\x0b' => out.push_str("\\v"),
            c if printable(c) => out.push(c),
            c => push_code(&mut out, u32::from(c)),
        }
    }
    out.push('"');
    out
}

fn push_code(out: &mut String, code: u32) {
    let written = match code {
        0..=0x7f => write!(out, "\\x{code:02x}"),
        0x80..=0xffff => write!(out, "\\u{code:04x}"),
        _ => write!(out, "\\U{code:08x}"),
    };
    written.expect("writing to a String cannot fail");
}

/// Whether Go would print it as it is. Marks that combine with the character before them are printable.
pub(crate) fn printable(c: char) -> bool {
    // The standard library escapes what is not printable; a leading letter keeps it from escaping marks too.
    let mut buffer = [0; 4];
    let after_letter = ["a", c.encode_utf8(&mut buffer)].concat();
    c == '\'' || after_letter.escape_debug().nth(1) == Some(c)
}

#[cfg(test)]
mod tests {
    use super::*;
    use schema::tree;

    #[test]
    fn text_is_quoted_as_go_does() {
        assert_eq!(quote("a\"b\\c\n\u{7f}"), r#""a\"b\\c\n\x7f""#);
        assert_eq!(quote("it's é 日本 e\u{301}"), "\"it's é 日本 e\u{301}\"");
        assert_eq!(
            quote("\u{200b}\u{1}\u{e000}\u{a0}"),
            r#""\u200b\x01\ue000\u00a0""#
        );
    }

    #[test]
    fn values_print_by_their_type() {
        assert_eq!(Printed::from(-1i64).as_str(), "-1");
        assert_eq!(Printed::from(true).as_str(), "true");
        assert_eq!(
            Printed::from(&tree!(["Some", "<b>"])).as_str(),
            r#"["Some","\u003cb\u003e"]"#
        );
        assert_eq!(Printed::from(&tree!({})).as_str(), "{}");
        assert_eq!(Printed::null().as_str(), "null");
        let types = Types::builtin();
        let owner = types
            .id("io.k8s.apimachinery.pkg.apis.meta.v1.OwnerReference")
            .expect("a built-in type");
        let printed = Printed::typed(
            types,
            owner,
            &tree!({"apiVersion": "v1", "kind": "K", "controller": true}),
        );
        assert_eq!(
            printed.as_str(),
            r#"{"apiVersion":"v1","kind":"K","name":"","uid":"","controller":true}"#
        );
    }
}
