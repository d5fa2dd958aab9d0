//! Watches that end before their time, because another member is to have them: some of a unit's, or all, one after the other. Each
//! gets a last bookmark and a clean end, so that its client resumes elsewhere and misses nothing. Who leaves is chance.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use arc_swap::ArcSwapOption;
use tokio::time::Instant;

/// What a unit's watches are asked to do.
#[derive(Debug, Default)]
pub struct Departures {
    asked: ArcSwapOption<Asked>,
    /// Whether anybody is asked: each watch looks at each event, and this is cheaper. Who still sees the old value is woken later.
    is_asked: AtomicBool,
    /// How often that changed.
    changes: AtomicU64,
}

/// Who is asked to leave, and when.
#[derive(Debug)]
struct Asked {
    /// Tells it from those before: who was spared once is not spared for ever.
    number: u64,
    begun: Instant,
    /// Which part of the watches, up to 1.
    share: f64,
    /// Over how long.
    spread: Duration,
}

impl Departures {
    /// Asks a part of the watches that are open now to end over a time; 1 is all of them, also those that are opened later. They see
    /// it when they are woken.
    pub fn ask(&self, now: Instant, share: f64, spread: Duration) {
        let number = self.asked.load().as_ref().map_or(0, |asked| asked.number + 1);
        self.asked.store(Some(Arc::new(Asked {
            number,
            begun: now,
            share,
            spread,
        })));
        self.is_asked.store(true, Ordering::Release);
        self.changes.fetch_add(1, Ordering::Release);
    }

    /// How often somebody was asked, or nobody any more: who has looked at [`Self::time_for`] since it last grew knows all.
    pub fn changes(&self) -> u64 {
        self.changes.load(Ordering::Acquire)
    }

    /// Nobody is asked any more.
    pub fn clear(&self) {
        self.is_asked.store(false, Ordering::Release);
        self.asked.store(None);
        self.changes.fetch_add(1, Ordering::Release);
    }

    /// When a watch is to leave that was opened at a time, if it is asked to. The time is its lot, too.
    pub fn time_for(&self, opened: Instant) -> Option<Instant> {
        if !self.is_asked.load(Ordering::Acquire) {
            return None;
        }
        let asked = self.asked.load();
        let asked = asked.as_ref()?;
        let is_all = asked.share >= 1.0;
        let place = place(opened, asked.number);
        if place >= asked.share || (opened > asked.begun && !is_all) {
            return None;
        }
        Some(asked.begun + asked.spread.mul_f64((place / asked.share).min(1.0)))
    }
}

/// A watch's place from 0 up to 1, another one each time.
fn place(opened: Instant, number: u64) -> f64 {
    let mut hasher = DefaultHasher::new();
    (opened, number).hash(&mut hasher);
    (hasher.finish() >> 11) as f64 / (1u64 << 53) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    const SPREAD: Duration = Duration::from_secs(10);

    /// Of a thousand watches that were opened one after the other, the last of them at this time: which leave, and when.
    fn leaving(departures: &Departures, last: Instant) -> Vec<(u64, Instant)> {
        let opened = |lot| last - Duration::from_nanos(lot);
        (0..1_000)
            .filter_map(|lot| Some((lot, departures.time_for(opened(lot))?)))
            .collect()
    }

    #[test]
    fn a_part_leaves_one_after_the_other() {
        let (now, departures) = (Instant::now(), Departures::default());
        assert!(leaving(&departures, now).is_empty());
        departures.ask(now, 0.25, SPREAD);
        let first = leaving(&departures, now);
        assert!((200..300).contains(&first.len()), "{}", first.len());
        let in_each_half = [0, 5].map(|second| {
            let from = now + Duration::from_secs(second);
            first
                .iter()
                .filter(|(_, at)| *at >= from && *at < from + SPREAD / 2)
                .count()
        });
        assert!(in_each_half.iter().all(|count| *count > 80), "{in_each_half:?}");
        // The next time it is others.
        departures.ask(now, 0.25, SPREAD);
        let second = leaving(&departures, now);
        let again = second
            .iter()
            .filter(|(lot, _)| first.iter().any(|(one, _)| one == lot))
            .count();
        assert!(again < second.len() / 2, "{again} of {}", second.len());
    }

    #[test]
    fn who_comes_later_stays_unless_all_leave() {
        let (now, departures) = (Instant::now(), Departures::default());
        let later = now + Duration::from_millis(1);
        departures.ask(now, 0.5, SPREAD);
        assert!(leaving(&departures, later).is_empty());
        departures.ask(now, 1.0, SPREAD);
        assert_eq!(leaving(&departures, later).len(), 1_000);
        departures.clear();
        assert!(leaving(&departures, later).is_empty());
    }
}
