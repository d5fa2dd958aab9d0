//! What comes on a connection: frames, of which each is of one watch or of the connection itself.

use std::sync::atomic::Ordering;

use tokio::time::Instant;

use super::phase::{Phase, Reading};
use super::session::{NOBODY, Session};
use crate::limits;
use crate::watch::frames::{self, Frame};
use crate::watch::stream::micros_since;
use crate::watch::{Ended, Pace, hpack};

impl Session<'_> {
    /// Takes the frames that are there.
    pub(super) fn take_frames(&mut self) -> Result<(), frames::Malformed> {
        let at_us = micros_since(self.shared.begin);
        let mut changes = 0;
        while let Some(frame) = self.wire.frame()? {
            let (stream, outcome) = match frame {
                Frame::Data {
                    stream,
                    bytes,
                    length,
                    end,
                } => {
                    let Some(number) = watch_of(&self.of_stream, stream) else {
                        continue;
                    };
                    let watch = &mut self.watches[number];
                    let media = self.shared.plan.media;
                    let outcome = match &mut self.phases[number] {
                        Phase::Reading(_) if watch.wanted.pace == Pace::Stalled => Ok(0),
                        Phase::Reading(reading) => {
                            reading.owed_bytes += length;
                            let synced = watch.is_synced();
                            let outcome = watch.take(media, bytes, at_us);
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
                    };
                    let ended = |taken| if end { Err(Ended::Closed) } else { Ok(taken) };
                    (stream, outcome.and_then(ended))
                }
                Frame::Headers {
                    stream,
                    block,
                    complete: _,
                    end,
                } => {
                    let status = hpack::status(block);
                    (stream, self.answered(stream, status, end, at_us))
                }
                Frame::Reset { stream, code } => (
                    stream,
                    Err(Ended::Broken(format!("the stream was reset with code {code}"))),
                ),
                Frame::Settings { streams_max } => {
                    self.streams_max = streams_max.map_or(usize::MAX, |most| most as usize);
                    self.changed = true;
                    continue;
                }
                Frame::GoAway => {
                    self.going_away = true;
                    continue;
                }
                Frame::Ping(_) | Frame::Other => continue,
            };
            let Some(number) = watch_of(&self.of_stream, stream) else {
                continue;
            };
            match outcome {
                Ok(taken) => {
                    // Who waits for the last events waits for those that read at once.
                    if self.watches[number].wanted.pace == Pace::Full {
                        changes += taken;
                    }
                    self.give_back(number);
                }
                Err(ended) => self.ended(number, ended),
            }
        }
        if changes > 0 {
            self.shared.changes.fetch_add(changes, Ordering::Relaxed);
        }
        Ok(())
    }

    /// The head of an answer came, or trailers.
    fn answered(&mut self, stream: u32, status: Option<u16>, end: bool, at_us: u32) -> Result<u64, Ended> {
        let Some(number) = watch_of(&self.of_stream, stream) else {
            return Ok(0);
        };
        match (&mut self.phases[number], status) {
            (Phase::Opening { .. }, Some(200)) if !end => {
                let watch = &mut self.watches[number];
                watch.opened(self.shared.plan.media, at_us);
                self.shared.opened(watch);
                let until = watch.lifetime().map(|lifetime| Instant::now() + lifetime);
                self.phases[number] = Phase::Reading(Reading {
                    stream,
                    owed_bytes: 0,
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
    fn give_back(&mut self, number: usize) {
        let Phase::Reading(reading) = &mut self.phases[number] else {
            return;
        };
        match self.watches[number].wanted.pace {
            Pace::Full if reading.owed_bytes > self.shared.plan.stream_window_bytes / 4 => {
                frames::window(
                    &mut self.wire.out,
                    reading.stream,
                    std::mem::take(&mut reading.owed_bytes),
                );
            }
            Pace::Slow { .. } if reading.owed_bytes > 0 && reading.pay_at.is_none() => {
                reading.pay_at = Some(Instant::now() + limits::SLOW_TICK);
                self.changed = true;
            }
            _ => {}
        }
    }
}

fn watch_of(of_stream: &[usize], stream: u32) -> Option<usize> {
    let number = *of_stream.get(stream as usize / 2)?;
    (number != NOBODY).then_some(number)
}
