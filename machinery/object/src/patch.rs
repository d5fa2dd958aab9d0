//! The three patch formats that change an object: JSON patch, merge patch, strategic merge patch.
//! They change trees alone: decoding the result as its type, and telling the client, is the caller's part.
//!
//! The reference patches an object as it prints it, with every zero value that it shows: [`schema::json::printed`] gives
//! that tree. It comes out as the patch left it; [`schema::json::from_tree`] makes it canonical again. Field sets
//! (`fieldsV1`) may be text; they become trees where a patch reaches into them.

pub mod json;
pub mod merge;
mod nesting;
pub mod strategic;
