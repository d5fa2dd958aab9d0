//! The proxy over real sockets: who the tiers take clients for, what is sent again and what is not, and what streams do to each other.

mod fixture;
#[path = "../../../machinery/serve/tests/serving/log.rs"]
#[allow(dead_code, reason = "the server's own tests ask more of it")]
mod log;

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use bytes::Bytes;
use fixture::{PATIENCE, World, content};
use futures_util::stream;
use log::Log;
use router::limiter::Limiter;
use router::members::Tier;
use serve::filter::Filter;
use serve::filter::handler_fn;
use serve::http::{Body, BodyError, Handler, Request, text_response};
use serve::shutdown::Shutdown;
use serve::upgrade::Upgradable;
use shardplane_router as router;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// Tells its name, what it was asked, and who it was told that the client is.
fn telling(name: &'static str) -> Handler {
    handler_fn(move |request: Request| async move {
        let (method, who) = (request.method().clone(), who(&request));
        let path = request.uri().path_and_query().map(ToString::to_string);
        let (path, sent) = (path.unwrap_or_default(), content(request).await.len());
        text_response(
            http::StatusCode::OK,
            format!("{name} {method} {path} {sent} {who}"),
        )
    })
}

fn who(request: &Request) -> String {
    let header = |name: &str| {
        let values = request.headers().get_all(name).iter();
        let values = values.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
        values.collect::<Vec<_>>().join(",")
    };
    let (user, groups, token, addresses) = (
        header("x-remote-user"),
        header("x-remote-group"),
        header("authorization"),
        header("x-forwarded-for"),
    );
    format!("user={user} groups={groups} token={token} from={addresses}")
}

fn counting(count: &Arc<AtomicU32>) -> Handler {
    let count = count.clone();
    handler_fn(move |request: Request| {
        let count = count.clone();
        async move {
            count.fetch_add(1, Ordering::Relaxed);
            text_response(http::StatusCode::OK, content(request).await)
        }
    })
}

/// Counts its requests, and tells that it has this much under way.
fn loaded(count: &Arc<AtomicU32>, load: u32) -> Handler {
    let count = count.clone();
    handler_fn(move |_| {
        count.fetch_add(1, Ordering::Relaxed);
        async move {
            let mut response = text_response(http::StatusCode::OK, "");
            response.headers_mut().insert("shardplane-load", load.into());
            response
        }
    })
}

#[tokio::test]
async fn who_does_much_for_others_is_asked_less() {
    let mut world = World::new();
    let counts: [Arc<AtomicU32>; 2] = Default::default();
    world.serve(Tier::WatchCache, loaded(&counts[0], 1_000)).await;
    world.serve(Tier::WatchCache, loaded(&counts[1], 3)).await;
    let router = world.route(&Shutdown::new()).await;
    let client = world.client(router, true).await;
    for _ in 0..60 {
        assert_eq!(client.ask("GET", "/api/v1/pods?limit=5", &[]).await.0, 200);
    }
    let asked = counts.map(|count| count.load(Ordering::Relaxed));
    assert!(asked[0] <= 1 && asked[1] >= 59, "{asked:?}");
}

#[tokio::test]
async fn each_tier_gets_its_requests_and_knows_the_client() {
    let mut world = World::new();
    world.serve(Tier::Frontend, telling("frontend")).await;
    world.serve(Tier::WatchCache, telling("member")).await;
    let router = world.route(&Shutdown::new()).await;
    let admin = world.client(router, true).await;
    let spoofed = [("x-remote-user", "root"), ("x-forwarded-for", "10.1.1.1")];
    let named =
        "user=kubernetes-admin groups=system:masters,system:authenticated token= from=10.1.1.1, 127.0.0.1";
    assert_eq!(
        admin.ask("GET", "/api/v1/pods?limit=5", &spoofed).await,
        (200, format!("member GET /api/v1/pods?limit=5 0 {named}"))
    );
    assert_eq!(
        admin.ask("POST", "/api/v1/namespaces/a/pods", &spoofed).await,
        (200, format!("frontend POST /api/v1/namespaces/a/pods 7 {named}"))
    );
    let nobody = world.client(router, false).await;
    let token = [
        ("authorization", "Bearer abc"),
        ("x-remote-group", "system:masters"),
    ];
    assert_eq!(
        nobody.ask("GET", "/api", &token).await,
        (
            200,
            "frontend GET /api 0 user= groups= token=Bearer abc from=127.0.0.1".to_owned()
        )
    );
}

