//! How much a server has under way, on all its connections together. Tiers tell it to their routers, each of which sees only its own
//! part of it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use http::{HeaderMap, HeaderName, HeaderValue};

/// Where an answer to a router tells it: requests and watches under way, this one among them.
const HEADER: HeaderName = HeaderName::from_static("shardplane-load");

/// Requests and watches under way. Clones share the count.
#[derive(Clone, Debug, Default)]
pub struct Load {
    under_way: Arc<AtomicU64>,
}

impl Load {
    /// How many there are.
    pub fn count(&self) -> u64 {
        self.under_way.load(Ordering::Relaxed)
    }

    /// Writes it into the headers of an answer.
    pub fn tell(&self, headers: &mut HeaderMap) {
        headers.insert(HEADER, HeaderValue::from(self.count()));
    }

    /// Takes what a server told out of the headers of its answer; `None` if it told nothing that can be read.
    pub fn take(headers: &mut HeaderMap) -> Option<u64> {
        headers.remove(HEADER)?.to_str().ok()?.parse().ok()
    }

    /// One more.
    pub(crate) fn begin(&self) {
        self.under_way.fetch_add(1, Ordering::Relaxed);
    }

    /// One less.
    pub(crate) fn end(&self) {
        self.under_way.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_told_is_taken_once() {
        let load = Load::default();
        (0..3).for_each(|_| load.begin());
        load.end();
        let mut headers = HeaderMap::new();
        load.tell(&mut headers);
        assert_eq!(Load::take(&mut headers), Some(2));
        assert_eq!(Load::take(&mut headers), None);
        headers.insert(HEADER, HeaderValue::from_static("many"));
        assert_eq!(Load::take(&mut headers), None);
    }
}
