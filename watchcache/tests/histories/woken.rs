//! Whom a change wakes: the watches of its shards, however they began; and what one finds that was not woken for long.

use std::sync::Arc;
use std::time::Duration;

use kinds::Catalog;
use render::Descriptions;
use serve::feed::{Owned, ReadySet, Step};
use storage::{Revision, Store, Txn};
use tokio::time::Instant;
use watchcache::{Cache, Config};

use crate::client::call;
use crate::memory::Memory;
use crate::model::{Pod, Selector, Shard, Stored};
use crate::steps::{key, op};

/// A cache of pods.
struct Pods {
    store: Memory,
    cache: Cache,
    revision: Revision,
}

/// A watch, as a connection has it.
struct Asked {
    feed: Owned,
    ready: Arc<ReadySet>,
}

impl Pods {
    async fn start(history_bytes: usize) -> Self {
        let store = Memory::new(1);
        let pods = Catalog::builtin().resource("", "v1", "pods").expect("built in");
        let config = Config {
            heeds_shards: true,
            history_bytes,
            history_floor_bytes: history_bytes / 2,
            ..Config::default()
        };
        let shared: Arc<dyn Store> = Arc::new(store.clone());
        let cache = Cache::of(&shared, &config, [pods]);
        cache.start().await;
        Self {
            store,
            cache,
            revision: Revision(1),
        }
    }

    /// Puts a pod on a node, and returns when that is visible.
    async fn put(&mut self, at: u8, node: u8) {
        let pod = Stored::Pod(Pod { label: 0, node });
        let txn = Txn {
            then: vec![op(&key(at), Some(&pod))],
            ..Txn::default()
        };
        self.revision = self.store.txn(txn).await.expect("it is written").revision;
        let unit = self.cache.units().pop().expect("it has pods");
        let mut reached = unit.progress();
        let arrived = reached.wait_for(|reached| *reached >= self.revision);
        arrived.await.expect("the cache goes on");
    }

    /// After a revision.
    async fn watch(&self, selector: Selector, after: i64) -> Asked {
        let query = format!("watch=1&timeoutSeconds=100000&resourceVersion={after}");
        let texts = Arc::new(Descriptions::default());
        let response = self.cache.watch(&call(&selector, &query), &texts).await;
        let body = response.expect("a watch").into_body();
        let Ok(mut feed) = body.into_feed() else {
            panic!("a watch is a feed")
        };
        let ready = ReadySet::new(1);
        feed.feed.adopt(ready.signal(0));
        Asked { feed, ready }
    }
}

impl Asked {
    /// What it was woken for, if it was woken.
    fn woken(&mut self) -> Option<usize> {
        let is_woken = self.ready.is_dirty();
        is_woken.then(|| self.read())
    }

    /// How many events are there.
    fn read(&mut self) -> usize {
        self.ready.drain(|_| {});
        let mut events = 0;
        loop {
            match self.feed.feed.next(Instant::now()) {
                Step::Chunk(_) => events += 1,
                Step::Only(_) => return events + 1,
                Step::Idle => return events,
                Step::Again => {}
                step => panic!("a watch goes on: {step:?}"),
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_change_wakes_the_watches_of_its_shards() {
    let mut pods = Pods::start(Config::default().history_bytes).await;
    pods.put(0, 0).await;
    let past = pods.revision.0;
    pods.put(1, 1).await;
    let red = Shard { from: 1, to: 1 };
    let is_red = |node| Pod { label: 0, node }.is_in(red);
    assert!(is_red(1) && !is_red(0) && !is_red(2));
    let mut watches = Vec::new();
    for (shard, after, events) in [
        (Some(red), past, 1),
        (Some(red), pods.revision.0, 0),
        (Some(red), past, 1),
        (None, past, 1),
    ] {
        let selector = Selector {
            shard,
            ..Selector::default()
        };
        let mut watch = pods.watch(selector, after).await;
        assert_eq!(watch.read(), events);
        watch.read();
        watches.push(watch);
    }
    let woken = |watches: &mut Vec<Asked>| watches.iter_mut().map(Asked::woken).collect::<Vec<_>>();
    for (at, node, is_red) in [
        (2, 0, false),
        (0, 2, false),
        (3, 1, true),
        (1, 0, true),
        (1, 2, false),
    ] {
        pods.put(at, node).await;
        let of_red = is_red.then_some(1);
        assert_eq!(
            woken(&mut watches),
            [of_red, of_red, of_red, Some(1)],
            "{at} on {node}"
        );
    }
}

/// Its client knew more than the cache, then its node was quiet for longer than the history is.
#[tokio::test(start_paused = true)]
async fn a_watch_from_the_future_misses_nothing_that_was_before_it() {
    const HISTORY_BYTES: usize = 2_000;
    const CHANGES: usize = 200;
    const SECOND: Duration = Duration::from_secs(1);
    let mut pods = Pods::start(HISTORY_BYTES).await;
    pods.put(0, 0).await;
    let past = pods.revision.0;
    let of_node = Selector {
        node: Some(0),
        ..Selector::default()
    };
    let mut ahead = pods.watch(of_node.clone(), past + 20).await;
    for _ in 0..20 {
        pods.put(0, 0).await;
    }
    assert_eq!(pods.revision.0, past + 20);
    for _ in 0..CHANGES {
        // The clock stands still unless one waits for it, and the history is cut by the clock.
        tokio::time::sleep(SECOND).await;
        pods.put(1, 1).await;
    }
    let mut behind = pods.watch(of_node, past).await;
    let told = behind.feed.feed.next(Instant::now());
    let is_told =
        matches!(&told, Step::Chunk(frame) if frame.windows(10).any(|text| text == b"\"code\":410"));
    assert!(is_told, "the history is shorter than this: {told:?}");
    assert_eq!(ahead.read(), 0);
    pods.put(0, 0).await;
    assert_eq!(ahead.read(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_cache_without_hashes_refuses_shards() {
    let store: Arc<dyn Store> = Arc::new(Memory::new(1));
    let pods = Catalog::builtin().resource("", "v1", "pods").expect("built in");
    let cache = Cache::of(&store, &Config::default(), [pods]);
    cache.start().await;
    let selector = Selector {
        shard: Some(Shard { from: 0, to: 3 }),
        ..Selector::default()
    };
    let texts = Arc::new(Descriptions::default());
    let code = |refused: Result<_, serve::status::Status>| {
        refused
            .map(|_: serve::http::Response| ())
            .map_err(|status| status.code)
    };
    let watch = cache.watch(&call(&selector, "watch=1"), &texts).await;
    let list = cache.list(&call(&selector, ""), &texts).await;
    assert_eq!((code(watch), code(list)), (Err(500), Err(500)));
}
