//! Watchers that do not read (I8): what they hold is a place, not what they have missed, and nobody waits for them.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use auth::User;
use bytes::Bytes;
use kinds::Catalog;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use render::{Call, Descriptions};
use schema::tree;
use serve::http::Body;
use serve::query::Query;
use serve::request_info::RequestInfo;
use storage::{Op, Revision, Store, Txn};
use watchcache::{Cache, Config};

use crate::bodies::next_now;
use crate::memory::Memory;

/// Watchers that stand still.
const STALLED: usize = 200;
/// Changes that they miss.
const CHANGES: usize = 500;
/// Bytes of each object.
const OBJECT_BYTES: usize = 4_000;
/// What the history may hold: some ten changes.
const HISTORY_BYTES: usize = 50_000;
/// Turns of the runtime in which a change comes to its readers.
const TURNS_MAX: usize = 5;
/// A ring lets go of whole segments, of at least sixteen changes: two of them, and what the store and the snapshot hold.
const KEPT_MAX: usize = 40;

/// A stored value that tells when nobody holds it any more.
struct Counted {
    value: Vec<u8>,
    live: Arc<AtomicUsize>,
}

impl Counted {
    fn bytes(value: Vec<u8>, live: &Arc<AtomicUsize>) -> Bytes {
        live.fetch_add(1, Ordering::Relaxed);
        Bytes::from_owner(Self {
            value,
            live: live.clone(),
        })
    }
}

impl AsRef<[u8]> for Counted {
    fn as_ref(&self) -> &[u8] {
        &self.value
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.live.fetch_sub(1, Ordering::Relaxed);
    }
}

/// What the object says after so many changes. It has nothing in common with what it said before: the cache would keep only
/// what differs.
fn text_of(count: usize) -> String {
    let mut random = StdRng::seed_from_u64(count as u64);
    (0..OBJECT_BYTES / 8)
        .map(|_| format!("{:08x}", random.random::<u32>()))
        .collect()
}

/// A cache of config maps, one of which changes.
struct Busy {
    store: Memory,
    cache: Cache,
    live: Arc<AtomicUsize>,
    revision: Revision,
}

impl Busy {
    async fn start(history_bytes: usize) -> Self {
        let store = Memory::new(1);
        let config = Config {
            history_bytes,
            history_floor_bytes: history_bytes,
            ..Config::default()
        };
        let maps = Catalog::builtin().resource("", "v1", "configmaps");
        let cache = Cache::of(
            &(Arc::new(store.clone()) as Arc<dyn Store>),
            &config,
            [maps.expect("built in")],
        );
        cache.start().await;
        let mut busy = Self {
            store,
            cache,
            live: Arc::default(),
            revision: Revision(1),
        };
        busy.change(0).await;
        busy
    }

    async fn change(&mut self, count: usize) {
        let text = text_of(count);
        let object = tree!({
            "apiVersion": "v1", "kind": "ConfigMap",
            "metadata": {"name": "x", "namespace": "a"}, "data": {"text": text},
        });
        let maps = Catalog::builtin().resource("", "v1", "configmaps");
        let value = kinds::stored::encode(maps.expect("built in"), object).expect("it is stored");
        let put = Op::Put {
            key: Bytes::from_static(b"/registry/configmaps/a/x"),
            value: Counted::bytes(value, &self.live),
            lease: None,
        };
        let txn = Txn {
            then: vec![put],
            ..Txn::default()
        };
        self.revision = self.store.txn(txn).await.expect("it is written").revision;
    }

    async fn watch(&self) -> Body {
        let uri = format!(
            "/api/v1/configmaps?watch=1&resourceVersion={}&timeoutSeconds=100000",
            self.revision.0
        );
        let request = http::Request::builder().uri(&uri).body(Body::empty());
        let request = request.expect("a path");
        let info = RequestInfo::of(&request).expect("a resource path");
        let maps = Catalog::builtin().resource("", "v1", "configmaps");
        let call = Call::new(
            info.as_ref().clone(),
            Query::parse(request.uri().query().unwrap_or_default()),
            Default::default(),
            User::anonymous(),
            maps.expect("built in").clone(),
        );
        let texts = Arc::new(Descriptions::default());
        let response = self.cache.watch(&call, &texts).await;
        response.expect("a watch").into_body()
    }

    /// The store and the ring let go of what they need not hold; how many values are held still.
    async fn held(&self) -> usize {
        self.store.compact(self.revision).await.expect("it is compacted");
        tokio::time::sleep(Duration::from_secs(5)).await;
        self.live.load(Ordering::Relaxed)
    }
}

/// What is there to read now.
fn read(body: &mut Body) -> Vec<u8> {
    let mut text = Vec::new();
    while let Some(Some(data)) = next_now(body) {
        text.extend_from_slice(&data);
    }
    text
}

#[tokio::test(start_paused = true)]
async fn i8_stalled_watchers_hold_a_place_and_delay_nobody() {
    let mut busy = Busy::start(HISTORY_BYTES).await;
    let mut stalled = Vec::new();
    for _ in 0..STALLED {
        let mut body = busy.watch().await;
        assert_eq!(read(&mut body), b"", "it is parked");
        stalled.push(body);
    }
    let mut reader = busy.watch().await;
    for count in 1..=CHANGES {
        busy.change(count).await;
        let mut text = Vec::new();
        // No time passes: the clock stands while something is ready to run.
        for _ in 0..TURNS_MAX {
            tokio::task::yield_now().await;
            text.extend(read(&mut reader));
        }
        let wanted = text_of(count);
        assert!(
            String::from_utf8_lossy(&text).contains(&wanted),
            "I8: change {count} waits for somebody"
        );
        if count % 50 == 0 {
            tokio::time::sleep(Duration::from_secs(2)).await;
        }
    }
    let held = busy.held().await;
    assert!(
        held <= KEPT_MAX,
        "I8: {held} values are held for watchers that do not read"
    );
    for mut body in stalled {
        let text = read(&mut body);
        let text = String::from_utf8_lossy(&text);
        assert!(
            text.contains("\"code\":410") && text.lines().count() == 1,
            "I6: {text}"
        );
    }
}

/// The count above means something: with room for them, the same changes are all held.
#[tokio::test(start_paused = true)]
async fn i8_what_the_history_has_room_for_is_held_and_read_late() {
    let mut busy = Busy::start(Config::default().history_bytes).await;
    let mut late = busy.watch().await;
    assert_eq!(read(&mut late), b"");
    for count in 1..=CHANGES {
        busy.change(count).await;
        tokio::task::yield_now().await;
    }
    let held = busy.held().await;
    assert!(held >= CHANGES, "{held} values are held");
    let text = read(&mut late);
    let lines = String::from_utf8_lossy(&text).lines().count();
    assert_eq!(lines, CHANGES);
}
