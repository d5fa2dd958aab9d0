//! Label and field selectors: parsed once, then matched without allocation.
//! They know nothing of lists and watches; those hand in labels or fields.

pub mod field;
pub mod label;

/// Why a selector was refused, in the words that clients see.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ParseError(pub(crate) String);
