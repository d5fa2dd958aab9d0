//! A client of the cache: watches and lists as requests, and what it checks of each answer against the model.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use auth::User;
use http_body::Body as _;
use kinds::{Catalog, Gates};
use render::{Call, Descriptions};
use schema::{Value, json};
use serve::http::{Body, Response, read_body};
use serve::query::Query;
use serve::request_info::RequestInfo;
use serve::status::Status;
use watchcache::Cache;

use crate::model::{Model, Pod, Selector, Told};

/// A request for pods.
pub fn call(selector: &Selector, query: &str) -> Call {
    let mut path = match &selector.namespace {
        Some(namespace) => format!("/api/v1/namespaces/{namespace}/pods?{query}"),
        None => format!("/api/v1/pods?{query}"),
    };
    if let Some(label) = selector.label {
        path += &format!("&labelSelector=l%3D{label}");
    }
    let name = selector
        .name
        .as_ref()
        .map(|name| format!("metadata.name%3D{name}"));
    let node = selector
        .node
        .map(|node| format!("spec.nodeName%3D{}", node_name(node)));
    let fields: Vec<String> = name.into_iter().chain(node).collect();
    if !fields.is_empty() {
        path += &format!("&fieldSelector={}", fields.join(","));
    }
    if let Some(shard) = selector.shard {
        path += &format!("&shardSelector={}", shard_selector(shard));
    }
    let request = http::Request::builder()
        .uri(&path)
        .body(Body::empty())
        .expect("a path");
    let info = RequestInfo::of(&request).expect("a resource path");
    let pods = Catalog::builtin().resource("", "v1", "pods").expect("built in");
    let mut gates = Gates::default();
    gates.set("ShardedListAndWatch", true).expect("a gate");
    let query = Query::parse(request.uri().query().unwrap_or_default());
    Call::new(
        info.as_ref().clone(),
        query,
        Default::default(),
        User::anonymous(),
        pods.clone(),
    )
    .gated(&gates)
}

/// One half of the hashes.
fn shard_selector(shard: u8) -> &'static str {
    match shard {
        0 => "shardRange(object.metadata.uid,'0x0000000000000000','0x8000000000000000')",
        _ => "shardRange(object.metadata.uid,'0x8000000000000000','0x10000000000000000')",
    }
}

/// The name of a node; 0 has none.
pub fn node_name(node: u8) -> String {
    match node {
        0 => String::new(),
        node => format!("n{node}"),
    }
}

/// A watch that a client has open.
pub struct Watcher {
    /// What it selects.
    pub selector: Selector,
    body: Body,
    text: Vec<u8>,
    /// Up to here it knows everything.
    pub known: i64,
    /// What it was told since the events were checked last.
    told: Vec<Told>,
    /// It has not had the initial events.
    is_listing: bool,
    /// Whether a 410 is a right answer: there was a gap since it began.
    pub may_expire: bool,
    /// It does not read.
    pub is_stalled: bool,
    /// How it ended.
    pub ended: Option<Option<i64>>,
}

impl Watcher {
    /// Opens one that begins after a revision.
    pub async fn after(
        cache: &Cache,
        texts: &Arc<Descriptions>,
        selector: Selector,
        after: i64,
    ) -> Result<Self, Status> {
        let query = format!("watch=1&allowWatchBookmarks=true&timeoutSeconds=100000&resourceVersion={after}");
        let call = call(&selector, &query);
        let response = cache.watch(&call, texts).await?;
        Ok(Self::new(selector, response, after, false))
    }

    /// Opens one that begins with the present objects, which are the store's of this moment.
    pub async fn with_list(
        cache: &Cache,
        texts: &Arc<Descriptions>,
        selector: Selector,
    ) -> Result<Self, Status> {
        let query = "watch=1&allowWatchBookmarks=true&timeoutSeconds=100000&sendInitialEvents=true&resourceVersionMatch=NotOlderThan";
        let call = call(&selector, query);
        let response = cache.watch(&call, texts).await?;
        Ok(Self::new(selector, response, 0, true))
    }

    fn new(selector: Selector, response: Response, known: i64, is_listing: bool) -> Self {
        Self {
            selector,
            body: response.into_body(),
            text: Vec::new(),
            known,
            told: Vec::new(),
            is_listing,
            may_expire: false,
            is_stalled: false,
            ended: None,
        }
    }

    /// Reads what is there without waiting, and checks each event as it comes.
    pub fn read(&mut self, model: &Model) {
        let mut context = Context::from_waker(Waker::noop());
        while self.ended.is_none() {
            match Pin::new(&mut self.body).poll_frame(&mut context) {
                Poll::Pending => return,
                Poll::Ready(None) => self.ended = Some(None),
                Poll::Ready(Some(frame)) => {
                    let data = frame
                        .expect("a watch does not break off")
                        .into_data()
                        .expect("no trailers");
                    self.text.extend_from_slice(&data);
                    self.lines(model);
                }
            }
        }
    }

