//! What one watcher sees: the event that a change is to it, and the frame that it reads. Where changes come from and when
//! they are sent is not known here.

mod event;
mod frame;

pub use event::Kind;
pub use frame::{Format, Framer};
