//! Ordinary answers on HTTP/2, and requests whose client goes away.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use serve::filter::handler_fn;
use serve::http::{Body, Handler, Request, text_response};
use serve::limits::Connections;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::watch;

use super::PATIENCE;
use super::client::Client;
use super::loopback::{self, Fixture, Identity};

const CHUNK_BYTES: usize = 32 * 1024;

#[tokio::test]
async fn a_long_list_is_made_as_it_is_read() {
    let made = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&made);
    let list = handler_fn(move |_| {
        let counter = Arc::clone(&counter);
        async move {
            let chunks = futures_util::stream::iter((0..1_000).map(move |_| {
                counter.fetch_add(1, Ordering::Relaxed);
                Ok::<_, std::io::Error>(Bytes::from(vec![b'x'; CHUNK_BYTES]))
            }));
            http::Response::new(Body::stream(chunks))
        }
    });
    let fixture = Fixture::start(list, Connections::default()).await;
    let mut builder = h2::client::Builder::new();
    builder.initial_connection_window_size(1 << 20);
    let (client, _) = Client::connect_with(&fixture, &builder).await;
    let mut slow = client.get("/").await;
    let mut read = 0;
    while let Some(chunk) = slow.peek().await {
        let bytes = chunk.expect("open").len();
        read += bytes;
        // What the client's window lets out, and one chunk.
        let made = made.load(Ordering::Relaxed) * CHUNK_BYTES;
        assert!(
            made <= read + 65_535 + 2 * CHUNK_BYTES,
            "{made} made, {read} read"
        );
        slow.release(bytes);
    }
    assert_eq!(read, 1_000 * CHUNK_BYTES);
}

#[tokio::test]
async fn heads_are_as_http2_has_them() {
    let handler = handler_fn(|request: Request| async move {
        let mut response = text_response(http::StatusCode::OK, "hello");
        let headers = response.headers_mut();
        headers.insert("connection", http::HeaderValue::from_static("x-hop"));
        headers.insert("x-hop", http::HeaderValue::from_static("1"));
        if request.uri().path() == "/none" {
            response = http::Response::new(Body::empty());
        }
        response
    });
    let fixture = Fixture::start(handler, Connections::default()).await;
    let (client, _) = Client::connect(&fixture).await;
    for (method, body) in [("GET", &b"hello"[..]), ("HEAD", b"")] {
        let mut answer = client.ask(method, "/").await.expect("an answer");
        assert_eq!(answer.parts.headers["content-length"], "5");
        assert!(answer.parts.headers.contains_key("date"));
        assert!(!answer.parts.headers.contains_key("connection"));
        assert!(!answer.parts.headers.contains_key("x-hop"));
        assert_eq!(answer.read(10).await.expect("open"), body);
    }
    let mut none = client.get("/none").await;
    assert_eq!(none.read(10).await.expect("open"), b"");
}

/// The answer comes before the body has been sent: the client sees it all the same, and its connection stays.
#[tokio::test]
async fn a_body_that_nobody_reads_does_not_cost_the_answer() {
    let refuse = handler_fn(|_| async { text_response(http::StatusCode::NOT_ACCEPTABLE, "no") });
    let fixture = Fixture::start(refuse, Connections::default()).await;
    let mut stream = fixture.connect(&Identity::None, b"http/1.1").await;
    let body_bytes = 1 << 20;
    for _ in 0..2 {
        let head = format!("POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: {body_bytes}\r\n\r\n");
        stream.write_all(head.as_bytes()).await.expect("open");
        for _ in 0..32 {
            // Whatever the server would do at once, it has done before the rest comes.
            tokio::task::yield_now().await;
            stream
                .write_all(&vec![b'x'; body_bytes / 32])
                .await
                .expect("open");
        }
        let mut answer = vec![0; 4096];
        let length = stream.read(&mut answer).await.expect("open");
        assert!(
            answer[..length].starts_with(b"HTTP/1.1 406"),
            "{}",
            String::from_utf8_lossy(&answer[..length])
        );
    }
}

