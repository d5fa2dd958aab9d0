//! Keeps one resource's cache abreast of its store: load, replay what the store still remembers, follow. It is the only
//! writer of the unit; who reads it is not known here.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use storage::{Error, Event as Change, EventKind, Revision, WatchBatch, WatchRequest, WatchStream};
use tokio::time::Instant;

use crate::event::Event;
use crate::item::{Item, Maker};
use crate::limits::{IDLE_PROGRESS_INTERVAL, INLINE_CHANGES_MAX, REPLAY_BYTES_MAX, RETRY_PAUSE};
use crate::load;
use crate::snapshot::Snapshot;
use crate::unit::{Counts, Phase, Unit, Writer};

/// How often the ring is trimmed while changes come; otherwise it is with each mark of progress.
const TRIM_INTERVAL: Duration = Duration::from_secs(1);
/// How often the store is asked how far it is while nothing is shown yet.
const LOADING_PROGRESS_INTERVAL: Duration = Duration::from_secs(1);

/// The task that keeps a unit abreast.
pub struct Tail {
    unit: Arc<Unit>,
    /// A mismatch with the store was found: load again.
    reload: tokio::sync::watch::Receiver<u64>,
    /// What readers still see while it is loaded again.
    stale: Option<Loaded>,
}

/// Why following ended.
enum End {
    /// The stream broke; nothing is lost yet.
    Lost(Error),
    /// The store no longer has what comes next, or the cache is not what the store is.
    Gap(String),
}

impl End {
    fn of(error: Error) -> Self {
        match error {
            Error::Compacted(oldest) => {
                Self::Gap(format!("the store has compacted up to revision {}", oldest.0))
            }
            error => Self::Lost(error),
        }
    }
}

impl Tail {
    /// Of a unit.
    pub fn new(unit: Arc<Unit>) -> Self {
        let reload = unit.reloads_wanted();
        Self {
            unit,
            reload,
            stale: None,
        }
    }

    /// Runs for as long as the process.
    pub async fn run(mut self) {
        let mut pause = RETRY_PAUSE.0;
        // A history that was too long to replay is not tried again.
        let mut with_history = true;
        loop {
            match self.load(with_history).await {
                Ok((mut loaded, target)) => {
                    pause = RETRY_PAUSE.0;
                    match self.keep_up(&mut loaded, target).await {
                        Kept::TooLong => with_history = false,
                        Kept::Gap(why) => {
                            tracing::warn!(resource = %self.unit.name(), why, "the cache is loaded again");
                            Counts::count(&self.unit.counts().reloads);
                            with_history = true;
                        }
                    }
                    if loaded.is_shown {
                        self.stale = Some(loaded);
                    }
                }
                Err(error) => {
                    tracing::warn!(resource = %self.unit.name(), %error, "the cache cannot be loaded");
                    self.unit.set_phase(Phase::Failed(error.to_string()));
                    tokio::time::sleep(pause).await;
                    pause = (pause * 2).min(RETRY_PAUSE.1);
                }
            }
        }
    }

    /// Everything at the oldest revision that the store still has, or at the present one; and the present one, which is to
    /// be reached before anything is served.
    async fn load(&self, with_history: bool) -> Result<(Loaded, Revision), Error> {
        self.unit.set_phase(Phase::Loading);
        let store = self.unit.store();
        let target = store.current_revision().await?;
        let at = match with_history {
            true => {
                let oldest = store.compacted_revision().await?.max(self.unit.begins_at());
                oldest.max(Revision(1)).min(target)
            }
            false => target,
        };
        let snapshot = load::load(store, self.unit.maker(), self.unit.span(), at).await?;
        Ok((Loaded::new(&self.unit, snapshot), target))
    }

    /// Replays and follows until the cache must be loaded again. A broken stream is taken up where it broke.
    async fn keep_up(&mut self, loaded: &mut Loaded, target: Revision) -> Kept {
        let mut pause = RETRY_PAUSE.0;
        loop {
            let from = loaded.revision();
            match self.follow(loaded, target).await {
                Ok(()) => return Kept::TooLong,
                Err(End::Gap(why)) => return Kept::Gap(why),
                Err(End::Lost(error)) => {
                    tracing::warn!(resource = %self.unit.name(), %error, "the stream of changes broke; it is taken up again");
                    Counts::count(&self.unit.counts().breaks);
                    pause = if loaded.revision() > from {
                        RETRY_PAUSE.0
                    } else {
                        (pause * 2).min(RETRY_PAUSE.1)
                    };
                    tokio::time::sleep(pause).await;
                }
            }
        }
    }

