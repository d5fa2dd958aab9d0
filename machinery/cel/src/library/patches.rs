//! What JSON patches need.

use super::no_overload;
use crate::function::Declared;
use crate::value::Value;

pub const ALL: &[Declared] = &[("jsonpatch.escapeKey", &["(string) string"], |args| match args {
    [Value::String(text)] => Ok(Value::text(text.replace('~', "~0").replace('/', "~1"))),
    _ => no_overload("jsonpatch.escapeKey", args),
})];
