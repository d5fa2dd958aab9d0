//! Encryption at rest against what kube-apiserver recorded (`tests/golden/etcd/encryption.jsonl`), and over a real store.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use futures_util::StreamExt;
use kinds::Keys;
use serde_json::Value;
use shardplane_storage as storage;
use storage::encrypted::{Transformers, reload};
use storage::{
    AtRest, Embedded, Encrypted, Entry, Op, OpResult, Range, ResourceKeys, Store, Txn, WatchBatch,
    WatchRequest,
};

struct Both {
    _folder: tempfile::TempDir,
    below: Arc<dyn Store>,
    above: Arc<Encrypted>,
}

fn over(config: &[u8]) -> Both {
    let folder = tempfile::tempdir().expect("a folder");
    let below: Arc<dyn Store> = Arc::new(Embedded::open(folder.path()).expect("a new store"));
    let transformers = Transformers::parse(config).unwrap_or_else(|error| panic!("{error}"));
    let above = Encrypted::new(below.clone(), ResourceKeys::new(Keys::default()), transformers);
    Both {
        _folder: folder,
        below,
        above: Arc::new(above),
    }
}

fn put(key: &str, value: Bytes) -> Op {
    Op::Put {
        key: Bytes::copy_from_slice(key.as_bytes()),
        value,
        lease: None,
    }
}

async fn write(store: &dyn Store, key: &str, value: impl Into<Bytes>) {
    store
        .txn(Txn {
            then: vec![put(key, value.into())],
            ..Txn::default()
        })
        .await
        .expect("a write");
}

async fn get(store: &dyn Store, key: &str) -> Entry {
    let range = Range {
        start: Bytes::copy_from_slice(key.as_bytes()),
        ..Range::default()
    };
    store
        .range(range)
        .await
        .expect("a read")
        .entries
        .pop()
        .expect("it is there")
}

fn recorded() -> Vec<Value> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/golden/etcd/encryption.jsonl");
    let text = std::fs::read_to_string(path).expect("the recordings");
    text.lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect()
}

fn decoded(line: &Value, field: &str) -> Option<Bytes> {
    line[field]
        .as_str()
        .map(|text| STANDARD.decode(text).expect("base64").into())
}

/// The message that the reference served for a value.
fn served(line: &Value) -> Option<&str> {
    line["body"]["details"]["causes"][0]["message"].as_str()
}

#[tokio::test]
async fn every_recorded_value_reads_as_kube_apiserver_read_it() {
    let mut steps = 0;
    let (mut read, mut refused) = (0, 0);
    let recorded = recorded();
    for config in recorded.iter().filter(|line| !line["config"].is_null()) {
        steps += 1;
        let both = over(config["config"].to_string().as_bytes());
        for line in recorded.iter().filter(|line| line["step"] == config["step"]) {
            let (Some(key), Some(value)) = (line["key"].as_str(), decoded(line, "value_b64")) else {
                continue;
            };
            write(&*both.below, key, value).await;
            let entry = get(&*both.above, key).await;
            match served(line) {
                None => {
                    read += 1;
                    // Values under another key have no plain form in the recording; they must be what was served.
                    assert_eq!(line["status"], 200, "{line}");
                    assert_eq!(
                        Some(entry.readable().expect("readable")),
                        decoded(line, "plain_b64").as_ref(),
                        "{line}"
                    );
                }
                Some(why) => {
                    refused += 1;
                    assert_eq!(entry.readable(), Err(why), "{line}");
                    assert!(entry.value.is_empty());
                }
            }
        }
    }
    assert_eq!((steps, read, refused), (5, 25, 7));
}

