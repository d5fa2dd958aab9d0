//! A client of the cache: watches and lists as requests, and what it checks of each answer against the model.

use std::sync::Arc;

use auth::User;
use kinds::{Catalog, Gates};
use render::{Call, Descriptions};
use schema::{Value, json};
use serve::http::{Body, read_body};
use serve::query::Query;
use serve::request_info::RequestInfo;
use serve::status::Status;
use watchcache::Cache;

use crate::bodies::next_now;
use crate::grouped::grouped;
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
        path += &format!("&shardSelector={}", shard.selector());
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

/// The name of a node; 0 has none.
pub fn node_name(node: u8) -> String {
    match node {
        0 => String::new(),
        node => format!("n{node}"),
    }
}

/// Where a watch begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Begin {
    /// After a revision.
    After(i64),
    /// With the objects of the store's present moment, and a bookmark after them.
    List,
    /// With the objects of any moment.
    Any,
}

impl Begin {
    fn query(self) -> String {
        let rest = match self {
            Begin::After(revision) => format!("&resourceVersion={revision}"),
            Begin::List => "&sendInitialEvents=true&resourceVersionMatch=NotOlderThan".to_owned(),
            Begin::Any => "&resourceVersion=0".to_owned(),
        };
        format!("watch=1&allowWatchBookmarks=true&timeoutSeconds=100000{rest}")
    }
}

/// A watch that a client has open.
pub struct Watcher {
    /// What it selects.
    pub selector: Selector,
    body: Body,
    text: Vec<u8>,
    /// Up to here it knows everything.
    known: i64,
    /// What it was told since the events were checked last.
    told: Vec<Told>,
    /// The initial objects, if it has not had all of them.
    listing: Option<Begin>,
    /// The store's revision when it was opened.
    opened: i64,
    /// Everything up to here it has read.
    pub read_until: i64,
    /// The cache no longer has the changes up to here.
    dropped: i64,
    /// The last bookmark.
    pub bookmark: i64,
    /// Which answers of 410 are right.
    pub expiry: Expiry,
    /// It does not read.
    pub is_stalled: bool,
    /// The code that it ended with.
    pub ended: Option<i64>,
}

/// When a watch may end with 410.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expiry {
    /// There was no gap.
    Never,
    /// The history is short: only if something that it has not read was dropped.
    Overrun,
    /// There was a gap that may concern it.
    May,
    /// There was a gap.
    Must,
}

impl Watcher {
    /// Opens one; `now` is the store's revision.
    pub async fn open(
        cache: &Cache,
        texts: &Arc<Descriptions>,
        selector: Selector,
        begin: Begin,
        now: i64,
    ) -> Result<Self, Status> {
        let response = cache.watch(&call(&selector, &begin.query()), texts).await?;
        let known = match begin {
            Begin::After(revision) => revision,
            Begin::List | Begin::Any => 0,
        };
        Ok(Self {
            selector,
            // Each second one.
            body: match now % 2 {
                0 => grouped(response.into_body()),
                _ => response.into_body(),
            },
            text: Vec::new(),
            known,
            told: Vec::new(),
            listing: Some(begin).filter(|begin| !matches!(begin, Begin::After(_))),
            opened: now,
            read_until: if begin == Begin::List { now } else { known },
            dropped: 0,
            bookmark: 0,
            expiry: Expiry::Never,
            is_stalled: false,
            ended: None,
        })
    }

    /// Reads what is there without waiting; the cache has dropped what was up to `dropped`. Checks it: I1, what it was told is the beginning of what happened, and all of
    /// a transaction or nothing.
    pub fn read(&mut self, model: &Model, dropped: i64) {
        self.dropped = dropped;
        while self.ended.is_none() {
            let Some(data) = next_now(&mut self.body) else {
                break;
            };
            self.text
                .extend_from_slice(&data.expect("a watch does not end before its time"));
            self.lines(model);
        }
        if self.listing == Some(Begin::Any) {
            self.place(model);
        }
        if self.listing.is_none() && self.ended.is_none() {
            self.check_beginning(model);
        }
    }

