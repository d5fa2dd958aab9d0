//! Watches and ordinary answers over one connection between h2's own server and its client, with lanes beside it: whatever is sent is read
//! whole and in order, however the bytes are cut, and windows are given back to the last byte.

use std::future::poll_fn;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use h2::client::SendRequest;
use h2::{Reason, SendStream};
use proptest::prelude::*;
use serve::feed::ReadySet;
use tokio::io::{BufReader, DuplexStream};
use tokio::task::JoinSet;

use super::{Lanes, Wire};
use crate::limits::{CONNECTION_WINDOW_BYTES, STREAM_WINDOW_BYTES};
use crate::upstream::connection::settings;
use crate::upstream::source::Source;

/// Long enough that only a hang reaches it.
const PATIENCE: Duration = Duration::from_secs(60);

/// How an answer ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// With its last data.
    WithData,
    /// By a frame of its own.
    Empty,
    Trailers,
    Reset,
    /// Not at all: the connection is cut.
    None,
}

/// An answer: the lengths of its frames, at least, and its end.
#[derive(Clone, Debug)]
struct Answer {
    lengths: Vec<usize>,
    end: End,
}

impl Answer {
    /// The content, each frame in a letter of its own.
    fn content(&self) -> Vec<u8> {
        let frames = (b'a'..=b'z').cycle().zip(&self.lengths);
        frames
            .flat_map(|(letter, length)| vec![letter; *length])
            .collect()
    }

    async fn send(self, mut stream: SendStream<Bytes>) {
        let (content, count) = (Bytes::from(self.content()), self.lengths.len());
        let mut at = 0;
        for (number, length) in self.lengths.iter().enumerate() {
            let is_last = number + 1 == count && self.end == End::WithData;
            put(&mut stream, content.slice(at..at + length), is_last).await;
            at += length;
            // So that the reader meets it in several states.
            if number % 3 == 0 {
                tokio::task::yield_now().await;
            }
        }
        match self.end {
            End::WithData if self.lengths.last().is_some_and(|length| *length > 0) => {}
            End::WithData | End::Empty => stream.send_data(Bytes::new(), true).expect("open"),
            End::Trailers => stream.send_trailers(http::HeaderMap::new()).expect("open"),
            End::Reset => {
                // After what it sent: h2 throws away what waits behind a reset.
                while stream.capacity() > 0 {
                    stream.reserve_capacity(0);
                    tokio::task::yield_now().await;
                }
                stream.send_reset(Reason::INTERNAL_ERROR);
            }
            End::None => std::future::pending().await,
        }
    }
}

/// As the window lets it.
async fn put(stream: &mut SendStream<Bytes>, mut bytes: Bytes, is_end: bool) {
    while !bytes.is_empty() {
        stream.reserve_capacity(bytes.len());
        let capacity = poll_fn(|cx| stream.poll_capacity(cx)).await;
        let part = bytes.split_to(capacity.expect("open").expect("open").min(bytes.len()));
        let is_last = is_end && bytes.is_empty();
        stream.send_data(part, is_last).expect("open");
    }
}

/// Answers requests in their order.
async fn serve(stream: DuplexStream, answers: Vec<Answer>) {
    let mut connection = h2::server::handshake(stream).await.expect("a connection");
    let mut answers = answers.into_iter();
    while let Some(Ok((_, mut respond))) = connection.accept().await {
        let answer = answers.next().expect("as many as are asked for");
        let stream = respond.send_response(http::Response::new(()), false);
        tokio::spawn(answer.send(stream.expect("open")));
    }
}

/// A client of a server that answers so, over a stream that is read and written in parts of so many bytes at most.
struct Client {
    sender: SendRequest<Bytes>,
    lanes: Arc<Lanes>,
    tasks: JoinSet<()>,
}