#[tokio::test]
async fn what_is_written_carries_the_prefix_that_kube_apiserver_writes() {
    let recorded = recorded();
    let mut written = 0;
    for line in recorded.iter().filter(|line| {
        line["note"]
            .as_str()
            .is_some_and(|note| note.starts_with("created"))
    }) {
        let of_step = |other: &&Value| other["step"] == line["step"] && other.get("config").is_some();
        let config = &recorded.iter().find(of_step).expect("each step has one")["config"];
        if config.is_null() {
            continue;
        }
        written += 1;
        let both = over(config.to_string().as_bytes());
        let (key, plain) = (
            line["key"].as_str().expect("a key"),
            decoded(line, "plain_b64").expect("it was read"),
        );
        write(&*both.above, key, plain.clone()).await;
        let stored = get(&*both.below, key).await.value;
        match line["prefix"].as_str() {
            Some(prefix) => {
                assert!(stored.starts_with(prefix.as_bytes()));
                assert_eq!(
                    stored.len(),
                    decoded(line, "value_b64").expect("a value").len(),
                    "the layout is the same"
                );
            }
            None => assert_eq!(stored, plain),
        }
        let entry = get(&*both.above, key).await;
        assert_eq!(
            (entry.readable(), entry.at_rest.clone()),
            (Ok(&plain), AtRest::Current)
        );
    }
    assert_eq!(written, 8);
}

const SECRET: &str = "QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE=";
const OTHER: &str = "QkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkI=";
const KEY: &str = "/registry/secrets/ns/a";

fn config(providers: &str) -> Vec<u8> {
    let rule = format!("{{resources: [secrets], providers: [{providers}]}}");
    format!("apiVersion: apiserver.config.k8s.io/v1\nkind: EncryptionConfiguration\nresources: [{rule}]\n")
        .into_bytes()
}

fn keys(provider: &str, keys: &[(&str, &str)]) -> String {
    let keys: Vec<String> = keys
        .iter()
        .map(|(name, secret)| format!("{{name: {name}, secret: {secret}}}"))
        .collect();
    format!("{{{provider}: {{keys: [{}]}}}}", keys.join(", "))
}

fn replace(both: &Both, providers: &str) {
    both.above
        .reconfigure(&config(providers))
        .unwrap_or_else(|error| panic!("{error}"));
}

#[tokio::test]
async fn a_value_of_another_key_or_provider_than_the_first_is_stale_until_it_is_written() {
    let both = over(&config("{identity: {}}"));
    write(&*both.above, KEY, "value").await;
    for providers in [
        format!("{}, {{identity: {{}}}}", keys("aescbc", &[("one", SECRET)])),
        keys("aescbc", &[("two", OTHER), ("one", SECRET)]),
        format!(
            "{}, {}",
            keys("aescbc", &[("three", OTHER)]),
            keys("aescbc", &[("two", OTHER)])
        ),
        format!(
            "{}, {}",
            keys("secretbox", &[("one", SECRET)]),
            keys("aescbc", &[("three", OTHER)])
        ),
        format!("{{identity: {{}}}}, {}", keys("secretbox", &[("one", SECRET)])),
    ] {
        replace(&both, &providers);
        let entry = get(&*both.above, KEY).await;
        assert!(
            entry.is_stale() && entry.readable() == Ok(&Bytes::from("value")),
            "{providers}: {entry:?}"
        );
        write(&*both.above, KEY, "value").await;
        assert_eq!(
            get(&*both.above, KEY).await.at_rest,
            AtRest::Current,
            "{providers}"
        );
    }
}

