//! What is common to all objects: metadata, selectors, patches, names, field errors. It knows types only through `schema`.
//!
//! Everything here is pure: no I/O, no clock, no randomness; what depends on those takes them as arguments.

pub mod field;
pub mod fnv;
pub mod limits;
pub mod meta;
pub mod meta_validation;
pub mod names;
pub mod ownership;
pub mod patch;
pub mod patterns;
pub mod selector;

pub use schema::{Map, SmolStr, Value, quantity, time, tree};
