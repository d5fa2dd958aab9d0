use super::*;
use crate::store::{Op, WatchBatch};
use bytes::Bytes;
use futures_util::StreamExt;
use std::os::unix::fs::PermissionsExt;

fn put(key: &str, value: &str, lease: Option<LeaseId>) -> Txn {
    let (key, value) = (Bytes::copy_from_slice(key.as_bytes()), Bytes::copy_from_slice(value.as_bytes()));
    Txn { then: vec![Op::Put { key, value, lease }], ..Txn::default() }
}

async fn get(store: &Embedded, key: &str) -> Option<Bytes> {
    let range = Range { start: Bytes::copy_from_slice(key.as_bytes()), ..Range::default() };
    store.range(range).await.expect("range").entries.pop().map(|entry| entry.value)
}

async fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    for _ in 0..1000 {
        if holds() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("{what}");
}

#[tokio::test]
async fn what_was_written_is_there_after_reopening() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = Embedded::open(folder.path()).expect("open");
    let first = store.txn(put("/a", "1", None)).await.expect("put").revision;
    let lease = store.grant_lease(Duration::from_secs(600)).await.expect("grant");
    store.txn(put("/b", "2", Some(lease))).await.expect("put");
    drop(store);
    let store = Embedded::open(folder.path()).expect("reopen");
    assert_eq!(store.current_revision().await.expect("revision"), Revision(first.0 + 1));
    assert_eq!(get(&store, "/a").await.as_deref(), Some(b"1".as_slice()));
    store.revoke_lease(lease).await.expect("the lease is there too");
    assert_eq!(get(&store, "/b").await, None);
    assert_ne!(store.grant_lease(Duration::from_secs(600)).await.expect("grant"), lease, "ids are not used again");
}

#[tokio::test]
async fn a_second_user_of_the_folder_is_refused_with_its_name() {
    let folder = tempfile::tempdir().expect("a folder");
    let _store = Embedded::open(folder.path()).expect("open");
    let error = Embedded::open(folder.path()).err().expect("refused").to_string();
    assert!(error.contains(&folder.path().display().to_string()) && error.contains("in use"), "{error}");
}

#[tokio::test]
async fn only_the_owner_may_read_the_files() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("store");
    let store = Embedded::open(&path).expect("open");
    store.txn(put("/a", "1", None)).await.expect("put");
    let mut folders = vec![path];
    while let Some(path) = folders.pop() {
        let mode = |path: &Path| std::fs::metadata(path).expect("metadata").permissions().mode() & 0o777;
        assert_eq!(mode(&path), 0o700, "{}", path.display());
        for item in std::fs::read_dir(&path).expect("read") {
            let path = item.expect("item").path();
            if path.is_dir() { folders.push(path) } else { assert_eq!(mode(&path), 0o600, "{}", path.display()) }
        }
    }
}

#[tokio::test]
async fn compaction_gives_log_and_checkpoint_space_back() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = Embedded::open(folder.path()).expect("open");
    let value = "x".repeat(1024 * 1024);
    let mut last = Revision(0);
    for _ in 0..80 {
        last = store.txn(put("/a", &value, None)).await.expect("put").revision;
    }
    let size = || {
        let files = std::fs::read_dir(folder.path().join("log")).expect("log").filter_map(Result::ok);
        let log: u64 = files.filter_map(|file| file.metadata().ok()).map(|file| file.len()).sum();
        log + std::fs::metadata(folder.path().join("checkpoint.redb")).expect("checkpoint").len()
    };
    assert!(size() > 80 * 1024 * 1024);
    store.compact(last).await.expect("compact");
    eventually("the space comes back", || size() < 24 * 1024 * 1024).await;
    drop(store);
    let store = Embedded::open(folder.path()).expect("reopen");
    assert_eq!(get(&store, "/a").await.map(|value| value.len()), Some(value.len()));
    assert!(matches!(
        store.range(Range { start: "/a".into(), at: Some(Revision(last.0 - 1)), ..Range::default() }).await,
        Err(Error::Compacted(at)) if at == last
    ));
}

#[tokio::test]
async fn checkpointed_history_is_watched_after_reopening() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = Embedded::open(folder.path()).expect("open");
    for at in 0..20 {
        store.txn(put(&format!("/k{}", at % 3), &at.to_string(), None)).await.expect("put");
    }
    let compacted = Revision(8);
    store.compact(compacted).await.expect("compact");
    let checkpointed = || std::fs::read_dir(folder.path().join("log")).expect("log").count() == 1
        && !folder.path().join("log/00000000000000000001.log").exists();
    eventually("a checkpoint", checkpointed).await;
    store.txn(put("/k0", "last", None)).await.expect("put");
    drop(store);
    let store = Embedded::open(folder.path()).expect("reopen");
    let request = WatchRequest { start: "/".into(), end: "0".into(), from: Some(compacted), previous: true };
    let mut watch = store.watch(request).await.expect("watch");
    let mut seen = Vec::new();
    while seen.len() < 15 {
        match watch.next().await.expect("a batch").expect("no error") {
            WatchBatch::Events(events) => seen.extend(events),
            WatchBatch::Progress(_) => {}
        }
    }
    let revisions: Vec<i64> = seen.iter().map(|event| event.entry.mod_revision.0).collect();
    assert_eq!(revisions, (8..=22).collect::<Vec<_>>());
    assert!(seen[0].previous.is_none() && seen[1..].iter().all(|event| event.previous.is_some()));
}

#[tokio::test]
async fn a_closed_store_ends_its_watches() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = Embedded::open(folder.path()).expect("open");
    let mut watch = store.watch(WatchRequest { start: "/".into(), ..WatchRequest::default() }).await.expect("watch");
    drop(store);
    assert!(matches!(watch.next().await, Some(Err(Error::Fatal(_)))));
    assert!(watch.next().await.is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn concurrent_writers_share_syncs() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = Arc::new(Embedded::open(folder.path()).expect("open"));
    let writers = (0..64).map(|writer| {
        let store = store.clone();
        tokio::spawn(async move {
            for at in 0..20 {
                store.txn(put(&format!("/{writer}"), &at.to_string(), None)).await.expect("put");
            }
        })
    });
    for writer in writers.collect::<Vec<_>>() {
        writer.await.expect("a writer");
    }
    let syncs = store.counters().syncs.load(std::sync::atomic::Ordering::Relaxed);
    assert_eq!(store.current_revision().await.expect("revision"), Revision(1 + 64 * 20));
    assert!(syncs < 64 * 20 / 2, "{syncs} syncs");
}