#[tokio::test]
async fn who_is_found_is_known_by_the_name_of_all_and_who_was_given_by_its_own() {
    for (known_as, status) in [
        (("localhost", false), 200),
        (("other.example", false), 503),
        (("other.example", true), 200),
    ] {
        let mut world = World::new();
        world.known_as = Some(known_as);
        for tier in [Tier::Frontend, Tier::WatchCache] {
            world.serve(tier, telling("server")).await;
        }
        let client = world.client(world.route(&Shutdown::new()).await, true).await;
        for path in ["/api", "/api/v1/pods"] {
            assert_eq!(
                client.ask("GET", path, &[]).await.0,
                status,
                "{known_as:?} {path}"
            );
        }
    }
}

#[tokio::test]
async fn who_cannot_be_reached_is_passed_over_by_reads_and_writes() {
    let (mut world, count) = (World::new(), Arc::new(AtomicU32::new(0)));
    for tier in [Tier::Frontend, Tier::WatchCache] {
        let gone = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
        world.join(tier, gone.local_addr().expect("bound"));
        world.serve(tier, counting(&count)).await;
    }
    let client = world.client(world.route(&Shutdown::new()).await, true).await;
    for _ in 0..10 {
        assert_eq!(client.ask("GET", "/api/v1/pods", &[]).await.0, 200);
        let written = client.ask("POST", "/api/v1/namespaces/a/pods", &[]).await;
        assert_eq!(written, (200, "content".to_owned()));
    }
    assert_eq!(count.load(Ordering::Relaxed), 20);
}

#[tokio::test]
async fn who_says_nothing_is_waited_for_once() {
    let mut world = World::new();
    let silent = tokio::net::TcpListener::bind(("127.0.0.1", 0))
        .await
        .expect("a free port");
    world.join(Tier::WatchCache, silent.local_addr().expect("bound"));
    tokio::spawn(async move {
        let mut held = Vec::new();
        while let Ok((stream, _)) = silent.accept().await {
            held.push(stream);
        }
    });
    let count = Arc::new(AtomicU32::new(0));
    world.serve(Tier::WatchCache, counting(&count)).await;
    let router = world.route(&Shutdown::new()).await;
    let client = world.client(router, true).await;
    let asked: Vec<_> = (0..60)
        .map(|_| {
            let client = client.clone();
            tokio::spawn(async move { client.ask("GET", "/api/v1/pods?limit=5", &[]).await.0 })
        })
        .collect();
    // One attempt after the other would take a minute.
    let all = async {
        for one in asked {
            assert_eq!(one.await.expect("no panic"), 200);
        }
    };
    tokio::time::timeout(PATIENCE, all)
        .await
        .expect("they share one attempt");
    assert_eq!(count.load(Ordering::Relaxed), 60);
}

/// The head of the answer to a request on HTTP/1.1, and what follows it as far as it came with it.
async fn ask_http1(world: &World, router: std::net::SocketAddr, head: &str) -> String {
    let mut stream = world.connect(router, true, b"http/1.1").await;
    stream.write_all(head.as_bytes()).await.expect("open");
    let mut answer = Vec::new();
    let read = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut answer)).await;
    // The server may close without saying so.
    let _ = read.expect("an end in time");
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn what_a_client_says_of_its_connection_takes_out_nothing_of_ours() {
    let mut world = World::new();
    world.serve(Tier::Frontend, telling("frontend")).await;
    let router = world.route(&Shutdown::new()).await;
    let named = "connection: close, x-remote-user, x-remote-group, x-forwarded-for, x-own\r\nx-own: 1\r\n";
    let answer = ask_http1(
        &world,
        router,
        &format!("GET /api HTTP/1.1\r\nhost: localhost\r\n{named}\r\n"),
    )
    .await;
    let who = "user=kubernetes-admin groups=system:masters,system:authenticated token= from=127.0.0.1";
    assert!(answer.contains(who), "{answer}");
}

