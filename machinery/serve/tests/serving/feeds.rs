//! Feeds over real sockets: order, windows, resets, time, ends, on HTTP/2 and HTTP/1.1.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::BodyExt;
use serve::filter::{Chain, handler_fn};
use serve::filters::EndLongRunning;
use serve::http::{Body, Handler};
use serve::limits::Connections;
use serve::shutdown::Shutdown;

use super::PATIENCE;
use super::client::{self, Client, Stream};
use super::log::Log;
use super::loopback::{Fixture, Identity};

fn watch(log: &Arc<Log>) -> Handler {
    let log = Arc::clone(log);
    handler_fn(move |_| {
        let body = Body::feed(log.cursor());
        async move { http::Response::new(body) }
    })
}

async fn watched(log: &Arc<Log>) -> Fixture {
    Fixture::start(watch(log), Connections::default()).await
}

fn numbered(events: std::ops::Range<usize>) -> impl Iterator<Item = String> {
    events.map(|event| format!("event {event:06}\n"))
}

#[tokio::test]
async fn all_feeds_of_a_connection_deliver_in_order() {
    let log = Arc::new(Log::default());
    let fixture = watched(&log).await;
    // They are read one after the other.
    let mut builder = client::builder();
    builder.initial_connection_window_size(16 * 1024 * 1024);
    let (client, _) = Client::connect_with(&fixture, &builder).await;
    let mut streams = Vec::new();
    for _ in 0..100 {
        streams.push(client.get("/").await);
    }
    log.until_read_by(100).await;
    for begin in (0..200).step_by(10) {
        log.publish(numbered(begin..begin + 10));
        tokio::task::yield_now().await;
    }
    let expected: String = numbered(0..200).collect();
    for stream in &mut streams {
        let read = stream.read(expected.len()).await.expect("all of it");
        assert_eq!(String::from_utf8_lossy(&read), expected);
    }
}

#[tokio::test]
async fn a_feed_is_a_body_on_http1() {
    let log = Arc::new(Log::default());
    let fixture = watched(&log).await;
    let get = fixture.spawn_get_http1("/").await;
    log.until_read_by(1).await;
    log.publish(numbered(0..50));
    log.publish(["end"]);
    let expected: String = numbered(0..50).collect();
    assert_eq!(get.await.expect("no panic"), (200, expected));
    log.until_read_by(0).await;
}

#[tokio::test]
async fn a_reader_that_stands_still_stops_itself_only() {
    let log = Log::apart();
    let fixture = watched(&log).await;
    // Windows of 64 KB each and 16 MB for all of them.
    let mut builder = client::builder();
    builder.initial_connection_window_size(16 * 1024 * 1024);
    let (client, _) = Client::connect_with(&fixture, &builder).await;
    let mut stalled = client.get("/").await;
    let mut reading = client.get("/").await;
    log.until_read_by(2).await;
    let chunk = Bytes::from(vec![b'x'; 1_000]);
    for _ in 0..100 {
        log.publish((0..10).map(|_| chunk.clone()));
        assert_eq!(reading.read(10_000).await.expect("all of it").len(), 10_000);
    }
    // The one that reads had all; the other was not asked for more than fits into its window, and one.
    let by_stalled = log.pulled() - 1_000;
    assert!((1..=66).contains(&by_stalled), "{by_stalled} chunks");
    assert_eq!(stalled.read(1_000_000).await.expect("all of it").len(), 1_000_000);
    assert_eq!(log.pulled(), 2_000);
}

#[tokio::test]
async fn a_window_of_the_connection_is_shared() {
    let log = Arc::new(Log::default());
    let fixture = watched(&log).await;
    // 64 KB for all streams: each of them waits for the others' reading.
    let (client, _) = Client::connect(&fixture).await;
    let mut streams = Vec::new();
    for _ in 0..20 {
        streams.push(client.get("/").await);
    }
    log.until_read_by(20).await;
    log.publish((0..100).map(|_| Bytes::from(vec![b'x'; 5_000])));
    let reads = streams
        .into_iter()
        .map(|mut stream| tokio::spawn(async move { stream.read(500_000).await.map(|read| read.len()) }));
    for read in reads.collect::<Vec<_>>() {
        assert_eq!(read.await.expect("no panic").expect("all of it"), 500_000);
    }
}

