//! Feeds of one connection that are told the same: one is asked for all of them, and nobody can tell.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use serve::filter::handler_fn;
use serve::http::Body;
use serve::limits::Connections;

use super::client::{self, Client, Stream};
use super::log::Log;
use super::loopback::Fixture;

/// So many streams of one connection on a log, each of which has read `begin`, which is published.
async fn watched(log: &Arc<Log>, count: usize, window_bytes: u32) -> (Fixture, Client, Vec<Stream>) {
    let watched = log.clone();
    let handler = handler_fn(move |_: serve::http::Request| {
        let body = Body::feed(watched.cursor());
        async move { http::Response::new(body) }
    });
    let fixture = Fixture::start(handler, Connections::default()).await;
    let mut builder = client::builder();
    builder
        .initial_connection_window_size(1 << 24)
        .initial_window_size(window_bytes);
    let (client, _) = Client::connect_with(&fixture, &builder).await;
    let mut streams = Vec::new();
    for _ in 0..count {
        streams.push(client.get("/").await);
    }
    log.until_read_by(count).await;
    log.publish(["begin"]);
    for stream in &mut streams {
        assert_eq!(stream.read(5).await.expect("open"), b"begin");
    }
    (fixture, client, streams)
}

/// They have read everything; what comes next is pulled once for all of them.
async fn are_told_together(log: &Log, streams: &mut [Stream]) {
    let before = log.pulled();
    log.publish(["more"]);
    for stream in streams {
        assert_eq!(stream.read(4).await.expect("open"), b"more");
    }
    assert_eq!(log.pulled() - before, 1);
}

#[tokio::test]
async fn one_is_asked_for_all() {
    let log = Arc::new(Log::default());
    let (_fixture, client, mut streams) = watched(&log, 50, 1 << 20).await;
    let before = log.pulled();
    let chunks: Vec<String> = (0..100).map(|at| format!("{at:05}").repeat(200)).collect();
    log.publish(chunks.clone());
    let expected = chunks.concat();
    for stream in &mut streams {
        let read = stream.read(expected.len()).await.expect("all of it");
        assert!(read == expected.as_bytes());
    }
    assert_eq!(log.pulled() - before, 100);
    // Some go, one comes and catches up, and it is as before.
    streams.truncate(20);
    log.until_read_by(20).await;
    let mut late = client.get("/").await;
    let caught_up = "begin".len() + expected.len();
    assert_eq!(late.read(caught_up).await.expect("all of it").len(), caught_up);
    streams.push(late);
    are_told_together(&log, &mut streams).await;
}

#[tokio::test]
async fn what_cannot_be_said_for_all_each_says() {
    for bad in ["fail", "panic", "end"] {
        let log = Arc::new(Log::default());
        let (_fixture, _client, mut streams) = watched(&log, 5, 1 << 20).await;
        log.publish(["last", bad]);
        for stream in &mut streams {
            assert_eq!(stream.read(4).await.expect("open"), b"last");
            match stream.read(1).await {
                Ok(rest) => assert!(bad == "end" && rest.is_empty(), "{bad}: {rest:?}"),
                Err(error) => {
                    assert_ne!(bad, "end");
                    assert_eq!(error.reason(), Some(h2::Reason::INTERNAL_ERROR), "{bad}");
                }
            }
        }
        log.until_read_by(0).await;
    }
}

#[tokio::test]
async fn who_stands_still_leaves_and_comes_back() {
    let log = Arc::new(Log::default());
    // No chunk fits into a window that is not empty: each leaves in the middle of one.
    let (_fixture, _client, mut streams) = watched(&log, 4, 10_000).await;
    let chunks: Vec<Bytes> = (0..60)
        .map(|at| Bytes::from(format!("{at:04}").repeat(2_000)))
        .collect();
    let expected = chunks.concat();
    let mut stalled = streams.remove(0);
    for chunk in &chunks {
        log.publish([chunk.clone()]);
        for stream in &mut streams {
            assert!(stream.read(chunk.len()).await.expect("open") == *chunk);
        }
    }
    assert!(stalled.read(expected.len()).await.expect("all of it") == expected);
    streams.push(stalled);
    are_told_together(&log, &mut streams).await;
}

#[tokio::test]
async fn who_has_something_of_its_own_says_it_between_two_chunks() {
    let log = Log::with_alarm(Duration::from_millis(60));
    let (_fixture, _client, streams) = watched(&log, 10, 1 << 20).await;
    let publishing = tokio::spawn({
        let log = log.clone();
        async move {
            for at in 0..40 {
                log.publish([format!("{at:05}")]);
                tokio::time::sleep(Duration::from_millis(3)).await;
            }
        }
    });
    let expected: String = (0..40).map(|at| format!("{at:05}")).collect();
    for mut stream in streams {
        let read = stream.read(expected.len() + "alarm".len()).await.expect("open");
        let read = String::from_utf8(read.to_vec()).expect("text");
        let (before, after) = read.split_once("alarm").expect("it has rung");
        assert_eq!(format!("{before}{after}"), expected);
        assert_eq!(before.len() % 5, 0);
    }
    publishing.await.expect("no panic");
}
