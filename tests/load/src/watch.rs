//! Many watches at once: opens them, reads them on threads of their own, and records what arrived when. What should have arrived
//! is for `delivery` to say.

mod event;
mod framing;
mod http1;
mod http2;
mod reading;
mod stream;

pub use event::{Event, Kind};
pub(crate) use event::{field, varint};
pub use framing::{Framing, Media};
pub use reading::{Plan, Watches};
pub use stream::{Delivery, Ended, Wanted, Watch};
