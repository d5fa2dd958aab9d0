//! Field ownership (KEP-555): who set which field of an object, as `metadata.managedFields` records it.
//! It is pure: it compares trees by their types and keeps sets of paths; who calls, when and in which version comes from outside.

mod compare;
mod entries;
mod fields_v1;
mod path;
mod set;
mod shape;
mod update;

pub use compare::{Comparison, compare};
pub use entries::{Entries, Entry, Operation};
pub use path::Element;
pub use set::Set;
pub use update::{Update, Versions};
