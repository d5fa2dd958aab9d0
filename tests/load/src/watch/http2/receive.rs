//! What comes on a connection: frames, of which each is of one watch or of the connection itself.

use std::sync::atomic::Ordering;

use tokio::time::Instant;

use super::phase::{Phase, Reading};
use super::streams::Streams;
use crate::limits;
use crate::watch::desk::Scratch;
use crate::watch::frames::{self, Frame, Malformed};
use crate::watch::{Ended, Pace, Read, hpack};

impl Streams<'_> {
    /// Takes what the server said, as it was read at that time.
    pub fn take(&mut self, text: &[u8], at_us: u32, scratch: &mut Scratch) -> Result<(), Malformed> {
        let mut rest = self.join(text, at_us, scratch)?;
        let mut changes = 0;
        while let Some((frame, length)) = frames::first(rest)? {
            changes += self.frame(frame, at_us, scratch);
            rest = &rest[length..];
        }
        self.cut.extend_from_slice(rest);
        self.shared.came(changes, std::mem::take(&mut self.event_bytes));
        Ok(())
    }

    /// Takes the frame of which a part came before; returns what follows on it.
    fn join<'t>(
        &mut self,
        mut text: &'t [u8],
        at_us: u32,
        scratch: &mut Scratch,
    ) -> Result<&'t [u8], Malformed> {
        if self.cut.is_empty() {
            return Ok(text);
        }
        let mut cut = std::mem::take(&mut self.cut);
        while !text.is_empty() {
            let missing = frames::missing_bytes(&cut)?.min(text.len());
            cut.extend_from_slice(&text[..missing]);
            text = &text[missing..];
            if let Some((frame, _)) = frames::first(&cut)? {
                let changes = self.frame(frame, at_us, scratch);
                self.shared.came(changes, 0);
                cut.clear();
                break;
            }
        }
        // The buffer comes back, with what it holds.
        self.cut = cut;
        Ok(text)
    }

    /// Takes a frame; returns how many changes it held, of a watch that reads at once.
    fn frame(&mut self, frame: Frame<'_>, at_us: u32, scratch: &mut Scratch) -> u64 {
        match frame {
            Frame::Data {
                stream,
                bytes,
                length,
                end,
            } => {
                self.owe(length);
                return self.data(stream, bytes, length, end, at_us, scratch);
            }
            Frame::Headers {
                stream,
                block,
                complete: _,
                end,
            } => {
                let outcome = self.answered(stream, hpack::status(block), end, at_us);
                self.settle(stream, outcome);
            }
            Frame::Reset { stream, code } => {
                let reason = format!("the stream was reset with code {code}");
                self.settle(stream, Err(Ended::Broken(reason)));
            }
            Frame::Settings { streams_max } => {
                frames::settings_seen(&mut self.out);
                self.streams_max = streams_max.map_or(usize::MAX, |most| most as usize);
                self.changed = true;
            }
            Frame::Ping(payload) => frames::pong(&mut self.out, payload),
            Frame::GoAway => self.going_away = true,
            Frame::Other => {}
        }
        0
    }

    /// The connection's window is given back in quarters of it.
    fn owe(&mut self, length: u32) {
        self.owed_bytes += length;
        if self.owed_bytes > limits::CONNECTION_WINDOW_BYTES / 4 {
            frames::window(&mut self.out, 0, std::mem::take(&mut self.owed_bytes));
        }
    }

    /// Takes a piece of a body. What most of them are - the bytes of events that came to another watch before - touches one place of its
    /// own, and the record.
    fn data(
        &mut self,
        stream: u32,
        bytes: &[u8],
        length: u32,
        end: bool,
        at_us: u32,
        scratch: &mut Scratch,
    ) -> u64 {
        let Some(lane) = self.lanes.get(stream) else {
            return 0;
        };
        lane.owed_bytes += length;
        let (mut rest, mut changes) = (bytes, 0);
        if lane.steady {
            self.event_bytes += bytes.len() as u64;
            let (number, log) = (self.first + lane.watch, &mut scratch.log);
            rest = scratch.recent.take(bytes, |event| {
                lane.last = event.revision;
                log.came(number, event, at_us);
                changes += 1;
            });
            if rest.is_empty() && !end && lane.owed_bytes <= self.shared.plan.stream_window_bytes / 4 {
                return changes;
            }
            self.event_bytes -= rest.len() as u64;
        }
        let outcome = self.piece(stream, rest, at_us, scratch);
        let ended = |taken| if end { Err(Ended::Closed) } else { Ok(taken) };
        changes + self.settle(stream, outcome.and_then(ended))
    }

    fn piece(&mut self, stream: u32, bytes: &[u8], at_us: u32, scratch: &mut Scratch) -> Result<u64, Ended> {
        let Some(lane) = self.lanes.get(stream) else {
            return Ok(0);
        };
        let number = lane.watch as usize;
        let watch = &mut self.watches[number];
        match &mut self.phases[number] {
            Phase::Reading(_) if watch.wanted.pace != Pace::Stalled => {
                self.event_bytes += bytes.len() as u64;
                watch.last = lane.last;
                let (synced, mut read) = (
                    watch.is_synced(),
                    Read {
                        watch: self.first + number as u32,
                        media: self.shared.plan.media,
                        at_us,
                        recent: &mut scratch.recent,
                        log: &mut scratch.log,
                    },
                );
                let outcome = watch.take(bytes, &mut read);
                lane.last = watch.last;
                lane.steady = watch.wanted.pace == Pace::Full && watch.is_steady();
                if watch.is_synced() != synced {
                    self.shared.synced.fetch_add(1, Ordering::Relaxed);
                }
                outcome
            }
            Phase::Listing { head, .. } if head.len() < limits::LIST_HEAD_BYTES => {
                head.extend_from_slice(bytes);
                Ok(0)
            }
            _ => Ok(0),
        }
    }

    /// What came of a piece or a head; returns how many changes it held, of a watch that reads at once.
    fn settle(&mut self, stream: u32, outcome: Result<u64, Ended>) -> u64 {
        let Some(lane) = self.lanes.get(stream) else {
            return 0;
        };
        let number = lane.watch as usize;
        match outcome {
            Ok(taken) => {
                self.give_back(number, stream);
                // Who waits for the last events waits for those that read at once.
                match self.watches[number].wanted.pace {
                    Pace::Full => taken,
                    _ => 0,
                }
            }
            Err(ended) => {
                self.ended(number, ended);
                0
            }
        }
    }

    /// The head of an answer came, or trailers.
    fn answered(&mut self, stream: u32, status: Option<u16>, end: bool, at_us: u32) -> Result<u64, Ended> {
        let Some(lane) = self.lanes.get(stream) else {
            return Ok(0);
        };
        let number = lane.watch as usize;
        match (&mut self.phases[number], status) {
            (Phase::Opening { .. }, Some(200)) if !end => {
                let watch = &mut self.watches[number];
                watch.opened(self.shared.plan.media, at_us);
                self.shared.opened(watch);
                let until = watch.lifetime().map(|lifetime| Instant::now() + lifetime);
                self.phases[number] = Phase::Reading(Reading {
                    stream,
                    pay_at: None,
                    until,
                });
                self.changed |= until.is_some();
                Ok(0)
            }
            (Phase::Opening { .. }, Some(status)) => Err(Ended::Refused(status)),
            (Phase::Opening { .. }, None) => Err(Ended::Broken("an answer has no status".to_owned())),
            (Phase::Listing { ok, .. }, status) => {
                *ok |= status == Some(200);
                if end { Err(Ended::Closed) } else { Ok(0) }
            }
            _ if end => Err(Ended::Closed),
            _ => Ok(0),
        }
    }

    /// What was read is given back to its window in quarters of it, which costs less than for each frame; a slow reader gives back by
    /// the clock, one that stalls nothing.
    fn give_back(&mut self, number: usize, stream: u32) {
        let (Phase::Reading(reading), Some(lane)) = (&mut self.phases[number], self.lanes.get(stream)) else {
            return;
        };
        match self.watches[number].wanted.pace {
            Pace::Full if lane.owed_bytes > self.shared.plan.stream_window_bytes / 4 => {
                frames::window(&mut self.out, stream, std::mem::take(&mut lane.owed_bytes));
            }
            Pace::Slow { .. } if lane.owed_bytes > 0 && reading.pay_at.is_none() => {
                reading.pay_at = Some(Instant::now() + limits::SLOW_TICK);
                self.changed = true;
            }
            _ => {}
        }
    }
}
