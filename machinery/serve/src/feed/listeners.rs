//! Who is signalled when something happens to all: thousands of feeds, without a future for each. What happens is told elsewhere;
//! who is signalled looks there.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::Signal;

/// A list of signals. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct Listeners {
    places: Arc<Mutex<Places>>,
}

#[derive(Debug, Default)]
struct Places {
    signals: Vec<Option<Signal>>,
    free: Vec<usize>,
}

/// A place among those that are told; left when dropped.
#[derive(Debug)]
pub struct Listening {
    listeners: Listeners,
    place: usize,
}

impl Listeners {
    /// Signals as long as the answer lives. Who asks looks afterwards at what is told: it may be too late for the signal.
    pub fn listen(&self, signal: Signal) -> Listening {
        let mut places = self.places();
        let place = match places.free.pop() {
            Some(place) => {
                places.signals[place] = Some(signal);
                place
            }
            None => {
                places.signals.push(Some(signal));
                places.signals.len() - 1
            }
        };
        drop(places);
        Listening {
            listeners: self.clone(),
            place,
        }
    }

    /// Signals all.
    pub fn tell(&self) {
        let places = self.places();
        // All are marked before the first is woken: one wake for each connection.
        let mut to_wake: Vec<&Signal> = places.signals.iter().flatten().collect();
        to_wake.retain(|signal| signal.mark());
        to_wake.into_iter().for_each(Signal::wake);
    }

    fn places(&self) -> MutexGuard<'_, Places> {
        self.places.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        let mut places = self.listeners.places();
        places.signals[self.place] = None;
        places.free.push(self.place);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feed::ReadySet;

    #[test]
    fn who_listens_is_signalled_until_it_leaves() {
        let listeners = Listeners::default();
        let set = ReadySet::new(3);
        let [first, second] = [0, 1].map(|slot| listeners.listen(set.signal(slot)));
        drop(first);
        let third = listeners.listen(set.signal(2));
        listeners.tell();
        let mut signalled = Vec::new();
        set.drain(|slot| signalled.push(slot));
        assert_eq!(signalled, [1, 2]);
        drop((second, third));
        assert_eq!(listeners.places().free.len(), 2);
    }
}
