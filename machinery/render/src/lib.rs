//! What was asked for and how it is answered: the form of answers, options of reads, selection, frames of events.
//! It knows no store and no verb: what is read and when is the affair of the tier that answers.

pub mod call;
pub mod canonical;
pub mod decoder;
pub mod descriptions;
pub mod discovery;
pub mod errors;
pub mod list;
pub mod missing;
pub mod negotiate;
pub mod options;
mod partial;
pub mod place;
mod respond;
mod selection;
mod single;
pub mod table;
pub mod watch;

pub use call::{Call, Shape, shown};
pub use canonical::Canonical;
pub use decoder::Decoder;
pub use descriptions::Descriptions;
pub use discovery::Discovery;
pub use place::Place;
pub use respond::respond;
pub use selection::Selection;
pub use single::{bare_status, failure, object, status, stored_object};
