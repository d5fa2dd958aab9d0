//! Label, field and shard selectors: parsed once, then matched without allocation.
//! They know nothing of lists and watches; those hand in labels, fields or hashes.

pub mod field;
pub mod label;
pub mod shard;

/// Why a selector was refused, in the words that clients see.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ParseError(pub(crate) String);
