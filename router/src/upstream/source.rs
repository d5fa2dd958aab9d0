//! The content of an answer as it comes: from h2, and for watches from their lane once what h2 has of it is read.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use bytes::Bytes;
use h2::RecvStream;
use serve::feed::Signal;

use super::direct::{Lane, Opened, Wakes};
use super::turn::Mark;
use crate::limits::UNRELEASED_BYTES_MAX;

/// What there is next; nothing is the end.
pub(super) type Received = Option<Result<Bytes, h2::Error>>;

/// Where the content of an answer comes from.
pub(super) struct Source {
    stream: RecvStream,
    past: Option<Past>,
    /// None until somebody is to be told that something came.
    reader: Option<Arc<Reader>>,
    /// What h2 had, which may have to wait for the lane.
    behind: Option<Received>,
    /// What was taken and the member was not told yet that there is room again: each time costs a question.
    unreleased: Unreleased,
}

/// The way past h2.
struct Past {
    opened: Opened,
    lane: Arc<Lane>,
    /// What h2 has before the lane.
    before: usize,
}

/// In bytes.
#[derive(Default)]
struct Unreleased {
    of_h2: usize,
    of_lane: usize,
}

/// Who is told that something came.
struct Reader {
    mark: Mark,
    /// h2 has something. To ask costs much, and it seldom has.
    has_h2: AtomicBool,
}

impl Source {
    /// The content of an answer whose head was just read. That of a watch may come past h2, where h2 does not count it.
    pub(super) fn new(stream: RecvStream, watch: Option<Opened>) -> Self {
        let past = watch.and_then(|opened| {
            let (lane, before) = opened.divert()?;
            Some(Past { opened, lane, before })
        });
        Self {
            stream,
            past,
            reader: None,
            behind: None,
            unreleased: Unreleased::default(),
        }
    }

    /// Who is told from now on. What is there already is not told.
    pub(super) fn read_by(&mut self, signal: Signal) {
        let reader = Arc::new(Reader {
            mark: Mark::new(signal),
            has_h2: AtomicBool::new(true),
        });
        if let Some(past) = &self.past {
            past.lane.read_by(reader.clone());
        }
        self.reader = Some(reader);
    }

    /// Whether something is known to follow.
    pub(super) fn has_more(&self) -> bool {
        self.behind.is_some()
            || self
                .reader
                .as_ref()
                .is_none_or(|reader| reader.has_h2.load(Ordering::Acquire))
    }

    /// What there is next; the member may send as much again soon.
    pub(super) fn receive(&mut self) -> Poll<Received> {
        // First: what a lane has is looked at after h2 said that the stream is over.
        self.look_behind();
        if let Some(bytes) = self.take_lane() {
            return Poll::Ready(Some(Ok(bytes)));
        }
        let Some(received) = self.behind.take() else {
            return Poll::Pending;
        };
        if let Some(Ok(bytes)) = &received
            && let Err(error) = self.took_h2(bytes.len())
        {
            return Poll::Ready(Some(Err(error)));
        }
        Poll::Ready(received)
    }

    fn look_behind(&mut self) {
        if self.behind.is_some() {
            return;
        }
        let waker = match &self.reader {
            Some(reader) if !reader.has_h2.swap(false, Ordering::AcqRel) => return,
            Some(reader) => &Waker::from(reader.clone()),
            None => Waker::noop(),
        };
        if let Poll::Ready(received) = self.stream.poll_data(&mut Context::from_waker(waker)) {
            self.behind = Some(received);
            // It may have more, and tells of nothing as long as it was not asked in vain.
            if let Some(reader) = &self.reader {
                reader.has_h2.store(true, Ordering::Release);
            }
        }
    }

    fn take_lane(&mut self) -> Option<Bytes> {
        let past = self.past.as_ref().filter(|past| past.before == 0)?;
        let bytes = past.lane.take()?;
        self.unreleased.of_lane += bytes.len();
        if self.unreleased.of_lane >= UNRELEASED_BYTES_MAX {
            past.opened.release(std::mem::take(&mut self.unreleased.of_lane));
        }
        Some(bytes)
    }

    fn took_h2(&mut self, count: usize) -> Result<(), h2::Error> {
        self.unreleased.of_h2 += count;
        if let Some(past) = &mut self.past {
            past.before = past.before.saturating_sub(count);
        }
        // With a lane there is little of it, and what is not told is wanting there.
        if self.unreleased.of_h2 >= UNRELEASED_BYTES_MAX || self.past.is_some() {
            let count = std::mem::take(&mut self.unreleased.of_h2);
            self.stream.flow_control().release_capacity(count)?;
        }
        Ok(())
    }
}

impl Wakes for Reader {
    fn wake(&self) {
        self.mark.mark();
    }
}

impl Wake for Reader {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.has_h2.store(true, Ordering::Release);
        self.mark.mark();
    }
}
