//! The pure core of the watch cache: events held once in a ring, found by buckets, read by cursors.
//! It knows no runtime, no socket and no clock: time comes in as an argument, and who is parked is woken through a trait.
//!
//! One [`Writer`] pushes and publishes; any number of [`Reader`]s open [`Cursor`]s. What may wait for what:
//! - Reading never waits, and publishing never waits for reading: slots are written once, the list of segments is
//!   swapped, and the head is one atomic. A reader may be the one who frees a segment that the writer let go of meanwhile.
//! - Waking takes no lock. Parking and leaving take one among themselves, for each bucket.
//! - Opening and closing a cursor of a bucket take the lock of the bucket's shard of the index, for one look-up in a hash table
//!   (or its growth). The writer takes it, too, but only for a value that it does not know yet and for one that it lets go of:
//!   a publish to known values never does. If the thread that holds it loses its processor there, the other waits that long.
//! - After a gap ([`Writer::start_at`]) the writer goes through the index, with each shard locked in turn.

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
