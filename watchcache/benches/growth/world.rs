//! A cache of config maps over a store in memory, on one thread, so that all that is done for an answer is counted.

use std::sync::Arc;
use std::time::Duration;

use auth::User;
use bytes::Bytes;
use kinds::{Catalog, Resource};
use render::{Call, Descriptions};
use schema::{Value, tree};
use serve::http::Body;
use serve::query::Query;
use serve::request_info::RequestInfo;
use storage::{Op, Revision, Store, Txn};
use tokio::runtime::Runtime;
use watchcache::{Cache, Config};

use crate::bodies::next_now;
use crate::memory::Memory;

/// Objects of one transaction while the store is filled.
const FILL_ITEMS: usize = 1_000;
/// How long a version stays whole after the next one, and until the next tick of the cache.
const FOLDING_TIME: Duration = Duration::from_secs(16);

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Media {
    Json,
    Protobuf,
}

pub struct World {
    runtime: Runtime,
    store: Memory,
    cache: Cache,
    texts: Arc<Descriptions>,
    objects: usize,
    traits: Traits,
    revision: Revision,
    changes: usize,
}

/// How a world differs from others.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Traits {
    /// Objects are found by shards.
    pub heeds_shards: bool,
    /// Of each object's text.
    pub text_bytes: usize,
}

fn maps() -> &'static Arc<Resource> {
    Catalog::builtin()
        .resource("", "v1", "configmaps")
        .expect("built in")
}

/// The shards of 256 that have all objects.
pub const SHARDS_CHANGED: [usize; 3] = [0x21, 0x89, 0xc5];
/// Of objects in these shards.
const UIDS: [&str; SHARDS_CHANGED.len()] = ["east", "red", "blue"];

fn put(at: usize, change: usize, traits: Traits) -> Op {
    let rare = if at.is_multiple_of(100) { "yes" } else { "often" };
    let name = format!("object-{at:07}");
    let key = format!("/registry/configmaps/default/{name}");
    let words = (1_u32..).map(|word| format!("{:x}", word.wrapping_mul(2_654_435_761)));
    let mut text = format!("{change:010}");
    text.extend(words.take(traits.text_bytes / 8));
    let mut object = tree!({
        "apiVersion": "v1", "kind": "ConfigMap",
        "metadata": {"name": name, "namespace": "default", "labels": {"rare": rare}},
        "data": {"text": text},
    });
    if traits.heeds_shards {
        let metadata = object.get_mut("metadata").and_then(Value::as_map_mut);
        let uid = UIDS[at % UIDS.len()];
        metadata.expect("it has metadata").insert("uid", uid);
    }
    Op::Put {
        key: Bytes::from(key),
        value: Bytes::from(kinds::stored::encode(maps(), object).expect("it is stored")),
        lease: None,
    }
}

impl World {
    /// With so many objects, all in the cache.
    pub fn new(objects: usize, traits: Traits) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            // The clock goes on only when there is nothing else to do: under valgrind a change would take as long as a version stays whole.
            .start_paused(true)
            .build()
            .expect("a runtime");
        let store = Memory::new(1);
        let mut revision = Revision(1);
        for begin in (0..objects).step_by(FILL_ITEMS) {
            let end = objects.min(begin + FILL_ITEMS);
            let then = (begin..end).map(|at| put(at, 0, traits)).collect();
            let txn = Txn {
                then,
                ..Txn::default()
            };
            revision = runtime.block_on(store.txn(txn)).expect("it is written").revision;
        }
        let shared: Arc<dyn Store> = Arc::new(store.clone());
        let config = Config {
            heeds_shards: traits.heeds_shards,
            ..Config::default()
        };
        let cache = Cache::of(&shared, &config, [maps()]);
        runtime.block_on(cache.start());
        let mut world = Self {
            runtime,
            store,
            cache,
            texts: Arc::default(),
            objects,
            traits,
            revision,
            changes: 0,
        };
        world.arrive();
        world
    }

    /// Changes one object in the store.
    pub fn change(&mut self) {
        self.changes += 1;
        // Not one beside the other.
        let at = self.changes * 7_919 % self.objects;
        let txn = Txn {
            then: vec![put(at, self.changes, self.traits)],
            ..Txn::default()
        };
        let written = self.runtime.block_on(self.store.txn(txn));
        self.revision = written.expect("it is written").revision;
    }

    /// Returns when the last change is visible.
    pub fn arrive(&mut self) {
        let unit = self.cache.unit(maps()).expect("it is cached");
        let mut reached = unit.progress();
        let arrived = reached.wait_for(|reached| *reached >= self.revision);
        self.runtime.block_on(arrived).expect("the cache goes on");
    }

    /// Waits until what the last changes superseded is folded.
    pub fn rest(&mut self) {
        self.runtime
            .block_on(async { tokio::time::sleep(FOLDING_TIME).await });
    }

    /// Opens so many watches from now on.
    pub fn park(&mut self, count: usize, media: Media, query: impl Fn(usize) -> String) -> Vec<Body> {
        let revision = self.revision.0;
        let open = |at| {
            let query = format!(
                "watch=1&timeoutSeconds=100000&resourceVersion={revision}{}",
                query(at)
            );
            let mut body = self.watch(&query, media);
            assert_eq!(self.read(&mut body), 0, "it is parked");
            body
        };
        (0..count).map(open).collect()
    }

    /// Lists; returns how many bytes the answer has.
    pub fn list(&mut self, query: &str, media: Media) -> usize {
        let call = self.call(query, media);
        let answer = self.cache.list(&call, &self.texts);
        let body = self.runtime.block_on(answer).expect("a list").into_body();
        self.length(body)
    }

    /// Watches with initial events until these have ended; returns how many bytes they have.
    pub fn initial(&mut self) -> usize {
        let query = "watch=1&timeoutSeconds=100000&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true";
        let mut body = self.watch(query, Media::Json);
        self.read(&mut body)
    }

    /// Reads what is there now; returns how many bytes that is.
    pub fn read(&self, body: &mut Body) -> usize {
        // For the time at which it is to be asked again.
        let _entered = self.runtime.enter();
        let mut length = 0;
        while let Some(Some(data)) = next_now(body) {
            length += data.len();
        }
        length
    }

    fn watch(&self, query: &str, media: Media) -> Body {
        let call = self.call(query, media);
        let answer = self.cache.watch(&call, &self.texts);
        self.runtime.block_on(answer).expect("a watch").into_body()
    }

    fn length(&self, mut body: Body) -> usize {
        use http_body_util::BodyExt;
        self.runtime.block_on(async {
            let mut length = 0;
            while let Some(frame) = body.frame().await {
                length += frame
                    .expect("it does not break off")
                    .data_ref()
                    .map_or(0, Bytes::len);
            }
            length
        })
    }

    fn call(&self, query: &str, media: Media) -> Call {
        let media = match media {
            Media::Json => "application/json",
            Media::Protobuf => "application/vnd.kubernetes.protobuf",
        };
        let request = http::Request::builder()
            .uri(format!("/api/v1/configmaps?{query}"))
            .header(http::header::ACCEPT, media)
            .body(Body::empty())
            .expect("a request");
        let info = RequestInfo::of(&request).expect("a resource path");
        let mut call = Call::new(
            info.as_ref().clone(),
            Query::parse(request.uri().query().unwrap_or_default()),
            request.headers().clone(),
            User::anonymous(),
            maps().clone(),
        );
        call.heeds_shards = self.traits.heeds_shards;
        call
    }
}
