//! The watches of one connection: it opens, closes and opens them again, and gives the server room to send. How bytes come and go is not
//! its affair.

use std::sync::atomic::Ordering;

use tokio::time::Instant;

use super::lane::Lanes;
use super::phase::Phase;
use crate::target::AGENT;
use crate::watch::reading::Shared;
use crate::watch::stream::micros_since;
use crate::watch::{Ended, Event, Kind, Media, Pace, Watch, frames, hpack};
use crate::{Error, limits};

/// The watches of one connection.
pub struct Streams<'a> {
    pub(super) shared: &'a Shared,
    pub(super) watches: &'a mut [Watch],
    /// The number of the first of them among all.
    pub(super) first: u32,
    pub(super) phases: Vec<Phase>,
    pub(super) lanes: Lanes,
    /// Frames that are to be sent.
    pub(super) out: Vec<u8>,
    /// The beginning of a frame whose rest is to come.
    pub(super) cut: Vec<u8>,
    /// What came and is not given back to the connection's window.
    pub(super) owed_bytes: u32,
    /// Bytes of events that are not counted yet.
    pub(super) event_bytes: u64,
    open_streams: usize,
    pub(super) streams_max: usize,
    pub(super) going_away: bool,
    /// When a phase is due next, and whether that must be looked for.
    next: Option<Instant>,
    pub(super) changed: bool,
}

impl<'a> Streams<'a> {
    /// Watches that are to be opened.
    pub fn new(shared: &'a Shared, watches: &'a mut [Watch], first: u32) -> Self {
        let now = Instant::now();
        let mut out = Vec::new();
        frames::begin(
            &mut out,
            shared.plan.stream_window_bytes,
            limits::CONNECTION_WINDOW_BYTES,
        );
        Self {
            shared,
            phases: watches.iter().map(|_| Phase::Waiting(now)).collect(),
            watches,
            first,
            lanes: Lanes::default(),
            out,
            cut: Vec::new(),
            owed_bytes: 0,
            event_bytes: 0,
            open_streams: 0,
            streams_max: limits::STREAMS_BEFORE_SETTINGS,
            going_away: false,
            next: Some(now),
            changed: true,
        }
    }

    /// Whether there is nothing more to do on this connection.
    pub fn are_over(&self) -> bool {
        let leaves = self.going_away && (self.shared.plan.resume || self.open_streams == 0);
        leaves || self.phases.iter().all(|phase| matches!(phase, Phase::Over))
    }

    /// When something is to be done that no byte of the server brings about.
    pub fn due(&self) -> Option<Instant> {
        self.next
    }

    /// Does what is due.
    pub fn act(&mut self) {
        if !self.changed && self.next.is_none_or(|next| Instant::now() < next) {
            return;
        }
        let now = Instant::now();
        for number in 0..self.phases.len() {
            if self.phases[number].due().is_some_and(|due| due <= now) {
                self.act_for(number, now);
            }
        }
        let waiting = |phase: &Phase| phase.due().filter(|due| *due > now);
        self.next = self.phases.iter().filter_map(waiting).min();
        self.changed = false;
    }

    fn act_for(&mut self, number: usize, now: Instant) {
        match &mut self.phases[number] {
            Phase::Waiting(_) => self.ask(number),
            Phase::Reading(reading) if reading.until.is_some_and(|until| until <= now) => {
                frames::cancel(&mut self.out, reading.stream);
                let pause = self.watches[number].wanted.pause();
                self.leave(number, Phase::Waiting(now + pause));
                self.shared.open.fetch_sub(1, Ordering::Relaxed);
            }
            Phase::Reading(reading) => {
                let Some(lane) = self.lanes.get(reading.stream) else {
                    return;
                };
                let paid = match self.watches[number].wanted.pace {
                    Pace::Slow { tick_bytes } => lane.owed_bytes.min(tick_bytes),
                    _ => lane.owed_bytes,
                };
                frames::window(&mut self.out, reading.stream, paid);
                lane.owed_bytes -= paid;
                reading.pay_at = (lane.owed_bytes > 0).then_some(now + limits::SLOW_TICK);
            }
            _ => {}
        }
    }

