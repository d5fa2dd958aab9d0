//! A feed that says goodbye and ends when the server drains, or when what keeps it open is lost.

use std::time::Duration;

use tokio::time::Instant;

use crate::feed::{Feed, Listening, Multicast, Place, Signal, Step, Topic};
use crate::filters::rights::Held;
use crate::limits::FAREWELL;
use crate::shutdown::Shutdown;

/// A feed that ends some time after the signal, or with what it is held by. What it adds to a feed is a place in a list: no future and no timer.
pub(super) struct Ending {
    feed: Box<dyn Feed>,
    shutdown: Shutdown,
    delay: Duration,
    held: Option<Held>,
    phase: Phase,
}

enum Phase {
    /// No driver has it.
    New,
    Running {
        _listening: [Option<Listening>; 2],
    },
    /// It was told to finish and ends at this time at the latest.
    Leaving {
        until: Instant,
    },
}

impl Ending {
    pub(super) fn new(feed: Box<dyn Feed>, shutdown: Shutdown, delay: Duration, held: Option<Held>) -> Self {
        Self {
            feed,
            shutdown,
            delay,
            held,
            phase: Phase::New,
        }
    }

    /// When it is to finish, if the server drains or it is held by something that ends.
    fn finish_at(&self) -> Option<Instant> {
        let drained = self.shutdown.draining_since().map(|since| since + self.delay);
        let held = self.held.as_ref().and_then(Held::ends_at);
        drained.into_iter().chain(held).min()
    }

    /// What is left to say; to have nothing is the end.
    fn last(&mut self, now: Instant) -> Step {
        match self.feed.next(now) {
            Step::Idle => Step::End,
            // It is asked once more, for its end.
            Step::Only(chunk) => Step::Chunk(chunk),
            step => step,
        }
    }
}

impl Feed for Ending {
    fn adopt(&mut self, signal: Signal) {
        let lost = self.held.as_ref().and_then(Held::lost);
        let lost = lost.map(|lost| lost.listen(signal.clone()));
        self.phase = Phase::Running {
            _listening: [Some(self.shutdown.listen(signal.clone())), lost],
        };
        self.feed.adopt(signal);
    }

    fn next(&mut self, now: Instant) -> Step {
        match self.phase {
            Phase::Leaving { until } if until <= now => self.feed.cut(),
            Phase::Leaving { .. } => self.last(now),
            _ if self.finish_at().is_some_and(|at| at <= now) => {
                self.phase = Phase::Leaving {
                    until: now + FAREWELL,
                };
                self.feed.finish();
                self.last(now)
            }
            _ => self.feed.next(now),
        }
    }

    fn wake_at(&self) -> Option<Instant> {
        let own = match self.phase {
            Phase::Leaving { until } => Some(until),
            _ => self.finish_at(),
        };
        own.into_iter().chain(self.feed.wake_at()).min()
    }

    fn finish(&mut self) {
        self.feed.finish();
    }

    fn cut(&mut self) -> Step {
        self.feed.cut()
    }

    fn topic(&self) -> Option<Topic> {
        let runs = matches!(self.phase, Phase::Running { .. });
        self.feed.topic().filter(|_| runs)
    }

    fn multicast(&self) -> Option<Box<dyn Multicast>> {
        self.feed.multicast()
    }

    fn join(&mut self) -> bool {
        self.feed.join()
    }

    fn leave(&mut self, place: Place, signal: Signal) {
        self.feed.leave(place, signal);
    }
}

#[cfg(test)]
mod tests {
    use super::super::EndLongRunning;
    use super::*;
    use crate::feed::tests::Scripted;
    use crate::http::Body;
    use http_body_util::BodyExt;

    #[tokio::test(start_paused = true)]
    async fn a_feed_says_goodbye_in_its_turn() {
        let shutdown = Shutdown::new();
        let filter = EndLongRunning::new(shutdown.clone()).spread_over(Duration::from_secs(10));
        let bodies = (0..5).map(|_| filter.end(Body::feed(Scripted::default().with_farewell("bye")), None));
        let readers: Vec<_> = bodies
            .map(|body| {
                tokio::spawn(async move {
                    let text = body.collect().await.expect("a clean end").to_bytes();
                    (text, Instant::now())
                })
            })
            .collect();
        tokio::task::yield_now().await;
        let begun = Instant::now();
        shutdown.drain();
        let mut ends = Vec::new();
        for reader in readers {
            let (text, end) = reader.await.expect("no panic");
            assert_eq!(text, "bye");
            ends.push((end - begun).as_millis());
        }
        ends.sort_unstable();
        assert!(ends.windows(2).all(|pair| pair[1] - pair[0] > 1_000), "{ends:?}");
    }

    #[tokio::test]
    async fn a_feed_that_knows_no_goodbye_ends_when_it_has_nothing() {
        let shutdown = Shutdown::new();
        let feed = Scripted::default();
        feed.push(Step::Chunk("last".into()));
        let body = EndLongRunning::new(shutdown.clone()).end(Body::feed(feed), None);
        shutdown.drain();
        let text = body.collect().await.expect("a clean end").to_bytes();
        assert_eq!(text, "last");
    }
}