#[tokio::test]
async fn a_panic_ends_one_stream() {
    let handler = handler_fn(|request: Request| async move {
        assert_ne!(request.uri().path(), "/panic", "on purpose");
        text_response(http::StatusCode::OK, "hello")
    });
    let fixture = Fixture::start(handler, Connections::default()).await;
    let (client, _) = Client::connect(&fixture).await;
    let failed = client.ask("GET", "/panic").await.err().expect("no answer");
    assert!(failed.is_reset());
    assert_eq!(client.get("/").await.read(5).await.expect("open"), b"hello");
}

/// A handler that waits until it is let go, and tells how many began, ended and were dropped.
struct Gate {
    open: watch::Sender<bool>,
    counts: watch::Sender<Counts>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Counts {
    begun: usize,
    finished: usize,
    dropped: usize,
}

struct Visit {
    gate: Arc<Gate>,
    is_finished: bool,
}

impl Visit {
    async fn pass(mut self) {
        self.gate.counts.send_modify(|counts| counts.begun += 1);
        let mut open = self.gate.open.subscribe();
        open.wait_for(|open| *open).await.expect("the gate lives");
        self.is_finished = true;
    }
}

impl Gate {
    fn new() -> Arc<Self> {
        Arc::new(Self {
            open: watch::Sender::new(false),
            counts: watch::Sender::default(),
        })
    }

    fn handler(self: &Arc<Self>) -> Handler {
        let gate = Arc::clone(self);
        handler_fn(move |_| {
            let visit = Visit {
                gate: Arc::clone(&gate),
                is_finished: false,
            };
            async move {
                visit.pass().await;
                text_response(http::StatusCode::OK, "done")
            }
        })
    }

    async fn until(&self, reached: impl FnMut(&Counts) -> bool) {
        let mut counts = self.counts.subscribe();
        let reached = tokio::time::timeout(PATIENCE, counts.wait_for(reached)).await;
        let _ = reached.expect("it comes to that").expect("the gate lives");
    }
}

impl Drop for Visit {
    fn drop(&mut self) {
        self.gate.counts.send_modify(|counts| match self.is_finished {
            true => counts.finished += 1,
            false => counts.dropped += 1,
        });
    }
}

#[tokio::test]
async fn a_read_ends_with_its_client() {
    let gate = Gate::new();
    let fixture = Fixture::start(gate.handler(), Connections::default()).await;
    let (client, connection) = Client::connect(&fixture).await;
    let asked = client.send("GET", "/api/v1/pods").await;
    gate.until(|counts| counts.begun == 1).await;
    // Resets its stream.
    drop(asked);
    gate.until(|counts| counts.dropped == 1).await;
    let asked = client.send("GET", "/api/v1/pods").await;
    gate.until(|counts| counts.begun == 2).await;
    connection.abort();
    gate.until(|counts| counts.dropped == 2).await;
    drop(asked);
}

#[tokio::test]
async fn a_write_is_finished_without_its_client_and_before_the_server_ends() {
    let gate = Gate::new();
    let mut fixture = Fixture::start(gate.handler(), Connections::default()).await;
    let (client, connection) = Client::connect(&fixture).await;
    let reset = client.send("POST", "/api/v1/namespaces/a/pods").await;
    let kept = client.send("DELETE", "/api/v1/namespaces/a/pods/b").await;
    let stream = fixture.connect(&Identity::None, b"http/1.1").await;
    let io = hyper_util::rt::TokioIo::new(stream);
    let (mut sender, http1) = hyper::client::conn::http1::handshake(io).await.expect("open");
    let http1 = tokio::spawn(http1);
    let put = http::Request::put("/api/v1/namespaces/a/pods/b").header("host", "localhost");
    let put = put
        .body(http_body_util::Empty::<Bytes>::new())
        .expect("a request");
    let put = tokio::spawn(sender.send_request(put));
    gate.until(|counts| counts.begun == 3).await;
    drop(reset);
    connection.abort();
    http1.abort();
    let _ = (connection.await, http1.await, put.await);
    drop(kept);
    fixture.shutdown.drain();
    loopback::until_refused(fixture.address).await;
    assert_eq!(gate.counts.borrow().dropped, 0);
    assert!(!fixture.has_ended());
    gate.open.send(true).expect("they wait");
    tokio::time::timeout(PATIENCE, fixture.ended())
        .await
        .expect("the server ends");
    let counts = *gate.counts.borrow();
    assert_eq!((counts.finished, counts.dropped), (3, 0));
}
