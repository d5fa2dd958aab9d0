//! What every store must do, whichever it is.

use futures_util::StreamExt;
use shardplane_storage as storage;
use std::sync::Arc;
use std::time::Duration;
use storage::{
    Compare, Error, EventKind, Op, OpResult, Range, Revision, Store, Txn, WatchBatch, WatchRequest,
    prefix_end,
};

/// Runs all of it on a new store; keys begin with a slash.
pub async fn conforms(store: Arc<dyn Store>) {
    transactions(&*store).await;
    ranges(&*store).await;
    history(&*store).await;
    watches(&*store).await;
    large_transactions(&*store).await;
    too_large_transactions(&*store).await;
    concurrent_writers(store.clone()).await;
    leases(&*store).await;
    compaction(&*store).await;
    lagging_watches(&*store).await;
}

async fn put(store: &dyn Store, key: &str, value: &str) -> Revision {
    let op = Op::Put {
        key: key.to_owned().into(),
        value: value.to_owned().into(),
        lease: None,
    };
    store
        .txn(Txn {
            then: vec![op],
            ..Txn::default()
        })
        .await
        .expect("a plain put")
        .revision
}

async fn value_at(store: &dyn Store, key: &str, at: Option<Revision>) -> Option<String> {
    let range = Range {
        start: key.to_owned().into(),
        at,
        ..Range::default()
    };
    let found = store.range(range).await.expect("a plain read");
    found
        .entries
        .first()
        .map(|entry| String::from_utf8_lossy(&entry.value).into_owned())
}

async fn transactions(store: &dyn Store) {
    let key = || "/txn/a".to_owned().into();
    let create = |value: &str| Txn {
        when: vec![Compare::ModRevision(key(), Revision(0))],
        then: vec![Op::Put {
            key: key(),
            value: value.to_owned().into(),
            lease: None,
        }],
        otherwise: vec![Op::Get(key())],
    };
    let first = store.txn(create("1")).await.expect("a create");
    assert!(first.succeeded);
    let second = store.txn(create("2")).await.expect("a refused create");
    assert!(!second.succeeded);
    match &second.results[..] {
        [OpResult::Get(Some(entry))] => {
            assert_eq!(
                (&entry.value[..], entry.mod_revision, entry.version),
                (&b"1"[..], first.revision, 1)
            );
        }
        other => panic!("expected the entry, got {other:?}"),
    }
    let versioned = Txn {
        when: vec![
            Compare::Version(key(), 1),
            Compare::ModRevision(key(), first.revision),
        ],
        then: vec![
            Op::Put {
                key: key(),
                value: "3".into(),
                lease: None,
            },
            Op::Put {
                key: "/txn/b".into(),
                value: "3".into(),
                lease: None,
            },
        ],
        otherwise: vec![],
    };
    let third = store.txn(versioned).await.expect("a conditional write");
    assert!(
        third.succeeded && third.revision.0 == first.revision.0 + 1,
        "both keys are written at one revision"
    );
    let gone = Txn {
        then: vec![Op::Delete(key()), Op::Delete("/txn/none".into())],
        ..Txn::default()
    };
    let deleted = store.txn(gone).await.expect("a deletion");
    assert!(matches!(
        deleted.results[..],
        [OpResult::Delete(true), OpResult::Delete(false)]
    ));
    assert_eq!(value_at(store, "/txn/a", None).await, None);
}

async fn ranges(store: &dyn Store) {
    for at in 0..10 {
        put(store, &format!("/range/{at}"), &at.to_string()).await;
    }
    let all = Range {
        start: "/range/".into(),
        end: prefix_end(b"/range/"),
        ..Range::default()
    };
    let found = store
        .range(Range {
            limit: 3,
            ..all.clone()
        })
        .await
        .expect("a page");
    assert_eq!((found.entries.len(), found.more, found.count), (3, true, 10));
    assert_eq!(found.entries[2].key, "/range/2");
    let counted = store
        .range(Range {
            count_only: true,
            ..all.clone()
        })
        .await
        .expect("a count");
    assert_eq!((counted.entries.len(), counted.count), (0, 10));
    let keys = store
        .range(Range {
            keys_only: true,
            ..all
        })
        .await
        .expect("keys");
    assert!(
        keys.entries
            .iter()
            .all(|entry| entry.value.is_empty() && entry.mod_revision.0 > 0)
    );
}

