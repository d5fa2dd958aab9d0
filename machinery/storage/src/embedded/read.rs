//! Range reads: one revision, any number of keys, a bounded hold of the lock at a time.
//! Writers go on between the parts; the pinned revision makes the parts fit together.

use super::limits::RANGE_CHUNK_KEYS;
use super::shared::{Pin, Shared};
use crate::key_range::KeyRange;
use crate::store::{Error, Range, RangeResult, Revision};
use bytes::Bytes;
use std::sync::Arc;

/// Reads keys at one revision.
pub async fn range(shared: &Arc<Shared>, request: Range) -> Result<RangeResult, Error> {
    let pin = shared.pin(request.at)?;
    let mut reading = Reading {
        result: RangeResult { revision: Revision(pin.current), ..RangeResult::default() },
        range: KeyRange::new(request.start.clone(), request.end.clone()),
        request,
        pin,
    };
    let mut after = None;
    loop {
        after = reading.chunk(after.as_deref());
        if after.is_none() {
            return Ok(reading.finish());
        }
        tokio::task::yield_now().await;
    }
}

struct Reading {
    pin: Pin,
    request: Range,
    range: KeyRange,
    result: RangeResult,
}

impl Reading {
    fn chunk(&mut self, after: Option<&[u8]>) -> Option<Bytes> {
        let Self { pin, request, range, result } = self;
        let index = pin.shared.index();
        index.scan(range, after, pin.at, RANGE_CHUNK_KEYS, |version| {
            let wanted = request.limit == 0 || result.count < request.limit;
            if wanted && !request.count_only {
                result.entries.push(version.entry(request.keys_only));
            }
            result.count += 1;
        })
    }

    fn finish(mut self) -> RangeResult {
        self.result.more = self.request.limit > 0 && self.result.count > self.request.limit && !self.request.count_only;
        self.result
    }
}
