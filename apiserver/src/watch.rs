//! Watches: from the store's changes to the frames that a client reads. The store itself is behind [`source`].

mod event;
mod frame;
mod source;
mod stream;

pub use frame::Framer;
pub use stream::Watch;
