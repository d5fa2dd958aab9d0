//! What the router spends on an event of a watch that it relays, in instructions, which noise does not touch: TLS, HTTP/2 and its own
//! part, not the system calls. `cargo bench -p shardplane-router`. It fails if events of many watches on a connection do not share
//! what a turn costs. The member and the client are another process, so that theirs is not counted.

#[path = "../tests/proxying/fixture.rs"]
#[allow(dead_code)]
mod fixture;

use std::io::{BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use fixture::{Client, World};
use futures_util::stream;
use serve::filter::handler_fn;
use serve::http::{Body, BodyError, Handler};
use serve::shutdown::Shutdown;
use shardplane_router::members::Tier;
use tokio::sync::mpsc;

/// As large as an event of a small config map.
const EVENT_BYTES: usize = 1_500;
const WATCHES: [usize; 3] = [1, 10, 100];
/// Events of each watch: as many as make the shortest run long enough.
const EVENTS: [u64; 3] = [1_000, 200, 100];
/// What an event of a hundred watches may cost of what one of a single watch does, in percent.
const SHARED_PERCENT_MAX: u64 = 75;
/// With which the peer is started, before the folder of the certificates.
const PEER: &str = "--peer";

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if let [_, flag, folder] = arguments.as_slice()
        && flag == PEER
    {
        return runtime().block_on(peer(Path::new(folder)));
    }
    if let Some((watches, events)) = measure::asked() {
        return runtime().block_on(relay(&watches, events));
    }
    println!("| watches on a connection | an event through the router |\n|---|---|");
    let mut counts = Vec::new();
    for (watches, events) in WATCHES.into_iter().zip(EVENTS) {
        let count = measure::instructions(&watches.to_string(), events, &[]);
        let count = count.map(|count| count / watches as u64);
        println!("| {watches} | {} |", measure::told(count));
        counts.extend(count);
    }
    if let [alone, _, shared] = counts[..] {
        assert!(
            shared * 100 <= alone * SHARED_PERCENT_MAX,
            "an event of many costs {shared}, one alone {alone}"
        );
    }
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime")
}

/// The router, until its client has had so many events of each of its watches.
async fn relay(watches: &str, events: u64) {
    let folder = tempfile::tempdir().expect("a folder");
    let mut world = World::within(folder.path());
    let mut peer = Peer::start(folder.path());
    world.join(Tier::WatchCache, peer.address());
    let router = world.route(&Shutdown::new()).await;
    peer.tell(&format!("{router} {watches} {events}"));
    let ended = tokio::task::spawn_blocking(move || peer.process.wait());
    let ended = ended.await.expect("no panic").expect("an end");
    assert!(ended.success(), "the peer ends with {ended}");
}

/// The process that is the member and the client.
struct Peer {
    process: std::process::Child,
    from: BufReader<ChildStdout>,
    to: ChildStdin,
}

impl Peer {
    /// With the certificates of a folder.
    fn start(folder: &Path) -> Self {
        let mut process = Command::new(std::env::current_exe().expect("this program"))
            .args([PEER.as_ref(), folder.as_os_str()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("this program again");
        Self {
            from: BufReader::new(process.stdout.take().expect("piped")),
            to: process.stdin.take().expect("piped"),
            process,
        }
    }

    /// Where the member is.
    fn address(&mut self) -> SocketAddr {
        let mut line = String::new();
        self.from.read_line(&mut line).expect("an address");
        line.trim().parse().expect("an address")
    }

    fn tell(&mut self, line: &str) {
        writeln!(self.to, "{line}").expect("it listens");
    }
}

/// The watches that are open at the member.
type Open = Arc<Mutex<Vec<mpsc::UnboundedSender<Bytes>>>>;

/// Sends events as a member, one for each watch at a time, and reads them as a client of the router.
async fn peer(folder: &Path) {
    let (world, open) = (World::within(folder), Open::default());
    println!("{}", world.listen(watched(&open), Shutdown::new()).await);
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).expect("what to do");
    let mut told = line.split_whitespace();
    let router = told.next().and_then(|one| one.parse().ok()).expect("an address");
    let [watches, events] = [(); 2].map(|()| told.next().and_then(|one| one.parse().ok()).expect("a number"));
    let client = world.client(router, true).await;
    let mut bodies = Vec::new();
    for _ in 0..watches {
        bodies.push(watch(&client).await);
    }
    let event = Bytes::from([vec![b'x'; EVENT_BYTES - 1], b"\n".to_vec()].concat());
    for _ in 0..events {
        for watch in open.lock().expect("no panic").iter() {
            watch.send(event.clone()).expect("it is open");
        }
        for body in &mut bodies {
            read(body, EVENT_BYTES).await;
        }
    }
}

/// Answers with what is sent to a watch.
fn watched(open: &Open) -> Handler {
    let open = open.clone();
    handler_fn(move |_| {
        let (sender, receiver) = mpsc::unbounded_channel();
        open.lock().expect("no panic").push(sender);
        async move {
            let events = stream::unfold(receiver, |mut receiver| async {
                let event = receiver.recv().await?;
                Some((Ok::<_, BodyError>(event), receiver))
            });
            http::Response::new(Body::stream(events))
        }
    })
}

async fn watch(client: &Client) -> h2::RecvStream {
    let answer = client.send("GET", "/api/v1/pods?watch=1", &[], b"").await;
    assert_eq!(answer.status(), 200);
    answer.into_body()
}

async fn read(body: &mut h2::RecvStream, bytes: usize) {
    let mut left = bytes;
    while left > 0 {
        let chunk = body.data().await.expect("no end").expect("not broken");
        let released = body.flow_control().release_capacity(chunk.len());
        released.expect("what was read");
        left = left.checked_sub(chunk.len()).expect("one event at a time");
    }
}