    fn lines(&mut self, model: &Model) {
        while let Some(end) = self.text.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = self.text.drain(..=end).collect();
            let event = json::parse(&line).expect("each line is JSON");
            self.event(&event, model);
        }
    }

    fn event(&mut self, event: &Value, model: &Model) {
        let object = event.get("object").expect("each event has an object");
        match event.str_at(&["type"]).expect("each event has a type") {
            "ERROR" => {
                let code = object.int_at(&["code"]);
                assert!(
                    code == Some(410) && self.may_expire,
                    "I6: a watch from {} without a gap ended with {object:?}",
                    self.known
                );
                self.ended = Some(code);
            }
            "BOOKMARK" => self.bookmark(object, model),
            kind => self.told.push(told(kind, object)),
        }
    }

    /// I4: everything up to the bookmark was sent.
    fn bookmark(&mut self, object: &Value, model: &Model) {
        let revision = revision(object);
        if std::mem::take(&mut self.is_listing) {
            let listed: Vec<_> = std::mem::take(&mut self.told)
                .into_iter()
                .map(|told| (told.key, told.pod, told.revision))
                .collect();
            assert_eq!(
                listed,
                model.list(&self.selector, revision),
                "I3: initial events at {revision}"
            );
            self.known = revision;
        }
        self.check_until(revision, model, "I4: before a bookmark");
    }

    /// I1 and I5: exactly what the model says happened, in order, and nothing else.
    pub fn check_until(&mut self, revision: i64, model: &Model, when: &str) {
        let told = std::mem::take(&mut self.told);
        let expected = model.told(&self.selector, self.known, revision);
        assert_eq!(
            told, expected,
            "{when} at {revision}, from {} on, {:?}",
            self.known, self.selector
        );
        self.known = self.known.max(revision);
    }

    /// I1 for a watch that has not caught up: what it was told is the beginning of what happened.
    pub fn check_beginning(&self, model: &Model) {
        if self.is_listing {
            return;
        }
        let expected = model.told(&self.selector, self.known, i64::MAX);
        let seen = self.told.len().min(expected.len());
        assert_eq!(
            self.told[..],
            expected[..seen],
            "I1: {:?} from {}",
            self.selector,
            self.known
        );
    }

    /// From where it would go on elsewhere.
    pub fn known_now(&self) -> i64 {
        self.told.last().map_or(self.known, |told| told.revision)
    }

    /// Whether it still waits for the bookmark after the initial events.
    pub fn is_listing(&self) -> bool {
        self.is_listing
    }
}

/// A list's answer: its revision, its objects, and where it goes on.
pub type Listed = (i64, Vec<(String, Pod, i64)>, String);

/// Lists; an error is the status.
pub async fn list(
    cache: &Cache,
    texts: &Arc<Descriptions>,
    selector: &Selector,
    query: &str,
) -> Result<Listed, Status> {
    let response = cache.list(&call(selector, query), texts).await?;
    let body = read_body(response.into_body(), 1 << 24).await?;
    let list = json::parse(&body).expect("a list is JSON");
    let told_shards = list
        .str_at(&["metadata", "shardInfo", "selector"])
        .map(|text| text.replace(", ", ","));
    assert_eq!(told_shards.as_deref(), selector.shard.map(shard_selector));
    let items = list.list_at(&["items"]).iter().map(|item| {
        let told = told("ADDED", item);
        (told.key, told.pod, told.revision)
    });
    let token = list
        .str_at(&["metadata", "continue"])
        .unwrap_or_default()
        .to_owned();
    Ok((revision(&list), items.collect(), token))
}

fn told(kind: &str, object: &Value) -> Told {
    let text = |path: &[&str]| object.str_at(path).unwrap_or_default();
    let number = |text: &str| text.trim_start_matches('n').parse().unwrap_or(0);
    Told {
        kind: match kind {
            "ADDED" => "ADDED",
            "MODIFIED" => "MODIFIED",
            "DELETED" => "DELETED",
            other => panic!("no such event: {other}"),
        },
        key: format!(
            "{}/{}",
            text(&["metadata", "namespace"]),
            text(&["metadata", "name"])
        ),
        revision: revision(object),
        pod: Pod {
            label: number(text(&["metadata", "labels", "l"])),
            node: number(text(&["spec", "nodeName"])),
        },
    }
}

fn revision(object: &Value) -> i64 {
    let text = object
        .str_at(&["metadata", "resourceVersion"])
        .unwrap_or_default();
    text.parse().expect("a resource version is a number")
}
