//! Watches over WebSocket on real sockets, with a client of another making than the server's HTTP.

use std::sync::Arc;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use http_body_util::BodyExt;
use serve::filter::{Chain, handler_fn};
use serve::filters::EndLongRunning;
use serve::http::{Body, Handler, text_response};
use serve::limits::{Connections, WEBSOCKET_INCOMING_BYTES_MAX};
use serve::shutdown::Shutdown;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::client::TlsStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::handshake::client::Response;
use tokio_tungstenite::tungstenite::{Error, Message, protocol::frame::coding::CloseCode};
use tokio_tungstenite::{WebSocketStream, client_async};

use super::PATIENCE;
use super::log::Log;
use super::loopback::{Fixture, Identity};

const JSON: &str = "application/json";
const PATH: &str = "/api/v1/pods?watch=1";

type Socket = WebSocketStream<TlsStream<TcpStream>>;

/// Answers watches with the log, else with a text.
fn watch(log: &Arc<Log>, media: &'static str) -> Handler {
    let log = Arc::clone(log);
    handler_fn(move |request: serve::http::Request| {
        let response = match request.uri().query() {
            Some(_) => http::Response::builder()
                .header("content-type", media)
                .body(Body::feed(log.cursor()))
                .expect("a response"),
            None => text_response(http::StatusCode::OK, "no watch"),
        };
        async move { response }
    })
}

async fn open(fixture: &Fixture, path: &str, protocols: &str) -> Result<(Socket, Response), Error> {
    let mut request = format!("wss://localhost{path}").into_client_request()?;
    if !protocols.is_empty() {
        let offered = http::HeaderValue::from_str(protocols).expect("a header");
        request.headers_mut().insert("sec-websocket-protocol", offered);
    }
    client_async(request, fixture.connect(&Identity::None, b"http/1.1").await).await
}

async fn next(socket: &mut Socket) -> Option<Result<Message, Error>> {
    timeout(PATIENCE, socket.next()).await.expect("something comes")
}

async fn message(socket: &mut Socket) -> Message {
    next(socket).await.expect("it is open").expect("a message")
}

/// The close frame and the end of the connection.
async fn closes(socket: &mut Socket) -> CloseCode {
    let code = match message(socket).await {
        Message::Close(Some(frame)) => frame.code,
        other => panic!("{other:?} is no close frame"),
    };
    assert!(!matches!(next(socket).await, Some(Ok(_))));
    code
}

#[tokio::test]
async fn each_event_is_a_text_message() {
    let log = Arc::new(Log::default());
    let fixture = Fixture::start(watch(&log, JSON), Connections::default()).await;
    let (mut socket, response) = open(&fixture, PATH, "").await.expect("an upgrade");
    assert_eq!(response.headers().get("content-type"), None);
    log.until_read_by(1).await;
    log.publish(["{1}\n{2}\n", "{3}\n"].map(str::to_owned));
    for event in ["{1}\n", "{2}\n", "{3}\n"] {
        assert_eq!(message(&mut socket).await, Message::text(event));
    }
    log.publish(["end".to_owned()]);
    assert_eq!(closes(&mut socket).await, CloseCode::Normal);
    log.until_read_by(0).await;
}

#[tokio::test]
async fn protobuf_events_are_binary_messages() {
    let log = Arc::new(Log::default());
    let media = "application/vnd.kubernetes.protobuf;stream=watch";
    let fixture = Fixture::start(watch(&log, media), Connections::default()).await;
    let (mut socket, _) = open(&fixture, PATH, "").await.expect("an upgrade");
    log.until_read_by(1).await;
    log.publish(["\0\0\0\u{3}abc\0\0\0\u{1}d".to_owned()]);
    assert_eq!(message(&mut socket).await, Message::binary("abc"));
    assert_eq!(message(&mut socket).await, Message::binary("d"));
}

#[tokio::test]
async fn one_subprotocol_is_agreed_to_and_tokens_are_not_told_back() {
    let log = Arc::new(Log::default());
    let fixture = Fixture::start(watch(&log, JSON), Connections::default()).await;
    let offered = "base64url.bearer.authorization.k8s.io.c2VjcmV0, base64.binary.k8s.io";
    let (_, response) = open(&fixture, PATH, offered).await.expect("an upgrade");
    let agreed = response.headers().get("sec-websocket-protocol");
    assert_eq!(
        agreed.map(http::HeaderValue::as_bytes),
        Some(&b"base64.binary.k8s.io"[..])
    );
}

