//! One history as it is played: the store, the cache over it, the clients, and the model that they are held to.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use kinds::Catalog;
use render::Descriptions;
use storage::{Op, Revision, Store, Txn};
use watchcache::{Cache, Config};

use crate::client::{self, Begin, Expiry, Watcher};
use crate::memory::Memory;
use crate::model::{Model, Selector};
use crate::steps::{self, Between, Change, Settings, Step, op};

/// A history that holds a few changes.
const SHORT_HISTORY_BYTES: usize = 2_000;
/// More changes than a short history holds: its ring lets go of whole segments of sixteen.
const BURST_WRITES: u8 = 40;

/// A history under way.
pub struct World {
    settings: Settings,
    store: Memory,
    model: Model,
    texts: Arc<Descriptions>,
    member: Member,
    watchers: Vec<Watcher>,
    /// The newest acknowledged write.
    acknowledged: i64,
    /// The newest revision that a client of consistent reads has seen.
    seen: i64,
    /// The store has forgotten what was before.
    compacted: i64,
    /// The cache knows, at least, everything after this, if its history is not short.
    floor: i64,
    /// The cache reads each change at once.
    is_abreast: bool,
    /// There was a gap, and it may not have been noticed yet.
    has_gap: bool,
}

/// A cache and its tasks, which end together.
struct Member {
    cache: Arc<Cache>,
    tasks: tokio::task::JoinSet<()>,
}

impl Member {
    fn start(store: &Memory, settings: &Settings) -> Self {
        let store: Arc<dyn Store> = Arc::new(store.clone());
        let pods = Catalog::builtin().resource("", "v1", "pods").expect("built in");
        let config = match settings.is_short {
            true => Config {
                heeds_shards: true,
                history_bytes: SHORT_HISTORY_BYTES,
                history_floor_bytes: SHORT_HISTORY_BYTES / 2,
                ..Config::default()
            },
            false => Config {
                heeds_shards: true,
                ..Config::default()
            },
        };
        let cache = Arc::new(Cache::of(&store, &config, [pods]));
        let mut tasks = tokio::task::JoinSet::new();
        for task in cache.tasks() {
            tasks.spawn(task);
        }
        Self { cache, tasks }
    }

    /// What the cache claims to know everything after.
    fn floor(&self) -> i64 {
        let unit = self.cache.units().pop().expect("it has pods");
        let generation = unit.generation().expect("it is loaded");
        generation.ring().floor_revision()
    }
}

impl World {
    /// Nothing has happened.
    pub async fn new(settings: &Settings) -> Self {
        let store = Memory::new(usize::from(settings.batch_revisions_max));
        let member = Member::start(&store, settings);
        let mut world = Self {
            settings: settings.clone(),
            store,
            model: Model::default(),
            texts: Arc::new(Descriptions::default()),
            member,
            watchers: Vec::new(),
            acknowledged: 1,
            seen: 1,
            compacted: 0,
            floor: 1,
            is_abreast: false,
            has_gap: false,
        };
        world.settle().await;
        world
    }

    /// Plays one step.
    pub async fn play(&mut self, step: &Step) {
        match step {
            Step::Write(changes) => self.write(changes).await,
            Step::Burst(namespace) => self.burst(*namespace).await,
            Step::Other => self.other().await,
            Step::Compact(back) => self.compact(*back).await,
            Step::Break => self.lose_stream(|store| store.break_streams()),
            Step::End => self.lose_stream(|store| store.end_streams()),
            Step::Restart => self.restart().await,
            Step::Reload => self.reload(),
            Step::Settle => self.settle().await,
            Step::Minute => self.minute().await,
            Step::Watch(seed, begin) => self.watch(seed.selector(), *begin).await,
            Step::Stall(which) => self.stall(*which),
            Step::Read => self.read(),
            Step::List(seed, limit, between) => self.list(&seed.selector(), *limit, *between).await,
            Step::ListAny(seed) => self.list_any(&seed.selector()).await,
            Step::ListAt(seed, back) => self.list_at(&seed.selector(), *back).await,
        }
        // Whatever is ready may run, but nobody waits for it.
        tokio::task::yield_now().await;
    }

    /// Everything that was begun ends, and every watcher has seen what it must.
    pub async fn finish(mut self) {
        self.watchers
            .iter_mut()
            .for_each(|watcher| watcher.is_stalled = false);
        self.settle().await;
        self.read();
        let now = self.acknowledged;
        for watcher in &mut self.watchers {
            if watcher.ended.is_none() {
                if watcher.listing() == Some(Begin::Any) {
                    watcher.place_until(now, &self.model);
                }
                assert_eq!(watcher.listing(), None, "I3: the initial events did not end");
                assert_ne!(
                    watcher.expiry,
                    Expiry::Must,
                    "I6: a gap was papered over, {:?}",
                    watcher.selector
                );
                watcher.check_until(now, &self.model, "I1: at the end");
            }
        }
        for unit in self.member.cache.units() {
            let same = watchcache::digest::compare(&unit)
                .await
                .expect("the store answers");
            assert!(same, "the digest of the cache differs from the store's");
        }
        self.list(&Selector::default(), 0, Between::Write).await;
    }

