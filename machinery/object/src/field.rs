//! Field paths and field errors: what is wrong with which field, in the words that clients see.
//! It does not decide what is wrong; validation does.
//!
//! Texts and reasons are those of the Kubernetes API (`Status.details.causes`).

mod error;
mod path;
mod printed;

pub use error::{Error, ErrorKind, aggregate, aggregate_texts};
pub use path::Path;
pub(crate) use printed::printable;
pub use printed::{Printed, quote};
