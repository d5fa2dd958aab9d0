//! Who is alive: each renewal of a record is a sighting, by the clock of whoever looks. A pure state machine: times come in as
//! arguments, and clocks of other machines count only where nothing else is known.
//!
//! Two silences are told apart. A member that is not heard of while others are has vanished. If nobody is heard of, it is the
//! store or the way to it that stands still, and everybody stays as they were.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use smol_str::SmolStr;
use tokio::time::Instant;

use crate::limits::{CLOCK_SKEW_MAX, LEASE_DURATION, MEMBERS_MAX, RENEWAL_INTERVAL};
use crate::members::Member;
use crate::record::Record;

/// Time goes on for so long when nobody is heard of: longer than renewals are apart, shorter than a lease stands.
const QUIET_MAX: Duration =
    Duration::from_millis((RENEWAL_INTERVAL.as_millis() + LEASE_DURATION.as_millis()) as u64 / 2);

/// What was seen of each record.
#[derive(Debug, Default)]
pub struct Sightings {
    seen: BTreeMap<SmolStr, Sighting>,
}

#[derive(Debug)]
struct Sighting {
    member: Arc<Member>,
    renewed: SmolStr,
    /// When its last renewal was seen; `None` if what was seen was old already.
    at: Option<Instant>,
}

impl Sightings {
    /// A record as it is now. `age` is that of its renewal if its writer's clock agrees with ours.
    pub fn see(&mut self, record: Record, age: Duration, now: Instant) {
        let Record { member, renewed } = record;
        let name = member.name.clone();
        let member = Arc::new(member);
        let known = self.seen.get(&name);
        if known.is_none_or(|known| known.renewed != renewed) {
            self.end_silence(now);
        }
        let are_too_many = self.seen.len() >= MEMBERS_MAX;
        match self.seen.get_mut(&name) {
            Some(known) => {
                if known.renewed != renewed || known.member.run != member.run {
                    known.at = Some(now);
                }
                if known.member != member {
                    known.member = member;
                }
                known.renewed = renewed;
            }
            None if are_too_many => {
                tracing::warn!(name = %member.name, "there are too many members: one is not looked at");
            }
            None => {
                let at = (age <= LEASE_DURATION + CLOCK_SKEW_MAX).then_some(now);
                self.seen.insert(name, Sighting { member, renewed, at });
            }
        }
    }

    /// A record is gone: its member said goodbye.
    pub fn forget(&mut self, name: &str) {
        self.seen.remove(name);
    }

    /// All records as a list has them; others are gone.
    pub fn see_all(&mut self, records: Vec<(Record, Duration)>, now: Instant) {
        let names: Vec<SmolStr> = records
            .iter()
            .map(|(record, _)| record.member.name.clone())
            .collect();
        self.seen.retain(|name, _| names.contains(name));
        for (record, age) in records {
            self.see(record, age, now);
        }
    }

    /// Who is alive.
    pub fn alive(&self, now: Instant) -> Vec<Arc<Member>> {
        let now = self.clock(now);
        let is_alive = |sighting: &&Sighting| sighting.at.is_some_and(|at| now < at + LEASE_DURATION);
        self.seen
            .values()
            .filter(is_alive)
            .map(|sighting| sighting.member.clone())
            .collect()
    }

    /// Addresses of those that were alive and have vanished without a word.
    pub fn lost(&self, now: Instant) -> BTreeSet<SmolStr> {
        let now = self.clock(now);
        let is_lost = |sighting: &&Sighting| sighting.at.is_some_and(|at| now >= at + LEASE_DURATION);
        let lost = self.seen.values().filter(is_lost);
        lost.map(|sighting| sighting.member.address.clone()).collect()
    }

    /// When somebody who is alive will not be any more, if nothing is heard.
    pub fn next_expiry(&self, now: Instant) -> Option<Instant> {
        let clock = self.clock(now);
        let ends = self
            .seen
            .values()
            .filter_map(|sighting| Some(sighting.at? + LEASE_DURATION));
        let next = ends.filter(|end| *end > clock).min()?;
        // Beyond the silence nothing expires before somebody is heard.
        (next <= self.latest()? + QUIET_MAX).then_some(next)
    }

    /// Names of records that were not renewed for this long while others were.
    pub fn silent_for(&self, limit: Duration, now: Instant) -> Vec<SmolStr> {
        let now = self.clock(now);
        let is_silent = |sighting: &Sighting| sighting.at.is_none_or(|at| now > at + limit);
        let silent = self.seen.iter().filter(|(_, sighting)| is_silent(sighting));
        silent.map(|(name, _)| name.clone()).collect()
    }

