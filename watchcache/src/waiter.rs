//! A watch that waits at the ring: its place in its connection's set of those that have something to send.

use ring::Parked;
use serve::feed::Signal;

/// What the ring's writer marks and wakes.
#[derive(Clone, Debug)]
pub struct Waiter(pub Signal);

impl Parked for Waiter {
    fn mark(&self) -> bool {
        self.0.mark()
    }

    fn wake(&self) {
        self.0.wake();
    }
}
