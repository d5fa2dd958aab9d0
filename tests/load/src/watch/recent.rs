//! The events that came last on a thread's connections. A change comes to each watch of it in the same bytes: all but the first time they
//! are compared, which costs less than to look for where they end and what they say. Any other byte makes another event.

use super::{Event, Kind};
use crate::limits;

/// How many are kept: connections that are not equally far see different ones in turns.
const KEPT: usize = 4;

/// Those events, the latest first.
#[derive(Debug, Default)]
pub struct Recent {
    kept: Vec<Known>,
}

#[derive(Debug)]
struct Known {
    /// With the framing around it.
    bytes: Vec<u8>,
    event: Event,
}

impl Recent {
    /// Hands on the events that the bytes begin with, for as long as they are known; returns the rest.
    pub fn take<'a>(&mut self, mut bytes: &'a [u8], mut each: impl FnMut(&Event)) -> &'a [u8] {
        while let Some(known) = self.find(bytes) {
            each(&known.event);
            bytes = &bytes[known.bytes.len()..];
        }
        bytes
    }

    fn find(&mut self, bytes: &[u8]) -> Option<&Known> {
        let place = self
            .kept
            .iter()
            .position(|known| bytes.starts_with(&known.bytes))?;
        self.kept.swap(0, place);
        self.kept.first()
    }

    /// Keeps one that was read, with the framing around it. Only changes come often.
    pub fn keep(&mut self, bytes: &[u8], event: Event) {
        if event.kind != Kind::Change || bytes.len() > limits::RECENT_BYTES_MAX {
            return;
        }
        let mut known = match self.kept.len() < KEPT {
            true => Vec::new(),
            false => self.kept.pop().map(|known| known.bytes).unwrap_or_default(),
        };
        known.clear();
        known.extend_from_slice(bytes);
        self.kept.insert(0, Known { bytes: known, event });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(revision: u64) -> Event {
        Event {
            kind: Kind::Change,
            revision,
            object: 0,
        }
    }

    fn taken(recent: &mut Recent, bytes: &[u8]) -> (Vec<u64>, usize) {
        let mut revisions = Vec::new();
        let rest = recent.take(bytes, |event| revisions.push(event.revision)).len();
        (revisions, rest)
    }

    #[test]
    fn knows_the_same_bytes_and_no_others() {
        let mut recent = Recent::default();
        recent.keep(b"one\n", event(1));
        recent.keep(b"two\n", event(2));
        assert_eq!(taken(&mut recent, b"two\none\none\ntw"), (vec![2, 1, 1], 2));
        assert_eq!(taken(&mut recent, b"One\n"), (vec![], 4));
        assert_eq!(taken(&mut recent, b""), (vec![], 0));
    }

    #[test]
    fn keeps_the_latest() {
        let mut recent = Recent::default();
        for revision in 0..=KEPT as u64 {
            recent.keep(format!("{revision}\n").as_bytes(), event(revision));
        }
        assert_eq!(taken(&mut recent, b"0\n"), (vec![], 2));
        assert_eq!(taken(&mut recent, b"1\n2\n"), (vec![1, 2], 0));
        let bookmark = Event {
            kind: Kind::Bookmark,
            ..event(9)
        };
        recent.keep(b"9\n", bookmark);
        assert_eq!(
            taken(&mut recent, b"9\n"),
            (vec![], 2),
            "a bookmark is more than a change"
        );
    }
}
