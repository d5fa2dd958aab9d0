//! What is common to all objects: metadata, selectors, patches, names, field errors. It knows types only through `schema`.

pub use schema::{Map, SmolStr, Value, tree};
