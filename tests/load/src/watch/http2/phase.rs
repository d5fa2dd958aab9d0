//! Where one watch of a connection stands, and when it is its turn again. It sends and reads nothing.

use tokio::time::Instant;

use crate::limits;

/// Where one watch stands.
pub enum Phase {
    /// To be opened, not before the time.
    Waiting(Instant),
    /// Asked for on a stream.
    Opening { stream: u32 },
    /// Open.
    Reading(Reading),
    /// Its place is lost; the beginning of a list tells a new one.
    Listing { stream: u32, ok: bool, head: Vec<u8> },
    /// It ended and is not opened again.
    Over,
}

/// A watch that is open.
pub struct Reading {
    pub stream: u32,
    /// When a slow reader gives back some of what came.
    pub pay_at: Option<Instant>,
    /// When the client closes it.
    pub until: Option<Instant>,
}

impl Phase {
    /// To be opened again, after a pause.
    pub fn later() -> Self {
        Self::Waiting(Instant::now() + limits::RECONNECT_PAUSE)
    }

    /// The stream that it has.
    pub fn stream(&self) -> Option<u32> {
        match self {
            Self::Waiting(_) | Self::Over => None,
            Self::Opening { stream } | Self::Listing { stream, .. } => Some(*stream),
            Self::Reading(reading) => Some(reading.stream),
        }
    }

    /// When something is to be done with it that no byte of the server brings about.
    pub fn due(&self) -> Option<Instant> {
        match self {
            Self::Waiting(at) => Some(*at),
            Self::Reading(reading) => [reading.pay_at, reading.until].into_iter().flatten().min(),
            _ => None,
        }
    }
}