impl Client {
    async fn new(answers: Vec<Answer>, part_bytes: usize, read_bytes: usize) -> Self {
        let (near, far) = tokio::io::duplex(part_bytes);
        let lanes = Arc::new(Lanes::default());
        let mut tasks = JoinSet::new();
        tasks.spawn(serve(far, answers));
        let wire = Wire::new(BufReader::with_capacity(read_bytes, near), lanes.clone());
        let (sender, connection) = settings()
            .handshake::<_, Bytes>(wire)
            .await
            .expect("a connection");
        tasks.spawn(async {
            // Tests that cut it find an error.
            let _: Result<(), h2::Error> = connection.await;
        });
        Self { sender, lanes, tasks }
    }

    /// The content of the answer to a request.
    async fn ask(&self, is_watch: bool) -> Reading {
        self.try_ask(is_watch).await.expect("an answer")
    }

    /// The same, unless the answer was reset before its head was on its way.
    async fn try_ask(&self, is_watch: bool) -> Result<Reading, h2::Error> {
        let mut sender = self.sender.clone().ready().await.expect("open");
        let mut send = || sender.send_request(http::Request::new(()), true);
        let ((answer, _), opened) = match is_watch {
            true => {
                let sent = self
                    .lanes
                    .send(&mut send, |(answer, _)| answer.stream_id().as_u32());
                let (sent, opened) = sent.expect("open");
                (sent, Some(opened))
            }
            false => (send().expect("open"), None),
        };
        let body = answer.await?.into_body();
        // Some of the content may be with h2 by now.
        tokio::task::yield_now().await;
        let ready = ReadySet::new(1);
        let mut source = Source::new(body, opened);
        source.read_by(ready.signal(0));
        Ok(Reading { source, ready })
    }
}

struct Reading {
    source: Source,
    ready: Arc<ReadySet>,
}

impl Reading {
    /// What comes next. It looks only when it is told that something came, as feeds do.
    async fn next(&mut self) -> Option<Result<Bytes, h2::Error>> {
        poll_fn(|cx| {
            self.ready.register(cx.waker());
            self.ready.drain(|_| {});
            self.source.receive()
        })
        .await
    }

    /// All, and whether it ended well.
    async fn all(mut self) -> (Vec<u8>, bool) {
        let mut content = Vec::new();
        loop {
            match self.next().await {
                Some(Ok(bytes)) => content.extend(bytes),
                Some(Err(_)) => return (content, false),
                None => return (content, true),
            }
        }
    }
}

fn run(test: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(async {
        tokio::time::timeout(PATIENCE, test).await.expect("no hang");
    });
}

fn answers() -> impl Strategy<Value = Vec<(bool, Answer)>> {
    let ends = [End::WithData, End::Empty, End::Trailers, End::Reset];
    let lengths = proptest::collection::vec(
        prop_oneof![0..30usize, 1_000..3_000usize, 16_000..40_000usize],
        0..12,
    );
    let answer =
        (lengths, proptest::sample::select(ends.to_vec())).prop_map(|(lengths, end)| Answer { lengths, end });
    proptest::collection::vec((proptest::bool::weighted(0.7), answer), 1..8)
}

/// h2's server sends its settings before it reads, and its client what it begins with before that: less than both does not get on.
const PART_BYTES_MIN: usize = 100;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn answers_are_read_whole_and_in_order(
        answers in answers(),
        part_bytes in prop_oneof![PART_BYTES_MIN..200, 1_000..70_000usize],
        read_bytes in prop_oneof![1..40usize, 1_000..40_000usize],
    ) {
        run(async {
            let all = answers.iter().map(|(_, answer)| answer.clone()).collect();
            let client = Client::new(all, part_bytes, read_bytes).await;
            let mut readings = Vec::new();
            for (is_watch, _) in &answers {
                readings.push(client.try_ask(*is_watch).await);
            }
            for ((_, answer), reading) in answers.iter().zip(readings) {
                let (content, has_ended_well) = match reading {
                    Ok(reading) => reading.all().await,
                    Err(_) => (Vec::new(), false),
                };
                let wanted = answer.content();
                match answer.end {
                    // h2's server may throw away what waits behind a reset.
                    End::Reset => assert!(wanted.starts_with(&content)),
                    _ => assert!(content == wanted, "{} bytes of {}", content.len(), wanted.len()),
                }
                assert_eq!(has_ended_well, answer.end != End::Reset);
            }
        });
    }
}

