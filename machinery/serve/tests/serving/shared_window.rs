//! Feeds past h2 beside ordinary answers through it, on one connection, whatever the client's windows are: all bytes come, in order.

use bytes::Bytes;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serve::filter::handler_fn;
use serve::http::Body;
use serve::limits::Connections;
use std::sync::Arc;

use super::client::{self, Client, Stream};
use super::log::Log;
use super::loopback::Fixture;

const FEEDS: usize = 8;
const ANSWERS: usize = 4;
const CHUNKS: usize = 40;

/// The bytes of a log: each tells its place, so that what is lost, doubled or out of order differs.
fn text(length: usize) -> Bytes {
    (0..length.div_ceil(8))
        .flat_map(|at| format!("{at:07} ").into_bytes())
        .take(length)
        .collect()
}

/// Reads to a length at a pace of its own.
async fn read(mut stream: Stream, length: usize, mut random: StdRng) -> Vec<u8> {
    let mut read = Vec::new();
    let mut owed = 0;
    while read.len() < length {
        let chunk = stream.peek().await.expect("not at its end").expect("not broken");
        owed += chunk.len();
        read.extend_from_slice(&chunk);
        if random.random_bool(0.7) {
            stream.release(std::mem::take(&mut owed));
        }
        for _ in 0..random.random_range(0..4) {
            tokio::task::yield_now().await;
        }
        // Everything is given back now and then, or nothing more might come.
        if owed > 0 {
            stream.release(std::mem::take(&mut owed));
        }
    }
    read
}

#[tokio::test]
async fn feeds_and_answers_share_a_connection() {
    for seed in 0..16 {
        let mut random = StdRng::seed_from_u64(seed);
        let log = match seed % 2 {
            0 => Arc::new(Log::default()),
            _ => Log::apart(),
        };
        let lengths: Vec<usize> = (0..CHUNKS)
            .map(|_| random.random_range(1..5_000) * random.random_range(1..8))
            .collect();
        let whole = text(lengths.iter().sum());
        let handler = handler_fn({
            let (log, whole) = (log.clone(), whole.clone());
            move |request: serve::http::Request| {
                let body = match request.uri().path() {
                    "/answer" => Body::full(whole.clone()),
                    _ => Body::feed(log.cursor()),
                };
                async move { http::Response::new(body) }
            }
        });
        let fixture = Fixture::start(handler, Connections::default()).await;
        let mut builder = client::builder();
        let window = match seed {
            0 => (1 << 31) - 1,
            _ => random.random_range(66_000..1_000_000),
        };
        builder
            .initial_connection_window_size(window)
            .initial_window_size(random.random_range(1..100_000));
        let (client, _) = Client::connect_with(&fixture, &builder).await;
        let mut readers = Vec::new();
        for at in 0..FEEDS + ANSWERS {
            let path = if at < FEEDS { "/" } else { "/answer" };
            let stream = client.get(path).await;
            let random = StdRng::seed_from_u64(random.random());
            readers.push(tokio::spawn(read(stream, whole.len(), random)));
        }
        // One that goes away in the middle takes nothing with it.
        drop(client.get("/").await);
        let mut rest = whole.clone();
        for length in lengths {
            log.publish([rest.split_to(length)]);
            tokio::task::yield_now().await;
        }
        for reader in readers {
            assert!(reader.await.expect("no panic") == whole, "seed {seed}");
        }
    }
}
