//! One history as it is played: the store, the cache over it, the clients, and the model that they are held to.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use kinds::Catalog;
use proptest::prelude::*;
use render::Descriptions;
use schema::tree;
use storage::{Op, Revision, Store, Txn};
use watchcache::{Cache, Config};

use crate::client::{self, Watcher, node_name};
use crate::memory::Memory;
use crate::model::{Model, Pod, Selector};

/// What may happen.
#[derive(Clone, Debug)]
pub enum Step {
    /// Some keys are written or deleted in one transaction.
    Write(Vec<(u8, Option<(u8, u8)>)>),
    /// Something else is written: the revision moves.
    Other,
    /// The store forgets a part of its past.
    Compact(u8),
    /// The streams of changes are lost.
    Break,
    /// The cache's process ends and another begins.
    Restart,
    /// The cache is found to differ and loads again.
    Reload,
    /// Time passes, so that whatever is under way is done.
    Settle,
    /// A watch is opened from so far in the past, or with a list.
    Watch(SelectorSeed, Option<u8>),
    /// A watcher stops reading, or begins again.
    Stall(u8),
    /// All that read do.
    Read,
    /// A list of the store's present state, in pages of so many (0 is all).
    List(SelectorSeed, u8),
    /// A list of whatever the cache has.
    ListAny(SelectorSeed),
    /// A list at a revision in the past.
    ListAt(SelectorSeed, u8),
}

/// A selector's parts.
pub type SelectorSeed = (Option<u8>, Option<u8>, Option<u8>, Option<u8>, bool);

const NAMESPACES: [&str; 2] = ["a", "b"];
const NAMES: [&str; 3] = ["x", "y", "z"];

impl Step {
    /// Any of them, writes most often.
    pub fn any() -> impl Strategy<Value = Step> {
        let pod = prop::option::weighted(0.8, (0..3u8, 0..3u8));
        let writes = prop::collection::vec((0..6u8, pod), 1..4);
        let selector = || {
            (
                prop::option::of(0..2u8),
                prop::option::of(0..3u8),
                prop::option::of(0..3u8),
                prop::option::weighted(0.3, 0..2u8),
                any::<bool>(),
            )
        };
        prop_oneof![
            12 => writes.prop_map(Step::Write),
            2 => Just(Step::Other),
            1 => (0..4u8).prop_map(Step::Compact),
            1 => Just(Step::Break),
            1 => Just(Step::Restart),
            1 => Just(Step::Reload),
            4 => Just(Step::Settle),
            4 => (selector(), prop::option::of(0..6u8)).prop_map(|(selector, back)| Step::Watch(selector, back)),
            2 => (0..8u8).prop_map(Step::Stall),
            6 => Just(Step::Read),
            3 => (selector(), 0..4u8).prop_map(|(selector, limit)| Step::List(selector, limit)),
            2 => selector().prop_map(Step::ListAny),
            2 => (selector(), 0..6u8).prop_map(|(selector, back)| Step::ListAt(selector, back)),
        ]
    }
}

fn selector((namespace, label, node, shard, with_name): SelectorSeed) -> Selector {
    let namespace = namespace.map(|at| NAMESPACES[usize::from(at)].to_owned());
    Selector {
        name: (with_name && namespace.is_some()).then(|| NAMES[0].to_owned()),
        namespace,
        label,
        node,
        shard,
    }
}

/// A history under way.
pub struct World {
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
    /// There was a gap, and it may not have been noticed yet.
    has_gap: bool,
}

/// A cache and its tasks, which end together.
struct Member {
    cache: Arc<Cache>,
    tasks: tokio::task::JoinSet<()>,
}

impl Member {
    fn start(store: &Memory) -> Self {
        let store: Arc<dyn Store> = Arc::new(store.clone());
        let pods = Catalog::builtin().resource("", "v1", "pods").expect("built in");
        let cache = Arc::new(Cache::of(&store, &Config::default(), [pods]));
        let mut tasks = tokio::task::JoinSet::new();
        for task in cache.tasks() {
            tasks.spawn(task);
        }
        Self { cache, tasks }
    }
}

impl World {
    /// Nothing has happened.
    pub async fn new() -> Self {
        let store = Memory::new();
        let member = Member::start(&store);
        let mut world = Self {
            store,
            model: Model::default(),
            texts: Arc::new(Descriptions::default()),
            member,
            watchers: Vec::new(),
            acknowledged: 1,
            seen: 1,
            compacted: 0,
            has_gap: false,
        };
        world.settle().await;
        world
    }

