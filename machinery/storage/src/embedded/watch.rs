//! Watches: each is a position in the history, which it reads at its own pace.
//! Nothing is queued for a watcher: the writer only notes the first revision that it has not seen.

use super::index::Index;
use super::limits::{WATCH_BATCH_EVENTS, WATCH_CHUNK_REVISIONS};
use super::shared::Shared;
use super::version::Version;
use crate::key_range::KeyRange;
use crate::store::{Error, Event, Revision, WatchBatch, WatchRequest, WatchStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use tokio::sync::Notify;

/// What the writer knows of a watch.
pub struct Watcher {
    range: KeyRange,
    /// First revision of interest.
    from: i64,
    /// The first published revision with a matching change since the watch last had seen all; 0 is none. It is written with
    /// the index held for writing and reset with it held for reading, so its own ordering does not matter.
    unseen: AtomicI64,
    progress_wanted: AtomicBool,
    woken: Notify,
}

impl Watcher {
    /// Notes a revision that is being published, if it has something for this watch.
    pub fn offer(&self, revision: i64, changes: &[Arc<Version>]) {
        let wanted = revision >= self.from
            && self.unseen.load(Ordering::Relaxed) == 0
            && changes.iter().any(|version| self.range.contains(&version.key));
        if wanted {
            self.unseen.store(revision, Ordering::Relaxed);
            self.woken.notify_one();
        }
    }

    /// Asks for a progress mark.
    pub fn want_progress(&self) {
        self.progress_wanted.store(true, Ordering::Relaxed);
        self.woken.notify_one();
    }

    /// Makes it look around.
    pub fn wake(&self) {
        self.woken.notify_one();
    }
}

/// Registers a watch.
pub fn watch(shared: &Arc<Shared>, request: WatchRequest) -> Result<WatchStream, Error> {
    shared.check()?;
    let index = shared.index();
    let next = index.revision() + 1;
    let from = request.from.map(|from| from.0).filter(|from| *from > 0).unwrap_or(next);
    if from < index.compacted() {
        return Err(Error::Compacted(Revision(index.compacted())));
    }
    let watcher = Arc::new(Watcher {
        range: KeyRange::new(request.start, request.end),
        from,
        unseen: AtomicI64::new(0),
        progress_wanted: AtomicBool::new(false),
        woken: Notify::new(),
    });
    let cursor = Cursor {
        id: shared.register(&index, watcher.clone()),
        shared: shared.clone(),
        watcher,
        next: from,
        caught_up: from >= next,
        previous: request.previous,
    };
    drop(index);
    Ok(Box::pin(futures_util::stream::unfold(Some(cursor), |cursor| async {
        let mut cursor = cursor?;
        match cursor.batch().await {
            Ok(batch) => Some((Ok(batch), Some(cursor))),
            Err(error) => Some((Err(error), None)),
        }
    })))
}

/// The reading side of a watch.
struct Cursor {
    shared: Arc<Shared>,
    id: u64,
    watcher: Arc<Watcher>,
    /// The next revision to look at.
    next: i64,
    /// Everything published was looked at; from then on the writer's note says where to go on.
    caught_up: bool,
    previous: bool,
}

impl Drop for Cursor {
    fn drop(&mut self) {
        self.shared.deregister(self.id);
    }
}

impl Cursor {
    async fn batch(&mut self) -> Result<WatchBatch, Error> {
        loop {
            self.shared.check()?;
            if self.caught_up {
                if let Some(revision) = self.wait().await {
                    return Ok(WatchBatch::Progress(Revision(revision)));
                }
                continue;
            }
            let events = self.read()?;
            if !events.is_empty() {
                return Ok(WatchBatch::Events(events));
            }
            if !self.caught_up {
                tokio::task::yield_now().await;
            }
        }
    }

    /// Waits for something to do; a revision if it is to report progress.
    async fn wait(&mut self) -> Option<i64> {
        if self.resume() {
            return None;
        }
        if self.watcher.progress_wanted.swap(false, Ordering::Relaxed) {
            let index = self.shared.index();
            // With the index held, nothing unseen means nothing outstanding.
            if self.watcher.unseen.load(Ordering::Relaxed) == 0 {
                return Some(index.revision());
            }
            self.watcher.progress_wanted.store(true, Ordering::Relaxed);
            return None;
        }
        self.watcher.woken.notified().await;
        None
    }

    /// Goes on where the writer noted a change, if it did.
    fn resume(&mut self) -> bool {
        let unseen = self.watcher.unseen.load(Ordering::Relaxed);
        if unseen > 0 {
            self.next = self.next.max(unseen);
            self.caught_up = false;
        }
        unseen > 0
    }

    /// The matching changes of the next whole revisions.
    fn read(&mut self) -> Result<Vec<Event>, Error> {
        let shared = self.shared.clone();
        let index = shared.index();
        if self.next < index.compacted() {
            return Err(Error::Compacted(Revision(index.compacted())));
        }
        let mut events = Vec::new();
        for (revision, changes) in index.changes_from(self.next).take(WATCH_CHUNK_REVISIONS) {
            let matching = changes.iter().filter(|version| self.watcher.range.contains(&version.key));
            events.extend(matching.map(|version| version.event(self.previous_of(&index, version))));
            self.next = revision + 1;
            if events.len() >= WATCH_BATCH_EVENTS {
                break;
            }
        }
        if self.next > index.revision() {
            self.watcher.unseen.store(0, Ordering::Relaxed);
            self.caught_up = true;
        }
        Ok(events)
    }

    fn previous_of(&self, index: &Index, version: &Version) -> Option<crate::store::Entry> {
        let before = version.modified - 1;
        let held = self.previous && before >= index.compacted();
        held.then(|| index.at(&version.key, before).map(|version| version.entry(false))).flatten()
    }
}