    /// The time by which leases run out: it stands still when nobody is heard.
    fn clock(&self, now: Instant) -> Instant {
        self.latest().map_or(now, |latest| now.min(latest + QUIET_MAX))
    }

    /// Somebody is heard again. Whoever was alive when the silence began has the time of a whole lease to be heard, too.
    fn end_silence(&mut self, now: Instant) {
        let stopped = self.clock(now);
        if stopped == now {
            return;
        }
        for at in self.seen.values_mut().filter_map(|sighting| sighting.at.as_mut()) {
            if stopped < *at + LEASE_DURATION {
                *at = now;
            }
        }
    }

    fn latest(&self) -> Option<Instant> {
        self.seen.values().filter_map(|sighting| sighting.at).max()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::members::tests::cache;

    const NEW: Duration = Duration::ZERO;

    fn record(name: &str, renewed: u32) -> Record {
        Record {
            member: cache(name, &[]),
            renewed: renewed.to_string().into(),
        }
    }

    fn alive(sightings: &Sightings, now: Instant) -> Vec<String> {
        let alive = sightings.alive(now);
        alive.iter().map(|member| member.name.to_string()).collect()
    }

    fn second(number: u64) -> Duration {
        Duration::from_secs(number)
    }

    #[test]
    fn who_is_not_renewed_for_six_seconds_is_out() {
        let (begun, mut sightings) = (Instant::now(), Sightings::default());
        sightings.see(record("a", 0), NEW, begun);
        for at in (0..=6).step_by(2) {
            sightings.see(record("b", at), NEW, begun + second(at.into()));
        }
        assert_eq!(
            alive(&sightings, begun + Duration::from_millis(5_999)),
            ["a", "b"]
        );
        assert_eq!(sightings.next_expiry(begun + second(5)), Some(begun + second(6)));
        assert_eq!(alive(&sightings, begun + second(6)), ["b"]);
        let lost = sightings.lost(begun + second(6));
        assert_eq!(lost.into_iter().collect::<Vec<_>>(), ["a:6444"]);
    }

    #[test]
    fn what_is_seen_again_unchanged_is_no_sign_of_life() {
        let (begun, mut sightings) = (Instant::now(), Sightings::default());
        for at in 0..=6 {
            sightings.see(record("a", 0), NEW, begun + second(at.into()));
            sightings.see(record("b", at), NEW, begun + second(at.into()));
        }
        assert_eq!(alive(&sightings, begun + second(6)), ["b"]);
        sightings.see(record("a", 7), NEW, begun + second(7));
        assert_eq!(alive(&sightings, begun + second(7)), ["a", "b"]);
    }

    #[test]
    fn when_nobody_is_heard_of_all_stay() {
        let (begun, mut sightings) = (Instant::now(), Sightings::default());
        sightings.see(record("a", 0), NEW, begun);
        sightings.see(record("b", 0), NEW, begun + second(1));
        assert_eq!(alive(&sightings, begun + second(600)), ["a", "b"]);
        assert_eq!(sightings.next_expiry(begun + second(600)), None);
        // Who comes back first says nothing about the others' time away.
        for at in 600..=606 {
            sightings.see(record("b", at), NEW, begun + second(at.into()));
            let all: &[&str] = if at < 606 { &["a", "b"] } else { &["b"] };
            assert_eq!(alive(&sightings, begun + second(at.into())), all, "{at}");
        }
    }

    #[test]
    fn old_records_wait_for_a_renewal() {
        let (begun, mut sightings) = (Instant::now(), Sightings::default());
        sightings.see(record("old", 0), second(3_600), begun);
        sightings.see(record("skewed", 0), second(50), begun);
        assert_eq!(alive(&sightings, begun), ["skewed"]);
        sightings.see(record("old", 1), second(3_600), begun);
        assert_eq!(alive(&sightings, begun), ["old", "skewed"]);
    }

    #[test]
    fn who_says_goodbye_is_out_at_once() {
        let (begun, mut sightings) = (Instant::now(), Sightings::default());
        sightings.see_all(vec![(record("a", 0), NEW), (record("b", 0), NEW)], begun);
        sightings.forget("a");
        assert_eq!(alive(&sightings, begun), ["b"]);
        assert!(sightings.lost(begun + second(60)).is_empty());
        sightings.see_all(vec![(record("c", 0), NEW)], begun);
        assert_eq!(alive(&sightings, begun), ["c"]);
    }

    #[test]
    fn long_silences_are_told() {
        let (begun, mut sightings) = (Instant::now(), Sightings::default());
        sightings.see(record("a", 0), NEW, begun);
        for at in 0..=60 {
            sightings.see(record("b", at), NEW, begun + second(at.into()));
        }
        assert_eq!(sightings.silent_for(second(30), begun + second(60)), ["a"]);
    }
}
