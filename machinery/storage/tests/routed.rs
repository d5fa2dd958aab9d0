//! One store made of two real etcds: keys of one resource are in the second, all others in the first.

mod conformance_suite;
mod etcd_server;

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use kinds::Keys;
use shardplane_storage as storage;
use storage::{
    Compare, Error, Etcd, GroupResource, Op, Range, ResourceKeys, Revision, Routed, Store, Txn, WatchBatch,
    WatchRequest, part_of,
};

async fn connect(server: &etcd_server::EtcdServer) -> Arc<dyn Store> {
    let options = storage::etcd::Options {
        endpoints: vec![server.url.clone()],
        ..Default::default()
    };
    Arc::new(Etcd::connect(&options).await.expect("it runs"))
}

struct Two {
    _servers: [etcd_server::EtcdServer; 2],
    first: Arc<dyn Store>,
    second: Arc<dyn Store>,
    both: Arc<dyn Store>,
}

/// Events go to the second etcd.
async fn two() -> Two {
    let servers = [etcd_server::start().await, etcd_server::start().await];
    let (first, second) = (connect(&servers[0]).await, connect(&servers[1]).await);
    let span = ResourceKeys::new(Keys::default()).span_of(&GroupResource::parse("events"));
    let both = Arc::new(Routed::new(first.clone(), vec![(span, second.clone())]));
    Two {
        _servers: servers,
        first,
        second,
        both,
    }
}

fn put(key: &str) -> Op {
    Op::Put {
        key: key.to_owned().into(),
        value: "x".into(),
        lease: None,
    }
}

async fn write(store: &dyn Store, key: &str) -> Revision {
    store
        .txn(Txn {
            then: vec![put(key)],
            ..Txn::default()
        })
        .await
        .expect("a write")
        .revision
}

async fn keys(store: &dyn Store, start: &str, end: &str) -> Result<Vec<String>, Error> {
    let range = Range {
        start: start.to_owned().into(),
        end: end.to_owned().into(),
        ..Range::default()
    };
    let found = store.range(range).await?;
    Ok(found
        .entries
        .iter()
        .map(|entry| String::from_utf8_lossy(&entry.key).into_owned())
        .collect())
}

const EVENT: &str = "/registry/events/ns/a";
const POD: &str = "/registry/pods/ns/a";

#[tokio::test(flavor = "multi_thread")]
async fn a_store_of_two_etcds_conforms() {
    let two = two().await;
    conformance_suite::conforms(two.both.clone()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_are_where_they_belong() {
    let two = two().await;
    write(&*two.both, POD).await;
    write(&*two.both, EVENT).await;
    let all = ("/registry/", "/registry0");
    assert_eq!(keys(&*two.first, all.0, all.1).await.expect("a read"), [POD]);
    assert_eq!(keys(&*two.second, all.0, all.1).await.expect("a read"), [EVENT]);
    let events = ("/registry/events/", "/registry/events0");
    assert_eq!(
        keys(&*two.both, events.0, events.1).await.expect("a read"),
        [EVENT]
    );
    assert_eq!(keys(&*two.both, EVENT, "").await.expect("a read"), [EVENT]);
    assert_eq!(
        keys(&*two.both, "/registry/pods/", "/registry/pods0")
            .await
            .expect("a read"),
        [POD]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_goes_over_two_stores() {
    let two = two().await;
    for (start, end) in [
        ("/registry/", "/registry0"),
        ("/", "\0"),
        ("/registry/events/x", "/registry/pods0"),
    ] {
        assert!(
            matches!(keys(&*two.both, start, end).await, Err(Error::Fatal(_))),
            "{start}"
        );
        let request = WatchRequest {
            start: start.into(),
            end: end.into(),
            ..WatchRequest::default()
        };
        assert!(
            matches!(two.both.watch(request).await, Err(Error::Fatal(_))),
            "{start}"
        );
    }
    let steps = Txn {
        then: vec![put(POD), put(EVENT)],
        ..Txn::default()
    };
    let compares = Txn {
        when: vec![Compare::ModRevision(EVENT.into(), Revision(0))],
        then: vec![put(POD)],
        ..Txn::default()
    };
    for txn in [steps, compares] {
        assert!(matches!(two.both.txn(txn).await, Err(Error::Fatal(_))));
    }
    assert_eq!(
        keys(&*two.first, "/", "\0").await.expect("a read"),
        Vec::<String>::new(),
        "nothing was written"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn revisions_and_leases_are_those_of_the_key() {
    let two = two().await;
    for _ in 0..5 {
        write(&*two.both, POD).await;
    }
    let last = write(&*two.both, EVENT).await;
    let events = part_of(&two.both, EVENT.as_bytes());
    assert_eq!(events.current_revision().await.expect("a revision"), last);
    assert!(
        two.both.current_revision().await.expect("a revision") > last,
        "the first store's"
    );
    let lease = events
        .grant_lease(Duration::from_secs(600))
        .await
        .expect("a lease");
    let op = Op::Put {
        key: EVENT.into(),
        value: "x".into(),
        lease: Some(lease),
    };
    two.both
        .txn(Txn {
            then: vec![op],
            ..Txn::default()
        })
        .await
        .expect("the lease is known there");
    events.revoke_lease(lease).await.expect("it lives");
    assert!(keys(&*two.both, EVENT, "").await.expect("a read").is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_watch_tells_the_progress_of_its_own_store() {
    let two = two().await;
    for _ in 0..5 {
        write(&*two.both, POD).await;
    }
    let request = WatchRequest {
        start: "/registry/events/".into(),
        end: "/registry/events0".into(),
        ..Default::default()
    };
    let mut watch = two.both.watch(request).await.expect("a watch");
    let last = write(&*two.both, EVENT).await;
    let progress = async {
        loop {
            two.both.request_progress().await.expect("it takes requests");
            match tokio::time::timeout(Duration::from_millis(200), watch.next()).await {
                Ok(Some(Ok(WatchBatch::Progress(at)))) if at >= last => return at,
                Ok(Some(Ok(_))) | Err(_) => {}
                Ok(other) => panic!("the watch ended: {other:?}"),
            }
        }
    };
    let told = tokio::time::timeout(Duration::from_secs(30), progress)
        .await
        .expect("progress is told");
    assert_eq!(told, last);
}
