//! What came on the connections of one thread, in the order in which it came, for all of their watches: a list of each watch would be in
//! another place of memory with each event, and to reach it would cost more than to read the event.

use super::{Delivery, Event};

/// The record of a thread: 16 bytes for each event that comes at once to watches that follow each other, and 16 more when it is another
/// event than the one before.
#[derive(Debug, Default)]
pub struct Log {
    events: Vec<(u64, u32)>,
    runs: Vec<Run>,
    count: usize,
}

/// The last event came to watches of these numbers, one after the other.
#[derive(Debug)]
struct Run {
    first: u32,
    count: u32,
    event: u32,
    at_us: u32,
}

impl Log {
    /// A change came to the watch of that number.
    pub fn came(&mut self, watch: u32, event: &Event, at_us: u32) {
        self.count += 1;
        let event = (event.revision, event.object);
        let same = self.events.last() == Some(&event);
        if let Some(run) = self.runs.last_mut()
            && same
            && run.at_us == at_us
            && run.first + run.count == watch
        {
            run.count += 1;
            return;
        }
        if !same {
            self.events.push(event);
        }
        self.runs.push(Run {
            first: watch,
            count: 1,
            event: self.events.len() as u32 - 1,
            at_us,
        });
    }

    /// How many deliveries.
    pub fn count(&self) -> usize {
        self.count
    }

    /// All of it, in order, with the number of the watch.
    pub fn deliveries(&self) -> impl Iterator<Item = (u32, Delivery)> {
        self.runs.iter().flat_map(|run| {
            let (revision, object) = self.events[run.event as usize];
            let delivery = Delivery {
                revision,
                at_us: run.at_us,
                object,
            };
            (run.first..run.first + run.count).map(move |watch| (watch, delivery))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::watch::Kind;

    #[test]
    fn gives_back_what_came_in_its_order() {
        let event = |revision, object| Event {
            kind: Kind::Change,
            revision,
            object,
        };
        let came = [
            (0, event(7, 1), 10),
            (1, event(7, 1), 10),
            (2, event(7, 1), 11),
            (2, event(8, 2), 11),
            (3, event(8, 2), 11),
            (0, event(7, 1), 13),
            (0, event(7, 1), 13),
            (2, event(7, 1), 13),
        ];
        let mut log = Log::default();
        came.iter()
            .for_each(|(watch, event, at_us)| log.came(*watch, event, *at_us));
        let told = log.deliveries().map(|(watch, delivery)| {
            let event = event(delivery.revision, delivery.object);
            (watch, event, delivery.at_us)
        });
        assert_eq!(told.collect::<Vec<_>>(), came);
        assert_eq!((log.count(), log.runs.len(), log.events.len()), (8, 6, 3));
    }
}