    /// Follows the store; ends well only when the history is too long to be replayed.
    async fn follow(&mut self, loaded: &mut Loaded, target: Revision) -> Result<(), End> {
        let mut changes = self.changes(loaded.revision()).await?;
        let mut replayed_bytes = 0;
        self.ask_progress().await;
        let mut told = Instant::now();
        let mut tick = pin!(tokio::time::sleep(pause(loaded.is_shown)));
        let mut has_to_fold = false;
        loop {
            tokio::select! {
                batch = changes.next() => match heard(&self.unit, batch) {
                    Some(Ok(WatchBatch::Events(events))) => {
                        replayed_bytes += events.iter().map(|event| event.entry.value.len()).sum::<usize>();
                        loaded.apply(&self.unit, events).await.map_err(End::Lost)?;
                        if !loaded.is_shown && replayed_bytes > REPLAY_BYTES_MAX {
                            return Ok(());
                        }
                    }
                    Some(Ok(WatchBatch::Progress(revision))) => {
                        told = Instant::now();
                        // Who asks next is who waits the shortest: the others are not woken for it.
                        tick.as_mut().reset(told + pause(loaded.is_shown));
                        loaded.progress(revision);
                        loaded.trim(&self.unit);
                    }
                    Some(Err(error)) => return Err(End::of(error)),
                    None => return Err(End::Lost(Error::Unavailable("the stream of changes ended".to_owned()))),
                },
                () = &mut tick => {
                    // Also where the store tells nothing.
                    loaded.trim(&self.unit);
                    let pause = pause(loaded.is_shown);
                    // A store may answer to all when one asks.
                    if told.elapsed() >= pause {
                        told = Instant::now();
                        self.ask_progress().await;
                    }
                    tick.as_mut().reset(told + pause);
                }
                () = tokio::task::yield_now(), if has_to_fold => {
                    has_to_fold = loaded.writer.fold(Instant::now());
                    continue;
                }
                changed = self.reload.changed() => if changed.is_ok() {
                    return Err(End::Gap("it differs from the store".to_owned()));
                },
            }
            if loaded.revision() >= target || loaded.is_shown {
                loaded.show(&self.unit, self.stale.take());
            }
            has_to_fold = loaded.writer.fold(Instant::now());
        }
    }

    async fn changes(&self, after: Revision) -> Result<WatchStream, End> {
        let span = self.unit.span();
        let request = WatchRequest {
            start: span.start.clone(),
            end: span.end.clone(),
            from: Some(Revision(after.0 + 1)),
            previous: false,
        };
        self.unit.store().watch(request).await.map_err(End::of)
    }

    async fn ask_progress(&self) {
        if let Err(error) = self.unit.store().request_progress().await {
            tracing::debug!(%error, "no progress was asked for");
        }
    }
}

/// How long a tail waits before it asks how far the store is: not all tails of a process at once.
fn pause(is_shown: bool) -> Duration {
    match is_shown {
        true => IDLE_PROGRESS_INTERVAL.mul_f64(0.7 + 0.3 * rand::random::<f64>()),
        false => LOADING_PROGRESS_INTERVAL,
    }
}

/// What came from the store; an error does not count as a sign of life.
fn heard<T, E>(unit: &Unit, batch: Option<Result<T, E>>) -> Option<Result<T, E>> {
    if let Some(Ok(_)) = &batch {
        unit.hear();
    }
    batch
}

/// Why a loaded cache is given up.
enum Kept {
    /// Its history is too long to be replayed.
    TooLong,
    /// Something is missing.
    Gap(String),
}

/// A loaded cache, as its writer has it.
struct Loaded {
    writer: Writer,
    snapshot: Snapshot,
    /// Whether readers are let in.
    is_shown: bool,
    trimmed: Instant,
}

impl Loaded {
    fn new(unit: &Unit, snapshot: Snapshot) -> Self {
        Self {
            writer: unit.begin(snapshot.revision()),
            snapshot,
            is_shown: false,
            trimmed: Instant::now(),
        }
    }

    /// All changes up to this one are in it.
    fn revision(&self) -> Revision {
        self.snapshot.revision()
    }

    fn progress(&mut self, revision: Revision) {
        self.snapshot.advance(revision);
    }

    /// Puts changes into the snapshot and the ring; those of one revision become visible together.
    async fn apply(&mut self, unit: &Unit, changes: Vec<Change>) -> Result<(), Error> {
        let arrived = Instant::now();
        let last = changes
            .last()
            .map_or(self.revision(), |change| change.entry.mod_revision);
        for (change, item) in items(unit, changes).await? {
            let revision = change.revision;
            let before = match &item {
                Some(item) => self.snapshot.insert(item.clone()),
                None => self.snapshot.remove(unit.maker().below(&change.key)),
            };
            // A deletion of what is not there was seen already.
            if item.is_none() && before.is_none() {
                continue;
            }
            self.writer
                .push(unit, Event::new(revision, arrived, item, before));
        }
        self.snapshot.advance(last);
        self.writer.publish();
        self.writer.forget_frames(arrived);
        if arrived.saturating_duration_since(self.trimmed) >= TRIM_INTERVAL {
            self.trim(unit);
        }
        Ok(())
    }

    /// Lets readers see how far it is. Whoever still reads what was there before hears that it has a gap.
    fn show(&mut self, unit: &Unit, before: Option<Self>) {
        let before = before.map(|before| before.writer);
        self.writer
            .show(unit, self.snapshot.clone(), !self.is_shown, before);
        self.is_shown = true;
    }

    fn trim(&mut self, unit: &Unit) {
        self.trimmed = Instant::now();
        self.writer.trim(unit);
    }
}

/// A change without its value.
struct Place {
    key: bytes::Bytes,
    revision: Revision,
}

/// What changes leave: an item, or nothing. Many are made on the pool.
async fn items(unit: &Unit, changes: Vec<Change>) -> Result<Vec<(Place, Option<Arc<Item>>)>, Error> {
    let canonical = unit.maker().clone();
    let are_few = changes.len() <= INLINE_CHANGES_MAX;
    let make = move || {
        changes
            .into_iter()
            .map(|change| placed(&canonical, change))
            .collect()
    };
    if are_few {
        return Ok(make());
    }
    tokio::task::spawn_blocking(make)
        .await
        .map_err(|panic| Error::Fatal(panic.to_string()))
}

fn placed(maker: &Maker, change: Change) -> (Place, Option<Arc<Item>>) {
    let item = (change.kind == EventKind::Put).then(|| Arc::new(maker.item(&change.entry)));
    let place = Place {
        key: change.entry.key,
        revision: change.entry.mod_revision,
    };
    (place, item)
}