#[tokio::test]
async fn uploads_that_break_off_are_not_the_members_fault() {
    let mut world = World::new();
    let count = Arc::new(AtomicU32::new(0));
    world.serve(Tier::Frontend, counting(&count)).await;
    let router = world.route(&Shutdown::new()).await;
    for _ in 0..8 {
        let mut stream = world.connect(router, true, b"http/1.1").await;
        let head =
            "POST /api/v1/namespaces/a/pods HTTP/1.1\r\nhost: localhost\r\ncontent-length: 100\r\n\r\nhalf";
        stream.write_all(head.as_bytes()).await.expect("open");
        stream.shutdown().await.expect("open");
        let mut rest = Vec::new();
        let _ = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut rest))
            .await
            .expect("an end");
    }
    let client = world.client(router, true).await;
    assert_eq!(client.ask("POST", "/api/v1/namespaces/a/pods", &[]).await.0, 200);
    assert_eq!(world.share_of_first(), 1.0);
}

#[tokio::test]
async fn a_write_that_may_have_been_carried_out_is_not_repeated() {
    let (mut world, count) = (World::new(), Arc::new(AtomicU32::new(0)));
    let broken = world
        .serve_breaking(Tier::Frontend, h2::Reason::INTERNAL_ERROR)
        .await;
    let router = world.route(&Shutdown::new()).await;
    let (code, text) = world
        .client(router, true)
        .await
        .ask("POST", "/api/v1/namespaces/a/pods", &[])
        .await;
    assert_eq!((code, *broken.borrow()), (502, 1), "{text}");
    // A read is asked of the next, also of a frontend when the watch tier fails.
    let broken = world
        .serve_breaking(Tier::WatchCache, h2::Reason::INTERNAL_ERROR)
        .await;
    world.serve(Tier::WatchCache, counting(&count)).await;
    let client = world.client(world.route(&Shutdown::new()).await, true).await;
    for _ in 0..10 {
        assert_eq!(client.ask("GET", "/api/v1/pods", &[]).await.0, 200);
    }
    assert_eq!(count.load(Ordering::Relaxed), 10);
    assert!(*broken.borrow() > 0);
}

/// A write whose stream was refused, or came after the last that a member says it looked at, did not happen (RFC 9113, 8.7).
#[tokio::test]
async fn a_write_that_was_certainly_not_looked_at_is_sent_to_another() {
    for is_leaving in [false, true] {
        let (mut world, count) = (World::new(), Arc::new(AtomicU32::new(0)));
        let refused = match is_leaving {
            true => world.serve_leaving(Tier::Frontend).await,
            false => {
                world
                    .serve_breaking(Tier::Frontend, h2::Reason::REFUSED_STREAM)
                    .await
            }
        };
        world.serve(Tier::Frontend, counting(&count)).await;
        let client = world.client(world.route(&Shutdown::new()).await, true).await;
        for written in 1..=20 {
            let (code, text) = client.ask("DELETE", "/api/v1/namespaces/a/pods/b", &[]).await;
            assert_eq!((code, count.load(Ordering::Relaxed)), (200, written), "{text}");
        }
        // Content that is on its way is not kept: who sent it is told to come again, and it happened once or not at all.
        for _ in 0..20 {
            let before = count.load(Ordering::Relaxed);
            let response = client
                .send("POST", "/api/v1/namespaces/a/pods", &[], b"content")
                .await;
            let happened = count.load(Ordering::Relaxed) - before;
            match response.status().as_u16() {
                200 => assert_eq!(happened, 1),
                code => assert_eq!(
                    (code, happened, response.headers().contains_key("retry-after")),
                    (503, 0, true)
                ),
            }
        }
        assert!(*refused.borrow() > 0, "{is_leaving}: nobody was refused");
    }
}