async fn history(store: &dyn Store) {
    let first = put(store, "/history", "old").await;
    let second = put(store, "/history", "new").await;
    assert_eq!(
        value_at(store, "/history", Some(first)).await.as_deref(),
        Some("old")
    );
    assert_eq!(
        value_at(store, "/history", Some(second)).await.as_deref(),
        Some("new")
    );
    assert_eq!(store.current_revision().await.expect("a revision"), second);
    let ahead = Range {
        start: "/history".into(),
        at: Some(Revision(second.0 + 1_000)),
        ..Range::default()
    };
    assert!(matches!(store.range(ahead).await, Err(Error::Future(_))));
}

async fn watches(store: &dyn Store) {
    let before = put(store, "/watch/a", "0").await;
    put(store, "/watch/a", "1").await;
    let request = WatchRequest {
        start: "/watch/".into(),
        end: prefix_end(b"/watch/"),
        from: Some(Revision(before.0 + 1)),
        previous: true,
    };
    let mut watch = store.watch(request).await.expect("a watch");
    let both = vec![
        Op::Put {
            key: "/watch/b".into(),
            value: "x".into(),
            lease: None,
        },
        Op::Delete("/watch/a".into()),
    ];
    let last = store
        .txn(Txn {
            then: both,
            ..Txn::default()
        })
        .await
        .expect("a write")
        .revision;
    put(store, "/elsewhere", "x").await;
    let mut seen = Vec::new();
    while seen.len() < 3 {
        match watch.next().await.expect("it goes on").expect("nothing fails") {
            WatchBatch::Events(events) => seen.extend(events),
            WatchBatch::Progress(_) => {}
        }
    }
    assert_eq!(
        seen[0].previous.as_ref().map(|entry| &entry.value[..]),
        Some(&b"0"[..])
    );
    assert!(
        seen.windows(2)
            .all(|pair| pair[0].entry.mod_revision <= pair[1].entry.mod_revision)
    );
    assert!(seen[1..].iter().all(|event| event.entry.mod_revision == last));
    let deletion = seen
        .iter()
        .find(|event| event.kind == EventKind::Delete)
        .expect("one was deleted");
    assert_eq!(
        deletion.previous.as_ref().map(|entry| &entry.value[..]),
        Some(&b"1"[..])
    );
    // Progress reaches the present, asked for until it does: a watch may not be in step at once.
    let now = store.current_revision().await.expect("a revision");
    let progress = async {
        loop {
            store.request_progress().await.expect("it takes requests");
            match tokio::time::timeout(Duration::from_millis(200), watch.next()).await {
                Ok(Some(Ok(WatchBatch::Progress(at)))) if at >= now => return,
                Ok(Some(Ok(_))) | Err(_) => {}
                Ok(other) => panic!("the watch ended: {other:?}"),
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(30), progress)
        .await
        .expect("progress is told");
}

/// A response for a watch may be larger than any request: with the values before, twice as large and more.
async fn large_transactions(store: &dyn Store) {
    let value = "x".repeat(100 * 1024);
    let write = || {
        let puts = (0..14).map(|at| Op::Put {
            key: format!("/large/{at:02}").into(),
            value: value.clone().into(),
            lease: None,
        });
        store.txn(Txn {
            then: puts.collect(),
            ..Txn::default()
        })
    };
    let request = WatchRequest {
        start: "/large/".into(),
        end: prefix_end(b"/large/"),
        from: None,
        previous: true,
    };
    let mut watch = store.watch(request).await.expect("a watch");
    let written = [write().await, write().await].map(|done| done.expect("1.4 MB are taken").revision);
    let mut seen = Vec::new();
    while seen.last() != Some(&written[1]) {
        let WatchBatch::Events(events) = watch.next().await.expect("it goes on").expect("nothing fails")
        else {
            continue;
        };
        // A batch may have several revisions, each of them whole.
        for whole in events.chunk_by(|one, other| one.entry.mod_revision == other.entry.mod_revision) {
            assert_eq!(whole.len(), 14, "all of a revision comes at once");
            seen.push(whole[0].entry.mod_revision);
        }
    }
    assert_eq!(seen, written);
}

/// What is refused for its size is refused in one way, be it bytes or steps, and not done.
async fn too_large_transactions(store: &dyn Store) {
    let write = |count: usize, bytes: usize| {
        let puts = (0..count).map(|at| Op::Put {
            key: format!("/too-large/{at:03}").into(),
            value: "x".repeat(bytes).into(),
            lease: None,
        });
        store.txn(Txn {
            then: puts.collect(),
            ..Txn::default()
        })
    };
    for (count, bytes) in [(129, 1), (1, 1_600_000)] {
        let refused = write(count, bytes).await;
        assert!(matches!(refused, Err(Error::TooLarge)), "{refused:?}");
    }
    assert_eq!(value_at(store, "/too-large/000", None).await, None);
    assert!(write(128, 1).await.is_ok());
}

/// A watch that nobody reads holds up nobody; when history is compacted under it, it says so and not less.
async fn lagging_watches(store: &dyn Store) {
    let request = || WatchRequest {
        start: "/lag/".into(),
        end: prefix_end(b"/lag/"),
        ..WatchRequest::default()
    };
    let mut stalled = store.watch(request()).await.expect("a watch");
    let mut read = store.watch(request()).await.expect("another");
    let value = "x".repeat(10 * 1024);
    let mut last = Revision(0);
    for round in 0..250 {
        let puts = (0..10).map(|at| Op::Put {
            key: format!("/lag/{at}").into(),
            value: value.clone().into(),
            lease: None,
        });
        last = store
            .txn(Txn {
                then: puts.collect(),
                ..Txn::default()
            })
            .await
            .expect("a write")
            .revision;
        let seen = async {
            loop {
                let WatchBatch::Events(events) =
                    read.next().await.expect("it goes on").expect("nothing fails")
                else {
                    continue;
                };
                if events
                    .last()
                    .is_some_and(|event| event.entry.mod_revision >= last)
                {
                    return;
                }
            }
        };
        tokio::time::timeout(Duration::from_secs(30), seen)
            .await
            .unwrap_or_else(|_| panic!("stalled in round {round}"));
    }
    store.compact(last).await.expect("it is the present");
    let mut before = Revision(0);
    let end = loop {
        match stalled.next().await.expect("it does not end without a reason") {
            Ok(WatchBatch::Events(events)) => {
                for event in events {
                    assert!(
                        event.entry.mod_revision == before
                            || event.entry.mod_revision.0 == before.0 + 1
                            || before.0 == 0
                    );
                    before = event.entry.mod_revision;
                }
            }
            Ok(WatchBatch::Progress(_)) => {}
            Err(error) => break error,
        }
    };
    assert!(matches!(end, Error::Compacted(at) if at == last), "{end:?}");
}

async fn concurrent_writers(store: Arc<dyn Store>) {
    let mut writers = tokio::task::JoinSet::new();
    for writer in 0..8 {
        let store = store.clone();
        writers.spawn(async move {
            let mut revisions = Vec::new();
            for at in 0..20 {
                revisions.push(put(&*store, &format!("/many/{writer}/{at}"), "x").await);
            }
            revisions
        });
    }
    let mut revisions: Vec<Revision> = writers.join_all().await.into_iter().flatten().collect();
    revisions.sort_unstable();
    let all = revisions.len();
    revisions.dedup();
    assert_eq!((all, revisions.len()), (160, 160), "no revision is used twice");
}

async fn leases(store: &dyn Store) {
    let lease = store
        .grant_lease(Duration::from_secs(600))
        .await
        .expect("a lease");
    let op = Op::Put {
        key: "/leased".into(),
        value: "x".into(),
        lease: Some(lease),
    };
    store
        .txn(Txn {
            then: vec![op],
            ..Txn::default()
        })
        .await
        .expect("a put");
    let found = store
        .range(Range {
            start: "/leased".into(),
            ..Range::default()
        })
        .await
        .expect("a read");
    assert_eq!(found.entries[0].lease, Some(lease));
    store.renew_lease(lease).await.expect("it lives");
    store.revoke_lease(lease).await.expect("it lives");
    assert_eq!(value_at(store, "/leased", None).await, None);
    assert!(matches!(
        store.renew_lease(lease).await,
        Err(Error::LeaseNotFound)
    ));
}

async fn compaction(store: &dyn Store) {
    assert_eq!(
        store.compacted_revision().await.expect("a revision"),
        Revision(0),
        "nothing was compacted yet"
    );
    let old = put(store, "/compact", "old").await;
    let new = put(store, "/compact", "new").await;
    store.compact(new).await.expect("it is the present");
    assert_eq!(store.compacted_revision().await.expect("a revision"), new);
    assert_eq!(
        value_at(store, "/compact", Some(new)).await.as_deref(),
        Some("new")
    );
    let early = Range {
        start: "/compact".into(),
        at: Some(old),
        ..Range::default()
    };
    assert!(matches!(store.range(early).await, Err(Error::Compacted(_))));
    let request = WatchRequest {
        start: "/compact".into(),
        from: Some(old),
        ..WatchRequest::default()
    };
    let ended = match store.watch(request).await {
        Err(error) => Some(error),
        Ok(mut watch) => match watch.next().await {
            Some(Err(error)) => Some(error),
            _ => None,
        },
    };
    assert!(matches!(ended, Some(Error::Compacted(_))), "{ended:?}");
}