fn watch(length: usize, count: usize, end: End) -> Answer {
    Answer {
        lengths: vec![length; count],
        end,
    }
}

/// Twice as much as the connection's window, and many times the stream's.
#[test]
fn windows_are_given_back_to_the_last_byte() {
    run(async {
        let frame = 16_000;
        let answer = watch(frame, 2 * CONNECTION_WINDOW_BYTES as usize / frame, End::Empty);
        let wanted = answer.lengths.iter().sum::<usize>();
        let client = Client::new(vec![answer], 100_000, 32_768).await;
        let (content, has_ended_well) = client.ask(true).await.all().await;
        assert_eq!((content.len(), has_ended_well), (wanted, true));
    });
}

/// More of them than have room in the connection's window, if what they do not read counted there.
#[test]
fn who_does_not_read_stops_itself_alone() {
    run(async {
        let window = STREAM_WINDOW_BYTES as usize;
        let stalled = CONNECTION_WINDOW_BYTES as usize / window;
        let answer = watch(10_000, 2 * window / 10_000, End::Empty);
        let client = Client::new(vec![answer.clone(); stalled + 1], 100_000, 32_768).await;
        let mut readings = Vec::new();
        for _ in 0..stalled {
            readings.push(client.ask(true).await);
        }
        let (content, has_ended_well) = client.ask(true).await.all().await;
        assert!(content == answer.content() && has_ended_well);
        // They go on where they stood.
        for reading in readings {
            let (content, has_ended_well) = reading.all().await;
            assert!(content == answer.content() && has_ended_well);
        }
    });
}

#[test]
fn what_came_before_the_connection_was_cut_is_read() {
    run(async {
        let mut client = Client::new(vec![watch(100, 3, End::None)], 1_000, 1_000).await;
        let mut reading = client.ask(true).await;
        let mut content = Vec::new();
        while content.len() < 300 {
            let bytes = reading.next().await.expect("no end").expect("not broken");
            content.extend(bytes);
        }
        client.tasks.shutdown().await;
        assert!(reading.next().await.is_some_and(|last| last.is_err()));
    });
}

/// The server says goodbye after the answer's head; the answer goes on to its end.
#[test]
fn an_answer_goes_on_after_a_goodbye() {
    run(async {
        let (near, far) = tokio::io::duplex(50);
        let lanes = Arc::new(Lanes::default());
        let answer = watch(1_000, 20, End::WithData);
        let wanted = answer.content();
        let server = async {
            let mut connection = h2::server::handshake(far).await.expect("a connection");
            let (_, mut respond) = connection.accept().await.expect("a request").expect("whole");
            let stream = respond
                .send_response(http::Response::new(()), false)
                .expect("open");
            connection.graceful_shutdown();
            tokio::spawn(answer.send(stream));
            while connection.accept().await.is_some() {}
        };
        let mut tasks = JoinSet::new();
        tasks.spawn(server);
        let wire = Wire::new(BufReader::with_capacity(70, near), lanes.clone());
        let (sender, connection) = settings()
            .handshake::<_, Bytes>(wire)
            .await
            .expect("a connection");
        tasks.spawn(async { connection.await.expect("a clean end") });
        let client = Client { sender, lanes, tasks };
        let (content, has_ended_well) = client.ask(true).await.all().await;
        assert!(content == wanted && has_ended_well);
    });
}

/// A client that leaves takes its lane with it; what is still under way harms nobody.
#[test]
fn who_leaves_is_forgotten() {
    run(async {
        let answers = [watch(1_000, 500, End::None), watch(1_000, 50, End::Empty)];
        let client = Client::new(answers.to_vec(), 10_000, 1_000).await;
        let mut leaving = client.ask(true).await;
        assert!(leaving.next().await.is_some());
        drop(leaving);
        let (content, has_ended_well) = client.ask(true).await.all().await;
        assert_eq!((content.len(), has_ended_well), (50_000, true));
        let unknown = client.lanes.lock().data(1, 0).is_none();
        assert!(unknown);
    });
}