    /// Plays one step.
    pub async fn play(&mut self, step: &Step) {
        match step {
            Step::Write(changes) => self.write(changes).await,
            Step::Other => self.other().await,
            Step::Compact(back) => self.compact(*back).await,
            Step::Break => self.store.break_streams(),
            Step::Restart => self.restart().await,
            Step::Reload => self.reload(),
            Step::Settle => self.settle().await,
            Step::Watch(seed, back) => self.watch(selector(*seed), *back).await,
            Step::Stall(which) => self.stall(*which),
            Step::Read => self.read(),
            Step::List(seed, limit) => self.list(&selector(*seed), *limit).await,
            Step::ListAny(seed) => self.list_any(&selector(*seed)).await,
            Step::ListAt(seed, back) => self.list_at(&selector(*seed), *back).await,
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
        let now = self.revision();
        for watcher in &mut self.watchers {
            if watcher.ended.is_none() {
                assert!(!watcher.is_listing(), "I3: the initial events did not end");
                watcher.check_until(now, &self.model, "I1: at the end");
            }
        }
        for unit in self.member.cache.units() {
            let same = watchcache::digest::compare(unit)
                .await
                .expect("the store answers");
            assert!(same, "the digest of the cache differs from the store's");
        }
        self.list(&Selector::default(), 0).await;
    }

    fn revision(&self) -> i64 {
        self.acknowledged
    }

    async fn settle(&mut self) {
        // Longer than any pause before something is tried again.
        tokio::time::sleep(Duration::from_secs(12)).await;
        self.has_gap = false;
    }

    async fn write(&mut self, changes: &[(u8, Option<(u8, u8)>)]) {
        let mut seen = std::collections::BTreeMap::new();
        for (key, pod) in changes {
            seen.insert(key % 6, *pod);
        }
        let changes: Vec<(String, Option<Pod>)> = seen
            .into_iter()
            .map(|(key, pod)| (key_of(key), pod_of(pod)))
            .collect();
        let then = changes.iter().map(|(key, pod)| op(key, pod.as_ref())).collect();
        let done = self
            .store
            .txn(Txn {
                then,
                ..Txn::default()
            })
            .await
            .expect("it is written");
        self.acknowledged = done.revision.0;
        for (key, pod) in changes {
            self.model.note(done.revision.0, &key, pod);
        }
    }

    async fn other(&mut self) {
        let op = Op::Put {
            key: Bytes::from_static(b"/registry/other/x"),
            value: Bytes::from_static(b"x"),
            lease: None,
        };
        let done = self
            .store
            .txn(Txn {
                then: vec![op],
                ..Txn::default()
            })
            .await
            .expect("it is written");
        self.acknowledged = done.revision.0;
    }

    /// What is compacted may be missed by watches that were not abreast, and they may be told so.
    async fn compact(&mut self, back: u8) {
        let at = (self.acknowledged - i64::from(back)).max(1);
        // It may have been compacted further already.
        let _ = self.store.compact(Revision(at)).await;
        self.compacted = self.compacted.max(at);
        self.gap();
    }

    /// Resumed watches read on where they were: a restart loses nothing that the store still has.
    async fn restart(&mut self) {
        self.member.tasks.abort_all();
        self.member = Member::start(&self.store);
        self.settle().await;
        for watcher in std::mem::take(&mut self.watchers) {
            let Watcher { selector, .. } = &watcher;
            let mut resumed = match (watcher.is_listing(), watcher.ended) {
                (_, Some(_)) => continue,
                (true, None) => Watcher::with_list(&self.member.cache, &self.texts, selector.clone()).await,
                (false, None) => {
                    let from = watcher.known_now();
                    Watcher::after(&self.member.cache, &self.texts, selector.clone(), from).await
                }
            }
            .expect("the member is ready");
            resumed.may_expire = watcher.may_expire;
            resumed.is_stalled = watcher.is_stalled;
            self.watchers.push(resumed);
        }
    }

    fn reload(&mut self) {
        self.member.cache.units().for_each(|unit| unit.want_reload());
        self.gap();
    }

    fn gap(&mut self) {
        self.has_gap = true;
        self.watchers
            .iter_mut()
            .for_each(|watcher| watcher.may_expire = true);
    }

    async fn watch(&mut self, selector: Selector, back: Option<u8>) {
        let after = back.map(|back| (self.acknowledged - i64::from(back)).max(1));
        let opened = match after {
            None => Watcher::with_list(&self.member.cache, &self.texts, selector).await,
            Some(after) => Watcher::after(&self.member.cache, &self.texts, selector, after).await,
        };
        match opened {
            Ok(mut watcher) => {
                watcher.may_expire = self.has_gap || after.is_some_and(|after| after < self.compacted);
                self.watchers.push(watcher);
            }
            Err(status) => assert!(is_passing(status.code), "a watch cannot be opened: {status:?}"),
        }
    }

    fn stall(&mut self, which: u8) {
        if let Some(watcher) = self.watchers.get_mut(usize::from(which)) {
            watcher.is_stalled = !watcher.is_stalled;
        }
    }

    fn read(&mut self) {
        for watcher in self.watchers.iter_mut().filter(|watcher| !watcher.is_stalled) {
            watcher.read(&self.model);
            watcher.check_beginning(&self.model);
        }
    }

    /// I7, I3: the state of one revision, which is not before the newest acknowledged write; I2: and never before one seen earlier.
    async fn list(&mut self, selector: &Selector, limit: u8) {
        let mut query = format!("limit={limit}");
        let begun = self.acknowledged;
        let mut found = Vec::new();
        let mut first = None;
        loop {
            let (revision, items, token) =
                match client::list(&self.member.cache, &self.texts, selector, &query).await {
                    Ok(listed) => listed,
                    Err(status) if is_passing(status.code) || status.code == 410 && first.is_some() => return,
                    Err(status) => panic!("a list fails: {status:?}"),
                };
            assert_eq!(
                *first.get_or_insert(revision),
                revision,
                "I3: pages show one revision"
            );
            found.extend(items);
            if token.is_empty() {
                break;
            }
            query = format!("limit={limit}&continue={token}");
            self.write(&[(0, Some((1, 1)))]).await;
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
            found,
            self.model.list(selector, revision),
            "I3: a list at {revision}"
        );
    }

    /// I2: any state, but a real one.
    async fn list_any(&mut self, selector: &Selector) {
        match client::list(&self.member.cache, &self.texts, selector, "resourceVersion=0").await {
            Ok((revision, items, _)) => {
                assert!(revision <= self.acknowledged, "I2: {revision} has not happened");
                assert_eq!(
                    items,
                    self.model.list(selector, revision),
                    "I2: a list at {revision}"
                );
            }
            Err(status) => assert!(is_passing(status.code), "a list fails: {status:?}"),
        }
    }

    async fn list_at(&mut self, selector: &Selector, back: u8) {
        let at = (self.acknowledged - i64::from(back)).max(1);
        let query = format!("resourceVersion={at}&resourceVersionMatch=Exact");
        match client::list(&self.member.cache, &self.texts, selector, &query).await {
            Ok((revision, items, _)) => {
                assert_eq!(revision, at, "a list at a revision shows it");
                assert_eq!(items, self.model.list(selector, at), "I3: a list at {at}");
            }
            Err(status) => assert!(
                is_passing(status.code) || status.code == 410,
                "a list fails: {status:?}"
            ),
        }
    }
}

/// What a client tries again: the cache is loading, or not there yet.
fn is_passing(code: u16) -> bool {
    matches!(code, 429 | 504)
}

fn key_of(key: u8) -> String {
    let key = usize::from(key);
    format!("{}/{}", NAMESPACES[key / NAMES.len()], NAMES[key % NAMES.len()])
}

fn pod_of(pod: Option<(u8, u8)>) -> Option<Pod> {
    pod.map(|(label, node)| Pod { label, node })
}

fn op(key: &str, pod: Option<&Pod>) -> Op {
    let path = Bytes::from(format!("/registry/pods/{key}"));
    let Some(pod) = pod else {
        return Op::Delete(path);
    };
    let (namespace, name) = key.split_once('/').expect("a key has two parts");
    let (label, node, uid) = (pod.label.to_string(), node_name(pod.node), pod.uid());
    let object = tree!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": name, "namespace": namespace, "uid": uid, "labels": {"l": label}},
        "spec": {"nodeName": node, "containers": [{"name": "c", "image": "i"}]},
    });
    let pods = Catalog::builtin().resource("", "v1", "pods").expect("built in");
    Op::Put {
        key: path,
        value: Bytes::from(kinds::stored::encode(pods, object).expect("it is stored")),
        lease: None,
    }
}
