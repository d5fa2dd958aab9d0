//! Many watches at once: opens them, reads them on threads of their own, and records what arrived when. What should have arrived
//! is for `delivery` to say.

mod desk;
mod event;
mod frames;
mod framing;
mod hpack;
mod http1;
mod http2;
mod log;
mod reading;
mod recent;
mod stream;

pub use event::{Event, Kind};
pub(crate) use event::{field, varint};
pub(crate) use frames::Malformed;
pub use framing::{Framing, Media};
pub use log::Log;
pub use reading::{Counts, Plan, Watches};
pub use recent::Recent;
pub use stream::{Cycle, Delivery, Ended, Pace, Read, Wanted, Watch};
