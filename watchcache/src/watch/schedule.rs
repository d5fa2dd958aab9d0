//! When a watch has something to say that is no event: bookmarks, and its end.

use std::time::Duration;

use tokio::time::Instant;

use crate::limits::{BOOKMARK_INTERVAL, LAST_BOOKMARK_BEFORE_END, WATCH_TIMEOUT_MIN};

/// The times of one watch.
#[derive(Debug)]
pub(super) struct Schedule {
    /// Whether the client takes bookmarks.
    takes_bookmarks: bool,
    begun: Instant,
    /// The next bookmark, if there is one before the end.
    bookmark: Option<Instant>,
    end: Instant,
}

/// What it is time for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Due {
    Bookmark,
    End,
}

impl Schedule {
    /// From now on; `lasting` is what the client asked for.
    pub(super) fn new(now: Instant, lasting: Option<i64>, takes_bookmarks: bool, random: f64) -> Self {
        let mut schedule = Self {
            takes_bookmarks,
            begun: now,
            bookmark: None,
            end: now + duration(lasting, random),
        };
        schedule.plan(now);
        schedule
    }

    /// When the watch was opened.
    pub(super) fn begun(&self) -> Instant {
        self.begun
    }

    /// Whether it was told to finish.
    pub(super) fn is_finishing(&self) -> bool {
        self.end == self.begun
    }

    /// What it is time for, once all events are sent.
    pub(super) fn due(&mut self, now: Instant) -> Option<Due> {
        if self.bookmark.is_some_and(|at| now >= at) {
            self.plan(now);
            return Some(Due::Bookmark);
        }
        (now >= self.end).then_some(Due::End)
    }

    /// When to look again.
    pub(super) fn next(&self) -> Instant {
        self.bookmark.map_or(self.end, |bookmark| bookmark.min(self.end))
    }

    /// It ends at once, whatever the time is by who asks: a last bookmark, then the end.
    pub(super) fn finish(&mut self) {
        self.bookmark = self.takes_bookmarks.then_some(self.begun);
        self.end = self.begun;
    }

    /// The next bookmark, as the reference has it: after an interval, but once shortly before the end. A watch that lasts no longer
    /// than that has none.
    fn plan(&mut self, now: Instant) {
        let last = self.end.checked_sub(LAST_BOOKMARK_BEFORE_END);
        let last = last.filter(|last| self.takes_bookmarks && *last > now);
        self.bookmark = last.map(|last| last.min(now + BOOKMARK_INTERVAL));
    }
}

/// As asked for, or somewhere between the least and twice that, so that watches do not end together.
fn duration(seconds: Option<i64>, random: f64) -> Duration {
    match seconds
        .and_then(|seconds| u64::try_from(seconds).ok())
        .filter(|seconds| *seconds > 0)
    {
        Some(seconds) => Duration::from_secs(seconds.min(YEAR_SECONDS)),
        None => WATCH_TIMEOUT_MIN.mul_f64(1.0 + random),
    }
}

/// Longer is meant as for ever; an [`Instant`] may not reach as far as a client's number.
const YEAR_SECONDS: u64 = 365 * 86_400;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bookmarks_come_each_minute_and_before_the_end() {
        let begin = Instant::now();
        let mut schedule = Schedule::new(begin, Some(90), true, 0.0);
        let at = |seconds| begin + Duration::from_secs(seconds);
        assert_eq!((schedule.due(at(59)), schedule.next()), (None, at(60)));
        assert_eq!(
            (schedule.due(at(60)), schedule.next()),
            (Some(Due::Bookmark), at(88))
        );
        assert_eq!(
            (schedule.due(at(88)), schedule.next()),
            (Some(Due::Bookmark), at(90))
        );
        assert_eq!(schedule.due(at(89)), None);
        assert_eq!(schedule.due(at(90)), Some(Due::End));
    }

    #[test]
    fn short_watches_have_one_bookmark_or_none() {
        let begin = Instant::now();
        let at = |millis| begin + Duration::from_millis(millis);
        for seconds in [1, 2] {
            let mut schedule = Schedule::new(begin, Some(seconds), true, 0.0);
            let end = at(1_000 * seconds as u64);
            assert_eq!((schedule.due(begin), schedule.next()), (None, end));
            assert_eq!(schedule.due(end), Some(Due::End));
        }
        let mut schedule = Schedule::new(begin, Some(3), true, 0.0);
        assert_eq!((schedule.due(at(999)), schedule.next()), (None, at(1_000)));
        assert_eq!(
            (schedule.due(at(1_000)), schedule.next()),
            (Some(Due::Bookmark), at(3_000))
        );
        assert_eq!(
            (schedule.due(at(2_999)), schedule.due(at(3_000))),
            (None, Some(Due::End))
        );
    }

    #[test]
    fn a_watch_that_is_told_to_finish_has_a_last_bookmark() {
        let begin = Instant::now();
        let mut told = Schedule::new(begin, Some(1), true, 0.0);
        told.finish();
        assert_eq!(
            (told.due(begin), told.due(begin)),
            (Some(Due::Bookmark), Some(Due::End))
        );
        let mut told = Schedule::new(begin, None, false, 0.0);
        told.finish();
        assert_eq!(told.due(begin), Some(Due::End));
    }

    #[test]
    fn without_bookmarks_there_is_only_the_end() {
        let begin = Instant::now();
        let mut schedule = Schedule::new(begin, None, false, 0.5);
        assert_eq!(schedule.next(), begin + Duration::from_secs(2_700));
        assert_eq!(schedule.due(begin + Duration::from_secs(2_699)), None);
        assert!(Schedule::new(begin, Some(i64::MAX), false, 0.0).next() > begin);
    }
}
