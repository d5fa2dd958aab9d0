//! One watch: what it asks for, and what it got. How the bytes come is the connection's affair.

use std::time::{Duration, Instant};

use super::{Event, Framing, Kind, Log, Media, Recent};
use crate::limits;

/// What a watch asks for.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// The path and query, without `watch`, `resourceVersion` and what else every watch has: `/api/v1/pods?fieldSelector=...`
    pub path: String,
    /// The revision to begin after.
    pub revision: u64,
    /// How fast it reads.
    pub pace: Pace,
    /// It begins with all objects that there are, as a watch list (`sendInitialEvents`); `revision` is of no matter then.
    pub initial: bool,
    /// The client itself closes and opens it again and again.
    pub cycle: Option<Cycle>,
}

/// How fast a watch reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// At once.
    Full,
    /// So many bytes each [`limits::SLOW_TICK`], once the stream's window is full.
    Slow {
        /// How many.
        tick_bytes: u32,
    },
    /// It opens, and then never reads.
    Stalled,
}

/// The life of a watch whose client comes and goes.
#[derive(Clone, Copy, Debug)]
pub struct Cycle {
    /// How long it is open for the first time, which differs between watches so that they do not go together.
    pub first: Duration,
    /// How long it is open.
    pub lifetime: Duration,
    /// How long it is closed.
    pub pause: Duration,
}

impl Wanted {
    /// A watch that begins after a revision, reads at once and stays.
    pub fn after(path: impl Into<String>, revision: u64) -> Self {
        Self {
            path: path.into(),
            revision,
            pace: Pace::Full,
            initial: false,
            cycle: None,
        }
    }

    /// The pause before it is opened again, when its client closed it.
    pub fn pause(&self) -> Duration {
        self.cycle.map_or(limits::RECONNECT_PAUSE, |cycle| cycle.pause)
    }
}

/// One change that arrived.
#[derive(Clone, Copy, Debug)]
pub struct Delivery {
    /// The revision of the object.
    pub revision: u64,
    /// When, in microseconds since the readings began.
    pub at_us: u32,
    /// The number of the object.
    pub object: u32,
}

/// Why a watch is over before it was stopped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ended {
    /// The server ended the stream in order.
    Closed,
    /// The server refused with this status.
    Refused(u16),
    /// An ERROR event of this code.
    Error(u16),
    /// The stream or its connection broke, or what came is no watch.
    Broken(String),
}

/// A watch and its record.
#[derive(Debug)]
pub struct Watch {
    /// What it asks for.
    pub wanted: Wanted,
    /// What came, in the order in which it came; nothing before the readings are over.
    pub deliveries: Vec<Delivery>,
    /// The revision to resume from: of the last change or bookmark.
    pub last: u64,
    /// How many bookmarks came.
    pub bookmarks: u64,
    /// When it was asked for the last time, in microseconds.
    pub asked_us: u32,
    /// When it was opened and opened again, in microseconds.
    pub opened_us: Vec<u32>,
    /// How long each opening took, from the request to the answer's head.
    pub openings_us: Vec<u32>,
    /// When the first event or bookmark after each opening came.
    pub confirmed_us: Vec<u32>,
    /// How often its place was lost (410), so that a client has to list again.
    pub relists: u64,
    /// The first ends that were not asked for.
    pub ends: Vec<Ended>,
    /// How many there were.
    pub ends_count: u64,
    /// How many initial events came.
    pub initial: u64,
    /// When the bookmark came that ends them.
    pub synced_us: Option<u32>,
    framing: Framing,
}

impl Watch {
    /// A watch that has not begun.
    pub fn new(wanted: Wanted, media: Media) -> Self {
        Self {
            last: wanted.revision,
            wanted,
            deliveries: Vec::new(),
            bookmarks: 0,
            asked_us: 0,
            opened_us: Vec::new(),
            openings_us: Vec::new(),
            confirmed_us: Vec::new(),
            relists: 0,
            ends: Vec::new(),
            ends_count: 0,
            initial: 0,
            synced_us: None,
            framing: Framing::new(media),
        }
    }

