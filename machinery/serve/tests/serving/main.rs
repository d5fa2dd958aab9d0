//! The listener over real sockets on loopback: TLS, client certificates, both HTTP versions, limits, draining.

// Under the name that other crates have for it: its log is part of their tests too.
extern crate shardplane_serve as serve;

mod answers;
mod client;
mod feeds;
mod groups;
mod log;
mod loopback;
mod shared_window;
mod websocket;

use std::time::Duration;

use http_body_util::BodyExt;
use loopback::{Fixture, Identity};
use serve::filter::handler_fn;
use serve::http::{Body, Handler, Request, text_response};
use serve::limits::Connections;
use serve::peer::Peer;
use serve::tls::ClientAuthority;

use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// Long enough that only a hang reaches it.
const PATIENCE: Duration = Duration::from_secs(20);

fn hello() -> Handler {
    handler_fn(|request: Request| async move {
        let version = format!("{:?}", request.version());
        text_response(http::StatusCode::OK, version)
    })
}

/// Tells who the client's certificate names.
fn who(authority: std::sync::Arc<ClientAuthority>) -> Handler {
    handler_fn(move |request: Request| {
        let authority = authority.clone();
        async move {
            let peer = request
                .extensions()
                .get::<Peer>()
                .expect("the server adds it")
                .clone();
            let text = match peer.user(&authority) {
                Ok(known) => format!("{} {:?}", known.user.name, known.user.groups),
                Err(_) if peer.has_certificate() => "refused".to_owned(),
                Err(_) => "nobody".to_owned(),
            };
            text_response(http::StatusCode::OK, text)
        }
    })
}

#[tokio::test]
async fn both_http_versions_are_spoken() {
    let fixture = Fixture::start(hello(), Connections::default()).await;
    assert_eq!(
        fixture.get_http1("/", &Identity::None).await,
        (200, "HTTP/1.1".to_owned())
    );
    assert_eq!(
        fixture.get_http2("/", &Identity::None).await,
        (200, "HTTP/2.0".to_owned())
    );
}

#[tokio::test]
async fn client_certificates_are_asked_for_and_judged_later() {
    let files = loopback::Folder::new();
    let authority =
        std::sync::Arc::new(ClientAuthority::load(&[&files.pki.ca_certificate]).expect("our own"));
    let fixture = Fixture::start_in(files, who(authority), Connections::default()).await;
    let admin = fixture.admin();
    let expected = "kubernetes-admin [\"system:masters\", \"system:authenticated\"]";
    assert_eq!(fixture.get_http1("/", &admin).await, (200, expected.to_owned()));
    assert_eq!(
        fixture.get_http2("/", &Identity::None).await,
        (200, "nobody".to_owned())
    );
    let stranger = loopback::Folder::new();
    assert_eq!(
        fixture.get_http2("/", &stranger.admin()).await,
        (200, "refused".to_owned())
    );
}

#[tokio::test]
async fn slow_handshakes_end() {
    let limits = Connections {
        handshake_timeout: Duration::from_millis(50),
        ..Connections::default()
    };
    let fixture = Fixture::start(hello(), limits).await;
    let mut socket = tokio::net::TcpStream::connect(fixture.address)
        .await
        .expect("it listens");
    let read = tokio::time::timeout(PATIENCE, socket.read(&mut [0; 16]))
        .await
        .expect("the server ends it");
    assert!(matches!(read, Ok(0) | Err(_)));
}

#[tokio::test]
async fn slow_headers_end() {
    let limits = Connections {
        header_timeout: Duration::from_millis(50),
        ..Connections::default()
    };
    let fixture = Fixture::start(hello(), limits).await;
    let mut stream = fixture.connect(&Identity::None, b"http/1.1").await;
    stream
        .write_all(b"GET / HTTP/1.1\r\nhost: x\r\nx-slow: ")
        .await
        .expect("open");
    let mut answer = Vec::new();
    let read = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut answer))
        .await
        .expect("the server ends it");
    assert!(read.is_err() || !answer.starts_with(b"HTTP/1.1 200"));
}

#[tokio::test]
async fn connections_without_requests_end() {
    let limits = Connections {
        idle_timeout: Duration::from_millis(50),
        close_timeout: Duration::from_millis(50),
        ..Connections::default()
    };
    let fixture = Fixture::start(hello(), limits).await;
    for protocol in [&b"http/1.1"[..], b"h2"] {
        let mut stream = fixture.connect(&Identity::None, protocol).await;
        let mut rest = Vec::new();
        let read = stream.read_to_end(&mut rest);
        // Whether it ends cleanly or not is the peer's concern.
        let _ = tokio::time::timeout(PATIENCE, read)
            .await
            .expect("the server ends it");
    }
}

