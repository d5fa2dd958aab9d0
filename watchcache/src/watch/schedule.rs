//! When a watch has something to say that is no event: bookmarks, and its end.

use std::time::Duration;

use tokio::time::Instant;

use crate::limits::{BOOKMARK_INTERVAL, LAST_BOOKMARK_BEFORE_END, WATCH_TIMEOUT_MIN};

/// The times of one watch.
#[derive(Debug)]
pub(super) struct Schedule {
    /// The next bookmark; `None` for clients that take none.
    bookmark: Option<Instant>,
    /// The bookmark that precedes the end was sent.
    had_last: bool,
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
    pub(super) fn new(now: Instant, lasting: Option<i64>, bookmarks: bool, random: f64) -> Self {
        Self {
            bookmark: bookmarks.then(|| now + BOOKMARK_INTERVAL),
            had_last: false,
            end: now + duration(lasting, random),
        }
    }

    /// What it is time for, once all events are sent.
    pub(super) fn due(&mut self, now: Instant) -> Option<Due> {
        let before_end = self.end.checked_sub(LAST_BOOKMARK_BEFORE_END).unwrap_or(self.end);
        if self.bookmark.is_some() && !self.had_last && now >= before_end {
            self.had_last = true;
            self.bookmark = Some(self.end + BOOKMARK_INTERVAL);
            return Some(Due::Bookmark);
        }
        if now >= self.end {
            return Some(Due::End);
        }
        if self.bookmark.is_some_and(|at| now >= at) {
            self.bookmark = Some(now + BOOKMARK_INTERVAL);
            return Some(Due::Bookmark);
        }
        None
    }

    /// When to look again.
    pub(super) fn next(&self) -> Instant {
        let last = match (self.bookmark, self.had_last) {
            (Some(_), false) => self.end.checked_sub(LAST_BOOKMARK_BEFORE_END).unwrap_or(self.end),
            _ => self.end,
        };
        self.bookmark.map_or(last, |bookmark| bookmark.min(last))
    }

    /// It ends at once: the bookmark before the end, then the end.
    pub(super) fn finish(&mut self) {
        self.end = Instant::now();
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
    fn without_bookmarks_there_is_only_the_end() {
        let begin = Instant::now();
        let mut schedule = Schedule::new(begin, None, false, 0.5);
        assert_eq!(schedule.next(), begin + Duration::from_secs(2_700));
        assert_eq!(schedule.due(begin + Duration::from_secs(2_699)), None);
        schedule.finish();
        assert_eq!(schedule.due(Instant::now()), Some(Due::End));
        let mut told = Schedule::new(begin, Some(1), true, 0.0);
        assert_eq!(told.due(begin), Some(Due::Bookmark));
        assert_eq!(told.due(begin), None);
        assert!(Schedule::new(begin, Some(i64::MAX), false, 0.0).next() > begin);
    }
}