    fn lines(&mut self, model: &Model) {
        while let Some(end) = self.text.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = self.text.drain(..=end).collect();
            assert!(self.ended.is_none(), "something follows an error");
            let event = json::parse(&line).expect("each line is JSON");
            self.event(&event, model);
        }
    }

    fn event(&mut self, event: &Value, model: &Model) {
        let object = event.get("object").expect("each event has an object");
        match event.str_at(&["type"]).expect("each event has a type") {
            "ERROR" => self.fail(object.int_at(&["code"]).expect("an error has a code"), model),
            "BOOKMARK" => self.bookmark(object, model),
            kind => self.told.push(told(kind, object)),
        }
    }

    /// I6: 410 where there was a gap, 500 where something cannot be decoded, and nothing else.
    fn fail(&mut self, code: i64, model: &Model) {
        self.ended = Some(code);
        let is_right = match code {
            410 => self.may_expire(model),
            500 => self.listing == Some(Begin::Any) || self.must_fail(model),
            _ => false,
        };
        assert!(
            is_right,
            "I6: a watch from {} ended with {code}, {:?}, {:?}, told {:?}",
            self.known, self.selector, self.expiry, self.told
        );
    }

    fn may_expire(&self, model: &Model) -> bool {
        match self.expiry {
            Expiry::Never => false,
            Expiry::Overrun => model.has_unread(&self.selector, self.read_until, self.dropped),
            Expiry::May | Expiry::Must => true,
        }
    }

    fn must_fail(&self, model: &Model) -> bool {
        if self.listing.is_some() {
            return self.told.is_empty() && model.list(&self.selector, self.opened).is_none();
        }
        let heard = model.heard(&self.selector, self.known, i64::MAX);
        heard.fails && heard.told == self.told
    }

    /// I4: everything up to the bookmark was sent.
    fn bookmark(&mut self, object: &Value, model: &Model) {
        let revision = revision(object);
        match self.listing {
            Some(Begin::Any) => self.place_until(revision, model),
            Some(_) => {
                let is_end = object.str_at(&["metadata", "annotations", "k8s.io/initial-events-end"]);
                assert_eq!(is_end, Some("true"), "the first bookmark ends the initial events");
                let listed = std::mem::take(&mut self.told);
                assert_eq!(
                    Some(listed),
                    initial(&self.selector, model, revision),
                    "I3: initial events at {revision}"
                );
                (self.known, self.listing) = (revision, None);
            }
            None => {}
        }
        self.check_until(revision, model, "I4: before a bookmark");
        self.bookmark = revision;
    }

    /// I2: the initial events of a watch from any moment are one that was, and not after it was opened. Where several moments
    /// would look alike so far, it stays open which it was.
    fn place(&mut self, model: &Model) {
        if self.ended == Some(410) {
            return;
        }
        let moments: Vec<_> = (1..=self.opened)
            .filter_map(|at| self.listed_at(at, model))
            .collect();
        match moments.as_slice() {
            [] => panic!(
                "I2: {:?} was told {:?}, which never was",
                self.selector, self.told
            ),
            [moment] => self.settle(*moment),
            _ => {}
        }
    }

    /// I2, when all up to a revision was told: the initial events and what followed are those of one moment.
    pub fn place_until(&mut self, revision: i64, model: &Model) {
        let mut moments = (1..=self.opened).filter_map(|at| self.listed_at(at, model));
        let moment = moments.find(|(at, listed)| {
            let heard = model.heard(&self.selector, *at, revision);
            !heard.fails && heard.told == self.told[*listed..]
        });
        self.settle(moment.unwrap_or_else(|| {
            panic!(
                "I2: {:?} was told {:?} up to {revision}, which never was",
                self.selector, self.told
            )
        }));
    }

    /// The moment, and how many of the events that it was told are initial ones, if it may have begun then.
    fn listed_at(&self, at: i64, model: &Model) -> Option<(i64, usize)> {
        let fails = self.ended == Some(500);
        let Some(mut expected) = initial(&self.selector, model, at) else {
            return (fails && self.told.is_empty()).then_some((at, 0));
        };
        let listed = expected.len();
        let heard = model.heard(&self.selector, at, i64::MAX);
        expected.extend(heard.told);
        let is_whole = self.told.len() >= listed && expected.starts_with(&self.told);
        let ends_right = !fails || (heard.fails && expected.len() == self.told.len());
        (is_whole && ends_right).then_some((at, listed))
    }

    fn settle(&mut self, (at, listed): (i64, usize)) {
        self.told.drain(..listed);
        (self.known, self.listing) = (at, None);
        self.read_until = self.read_until.max(at);
    }

    /// I1 and I5: exactly what the model says happened, in order, and nothing else.
    pub fn check_until(&mut self, revision: i64, model: &Model, when: &str) {
        let told = std::mem::take(&mut self.told);
        let expected = model.heard(&self.selector, self.known, revision);
        assert_eq!(
            told, expected.told,
            "{when} at {revision}, from {} on, {:?}",
            self.known, self.selector
        );
        assert!(
            !expected.fails,
            "I6: {:?} did not fail before {revision}",
            self.selector
        );
        self.known = self.known.max(revision);
    }

    fn check_beginning(&self, model: &Model) {
        let expected = model.heard(&self.selector, self.known, i64::MAX).told;
        assert!(
            expected.starts_with(&self.told),
            "I1: {:?} from {}: {:?} does not begin {expected:?}",
            self.selector,
            self.known,
            self.told
        );
        if let (Some(last), Some(next)) = (self.told.last(), expected.get(self.told.len())) {
            assert_ne!(
                last.revision, next.revision,
                "I1: a transaction is seen whole, {:?}",
                self.selector
            );
        }
    }

    /// From where it would go on elsewhere.
    pub fn resumption(&self) -> Begin {
        self.listing.unwrap_or(Begin::After(
            self.told.last().map_or(self.known, |told| told.revision),
        ))
    }

    /// What it still waits for, if it has not had its initial events or it is open which they were.
    pub fn listing(&self) -> Option<Begin> {
        self.listing
    }
}

/// The events that tell what was there at a revision; nothing if that cannot be told.
fn initial(selector: &Selector, model: &Model, at: i64) -> Option<Vec<Told>> {
    let listed = model.list(selector, at)?.into_iter();
    let added = listed.map(|(key, pod, revision)| Told {
        kind: "ADDED",
        key,
        revision,
        pod,
    });
    Some(added.collect())
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
    assert_eq!(told_shards, selector.shard.map(|shard| shard.selector()));
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
