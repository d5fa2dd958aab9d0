//! One watch: what it asks for, and what it got. How the bytes come is the connection's affair.

use std::time::Instant;

use super::{Event, Framing, Kind, Media};

/// What a watch asks for.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// The path and query, without `watch`, `resourceVersion` and what else every watch has: `/api/v1/pods?fieldSelector=...`
    pub path: String,
    /// The revision to begin after.
    pub revision: u64,
    /// It opens, and then never reads.
    pub stalled: bool,
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
    /// What came, in the order in which it came.
    pub deliveries: Vec<Delivery>,
    /// The revision to resume from: of the last change or bookmark.
    pub last: u64,
    /// How many bookmarks came.
    pub bookmarks: u64,
    /// When it was opened and opened again, in microseconds.
    pub opened_us: Vec<u32>,
    /// When the first event or bookmark after each opening came.
    pub confirmed_us: Vec<u32>,
    /// How often its place was lost (410), so that a client has to list again.
    pub relists: u64,
    /// Each end that was not asked for.
    pub ends: Vec<Ended>,
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
            opened_us: Vec::new(),
            confirmed_us: Vec::new(),
            relists: 0,
            ends: Vec::new(),
            framing: Framing::new(media),
        }
    }

    /// The path to open it with, now. The server's time limit is set beyond the run, so that it does not end the watch.
    pub fn path(&self, seconds: u64) -> String {
        let (path, separator) = (
            &self.wanted.path,
            if self.wanted.path.contains('?') { '&' } else { '?' },
        );
        format!(
            "{path}{separator}watch=true&allowWatchBookmarks=true&resourceVersion={}&timeoutSeconds={seconds}",
            self.last
        )
    }

    /// The server said yes.
    pub fn opened(&mut self, media: Media, at_us: u32) {
        self.opened_us.push(at_us);
        self.framing = Framing::new(media);
    }

    /// Takes bytes; returns how many changes were in them.
    pub fn take(&mut self, media: Media, bytes: &[u8], at_us: u32) -> Result<u64, Ended> {
        let before = self.deliveries.len();
        let mut framing = std::mem::replace(&mut self.framing, Framing::new(media));
        let mut ended = None;
        let outcome = framing.push(bytes, |event| {
            ended = ended.take().or(self.event(media, event, at_us))
        });
        self.framing = framing;
        match (ended, outcome) {
            (Some(ended), _) => Err(ended),
            (None, Err(_)) => Err(Ended::Broken("an event is too large".to_owned())),
            (None, Ok(())) => Ok((self.deliveries.len() - before) as u64),
        }
    }

    fn event(&mut self, media: Media, bytes: &[u8], at_us: u32) -> Option<Ended> {
        let Some(event) = Event::scan(media, bytes) else {
            return Some(Ended::Broken("what came is not a watch event".to_owned()));
        };
        if let Kind::Error(code) = event.kind {
            return Some(Ended::Error(code));
        }
        if self.confirmed_us.len() < self.opened_us.len() {
            self.confirmed_us.push(at_us);
        }
        self.last = event.revision;
        match event.kind {
            Kind::Bookmark => self.bookmarks += 1,
            _ => self.deliveries.push(Delivery {
                revision: event.revision,
                at_us,
                object: event.object,
            }),
        }
        None
    }
}

/// Microseconds since `begin`, for at most an hour.
pub(super) fn micros_since(begin: Instant) -> u32 {
    u32::try_from(begin.elapsed().as_micros()).unwrap_or(u32::MAX)
}