    /// Opens a watch, where the server allows one more stream.
    fn ask(&mut self, number: usize) {
        if self.open_streams >= self.streams_max || self.going_away {
            return;
        }
        let path = self.watches[number].path(self.shared.plan.timeout_seconds);
        self.watches[number].asked_us = micros_since(self.shared.begin);
        let stream = self.request(number, &path, self.shared.plan.media.accept_watch());
        self.phases[number] = Phase::Opening { stream };
    }

    fn request(&mut self, number: usize, path: &str, accept: &str) -> u32 {
        let target = &self.shared.target;
        let credential = target.credential.as_ref().map(|value| value.as_bytes());
        let block = hpack::get(
            &target.authority,
            &target.full_path(path),
            accept,
            AGENT,
            credential,
        );
        let stream = self.lanes.begin(number, self.watches[number].last);
        self.open_streams += 1;
        if frames::request(&mut self.out, stream, &block).is_err() {
            // The server closes a connection on which a stream is missing; a token this long is no token.
            self.going_away = true;
        }
        stream
    }

    /// A stream ended. A resuming client opens the watch again, after a list where its place is lost.
    pub(super) fn ended(&mut self, number: usize, ended: Ended) {
        let (watch, resume) = (&mut self.watches[number], self.shared.plan.resume);
        match std::mem::replace(&mut self.phases[number], Phase::Over) {
            Phase::Listing { stream, ok, head } => {
                if let Some(revision) = ok.then(|| revision_of_list(&head)).flatten() {
                    watch.last = revision;
                }
                self.phases[number] = Phase::Listing {
                    stream,
                    ok,
                    head: Vec::new(),
                };
                return self.leave(number, Phase::later());
            }
            phase @ Phase::Reading(_) => {
                self.shared.open.fetch_sub(1, Ordering::Relaxed);
                self.phases[number] = phase;
            }
            phase => self.phases[number] = phase,
        }
        let lost_place = matches!(ended, Ended::Refused(410) | Ended::Error(410));
        if !resume && watch.opened_us.is_empty() {
            let error = Error::request(&watch.wanted.path, format!("{ended:?}"));
            self.shared.fail(error);
        }
        if let (Ended::Error(_) | Ended::Broken(_), Some(stream)) = (&ended, self.phases[number].stream()) {
            frames::cancel(&mut self.out, stream);
        }
        watch.ended(ended);
        self.shared.ended.fetch_add(1, Ordering::Relaxed);
        self.leave(number, if resume { Phase::later() } else { Phase::Over });
        if resume && lost_place {
            self.watches[number].relists += 1;
            let path = &self.watches[number].wanted.path;
            let path = format!("{path}{}limit=1", if path.contains('?') { '&' } else { '?' });
            let stream = self.request(number, &path, Media::Json.accept());
            self.phases[number] = Phase::Listing {
                stream,
                ok: false,
                head: Vec::new(),
            };
        }
    }

    /// The watch has its stream no more.
    fn leave(&mut self, number: usize, phase: Phase) {
        self.note_place(number);
        if let Some(stream) = self.phases[number].stream() {
            self.lanes.end(stream);
            self.open_streams -= 1;
        }
        self.phases[number] = phase;
        self.changed = true;
    }

    /// Where the watch is to be resumed.
    fn note_place(&mut self, number: usize) {
        if let Phase::Reading(reading) = &self.phases[number]
            && let Some(lane) = self.lanes.get(reading.stream)
        {
            self.watches[number].last = lane.last;
        }
    }

    /// The connection is gone, and all that was open on it; by the client's wish, where it `asked`.
    pub fn close(mut self, asked: bool) {
        for number in 0..self.phases.len() {
            self.note_place(number);
            let ended = || Ended::Broken("the connection ended".to_owned());
            match &self.phases[number] {
                Phase::Reading(_) => {
                    self.shared.open.fetch_sub(1, Ordering::Relaxed);
                    if !asked {
                        self.watches[number].ended(ended());
                        self.shared.ended.fetch_add(1, Ordering::Relaxed);
                    }
                }
                Phase::Opening { .. } | Phase::Waiting(_) if !self.shared.plan.resume => {
                    self.ended(number, ended());
                }
                _ => {}
            }
        }
    }
}

/// The revision stands at the beginning of a list.
fn revision_of_list(head: &[u8]) -> Option<u64> {
    let line = [b"{\"type\":\"BOOKMARK\",".as_slice(), head].concat();
    let event = Event::scan(Media::Json, &line)?;
    (event.kind == Kind::Bookmark && event.revision > 0).then_some(event.revision)
}
