//! What feeds cost: memory of idle ones, CPU time and write calls for each frame. Server over TLS; its client is another process.
//!
//! `cargo run --release -p shardplane-serve --example feed_load -- [connections] [feeds each] [events a second] [seconds]`

mod client;
mod process;
mod publisher;

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use serve::filter::handler_fn;
use serve::http::Body;
use serve::limits::Connections;
use serve::pki::{Files, Names};
use serve::server::{Listener, Server};
use serve::shutdown::Shutdown;
use serve::tls::{self, ClientAuthority, ServingCertificate};
use shardplane_serve as serve;

use process::Usage;
use publisher::Publisher;

/// About an event of a pod's status.
const FRAME_BYTES: usize = 1_700;

/// What is measured.
#[derive(Clone, Copy)]
struct Load {
    connections: usize,
    feeds: usize,
    events_per_second: u64,
    seconds: u64,
}

impl Load {
    fn read(mut args: impl Iterator<Item = String>) -> Self {
        let mut next = |otherwise: u64| {
            args.next()
                .map_or(otherwise, |text| text.parse().expect("a number"))
        };
        Self {
            connections: next(10) as usize,
            feeds: next(100) as usize,
            events_per_second: next(10),
            seconds: next(10),
        }
    }

    fn total(self) -> usize {
        self.connections * self.feeds
    }
}

fn main() {
    tls::install_provider();
    let mut args = std::env::args().skip(1).peekable();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    if args.next_if(|first| first == "client").is_some() {
        let (address, authority) = (args.next().expect("an address"), args.next().expect("a file"));
        runtime.block_on(client::run(&address, authority.as_ref(), Load::read(args)));
    } else {
        runtime.block_on(measure(Load::read(args)));
    }
}

async fn measure(load: Load) {
    let folder = tempfile::tempdir().expect("a folder");
    let files = Files::below(folder.path());
    let names = Names {
        dns: vec!["localhost".to_owned()],
        addresses: vec![[127, 0, 0, 1].into()],
    };
    files.ensure(&names).expect("a writable folder");
    let publisher = Arc::new(Publisher::new(Bytes::from(vec![b'x'; FRAME_BYTES])));
    let address = listen(&files, &publisher).await;
    let authority = files.ca_certificate.display().to_string();

    // One connection first, so that what is made once is not counted.
    let warm_up = Load {
        connections: 1,
        feeds: 1,
        ..load
    };
    drop(connect(&address, &authority, warm_up, &publisher).await);
    publisher.until_read_by(0).await;
    let empty = Usage::now();
    let client = connect(&address, &authority, load, &publisher).await;
    let idle = Usage::now();
    let bytes = idle.resident_bytes.saturating_sub(empty.resident_bytes) / load.total() as u64;
    println!(
        "{} connections x {} feeds: {bytes} bytes of memory for an idle feed",
        load.connections, load.feeds
    );
    run(load, &publisher, idle).await;
    drop(client);
}

async fn run(load: Load, publisher: &Publisher, before: Usage) {
    let frames_before = publisher.pulled();
    let period = Duration::from_secs(1) / u32::try_from(load.events_per_second).expect("a small number");
    let mut ticks = tokio::time::interval(period);
    for _ in 0..load.events_per_second * load.seconds {
        ticks.tick().await;
        publisher.publish();
    }
    let published = load.events_per_second * load.seconds * load.total() as u64;
    publisher.until_pulled(frames_before + published).await;
    let after = Usage::now();
    let frames = (publisher.pulled() - frames_before) as f64;
    println!(
        "{frames} frames: {:.2} CPU-seconds per million, {:.3} write calls per frame, {} KB more resident",
        (after.cpu_seconds - before.cpu_seconds) * 1e6 / frames,
        (after.write_calls - before.write_calls) as f64 / frames,
        after.resident_bytes.saturating_sub(before.resident_bytes) / 1_024,
    );
}

async fn listen(files: &Files, publisher: &Arc<Publisher>) -> String {
    let certificate = ServingCertificate::load(&files.serving_certificate, &files.serving_key);
    let clients = ClientAuthority::load(&[&files.ca_certificate]).expect("just made");
    let listener = Listener::bind(([127, 0, 0, 1], 0).into())
        .await
        .expect("a free port");
    let address = listener.address().to_string();
    let publisher = Arc::clone(publisher);
    let server = Server {
        tls: Arc::new(tls::server_config(certificate.expect("just made"), &clients)),
        handler: handler_fn(move |_| {
            let body = Body::feed(publisher.cursor());
            async move { http::Response::new(body) }
        }),
        limits: Connections::default(),
        shutdown: Shutdown::new(),
        load: serve::load::Load::default(),
    };
    tokio::spawn(server.run(listener));
    address
}

/// A client process, ended when dropped.
struct Client(std::process::Child);

impl Drop for Client {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Starts it and waits until all its feeds are open.
async fn connect(address: &str, authority: &str, load: Load, publisher: &Publisher) -> Client {
    let mut child = Command::new(std::env::current_exe().expect("this program"))
        .args(["client", address, authority])
        .args([load.connections, load.feeds].map(|number| number.to_string()))
        .stdout(Stdio::piped())
        .spawn()
        .expect("this program");
    let stdout = child.stdout.take().expect("piped");
    let client = Client(child);
    let line = tokio::task::spawn_blocking(move || BufReader::new(stdout).lines().next());
    let line = line.await.expect("no panic").expect("a line").expect("text");
    assert_eq!(line, "open");
    publisher.until_read_by(load.total()).await;
    client
}
