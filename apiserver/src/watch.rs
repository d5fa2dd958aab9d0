//! Watches: from the store's changes to the frames that a client reads. The store itself is behind [`source`].

mod source;
mod stream;

pub use stream::Watch;
