//! Answers from canonical bytes are those from trees: lists and frames of every kind that is stored, in every version and form.
//! The objects are those that the reference stored (`tests/golden/etcd`).

use std::path::Path;
use std::sync::Arc;

use auth::User;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, header};
use http_body_util::BodyExt;
use kinds::decorate::IpFamily;
use kinds::{Catalog, Resource};
use render::list::{ListMeta, ListWriter};
use render::negotiate::Output;
use render::watch::{Framer, Kind};
use render::{Call, Canonical, Decoder, Descriptions};
use schema::{Types, Value, json, proto};
use serve::query::Query;
use serve::request_info::RequestInfo;
use storage::{Entry, Revision};

const REVISION: Revision = Revision(1_234_567);
const JSON: &str = "application/json";
const PROTOBUF: &str = "application/vnd.kubernetes.protobuf";
const METADATA: &str = "as=PartialObjectMetadata;v=v1;g=meta.k8s.io";
const METADATA_LIST: &str = "as=PartialObjectMetadataList;v=v1;g=meta.k8s.io";
const TABLE: &str = "application/json;as=Table;v=v1;g=meta.k8s.io";

/// An object as it is stored, its tree, and its canonical message.
struct Sample {
    entry: Entry,
    tree: Value,
    body: Vec<u8>,
}

impl Sample {
    fn canonical(&self) -> Canonical<'_> {
        Canonical {
            encoding: kinds::Encoding::Protobuf,
            key: &self.entry.key,
            body: &self.body,
            revision: REVISION,
        }
    }
}

/// The stored objects of a resource's hub.
fn samples() -> Vec<(&'static Arc<Resource>, Vec<Sample>)> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/golden/etcd/objects.jsonl");
    let text = std::fs::read_to_string(path).expect("the vendored corpus");
    let lines: Vec<Value> = text
        .lines()
        .map(|line| json::parse(line.as_bytes()).expect("a line is an object"))
        .collect();
    let mut found: Vec<(&Arc<Resource>, Vec<Sample>)> = Vec::new();
    for line in &lines {
        let Some(hub) = hub(line) else { continue };
        let sample = sample(hub, line);
        match found.iter_mut().find(|(have, _)| Arc::ptr_eq(have, hub)) {
            Some((_, samples)) => samples.push(sample),
            None => found.push((hub, vec![sample])),
        }
    }
    assert!(found.len() > 50, "{} kinds", found.len());
    found
}

/// The hub of a line's resource, where it is built in.
fn hub(line: &Value) -> Option<&'static Arc<Resource>> {
    let catalog = Catalog::builtin();
    let parts: Vec<&str> = line.str_at(&["resource"]).expect("text").split('/').collect();
    let found = match parts[..] {
        [version, resource] => catalog.resource("", version, resource),
        [group, version, resource] => catalog.resource(group, version, resource),
        _ => None,
    }?;
    (line.str_at(&["storedAs", "encoding"]) == Some("protobuf")).then(|| catalog.hub(found))
}

fn sample(hub: &Resource, line: &Value) -> Sample {
    let stored = STANDARD
        .decode(line.str_at(&["value_b64"]).expect("text"))
        .expect("base64");
    let entry = Entry {
        key: Bytes::from(line.str_at(&["key"]).expect("text").to_owned()),
        value: Bytes::from(stored),
        create_revision: REVISION,
        mod_revision: REVISION,
        version: 1,
        lease: None,
        at_rest: Default::default(),
    };
    let decoder = Decoder {
        primary_family: IpFamily::V4,
    };
    let tree = decoder.decode(hub, &entry).expect("an object");
    let mut bare = tree.clone();
    if let Some(map) = bare.as_map_mut() {
        map.map_at("metadata").remove("resourceVersion");
    }
    let mut body = Vec::new();
    proto::encode(Types::builtin(), hub.type_id, &bare, &mut body);
    Sample { entry, tree, body }
}

fn call(resource: &Arc<Resource>, accept: &str, query: &str) -> Call {
    let mut headers = HeaderMap::new();
    headers.insert(header::ACCEPT, HeaderValue::from_str(accept).expect("a header"));
    let info = RequestInfo::new(&http::Method::GET, "/api/v1/pods", "").expect("a request");
    let user = User::new("admin", "", &[]);
    Call::new(info, Query::parse(query), headers, user, resource.clone())
}

fn with(media: &str, form: &str) -> String {
    format!("{media};{form}")
}

/// Every version of the hubs with stored objects, beside the objects.
fn each_version(mut take: impl FnMut(&Arc<Resource>, &Arc<Resource>, &[Sample])) {
    let catalog = Catalog::builtin();
    for (hub, samples) in samples() {
        for resource in catalog.iter().filter(|one| Arc::ptr_eq(catalog.hub(one), hub)) {
            take(resource, hub, &samples);
        }
    }
}

#[test]
fn canonical_bytes_have_the_tree() {
    for (hub, samples) in samples() {
        for sample in samples {
            let tree = sample.canonical().tree(hub).expect("a message");
            assert_eq!(tree, sample.tree, "{:?}", sample.entry.key);
        }
    }
}

