//! A running watch: a state that yields frames until its time is up, the server stops, or the store cannot go on.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::Stream;
use futures_util::stream;
use render::options::ListOptions;
use render::watch::{self, Framer, Kind};
use render::{Call, Descriptions, Selection, errors};
use serve::status::Status;
use storage::{Entry, Revision, WatchBatch, WatchStream};
use tokio::time::{Instant, Interval, MissedTickBehavior};

use super::source::{self, Scope};
use crate::api::Api;
use crate::limits::{BOOKMARK_INTERVAL, WATCH_TIMEOUT_MIN};

/// A watch that is open.
pub struct Watch {
    api: Arc<Api>,
    call: Arc<Call>,
    framer: Framer,
    /// A frame was made.
    has_begun: bool,
    scope: Scope,
    selection: Selection,
    bookmarks: bool,
    initial: VecDeque<Entry>,
    /// The bookmark after the initial events is still to come.
    initial_end: bool,
    changes: Option<WatchStream>,
    queue: VecDeque<Bytes>,
    revision: Revision,
    deadline: Instant,
    tick: Interval,
    ended: bool,
}

impl Watch {
    /// Opens a watch of the call's resource. What is wrong from the start is an error; what goes wrong later is an event.
    pub async fn open(
        api: Arc<Api>,
        call: Arc<Call>,
        framer: Framer,
        options: &ListOptions,
        selection: Selection,
    ) -> Result<Self, Status> {
        let scope = Scope {
            namespace: call.namespace().to_owned(),
            name: Some(call.name())
                .filter(|name| !name.is_empty())
                .or(selection.name())
                .map(str::to_owned),
        };
        let asked = options.revision().map_err(|why| Status::failure(500, "", why))?;
        let wants_initial = options.send_initial_events.unwrap_or(asked == Revision(0));
        let (initial, revision) = if wants_initial || asked == Revision(0) {
            let (objects, revision) = source::present(&api, &call.hub, &scope).await?;
            if revision < asked {
                return Err(errors::too_large(asked, revision));
            }
            (if wants_initial { objects } else { VecDeque::new() }, revision)
        } else {
            (VecDeque::new(), asked)
        };
        let mut tick = tokio::time::interval_at(Instant::now() + BOOKMARK_INTERVAL, BOOKMARK_INTERVAL);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut watch = Self {
            framer,
            has_begun: false,
            scope,
            selection,
            bookmarks: options.bookmarks,
            initial,
            initial_end: options.send_initial_events == Some(true) && options.bookmarks,
            changes: None,
            queue: VecDeque::new(),
            revision,
            deadline: Instant::now() + duration(options.timeout_seconds),
            tick,
            ended: false,
            api,
            call,
        };
        match source::changes(&watch.api, &watch.call.hub, &watch.scope, revision).await {
            Ok(changes) => watch.changes = Some(changes),
            Err(error) => watch.fail(&source::failure(error, revision)),
        }
        Ok(watch)
    }

    /// Its frames.
    pub fn frames(self) -> impl Stream<Item = Result<Bytes, std::convert::Infallible>> + Send {
        stream::unfold(self, |mut watch| async move {
            let frame = watch.next().await?;
            Some((Ok(frame), watch))
        })
    }

    async fn next(&mut self) -> Option<Bytes> {
        loop {
            if let Some(frame) = self.queue.pop_front() {
                return Some(frame);
            }
            if self.ended {
                return None;
            }
            if let Some(entry) = self.initial.pop_front() {
                self.take_initial(&entry);
                continue;
            }
            if std::mem::replace(&mut self.initial_end, false) {
                self.push_bookmark(true);
                continue;
            }
            self.wait().await;
        }
    }

    /// Waits for whatever comes first and queues what follows from it.
    async fn wait(&mut self) {
        let Some(changes) = &mut self.changes else {
            self.ended = true;
            return;
        };
        let api = self.api.clone();
        tokio::select! {
            batch = source::next(changes) => match batch {
                Some(Ok(WatchBatch::Events(events))) => self.take(&events),
                Some(Ok(WatchBatch::Progress(revision))) => self.revision = self.revision.max(revision),
                Some(Err(error)) => self.fail(&source::failure(error, self.revision)),
                None => self.ended = true,
            },
            _ = self.tick.tick(), if self.bookmarks => {
                self.push_bookmark(false);
                // The next bookmark tells how far the store is by then.
                if let Err(error) = api.objects.store().request_progress().await {
                    tracing::debug!(%error, "no progress was asked for");
                }
            }
            () = tokio::time::sleep_until(self.deadline) => self.end(),
            () = api.shutdown.requested() => self.ended = true,
        }
    }

    /// Its time is up: a client that takes bookmarks hears how far it came.
    fn end(&mut self) {
        if self.bookmarks {
            self.push_bookmark(false);
        }
        self.ended = true;
    }

    fn take_initial(&mut self, entry: &Entry) {
        match self.api.objects.decode(&self.call.hub, entry) {
            Ok(stored) if self.selection.matches(&stored.object) => self.push(Kind::Added, stored.object),
            Ok(_) => {}
            Err(status) => self.fail(&status),
        }
    }

    fn take(&mut self, events: &[storage::Event]) {
        for store_event in events {
            self.revision = self.revision.max(store_event.entry.mod_revision);
            let change = match source::decode(&self.api, &self.call.hub, store_event) {
                Ok(change) => change,
                Err(status) => return self.fail(&status),
            };
            let selection = &self.selection;
            if let Some((kind, object)) = watch::seen(change, |object| selection.matches(object)) {
                self.push(kind, object);
            }
        }
    }

    fn push(&mut self, kind: Kind, object: schema::Value) {
        match self.framer.event(self.header(), kind, object) {
            Ok(frame) => self.queue_frame(frame),
            Err(status) => self.fail(&status),
        }
    }

    fn push_bookmark(&mut self, initial_end: bool) {
        match self.framer.bookmark(self.header(), self.revision.0, initial_end) {
            Ok(frame) => self.queue_frame(frame),
            Err(status) => self.fail(&status),
        }
    }

    /// The first frame of a watch has the header of a table.
    fn header(&self) -> Option<&Descriptions> {
        (!self.has_begun).then_some(&self.api.descriptions)
    }

    fn queue_frame(&mut self, frame: Bytes) {
        self.has_begun = true;
        self.queue.push_back(frame);
    }

    /// The last event.
    fn fail(&mut self, status: &Status) {
        self.queue.push_back(self.framer.error(status));
        self.initial.clear();
        self.initial_end = false;
        self.changes = None;
        self.ended = true;
    }
}

/// As asked for, or somewhere between the least and twice that, so that watches do not end together.
fn duration(seconds: Option<i64>) -> Duration {
    match seconds
        .and_then(|seconds| u64::try_from(seconds).ok())
        .filter(|seconds| *seconds > 0)
    {
        Some(seconds) => Duration::from_secs(seconds),
        None => WATCH_TIMEOUT_MIN.mul_f64(1.0 + rand::random::<f64>()),
    }
}
