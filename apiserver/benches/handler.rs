//! The request tier without sockets, over the embedded store: what create, get and list cost in time.
//!
//! `cargo bench -p shardplane-apiserver` prints microseconds for one request of each, the best of several rounds. A create
//! includes the store's fsync; with 64 writers they share it.

use std::sync::Arc;
use std::time::Instant;

use auth::User;
use bytes::Bytes;
use http_body_util::BodyExt;
use serve::http::{Body, Handler};
use shardplane_apiserver::{Config, build};
use storage::Embedded;
use tower::ServiceExt;

const ROUNDS: usize = 10;
const MAPS: &str = "/api/v1/namespaces/default/configmaps";
const PODS: &str = "/api/v1/namespaces/default/pods";

#[tokio::main]
async fn main() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let store = Embedded::open(folder.path()).expect("an empty store");
    let tier = build(Config::default(), Arc::new(store));
    tier.cache().start().await;
    let handler = tier.handler();
    let body = r#"{"metadata":{"name":"default"}}"#;
    assert_eq!(send(&handler, "POST", "/api/v1/namespaces", body).await, 201);
    let account = r#"{"metadata":{"name":"default"}}"#;
    assert_eq!(
        send(
            &handler,
            "POST",
            "/api/v1/namespaces/default/serviceaccounts",
            account
        )
        .await,
        201
    );

    time("create of a config map, one writer", 200, |at| {
        let handler = handler.clone();
        async move {
            let body = format!(r#"{{"metadata":{{"name":"one-{at}"}},"data":{{"key":"value"}}}}"#);
            assert_eq!(send(&handler, "POST", MAPS, &body).await, 201);
        }
    })
    .await;
    time("create of 64 config maps by 64 writers", 10, |at| {
        let handler = handler.clone();
        async move {
            let writers = (0..64).map(|writer| {
                let (handler, body) = (
                    handler.clone(),
                    format!(r#"{{"metadata":{{"name":"many-{at}-{writer}"}}}}"#),
                );
                tokio::spawn(async move { send(&handler, "POST", MAPS, &body).await })
            });
            for writer in writers.collect::<Vec<_>>() {
                assert_eq!(writer.await.expect("a writer"), 201);
            }
        }
    })
    .await;
    time("get of a config map (transcoded)", 2_000, |_| {
        get(&handler, "/api/v1/namespaces/default/configmaps/one-0")
    })
    .await;
    assert_eq!(send(&handler, "POST", PODS, &pod()).await, 201);
    time("get of a 4 KB pod (through a tree)", 2_000, |_| {
        get(&handler, "/api/v1/namespaces/default/pods/p")
    })
    .await;
    time("list of 500 config maps", 20, |_| {
        get(&handler, "/api/v1/namespaces/default/configmaps?limit=500")
    })
    .await;
}

async fn get(handler: &Handler, path: &str) {
    assert_eq!(send(handler, "GET", path, "").await, 200);
}

async fn send(handler: &Handler, method: &str, path: &str, body: &str) -> u16 {
    let user = User::new("admin", "", &[User::MASTERS]);
    let request = http::Request::builder()
        .method(method)
        .uri(path)
        .header("content-type", "application/json")
        .extension(user)
        .body(Body::full(Bytes::from(body.to_owned())))
        .expect("a request");
    let response = handler
        .clone()
        .oneshot(request)
        .await
        .unwrap_or_else(|never| match never {});
    let code = response.status().as_u16();
    response.into_body().collect().await.expect("a whole body");
    code
}

/// The best of the rounds; `times` requests a round, numbered over all rounds.
async fn time<F: Future<Output = ()>>(what: &str, times: usize, mut run: impl FnMut(usize) -> F) {
    let mut best = f64::INFINITY;
    for round in 0..ROUNDS {
        let start = Instant::now();
        for at in 0..times {
            run(round * times + at).await;
        }
        best = best.min(start.elapsed().as_secs_f64() * 1e6 / times as f64);
    }
    println!("{what}: {best:.1} us");
}

fn pod() -> String {
    let container = |at: usize| {
        let env: Vec<_> = (0..12)
            .map(|n| format!(r#"{{"name":"VARIABLE_{n}","value":"some value of it {n}"}}"#))
            .collect();
        format!(
            r#"{{"name":"c{at}","image":"registry.example/app:{at}","env":[{}]}}"#,
            env.join(",")
        )
    };
    let containers: Vec<_> = (0..4).map(container).collect();
    format!(
        r#"{{"metadata":{{"name":"p"}},"spec":{{"containers":[{}]}}}}"#,
        containers.join(",")
    )
}
