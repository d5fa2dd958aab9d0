//! The conformance suite on all stores: the embedded one and a real etcd.

mod conformance_suite;
mod etcd_server;

use conformance_suite::conforms;
use shardplane_storage as storage;
use std::sync::Arc;
use storage::{Embedded, Etcd};

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

#[tokio::test]
async fn an_etcd_that_is_not_there_is_named() {
    let options = storage::etcd::Options {
        endpoints: vec!["http://127.0.0.1:1".to_owned()],
        ..Default::default()
    };
    let error = Etcd::connect(&options).await.err().expect("nobody listens there");
    assert!(error.to_string().contains("http://127.0.0.1:1"), "{error}");
}