#[tokio::test]
async fn nobody_to_ask_is_told_so_that_clients_come_again() {
    let world = World::new();
    let client = world.client(world.route(&Shutdown::new()).await, true).await;
    let response = client
        .send("POST", "/api/v1/namespaces/a/pods", &[], b"content")
        .await;
    assert_eq!(
        (response.status().as_u16(), &response.headers()["retry-after"]),
        (503, &"1".parse().expect("a value"))
    );
}

/// An answer without an end, as fast as it is read.
fn endless() -> Handler {
    handler_fn(|_| async {
        let chunk = Bytes::from(vec![b'x'; 16 * 1024]);
        let chunks = stream::repeat_with(move || Ok::<_, BodyError>(chunk.clone()));
        http::Response::new(Body::stream(chunks))
    })
}

#[tokio::test]
async fn a_client_that_does_not_read_stops_its_own_stream_alone() {
    let mut world = World::new();
    world.serve(Tier::WatchCache, endless()).await;
    let router = world.route(&Shutdown::new()).await;
    // Both streams share the router's one connection to the member.
    let (stalled, reading) = (world.client(router, true).await, world.client(router, true).await);
    let _stalled = stalled.send("GET", "/api/v1/pods?watch=1", &[], b"").await;
    let mut body = reading
        .send("GET", "/api/v1/pods?watch=1", &[], b"")
        .await
        .into_body();
    read(&mut body, 8 * 1024 * 1024).await;
}

/// So many bytes of an answer, which are let come again.
async fn read(body: &mut h2::RecvStream, length: usize) -> Vec<u8> {
    let mut read = Vec::new();
    while read.len() < length {
        let chunk = tokio::time::timeout(PATIENCE, body.data()).await;
        let chunk = chunk.expect("something in time");
        let chunk = chunk.expect("it goes on").expect("not broken");
        let released = body.flow_control().release_capacity(chunk.len());
        released.expect("what was read");
        read.extend_from_slice(&chunk);
    }
    read
}

#[tokio::test]
async fn what_many_watches_have_in_common_reaches_each_however_slow_one_is() {
    const WATCHES: usize = 30;
    let (log, mut world) = (Arc::new(Log::default()), World::new());
    let watched = log.clone();
    let handler = handler_fn(move |_| {
        let body = Body::feed(watched.cursor());
        async move { http::Response::new(body) }
    });
    world.serve(Tier::WatchCache, handler).await;
    let router = world.route(&Shutdown::new()).await;
    let (reading, stalled) = (world.client(router, true).await, world.client(router, true).await);
    let mut watches = Vec::new();
    for client in std::iter::repeat_n(&reading, WATCHES).chain([&stalled]) {
        let answer = client.send("GET", "/api/v1/pods?watch=1", &[], b"").await;
        watches.push(answer.into_body());
    }
    let mut stalled = watches.pop().expect("it is the last");
    log.until_read_by(WATCHES + 1).await;
    // Longer than all windows on the way to it.
    let chunks: Vec<String> = (0..400).map(|at| format!("{at:04}").repeat(500)).collect();
    for chunk in &chunks {
        log.publish([chunk.clone()]);
        for watch in &mut watches {
            assert!(read(watch, chunk.len()).await == chunk.as_bytes());
        }
    }
    let pulled = log.pulled();
    assert!(pulled < 3 * chunks.len(), "{pulled} chunks were made for one");
    let all = chunks.concat();
    assert!(read(&mut stalled, all.len()).await == all.as_bytes());
}

/// Goes on with another protocol and says back what it is told.
fn echo() -> Handler {
    handler_fn(|request: Request| async move {
        let upgrade = request.extensions().get::<Upgradable>().cloned();
        let Some(mut granted) = upgrade.and_then(|upgrade| upgrade.take()) else {
            return text_response(http::StatusCode::BAD_REQUEST, "no upgrade");
        };
        tokio::spawn(async move {
            let stream = granted.stream().await.expect("the client goes on");
            let (mut read, mut write) = tokio::io::split(stream);
            tokio::io::copy(&mut read, &mut write).await.expect("both ways");
            write.shutdown().await.expect("an end");
        });
        let response = http::Response::builder()
            .status(101)
            .header("connection", "Upgrade")
            .header("upgrade", "SPDY/3.1")
            .header("x-stream-protocol-version", "v4.channel.k8s.io");
        response.body(Body::empty()).expect("a response")
    })
}

