//! Field ownership (KEP-555): who set which field of an object, as `metadata.managedFields` records it.
//! It is pure: it compares trees by their types and keeps sets of paths; who calls, when and in which version comes from outside.

mod apply;
mod compare;
mod conflict;
mod entries;
mod field_set;
mod fields_v1;
mod merge;
mod path;
mod remove;
mod set;
mod shape;
mod update;
mod validate;

pub use apply::{Applied, Apply};
pub use compare::{Comparison, compare};
pub use conflict::{Conflict, Conflicts};
pub use entries::{Entries, Entry, Operation};
pub use field_set::field_set;
pub use merge::merge;
pub use path::Element;
pub use remove::without;
pub use set::Set;
pub use update::{Update, Versions};
pub use validate::validate;
