//! What came on one connection, in the order in which it came, for all of its watches: a list of each watch would be in another place of
//! memory with each event, and to reach it would cost more than to read the event.

use super::{Delivery, Event};

/// The record of a connection. A delivery takes 12 bytes, and what it delivers 16 more when it comes for the first time in a row.
#[derive(Debug, Default)]
pub struct Log {
    events: Vec<(u64, u32)>,
    all: Vec<Came>,
}

#[derive(Debug)]
struct Came {
    watch: u32,
    event: u32,
    at_us: u32,
}

impl Log {
    /// A change came to the watch of that number, of those of the connection.
    pub fn came(&mut self, watch: usize, event: &Event, at_us: u32) {
        let event = (event.revision, event.object);
        if self.events.last() != Some(&event) {
            self.events.push(event);
        }
        self.all.push(Came {
            watch: watch as u32,
            event: self.events.len() as u32 - 1,
            at_us,
        });
    }

    /// How many deliveries.
    pub fn count(&self) -> usize {
        self.all.len()
    }

    /// All of it, in order, with the number of the watch.
    pub fn deliveries(&self) -> impl Iterator<Item = (usize, Delivery)> {
        self.all.iter().map(|came| {
            let (revision, object) = self.events[came.event as usize];
            let delivery = Delivery {
                revision,
                at_us: came.at_us,
                object,
            };
            (came.watch as usize, delivery)
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
            (1, event(7, 1), 11),
            (1, event(8, 2), 12),
            (0, event(7, 1), 13),
        ];
        let mut log = Log::default();
        came.iter()
            .for_each(|(watch, event, at_us)| log.came(*watch, event, *at_us));
        let told = log.deliveries().map(|(watch, delivery)| {
            let event = event(delivery.revision, delivery.object);
            (watch, event, delivery.at_us)
        });
        assert_eq!(told.collect::<Vec<_>>(), came);
        assert_eq!((log.count(), log.events.len()), (4, 3));
    }
}
