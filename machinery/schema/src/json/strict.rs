//! What strict decoding reports: fields that the type does not have, and fields that come twice.

use std::fmt;

use crate::{SmolStr, limits};

/// One finding of strict decoding. It prints as the reference words it: `unknown field "spec.foo"`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StrictError {
    /// What is wrong.
    pub kind: StrictKind,
    /// Where: `spec.containers[0].image`; for [`StrictKind::Other`] the whole text.
    pub path: String,
}

/// What is wrong with a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StrictKind {
    /// The type has no such field.
    Unknown,
    /// It came before in the same object.
    Duplicate,
    /// A text of its own: what YAML reports of keys that come twice.
    Other,
}

impl fmt::Display for StrictError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            StrictKind::Unknown => write!(f, "unknown field {:?}", self.path),
            StrictKind::Duplicate => write!(f, "duplicate field {:?}", self.path),
            StrictKind::Other => f.write_str(&self.path),
        }
    }
}

/// A step from the root to a value.
pub(super) enum Step<'t> {
    Field(&'t str),
    Key(SmolStr),
    Index(usize),
}

/// The path of a field below `steps`.
pub(super) fn path(steps: &[Step<'_>], field: &str) -> String {
    let mut path = String::new();
    for step in steps {
        match step {
            Step::Field(name) => push(&mut path, name),
            Step::Key(key) => push(&mut path, key),
            Step::Index(index) => path.push_str(&format!("[{index}]")),
        }
    }
    push(&mut path, field);
    path
}

/// Adds a finding unless it is known already or there are enough.
pub(super) fn report(findings: &mut Vec<StrictError>, error: StrictError) {
    if findings.len() < limits::STRICT_ERRORS_MAX && !findings.contains(&error) {
        findings.push(error);
    }
}

fn push(path: &mut String, name: &str) {
    if !path.is_empty() {
        path.push('.');
    }
    path.push_str(name);
}