#[tokio::test]
async fn headers_beyond_the_limit_are_refused() {
    let limits = Connections {
        header_bytes_max: 8_192,
        ..Connections::default()
    };
    let fixture = Fixture::start(hello(), limits).await;
    let path = format!("/{}", "x".repeat(20_000));
    let (code, _) = fixture.get_http1(&path, &Identity::None).await;
    assert!((400..500).contains(&code), "{code}");
    assert_eq!(fixture.get_http1("/", &Identity::None).await.0, 200);
}

#[tokio::test]
async fn a_drain_lets_requests_finish_and_takes_no_more() {
    let (started, mut starts) = tokio::sync::mpsc::channel::<()>(1);
    let (finish, finished) = tokio::sync::watch::channel(false);
    let slow = handler_fn(move |_| {
        let (started, mut finished) = (started.clone(), finished.clone());
        async move {
            started.send(()).await.expect("the test listens");
            finished.wait_for(|done| *done).await.expect("the test says");
            text_response(http::StatusCode::OK, "finished")
        }
    });
    let mut fixture = Fixture::start(slow, Connections::default()).await;
    let first = fixture.spawn_get_http1("/").await;
    starts.recv().await.expect("the request arrives");
    fixture.shutdown.drain();
    loopback::until_refused(fixture.address).await;
    finish.send(true).expect("the handler waits");
    assert_eq!(first.await.expect("no panic"), (200, "finished".to_owned()));
    tokio::time::timeout(PATIENCE, fixture.ended())
        .await
        .expect("the server ends");
}

#[tokio::test]
async fn idle_connections_do_not_hold_up_a_drain() {
    let limits = Connections {
        close_timeout: Duration::from_millis(50),
        ..Connections::default()
    };
    let mut fixture = Fixture::start(hello(), limits).await;
    let _silent = fixture.connect(&Identity::None, b"http/1.1").await;
    let _silent = fixture.connect(&Identity::None, b"h2").await;
    fixture.shutdown.drain();
    tokio::time::timeout(PATIENCE, fixture.ended())
        .await
        .expect("the server ends");
}

#[tokio::test]
async fn a_new_certificate_is_taken_without_a_restart() {
    let fixture = Fixture::start(hello(), Connections::default()).await;
    let before = fixture.served_certificate().await;
    for file in [
        &fixture.files.pki.serving_certificate,
        &fixture.files.pki.serving_key,
    ] {
        std::fs::remove_file(file).expect("made at start");
    }
    fixture.files.make();
    fixture.certificate.reload().expect("made anew");
    assert_ne!(before, fixture.served_certificate().await);
}

#[tokio::test]
async fn a_port_in_use_is_told_in_one_line() {
    let fixture = Fixture::start(hello(), Connections::default()).await;
    let refused = serve::server::Listener::bind(fixture.address)
        .await
        .expect_err("in use");
    let expected = format!(
        "cannot listen on {}: the port is in use by another process",
        fixture.address
    );
    assert_eq!(refused.to_string(), expected);
}

#[tokio::test]
async fn a_body_that_is_streamed_arrives_whole() {
    let chunks = handler_fn(|request: Request| async move {
        let sent = request
            .into_body()
            .collect()
            .await
            .expect("the client sends all")
            .to_bytes();
        let chunks = (0..100).map(move |_| Ok::<_, std::io::Error>(sent.clone()));
        http::Response::new(Body::stream(futures_util::stream::iter(chunks)))
    });
    let fixture = Fixture::start(chunks, Connections::default()).await;
    let (code, body) = fixture.post_http2("/", "x".repeat(100_000)).await;
    assert_eq!((code, body.len()), (200, 10_000_000));
}

#[tokio::test]
async fn who_sends_too_much_is_told_so() {
    let refuse = handler_fn(|request: Request| async move {
        match serve::http::read_body(request.into_body(), 1_000).await {
            Ok(_) => text_response(http::StatusCode::OK, "read"),
            Err(status) => serve::http::status_response(&status),
        }
    });
    let fixture = Fixture::start(refuse, Connections::default()).await;
    let (code, body) = fixture.post_http2("/", "x".repeat(4_000_000)).await;
    assert_eq!(code, 413);
    assert!(body.contains("Request entity too large: limit is 1000"));
}
