//! A watch that its connection tells together with others: it joins what speaks for it whenever it has nothing to say, and leaves now and
//! then. Nobody can tell it from one that is asked itself.

use serve::feed::{Feed, Multicast, Place, Signal, Step, Told};
use serve::http::Body;
use tokio::time::Instant;

/// It leaves after so many chunks.
const CHUNKS_TOGETHER: u32 = 3;

/// The body of a watch, told so.
pub fn grouped(body: Body) -> Body {
    match body.into_feed() {
        Ok(feed) => Body::owned_feed(feed.within(|feed| Box::new(Grouped::new(feed)))),
        Err(body) => body,
    }
}

struct Grouped {
    feed: Box<dyn Feed>,
    signal: Option<Signal>,
    speaker: Option<Box<dyn Multicast>>,
    told: u32,
}

impl Grouped {
    fn new(feed: Box<dyn Feed>) -> Self {
        Self {
            feed,
            signal: None,
            speaker: None,
            told: 0,
        }
    }

    fn signal(&self) -> Signal {
        self.signal.clone().expect("a driver has it")
    }

    fn join(&mut self) {
        if self.feed.topic().is_none() {
            return;
        }
        let mut speaker = self.feed.multicast().expect("it has a topic");
        speaker.adopt(self.signal());
        if !speaker.is_behind() && self.feed.join() {
            self.speaker = Some(speaker);
        }
    }

    fn leave(&mut self, place: Place) {
        self.speaker = None;
        self.feed.leave(place, self.signal());
    }

    fn alone(&mut self, now: Instant) -> Step {
        let step = self.feed.next(now);
        match step {
            Step::Idle => self.join(),
            // Whether that is all is to be asked.
            Step::Only(chunk) => return Step::Chunk(chunk),
            _ => {}
        }
        step
    }
}

impl Feed for Grouped {
    fn adopt(&mut self, signal: Signal) {
        self.signal = Some(signal.clone());
        self.feed.adopt(signal);
    }

    fn next(&mut self, now: Instant) -> Step {
        let Some(speaker) = &mut self.speaker else {
            return self.alone(now);
        };
        let before = speaker.place();
        if self.feed.wake_at().is_some_and(|at| at <= now) {
            self.leave(before);
            return self.alone(now);
        }
        match speaker.next(now) {
            Told::Idle => Step::Idle,
            Told::Part => {
                self.leave(before);
                self.alone(now)
            }
            Told::Chunk(chunk) => {
                speaker.sent(1);
                let after = speaker.place();
                self.told += 1;
                if self.told.is_multiple_of(CHUNKS_TOGETHER) {
                    self.leave(after);
                }
                Step::Chunk(chunk)
            }
        }
    }

    fn wake_at(&self) -> Option<Instant> {
        self.feed.wake_at()
    }
}
