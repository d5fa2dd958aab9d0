//! Watches and other long answers end cleanly when the server drains: the stream ends between two chunks, a feed after it
//! said goodbye. So does a watch whose user lost the right to it. How connections close is the server's affair.

mod feed;
mod stream;

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use super::rights::Held;
use crate::filter::{Answer, Filter, Next};
use crate::http::{Body, Request};
use crate::request_info::RequestInfo;
use crate::shutdown::Shutdown;

/// Ends the bodies of long-running requests at shutdown.
#[derive(Debug)]
pub struct EndLongRunning {
    shutdown: Shutdown,
    spread: Duration,
    count: AtomicU32,
}

impl EndLongRunning {
    /// When this signal says that connections drain.
    pub fn new(shutdown: Shutdown) -> Self {
        Self {
            shutdown,
            spread: Duration::ZERO,
            count: AtomicU32::new(0),
        }
    }

    /// Not all at once but one after the other over this time, so that clients do not all come back in one moment.
    pub fn spread_over(self, spread: Duration) -> Self {
        Self { spread, ..self }
    }

    /// After what part of the spread the next body ends. Steps of the golden ratio fill it evenly, however many there are.
    fn delay(&self) -> Duration {
        const GOLDEN: u32 = 0x9E37_79B9;
        let place = self.count.fetch_add(1, Ordering::Relaxed).wrapping_mul(GOLDEN);
        self.spread.mul_f64(f64::from(place) / f64::from(u32::MAX))
    }

    fn end(&self, body: Body, held: Option<Held>) -> Body {
        let delay = self.delay();
        match body.into_feed() {
            Ok(feed) => {
                let shutdown = self.shutdown.clone();
                Body::owned_feed(feed.within(|feed| Box::new(feed::Ending::new(feed, shutdown, delay, held))))
            }
            Err(body) => Body::new(stream::Ending::new(body, self.shutdown.clone(), delay, held)),
        }
    }
}

impl Filter for EndLongRunning {
    fn call<'a>(&'a self, request: Request, next: Next<'a>) -> Answer<'a> {
        if !RequestInfo::of(&request).is_ok_and(|info| info.is_long_running()) {
            return next.run(request);
        }
        let answering = next.run(request);
        Box::pin(async move {
            let mut response = answering.await;
            let held = response.extensions_mut().remove::<Held>();
            response.map(|body| self.end(body, held))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_are_spread_evenly() {
        let filter = EndLongRunning::new(Shutdown::new()).spread_over(Duration::from_secs(10));
        let mut in_each_second = [0; 10];
        for _ in 0..1_000 {
            in_each_second[filter.delay().as_secs().min(9) as usize] += 1;
        }
        assert!(in_each_second.iter().all(|count| (95..=105).contains(count)));
        let at_once = EndLongRunning::new(Shutdown::new());
        assert!((0..10).all(|_| at_once.delay().is_zero()));
    }
}