#[tokio::test]
async fn pings_are_answered_and_what_a_client_says_is_ignored() {
    let log = Arc::new(Log::default());
    let fixture = Fixture::start(watch(&log, JSON), Connections::default()).await;
    let (mut socket, _) = open(&fixture, PATH, "").await.expect("an upgrade");
    socket.send(Message::text("hello")).await.expect("sent");
    socket.send(Message::Ping("there?".into())).await.expect("sent");
    assert_eq!(message(&mut socket).await, Message::Pong("there?".into()));
    log.publish(["{1}\n".to_owned()]);
    assert_eq!(message(&mut socket).await, Message::text("{1}\n"));
}

#[tokio::test]
async fn a_client_that_goes_or_says_too_much_is_let_go() {
    let log = Arc::new(Log::default());
    let mut fixture = Fixture::start(watch(&log, JSON), Connections::default()).await;
    for too_much in [false, true] {
        let (mut socket, _) = open(&fixture, PATH, "").await.expect("an upgrade");
        log.until_read_by(1).await;
        if too_much {
            let long = "x".repeat(WEBSOCKET_INCOMING_BYTES_MAX + 1);
            // The server may have closed before all of it is sent.
            drop(socket.send(Message::text(long)).await);
            assert!(!matches!(next(&mut socket).await, Some(Ok(Message::Text(_)))));
        }
        drop(socket);
        log.until_read_by(0).await;
    }
    let (mut socket, _) = open(&fixture, PATH, "").await.expect("an upgrade");
    log.until_read_by(1).await;
    socket.close(None).await.expect("sent");
    log.until_read_by(0).await;
    drop(socket);
    // Nothing holds the server up.
    fixture.shutdown.drain();
    timeout(PATIENCE, fixture.ended()).await.expect("it ends");
}

#[tokio::test]
async fn a_drained_server_closes_cleanly() {
    let log = Arc::new(Log::default());
    let shutdown = Shutdown::new();
    let ending = EndLongRunning::new(shutdown.clone()).spread_over(Duration::from_millis(50));
    let chain = Chain::new(vec![Box::new(ending)], watch(&log, JSON)).into_handler();
    let mut fixture = Fixture::start_with(chain, Connections::default(), shutdown).await;
    let mut sockets = Vec::new();
    for _ in 0..5 {
        sockets.push(open(&fixture, PATH, "").await.expect("an upgrade").0);
    }
    log.until_read_by(5).await;
    fixture.shutdown.drain();
    for mut socket in sockets {
        assert_eq!(closes(&mut socket).await, CloseCode::Normal);
    }
    timeout(PATIENCE, fixture.ended()).await.expect("it ends");
}

#[tokio::test]
async fn what_is_no_watch_or_no_handshake_is_answered_as_ever() {
    let log = Arc::new(Log::default());
    let fixture = Fixture::start(watch(&log, JSON), Connections::default()).await;
    match open(&fixture, "/api/v1/pods", "").await.map(drop) {
        Err(Error::Http(response)) => assert_eq!(response.status(), 200),
        other => panic!("{other:?}"),
    }
    let stream = fixture.connect(&Identity::None, b"http/1.1").await;
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(hyper_util::rt::TokioIo::new(stream))
            .await
            .expect("a connection");
    tokio::spawn(connection);
    let request = http::Request::builder()
        .uri(PATH)
        .header("host", "localhost")
        .header("connection", "keep-alive, Upgrade")
        .header("upgrade", "WebSocket")
        .header("sec-websocket-version", "8")
        .body(http_body_util::Empty::<bytes::Bytes>::new());
    let response = sender
        .send_request(request.expect("a request"))
        .await
        .expect("an answer");
    assert_eq!(response.status(), 400);
    let body = response.into_body().collect().await.expect("a body").to_bytes();
    assert!(String::from_utf8_lossy(&body).contains("WebSocket Version"));
}