#[tokio::test]
async fn a_backlog_does_not_keep_others_waiting() {
    let endless = handler_fn(|request: serve::http::Request| async move {
        let log = Arc::new(Log::default());
        match request.uri().path() {
            "/endless" => log.publish((0..5_000).map(|_| Bytes::from_static(&[b'x'; 16_384]))),
            _ => log.publish(["short", "end"]),
        }
        http::Response::new(Body::feed(log.cursor()))
    });
    let fixture = Fixture::start(endless, Connections::default()).await;
    let mut builder = client::builder();
    builder
        .initial_connection_window_size(1 << 30)
        .initial_window_size(1 << 30);
    let (client, _) = Client::connect_with(&fixture, &builder).await;
    let mut endless = client.get("/endless").await;
    let mut short = client.get("/short").await;
    assert_eq!(short.read(100).await.expect("all of it"), b"short");
    let total = 5_000 * 16_384;
    assert_eq!(endless.read(total).await.expect("all of it").len(), total);
}

#[tokio::test]
async fn a_reset_is_noticed_without_an_event() {
    let log = Arc::new(Log::default());
    let fixture = watched(&log).await;
    let (client, _) = Client::connect(&fixture).await;
    let streams: [Stream; 3] = [
        client.get("/").await,
        client.get("/").await,
        client.get("/").await,
    ];
    log.until_read_by(3).await;
    let [kept, second, third] = streams;
    drop((second, third));
    log.until_read_by(1).await;
    drop((kept, client));
    log.until_read_by(0).await;
}

#[tokio::test]
async fn a_feed_is_asked_at_its_time() {
    let log = Log::with_alarm(Duration::from_millis(40));
    let fixture = watched(&log).await;
    let (client, _) = Client::connect(&fixture).await;
    let mut streams = [client.get("/").await, client.get("/").await];
    for stream in &mut streams {
        assert_eq!(stream.read(1).await.expect("open"), b"alarm");
    }
    let get = fixture.spawn_get_http1("/").await;
    log.until_read_by(3).await;
    while log.pulled() == 0 {
        tokio::time::sleep(Duration::from_millis(50)).await;
        log.publish(["end"]);
    }
    assert_eq!(get.await.expect("no panic"), (200, "alarm".to_owned()));
}

#[tokio::test]
async fn ends_and_failures_are_told_apart() {
    let log = Arc::new(Log::default());
    let fixture = watched(&log).await;
    let (client, _) = Client::connect(&fixture).await;
    log.publish(["last", "end"]);
    assert_eq!(
        client.get("/").await.read(100).await.expect("a clean end"),
        b"last"
    );
    for bad in ["fail", "panic"] {
        let (log, other_log) = (Arc::new(Log::default()), Arc::new(Log::default()));
        let handler = handler_fn({
            let (log, other_log) = (Arc::clone(&log), Arc::clone(&other_log));
            move |request: serve::http::Request| {
                let log = match request.uri().path() {
                    "/other" => &other_log,
                    _ => &log,
                };
                let body = Body::feed(log.cursor());
                async move { http::Response::new(body) }
            }
        });
        let fixture = Fixture::start(handler, Connections::default()).await;
        let (client, _) = Client::connect(&fixture).await;
        let mut other = client.get("/other").await;
        let mut broken = client.get("/").await;
        log.publish(["a"]);
        assert_eq!(broken.read(1).await.expect("open"), b"a");
        log.publish([bad]);
        let error = broken.read(1).await.expect_err("broken off");
        assert_eq!(error.reason(), Some(h2::Reason::INTERNAL_ERROR));
        log.until_read_by(0).await;
        // The connection lives on.
        other_log.publish(["b"]);
        assert_eq!(other.read(1).await.expect("open"), b"b");
    }
}

#[tokio::test]
async fn watches_that_come_and_go_leave_no_slot_behind() {
    let log = Arc::new(Log::default());
    let fixture = watched(&log).await;
    let (client, _) = Client::connect(&fixture).await;
    for _ in 0..40 {
        let asked = (0..100).map(|_| {
            let client = client.clone();
            tokio::spawn(async move { drop(client.get("/").await) })
        });
        for asked in asked.collect::<Vec<_>>() {
            asked.await.expect("no panic");
        }
    }
    log.until_read_by(0).await;
    let mut streams = Vec::new();
    for _ in 0..Connections::default().streams_max {
        streams.push(client.get("/").await);
    }
    log.publish(["all"]);
    for stream in &mut streams {
        assert_eq!(stream.read(3).await.expect("open"), b"all");
    }
}

#[tokio::test]
async fn no_more_streams_than_allowed_are_open() {
    let log = Arc::new(Log::default());
    let limits = Connections {
        streams_max: 5,
        ..Connections::default()
    };
    let fixture = Fixture::start(watch(&log), limits).await;
    let (client, _) = Client::connect(&fixture).await;
    // The first answer says that the client knows the settings.
    let mut streams = vec![client.get("/").await];
    for _ in 1..5 {
        streams.push(client.get("/").await);
    }
    let sixth = tokio::spawn({
        let client = client.clone();
        async move { client.get("/").await }
    });
    log.publish(["a"]);
    for stream in &mut streams {
        assert_eq!(stream.read(1).await.expect("open"), b"a");
    }
    assert!(!sixth.is_finished());
    streams.pop();
    let mut sixth = sixth.await.expect("no panic");
    assert_eq!(sixth.read(1).await.expect("open"), b"a");
}