    async fn settle(&mut self) {
        // Longer than any pause before something is tried again.
        tokio::time::sleep(Duration::from_secs(12)).await;
        if std::mem::take(&mut self.has_gap) {
            self.floor = self.compacted.max(1);
        }
        self.is_abreast = true;
        if !self.settings.is_short {
            let floor = self.member.floor();
            assert!(
                floor <= self.floor,
                "the cache knows from {floor} on, it should from {}",
                self.floor
            );
        }
    }

    /// Bookmarks come, and they are up to date though nothing happens.
    async fn minute(&mut self) {
        self.settle().await;
        tokio::time::sleep(Duration::from_secs(62)).await;
        let now = self.acknowledged;
        self.read();
        for watcher in self.watchers.iter().filter(|watcher| !watcher.is_stalled) {
            assert!(
                watcher.ended.is_some() || watcher.bookmark == now,
                "I4: the last bookmark is {}, a minute after {now}",
                watcher.bookmark
            );
        }
    }

    async fn write(&mut self, changes: &[(u8, Change)]) {
        let changes: BTreeMap<u8, Change> = changes.iter().cloned().collect();
        let changes: Vec<_> = changes
            .iter()
            .map(|(key, change)| (steps::key(*key), change.stored()))
            .collect();
        let then = changes.iter().map(|(key, stored)| op(key, stored.as_ref()));
        let done = self.commit(then.collect()).await;
        for (key, stored) in changes {
            self.model.note(done, &key, stored);
        }
    }

    async fn commit(&mut self, then: Vec<Op>) -> i64 {
        let txn = Txn {
            then,
            ..Txn::default()
        };
        let done = self.store.txn(txn).await.expect("it is written");
        self.acknowledged = done.revision.0;
        done.revision.0
    }

    /// So much happens in one namespace that a short history is overrun.
    async fn burst(&mut self, namespace: u8) {
        for count in 0..BURST_WRITES {
            let key = namespace * steps::NAMES_LEN + count % steps::NAMES_LEN;
            self.write(&[(key, Change::Put(count % 3, count % 2))]).await;
            tokio::task::yield_now().await;
        }
        // Until the history was cut.
        tokio::time::sleep(Duration::from_secs(3)).await;
    }

    async fn other(&mut self) {
        let op = Op::Put {
            key: Bytes::from_static(b"/registry/other/x"),
            value: Bytes::from_static(b"x"),
            lease: None,
        };
        self.commit(vec![op]).await;
    }

    /// What is compacted may be missed by a cache that is not abreast; its watches may be told so. One that is loses nothing.
    async fn compact(&mut self, back: u8) {
        for _ in 0..3 {
            tokio::task::yield_now().await;
        }
        let at = (self.acknowledged - i64::from(back)).max(1);
        // It may have been compacted further already.
        let _ = self.store.compact(Revision(at)).await;
        self.compacted = self.compacted.max(at);
        if !self.is_abreast {
            self.gap(Expiry::May);
        }
    }

    fn lose_stream(&mut self, lose: impl FnOnce(&Memory)) {
        lose(&self.store);
        self.is_abreast = false;
    }

    /// Resumed watches read on where they were: a restart loses nothing that the store still has.
    async fn restart(&mut self) {
        self.member.tasks.abort_all();
        self.member = Member::start(&self.store, &self.settings);
        self.has_gap = true;
        self.settle().await;
        for watcher in std::mem::take(&mut self.watchers) {
            if watcher.ended.is_none() {
                let resumed = self.open(watcher.selector.clone(), watcher.resumption()).await;
                let mut resumed = resumed.expect("the member is ready");
                resumed.is_stalled = watcher.is_stalled;
                self.watchers.push(resumed);
            }
        }
    }

    fn reload(&mut self) {
        self.member
            .cache
            .units()
            .iter()
            .for_each(|unit| unit.want_reload());
        self.is_abreast = false;
        self.gap(Expiry::Must);
    }

    fn gap(&mut self, expiry: Expiry) {
        self.has_gap = true;
        for watcher in &mut self.watchers {
            if watcher.expiry != Expiry::Must {
                watcher.expiry = expiry;
            }
        }
    }

    async fn open(&self, selector: Selector, begin: Begin) -> Result<Watcher, serve::status::Status> {
        let floor = self.member.floor();
        let cache = &self.member.cache;
        let mut watcher = Watcher::open(cache, &self.texts, selector, begin, self.acknowledged).await?;
        watcher.expiry = match begin {
            _ if self.has_gap => Expiry::May,
            Begin::After(after) if after < floor => Expiry::Must,
            _ if self.settings.is_short => Expiry::Overrun,
            _ => Expiry::Never,
        };
        Ok(watcher)
    }