    /// The path to open it with, now. The server's time limit is set beyond the run, so that it does not end the watch.
    pub fn path(&self, seconds: u64) -> String {
        let (path, separator) = (
            &self.wanted.path,
            if self.wanted.path.contains('?') { '&' } else { '?' },
        );
        let from = match self.wanted.initial && self.synced_us.is_none() {
            true => "sendInitialEvents=true&resourceVersionMatch=NotOlderThan".to_owned(),
            false => format!("resourceVersion={}", self.last),
        };
        format!("{path}{separator}watch=true&allowWatchBookmarks=true&{from}&timeoutSeconds={seconds}")
    }

    /// The server said yes.
    pub fn opened(&mut self, media: Media, at_us: u32) {
        self.opened_us.push(at_us);
        self.openings_us.push(at_us.saturating_sub(self.asked_us));
        if self.synced_us.is_none() {
            self.initial = 0;
        }
        self.framing = Framing::new(media);
    }

    /// How long its client keeps it open now.
    pub fn lifetime(&self) -> Option<Duration> {
        let cycle = self.wanted.cycle?;
        Some(match self.opened_us.len() {
            0 | 1 => cycle.first,
            _ => cycle.lifetime,
        })
    }

    /// It ended, and nobody asked for it.
    pub fn ended(&mut self, ended: Ended) {
        self.ends_count += 1;
        if self.ends.len() < limits::ENDS_KEPT_MAX {
            self.ends.push(ended);
        }
    }

    /// Whether it has all that there was when it began.
    pub fn is_synced(&self) -> bool {
        !self.wanted.initial || self.synced_us.is_some()
    }

    /// Whether the next bytes begin an event, and an event is nothing but a change to be recorded.
    pub fn is_steady(&self) -> bool {
        self.framing.is_empty() && self.is_synced() && self.confirmed_us.len() == self.opened_us.len()
    }

    /// Takes bytes of what was read; returns how many changes were in them.
    pub fn take(&mut self, bytes: &[u8], read: &mut Read<'_>) -> Result<u64, Ended> {
        let before = read.log.count();
        let mut rest = bytes;
        if self.is_steady() {
            rest = read.recent.take(bytes, |event| {
                self.last = event.revision;
                read.log.came(read.watch, event, read.at_us);
            });
        }
        let mut framing = std::mem::replace(&mut self.framing, Framing::new(read.media));
        let mut ended = None;
        let outcome = framing.push(rest, |framed, event| {
            ended = ended.take().or(self.event(framed, event, read));
        });
        self.framing = framing;
        match (ended, outcome) {
            (Some(ended), _) => Err(ended),
            (None, Err(_)) => Err(Ended::Broken("an event is too large".to_owned())),
            (None, Ok(())) => Ok((read.log.count() - before) as u64),
        }
    }

    fn event(&mut self, framed: &[u8], bytes: &[u8], read: &mut Read<'_>) -> Option<Ended> {
        let Some(event) = Event::scan(read.media, bytes) else {
            return Some(Ended::Broken("what came is not a watch event".to_owned()));
        };
        if let Kind::Error(code) = event.kind {
            return Some(Ended::Error(code));
        }
        if self.confirmed_us.len() < self.opened_us.len() {
            self.confirmed_us.push(read.at_us);
        }
        self.last = event.revision;
        match event.kind {
            Kind::Bookmark => self.bookmarks += 1,
            Kind::InitialEnd => self.synced_us = Some(read.at_us),
            _ if !self.is_synced() => self.initial += 1,
            _ => {
                read.recent.keep(framed, event);
                read.log.came(read.watch, &event, read.at_us);
            }
        }
        None
    }
}

/// What was read at one moment: where it is recorded, and of which watch it is.
pub struct Read<'a> {
    /// The number of the watch.
    pub watch: u32,
    /// The form of the events.
    pub media: Media,
    /// When, in microseconds since the readings began.
    pub at_us: u32,
    /// The events that came last.
    pub recent: &'a mut Recent,
    /// The record.
    pub log: &'a mut Log,
}

/// Microseconds since `begin`, for at most an hour.
pub(super) fn micros_since(begin: Instant) -> u32 {
    u32::try_from(begin.elapsed().as_micros()).unwrap_or(u32::MAX)
}