#[tokio::test]
async fn a_drain_says_goodbye_on_every_feed() {
    let log = Log::with_farewell("bye");
    let shutdown = Shutdown::new();
    let spread = Duration::from_millis(300);
    let filter = EndLongRunning::new(shutdown.clone()).spread_over(spread);
    let handler = Chain::new(vec![Box::new(filter)], watch(&log)).into_handler();
    let mut fixture = Fixture::start_with(handler, Connections::default(), shutdown.clone()).await;
    let (client, connection) = Client::connect(&fixture).await;
    let mut streams = Vec::new();
    for _ in 0..20 {
        streams.push(client.get("/api/v1/pods?watch=1").await);
    }
    let stream = fixture.connect(&Identity::None, b"http/1.1").await;
    let io = hyper_util::rt::TokioIo::new(stream);
    let (mut sender, http1) = hyper::client::conn::http1::handshake(io).await.expect("open");
    tokio::spawn(http1);
    let request = http::Request::get("/api/v1/pods?watch=1").header("host", "localhost");
    let request = request
        .body(http_body_util::Empty::<Bytes>::new())
        .expect("a request");
    let on_http1 = sender.send_request(request).await.expect("an answer");
    log.until_read_by(21).await;
    let begun = std::time::Instant::now();
    shutdown.drain();
    let mut ends = Vec::new();
    let reads = streams.into_iter().map(|mut stream| {
        tokio::spawn(async move { (stream.read(100).await.expect("a clean end"), begun.elapsed()) })
    });
    for read in reads.collect::<Vec<_>>() {
        let (text, end) = read.await.expect("no panic");
        assert_eq!(text, b"bye");
        ends.push(end);
    }
    ends.sort_unstable();
    assert!(ends[15] - ends[3] > spread / 4, "spread: {ends:?}");
    let body = on_http1.into_body().collect().await.expect("a clean end");
    assert_eq!(body.to_bytes(), "bye");
    connection.await.expect("no panic").expect("a clean close");
    tokio::time::timeout(PATIENCE, fixture.ended())
        .await
        .expect("the server ends");
}

#[tokio::test]
async fn who_is_asked_to_come_anew_keeps_what_it_has() {
    let log = Arc::new(Log::default());
    let limits = Connections {
        goaway_chance: 1.0,
        ..Connections::default()
    };
    let fixture = Fixture::start(watch(&log), limits).await;
    let (client, connection) = Client::connect(&fixture).await;
    let mut watch = client.get("/").await;
    log.publish(numbered(0..10));
    let events: String = numbered(0..10).collect();
    assert_eq!(watch.read(events.len()).await.expect("events"), events.as_bytes());
    log.publish(numbered(10..11));
    let last: String = numbered(10..11).collect();
    assert_eq!(watch.read(last.len()).await.expect("an event"), last.as_bytes());
    assert!(!connection.is_finished());
    drop(watch);
    let closed = tokio::time::timeout(PATIENCE, connection).await;
    closed
        .expect("it is not kept")
        .expect("no panic")
        .expect("a clean close");
    drop(client);
}

#[tokio::test]
async fn a_client_that_does_not_answer_pings_is_given_up() {
    let log = Arc::new(Log::default());
    let limits = Connections {
        keepalive_interval: Duration::from_millis(50),
        keepalive_timeout: Duration::from_millis(50),
        ..Connections::default()
    };
    let fixture = Fixture::start(watch(&log), limits).await;
    let stream = fixture.connect(&Identity::None, b"h2").await;
    let (sender, mut connection) = h2::client::handshake(stream).await.expect("a connection");
    let request = http::Request::get("https://localhost/")
        .body(())
        .expect("a request");
    let mut sender = sender.ready().await.expect("open");
    let (answer, _) = sender.send_request(request, true).expect("open");
    let answer = tokio::select! {
        answer = answer => answer,
        ended = &mut connection => panic!("ended early: {ended:?}"),
    };
    // It lives as long as it is driven.
    let driven = tokio::time::timeout(Duration::from_millis(300), &mut connection).await;
    assert!(driven.is_err(), "pings are answered");
    log.until_read_by(1).await;
    // Nobody drives the connection any more, but it stays open.
    log.until_read_by(0).await;
    drop((answer, connection));
}
