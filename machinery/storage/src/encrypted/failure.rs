//! Why a value cannot be read or written, in the reference's words: they are served to clients.
//! Keys and values are never part of it.

use std::borrow::Cow;
use std::fmt;

/// A reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure(Cow<'static, str>);

impl Failure {
    /// For a fixed reason.
    pub(super) const fn new(why: &'static str) -> Self {
        Self(Cow::Borrowed(why))
    }

    /// One reason of several tries, as the reference joins them; `None` if there is none.
    pub(super) fn all(failures: Vec<Self>) -> Option<Self> {
        let mut texts: Vec<&str> = Vec::new();
        for failure in &failures {
            if !texts.contains(&failure.as_str()) {
                texts.push(failure.as_str());
            }
        }
        match texts.as_slice() {
            [] => None,
            [one] => Some(Self(Cow::Owned((*one).to_owned()))),
            several => Some(Self(Cow::Owned(format!("[{}]", several.join(", "))))),
        }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::error::Error for Failure {}