#[tokio::test]
async fn only_what_cannot_be_read_says_so() {
    let both = over(&config(&keys("aesgcm", &[("one", SECRET)])));
    write(&*both.above, KEY, "value").await;
    write(&*both.below, "/registry/secrets/ns/b", "k8s:enc:aesgcm:v1:two:x").await;
    write(
        &*both.below,
        "/registry/configmaps/ns/a",
        "k8s:enc:aesgcm:v1:one:x",
    )
    .await;
    write(&*both.above, "/registry/ranges/servicenodeports", "plain").await;
    let range = Range {
        start: "/registry/".into(),
        end: "/registry0".into(),
        ..Range::default()
    };
    let found = both
        .above
        .range(range.clone())
        .await
        .expect("the call succeeds")
        .entries;
    let read: Vec<Result<&[u8], &str>> = found
        .iter()
        .map(|entry| entry.readable().map(|value| &value[..]))
        .collect();
    assert_eq!(
        read,
        [
            Err("identity transformer tried to read encrypted data"),
            Ok(&b"plain"[..]),
            Ok(&b"value"[..]),
            Err("no matching key was found for the provided AES transformer"),
        ]
    );
    assert_eq!(
        get(&*both.below, "/registry/ranges/servicenodeports").await.value,
        "plain",
        "no resource, no encryption"
    );
    let keys_only = both
        .above
        .range(Range {
            keys_only: true,
            ..range
        })
        .await
        .expect("keys");
    assert!(
        keys_only.entries.iter().all(|entry| entry.readable().is_ok()),
        "what was not asked for is no failure"
    );
}

#[tokio::test]
async fn transactions_and_watches_show_plain_values() {
    let both = over(&config(&keys("secretbox", &[("one", SECRET)])));
    let request = WatchRequest {
        start: KEY.into(),
        previous: true,
        ..WatchRequest::default()
    };
    let mut watch = both.above.watch(request).await.expect("a watch");
    write(&*both.above, KEY, "1").await;
    let steps = vec![Op::Get(KEY.into()), put(KEY, "2".into())];
    let done = both
        .above
        .txn(Txn {
            then: steps,
            ..Txn::default()
        })
        .await
        .expect("a transaction");
    assert!(
        matches!(&done.results[0], OpResult::Get(Some(entry)) if entry.value == "1"),
        "{:?}",
        done.results
    );
    both.above
        .txn(Txn {
            then: vec![Op::Delete(KEY.into())],
            ..Txn::default()
        })
        .await
        .expect("a deletion");
    let mut seen = Vec::new();
    while seen.len() < 3 {
        if let WatchBatch::Events(events) = watch.next().await.expect("it goes on").expect("nothing fails") {
            let value = |entry: &Entry| {
                entry
                    .readable()
                    .cloned()
                    .map_err(str::to_owned)
                    .expect("readable")
            };
            seen.extend(
                events
                    .iter()
                    .map(|event| (value(&event.entry), event.previous.as_ref().map(value))),
            );
        }
    }
    let expected = [("1", None), ("2", Some("1")), ("", Some("2"))];
    assert_eq!(
        seen,
        expected.map(|(now, before)| (Bytes::from(now), before.map(Bytes::from)))
    );
}

#[tokio::test]
async fn a_broken_configuration_changes_nothing() {
    let both = over(&config(&keys("aescbc", &[("one", SECRET)])));
    assert!(both.above.reconfigure(b"kind: Nonsense").is_err());
    write(&*both.above, KEY, "value").await;
    assert!(
        get(&*both.below, KEY)
            .await
            .value
            .starts_with(b"k8s:enc:aescbc:v1:one:")
    );
}

#[tokio::test]
async fn a_changed_file_is_used() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("config.yaml");
    let save = |text: &[u8]| std::fs::write(&path, text).expect("a file");
    save(&config(&keys("aescbc", &[("one", SECRET)])));
    let first = reload::File::read(&path).expect("it is there");
    let both = over(&first.text);
    tokio::spawn(reload::run(
        both.above.clone(),
        path.clone(),
        first,
        Duration::from_millis(5),
    ));
    save(&config(&format!(
        "{}, {}",
        keys("aesgcm", &[("two", OTHER)]),
        keys("aescbc", &[("one", SECRET)])
    )));
    let taken_over = async {
        loop {
            write(&*both.above, KEY, "value").await;
            if get(&*both.below, KEY)
                .await
                .value
                .starts_with(b"k8s:enc:aesgcm:v1:two:")
            {
                return;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), taken_over)
        .await
        .expect("the new file is used");
    assert_eq!(get(&*both.above, KEY).await.readable(), Ok(&Bytes::from("value")));
}