    async fn watch(&mut self, selector: Selector, begin: Begin) {
        let begin = match begin {
            Begin::After(back) => Begin::After((self.acknowledged - back).max(1)),
            other => other,
        };
        match self.open(selector, begin).await {
            Ok(watcher) => self.watchers.push(watcher),
            Err(status) => assert!(
                !self.is_abreast && is_passing(status.code),
                "a watch cannot be opened: {status:?}"
            ),
        }
    }

    fn stall(&mut self, which: u8) {
        if let Some(watcher) = self.watchers.get_mut(usize::from(which)) {
            watcher.is_stalled = !watcher.is_stalled;
        }
    }

    fn read(&mut self) {
        let dropped = self.member.floor();
        for watcher in self.watchers.iter_mut().filter(|watcher| !watcher.is_stalled) {
            watcher.read(&self.model, dropped);
            if self.is_abreast {
                watcher.read_until = self.acknowledged;
            }
        }
    }

    /// I7, I3: the state of one revision, which is not before the newest acknowledged write; I2: and never before one seen
    /// earlier; I6: or it fails where something cannot be decoded.
    async fn list(&mut self, selector: &Selector, limit: u8, between: Between) {
        let mut query = format!("limit={limit}");
        let begun = self.acknowledged;
        let mut found = Vec::new();
        let mut first = None;
        loop {
            let is_abreast = self.is_abreast;
            let listed = client::list(&self.member.cache, &self.texts, selector, &query).await;
            let (revision, items, token) = match listed {
                Ok(listed) => listed,
                Err(status) => return self.list_fails(selector, &status, first, is_abreast),
            };
            assert_eq!(
                *first.get_or_insert(revision),
                revision,
                "I3: pages show one revision"
            );
            assert!(
                limit == 0 || items.len() <= usize::from(limit),
                "no more than asked for"
            );
            assert!(
                token.is_empty() || items.len() == usize::from(limit),
                "a page is full"
            );
            found.extend(items);
            if token.is_empty() {
                break;
            }
            query = format!("limit={limit}&continue={token}");
            self.between(between).await;
        }
        let revision = first.expect("at least one page");
        assert!(
            revision >= begun.max(self.seen),
            "I7: {revision} is before {begun} or {}",
            self.seen
        );
        assert!(revision <= self.acknowledged, "I2: {revision} has not happened");
        self.seen = revision;
        assert_eq!(
            Some(found),
            self.model.list(selector, revision),
            "I3: a list at {revision}"
        );
    }

    /// What happens while a client looks at a page.
    async fn between(&mut self, between: Between) {
        self.write(&[(0, Change::Put(1, 1))]).await;
        match between {
            Between::Write => {}
            Between::Compact => self.compact(0).await,
            Between::Burst => {
                self.burst(0).await;
                self.compact(1).await;
            }
        }
    }

    /// A list or its further page failed. A history that reaches back far enough outlasts the store's.
    fn list_fails(
        &self,
        selector: &Selector,
        status: &serve::status::Status,
        at: Option<i64>,
        was_abreast: bool,
    ) {
        let is_right = match status.code {
            410 => at.is_some_and(|at| self.may_be_gone(at)),
            500 => self
                .model
                .list(selector, at.unwrap_or(self.acknowledged))
                .is_none(),
            code => is_passing(code) && !was_abreast,
        };
        assert!(is_right, "a list of {at:?} fails: {status:?}");
    }

    fn may_be_gone(&self, at: i64) -> bool {
        at < self.compacted && (self.settings.is_short || self.has_gap || at < self.floor)
    }

    /// I2: any state, but a real one.
    async fn list_any(&mut self, selector: &Selector) {
        match client::list(&self.member.cache, &self.texts, selector, "resourceVersion=0").await {
            Ok((revision, items, _)) => {
                assert!(revision <= self.acknowledged, "I2: {revision} has not happened");
                assert_eq!(
                    Some(items),
                    self.model.list(selector, revision),
                    "I2: a list at {revision}"
                );
            }
            Err(status) if status.code == 500 => {
                let mut all = 1..=self.acknowledged;
                assert!(
                    all.any(|at| self.model.list(selector, at).is_none()),
                    "I6: a list fails: {status:?}"
                );
            }
            Err(status) => panic!("a list fails: {status:?}"),
        }
    }

    async fn list_at(&mut self, selector: &Selector, back: u8) {
        let at = (self.acknowledged - i64::from(back)).max(1);
        let was_abreast = self.is_abreast;
        let query = format!("resourceVersion={at}&resourceVersionMatch=Exact");
        match client::list(&self.member.cache, &self.texts, selector, &query).await {
            Ok((revision, items, _)) => {
                assert_eq!(revision, at, "a list at a revision shows it");
                assert_eq!(Some(items), self.model.list(selector, at), "I3: a list at {at}");
            }
            Err(status) => self.list_fails(selector, &status, Some(at), was_abreast),
        }
    }
}

/// What a client tries again: the cache is loading, or not there yet.
fn is_passing(code: u16) -> bool {
    matches!(code, 429 | 504)
}
