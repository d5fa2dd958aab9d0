//! The three patch formats that change an object: JSON patch, merge patch, strategic merge patch.
//! They change trees alone: decoding the result as its type, and telling the client, is the caller's part.
//!
//! An object goes in canonical and comes out as the patch left it; [`schema::json::from_tree`] makes it canonical again.
//! Field sets (`fieldsV1`) are text in an object; they become trees where a patch reaches into them.

pub mod json;
pub mod merge;
mod nesting;
pub mod strategic;