#[tokio::test]
async fn lists_of_canonical_bytes_are_those_of_trees() {
    let texts = Descriptions::default();
    let meta = ListMeta {
        resource_version: "99".to_owned(),
        continue_token: "token".to_owned(),
        remaining: Some(3),
        shards: None,
    };
    let accepts = [
        JSON.to_owned(),
        PROTOBUF.to_owned(),
        "application/yaml".to_owned(),
        with(JSON, METADATA_LIST),
        with(PROTOBUF, METADATA_LIST),
        TABLE.to_owned(),
    ];
    let mut answers = Vec::new();
    each_version(|resource, hub, samples| {
        for (accept, query) in accepts
            .iter()
            .flat_map(|accept| [(accept, ""), (accept, "pretty=true")])
        {
            let call = call(resource, accept, query);
            let output = Output::of(&call.headers, &call.query).expect("a form of lists");
            let (mut by_tree, mut trees) = (ListWriter::new(&call, output).expect("a list"), Vec::new());
            let (mut by_bytes, mut items) = (ListWriter::new(&call, output).expect("a list"), Vec::new());
            for sample in samples {
                by_tree.push(sample.tree.clone(), &mut trees).expect("an item");
                let before = items.len();
                let object = sample.canonical();
                by_bytes.push_canonical(&object, &mut items).expect("an item");
                if let Some(len) = by_bytes.canonical_len(&object).expect("a message") {
                    assert_eq!(len, items.len() - before, "{:?}", sample.entry.key);
                } else {
                    let knows = by_bytes.wants_length() && Arc::ptr_eq(resource, hub);
                    assert!(!knows, "{accept} {:?}", sample.entry.key);
                }
            }
            let pieces = [
                by_bytes.head(&texts, &meta, items.len()),
                items.clone(),
                by_bytes.tail().to_vec(),
            ];
            let streams = by_bytes.streams().then(|| pieces.concat());
            let name = format!("{accept} {query} {}", resource.qualified_name());
            let trees = by_tree.finish(&texts, &meta, &trees).expect("an answer");
            let bytes = by_bytes.finish(&texts, &meta, &items).expect("an answer");
            answers.push((name, trees, bytes, streams));
        }
    });
    assert!(answers.len() > 500, "{}", answers.len());
    for (name, trees, bytes, streamed) in answers {
        let trees = trees.into_body().collect().await.expect("a body").to_bytes();
        let bytes = bytes.into_body().collect().await.expect("a body").to_bytes();
        assert_eq!(
            bytes.escape_ascii().to_string(),
            trees.escape_ascii().to_string(),
            "{name}"
        );
        if let Some(streamed) = streamed {
            assert_eq!(streamed, bytes, "{name}");
        }
    }
}

#[test]
fn frames_of_canonical_bytes_are_those_of_trees() {
    let texts = Descriptions::default();
    let accepts = [
        JSON.to_owned(),
        PROTOBUF.to_owned(),
        with(JSON, METADATA),
        with(PROTOBUF, METADATA),
        TABLE.to_owned(),
    ];
    let mut compared = 0;
    each_version(|resource, _, samples| {
        for accept in &accepts {
            let call = call(resource, accept, "");
            let output = Output::of_watch(&call.headers, &call.query).expect("a form of watches");
            let framer = Framer::new(&call, output).expect("a watch");
            for (sample, header) in samples.iter().flat_map(|one| [(one, None), (one, Some(&texts))]) {
                let tree = framer.event(header, Kind::Modified, sample.tree.clone());
                let bytes = framer.canonical(header, Kind::Modified, &sample.canonical());
                assert_eq!(
                    bytes.expect("a frame"),
                    tree.expect("a frame"),
                    "{accept} {:?}",
                    sample.entry.key
                );
                compared += 1;
            }
        }
    });
    assert!(compared > 1_000, "{compared}");
}

#[tokio::test]
async fn empty_lists_end_as_the_reference_ends_them() {
    let pods = Catalog::builtin().resource("", "v1", "pods").expect("built in");
    for (accept, end) in [
        (JSON.to_owned(), "\"metadata\":{},\"items\":[]}\n"),
        (with(JSON, METADATA_LIST), "\"metadata\":{},\"items\":null}\n"),
        (TABLE.to_owned(), "\"rows\":[]}\n"),
        (PROTOBUF.to_owned(), "\u{1a}\0\"\0"),
    ] {
        let call = call(pods, &accept, "");
        let output = Output::of(&call.headers, &call.query).expect("a form of lists");
        let writer = ListWriter::new(&call, output).expect("a list");
        let answer = writer
            .finish(&Descriptions::default(), &ListMeta::default(), &[])
            .expect("an answer");
        let body = answer.into_body().collect().await.expect("a body").to_bytes();
        assert!(
            body.ends_with(end.as_bytes()),
            "{accept}: {}",
            body.escape_ascii()
        );
    }
}
