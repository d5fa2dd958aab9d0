//! The conformance suite on all stores: the embedded one and a real etcd.

mod conformance_suite;
mod etcd_server;

use conformance_suite::conforms;
use futures_util::StreamExt;
use shardplane_storage as storage;
use std::sync::Arc;
use storage::{Embedded, Etcd, Op, Revision, Store, Txn, WatchBatch, WatchRequest};

#[tokio::test(flavor = "multi_thread")]
async fn embedded_store_conforms() {
    let folder = tempfile::tempdir().expect("a folder");
    conforms(Arc::new(Embedded::open(folder.path()).expect("a new store"))).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn etcd_conforms() {
    let server = etcd_server::start().await;
    let options = storage::etcd::Options {
        endpoints: vec![server.url.clone()],
        ..Default::default()
    };
    conforms(Arc::new(Etcd::connect(&options).await.expect("it runs"))).await;
}

/// Its word on progress is not to be trusted.
#[tokio::test(flavor = "multi_thread")]
async fn an_etcd_before_the_repair_of_progress_conforms() {
    let server = etcd_server::start_old().await;
    let options = storage::etcd::Options {
        endpoints: vec![server.url.clone()],
        ..Default::default()
    };
    let store = Etcd::connect(&options).await.expect("it runs");
    assert!(!store.tells_progress().await);
    conforms(Arc::new(store)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_old_member_is_enough_to_find_progress_out() {
    let (new, old) = (etcd_server::start().await, etcd_server::start_old().await);
    for (endpoints, told) in [(vec![&new], true), (vec![&new, &old], false)] {
        let endpoints = endpoints.into_iter().map(|server| server.url.clone()).collect();
        let store = Etcd::connect(&storage::etcd::Options {
            endpoints,
            ..Default::default()
        })
        .await
        .expect("they run");
        assert_eq!(store.tells_progress().await, told);
    }
}

/// What progress promises, where etcd does not keep it: nothing up to it comes afterwards.
#[tokio::test(flavor = "multi_thread")]
async fn no_event_comes_after_progress_on_an_old_etcd() {
    let server = etcd_server::start_old().await;
    let options = storage::etcd::Options {
        endpoints: vec![server.url.clone()],
        ..Default::default()
    };
    let store = Arc::new(Etcd::connect(&options).await.expect("it runs"));
    let writers: Vec<_> = (0..4)
        .map(|writer| tokio::spawn(write_some(store.clone(), writer)))
        .collect();
    let request = WatchRequest {
        start: "/seen/".into(),
        end: "/seen0".into(),
        ..WatchRequest::default()
    };
    let mut watch = store.watch(request).await.expect("a watch");
    let (mut told, mut marks, mut events) = (Revision(0), 0, 0);
    while marks < 100 || events < 100 {
        // What a consistent read does: it learns the present and waits for it.
        let present = store.current_revision().await.expect("a revision");
        while told < present {
            store.request_progress().await.expect("it takes requests");
            match watch.next().await.expect("it goes on").expect("nothing fails") {
                WatchBatch::Progress(at) => (told, marks) = (told.max(at), marks + 1),
                WatchBatch::Events(batch) => {
                    events += batch.len();
                    assert!(
                        batch.iter().all(|event| event.entry.mod_revision > told),
                        "after {told:?}"
                    );
                    told = batch.last().map_or(told, |event| event.entry.mod_revision);
                }
            }
        }
    }
    writers.iter().for_each(tokio::task::JoinHandle::abort);
}

/// Half of it is for the watch.
async fn write_some(store: Arc<Etcd>, writer: usize) {
    for at in 0_u64.. {
        let folder = if at % 2 == 0 { "seen" } else { "other" };
        let op = Op::Put {
            key: format!("/{folder}/{writer}").into(),
            value: "x".into(),
            lease: None,
        };
        store
            .txn(Txn {
                then: vec![op],
                ..Txn::default()
            })
            .await
            .expect("a write");
    }
}

#[tokio::test]
async fn an_etcd_that_is_not_there_is_named() {
    let options = storage::etcd::Options {
        endpoints: vec!["http://127.0.0.1:1".to_owned()],
        ..Default::default()
    };
    let error = Etcd::connect(&options).await.err().expect("nobody listens there");
    assert!(error.to_string().contains("http://127.0.0.1:1"), "{error}");
}
