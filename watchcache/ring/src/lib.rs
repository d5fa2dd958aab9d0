//! The pure core of the watch cache: events held once in a ring, found by buckets, read by cursors.
//! It knows no runtime, no socket and no clock: time comes in as an argument, and who is parked is woken through a trait.
//!
//! One [`Writer`] pushes and publishes; any number of [`Reader`]s open [`Cursor`]s. What may wait for what:
//! - Reading and publishing never wait for each other: slots are written once, the list of segments is swapped, and
//!   the head is one atomic.
//! - Opening and closing a cursor, and parking it, take a lock that only others doing the same on the same shard of the index
//!   or on the same bucket hold.
//! - The writer takes a shard's lock only for a value that it does not know yet, and when it lets go of one; the lock
//!   is held there for one look-up in a hash table. It never takes the lock of a bucket's parked watchers.

mod bucket;
pub mod budget;
mod cursor;
mod directory;
mod dirty;
mod held;
mod index;
pub mod limits;
mod parked;
mod position;
mod reader;
mod seats;
mod segment;
mod shared;
mod sync;
mod writer;

pub use bucket::BucketKey;
pub use cursor::{Cursor, Scope, Seen};
pub use dirty::Dirty;
pub use held::{Event, Held};
pub use limits::Limits;
pub use parked::Parked;
pub use position::{Lagged, Position};
pub use reader::{Reader, Span};
pub use writer::Writer;

/// An empty ring: the side that writes it and the side that reads it.
pub fn channel<T, W: Parked>(limits: Limits) -> (Writer<T, W>, Reader<T, W>) {
    let shared = sync::Arc::new(shared::Shared::new());
    (Writer::new(shared.clone(), limits), Reader::new(shared))
}
