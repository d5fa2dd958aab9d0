//! What is known of custom resources: their definitions, the schemas of their versions, and the columns of their tables.
//! It reads no store and serves nothing; validation is the request tier's.

pub mod columns;
pub mod definition;
pub mod json_path;
mod kind;
pub mod limits;
pub mod structural;
mod types;
pub mod versions;

pub use definition::{Definition, Scale, Version};
pub use kind::{Known, resources};
pub use structural::Structural;
