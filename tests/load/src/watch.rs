//! Many watches at once: opens them, reads them on threads of their own, and records what arrived when. What should have arrived
//! is for `delivery` to say.

mod event;
mod frames;
mod framing;
mod hpack;
mod http1;
mod http2;
mod reading;
mod stream;

pub use event::{Event, Kind};
pub(crate) use event::{field, varint};
pub use framing::{Framing, Media};
pub use reading::{Counts, Plan, Watches};
pub use stream::{Cycle, Delivery, Ended, Pace, Wanted, Watch};