/// Asks for an upgrade; the head of the answer, in small letters.
async fn exec(stream: &mut (impl AsyncRead + AsyncWrite + Unpin), protocol: &str) -> String {
    let head = format!(
        "GET /api/v1/namespaces/a/pods/b/exec?command=sh HTTP/1.1\r\nhost: localhost\r\nconnection: Upgrade\r\n\
         upgrade: {protocol}\r\nsec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.expect("open");
    let mut answer = Vec::new();
    while !answer.ends_with(b"\r\n\r\n") {
        answer.push(stream.read_u8().await.expect("a head"));
    }
    String::from_utf8_lossy(&answer).to_lowercase()
}

#[tokio::test]
async fn an_upgraded_connection_counts_until_it_ends() {
    let mut world = World::new();
    world.serve(Tier::Frontend, echo()).await;
    let limiter: Box<dyn Filter> = Box::new(Limiter::new(1, 1));
    let router = world.route_with(vec![limiter], &Shutdown::new()).await;
    let mut first = world.connect(router, true, b"http/1.1").await;
    assert!(exec(&mut first, "SPDY/3.1").await.starts_with("http/1.1 101"));
    let mut second = world.connect(router, true, b"http/1.1").await;
    assert!(exec(&mut second, "SPDY/3.1").await.starts_with("http/1.1 429"));
    drop(first);
    // It is counted until the tunnel has seen the end.
    let again = async {
        loop {
            let mut stream = world.connect(router, true, b"http/1.1").await;
            if exec(&mut stream, "SPDY/3.1").await.starts_with("http/1.1 101") {
                return;
            }
        }
    };
    tokio::time::timeout(PATIENCE, again)
        .await
        .expect("it counts no more");
}

#[tokio::test]
async fn upgrades_pass_through_both_ways() {
    let mut world = World::new();
    world.serve(Tier::Frontend, echo()).await;
    let router = world.route(&Shutdown::new()).await;
    for protocol in ["SPDY/3.1", "websocket"] {
        let mut stream = world.connect(router, true, b"http/1.1").await;
        let answer = exec(&mut stream, protocol).await;
        assert!(answer.starts_with("http/1.1 101"), "{answer}");
        assert!(
            answer.contains("upgrade: spdy/3.1") && answer.contains("x-stream-protocol-version"),
            "{answer}"
        );
        for said in [vec![7; 100_000], b"more".to_vec()] {
            let mut heard = vec![0; said.len()];
            let (mut read, mut write) = tokio::io::split(&mut stream);
            let both = async { tokio::join!(write.write_all(&said), read.read_exact(&mut heard)) };
            let (written, read) = tokio::time::timeout(PATIENCE, both).await.expect("in time");
            written.expect("open");
            read.expect("an echo");
            assert_eq!(said, heard);
        }
    }
}

/// A watch that has had one event.
fn one_event(text: &'static str) -> Handler {
    handler_fn(move |_| async move {
        let events = stream::iter([Ok::<_, BodyError>(Bytes::from(text))]);
        http::Response::new(Body::stream(futures_util::StreamExt::chain(
            events,
            stream::pending(),
        )))
    })
}

#[tokio::test]
async fn when_the_router_stops_watches_end_between_events_or_break_off() {
    for (text, is_clean) in [("{}\n", true), ("{\"half", false)] {
        let (mut world, shutdown) = (World::new(), Shutdown::new());
        world.serve(Tier::WatchCache, one_event(text)).await;
        let client = world.client(world.route(&shutdown).await, true).await;
        let mut body = client
            .send("GET", "/api/v1/pods?watch=1", &[], b"")
            .await
            .into_body();
        assert_eq!(body.data().await.expect("an event").expect("whole"), text);
        shutdown.drain();
        let end = tokio::time::timeout(PATIENCE, body.data())
            .await
            .expect("an end in time");
        assert_eq!(
            end.is_none_or(|end| end.is_ok_and(|rest| rest.is_empty())),
            is_clean,
            "{text}"
        );
    }
}
