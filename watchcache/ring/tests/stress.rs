//! Threads at full speed: one publishes and trims, others read, open, park and close.
//! A sample by default; SHARDPLANE_FULL=1 makes it long.
#![allow(clippy::unwrap_used, reason = "in a test an error is a failure")]

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;

use ring::{BucketKey, Cursor, Dirty, Limits, Parked, Position, Reader, Scope, Writer};

const NODES: u64 = 8;
const WATCHES: u64 = 12;
const CONNECTIONS: u64 = 3;
const HELD_BYTES: usize = 20_000;

/// A connection's task is a thread here; it sleeps until it is woken.
#[derive(Default)]
struct Connection {
    dirty: Dirty,
    is_woken: Mutex<bool>,
    bell: Condvar,
}

struct Handle(Arc<Connection>);

impl Parked for Handle {
    fn mark(&self) -> bool {
        self.0.dirty.mark()
    }

    fn wake(&self) {
        *self.0.is_woken.lock().unwrap() = true;
        self.0.bell.notify_one();
    }
}

impl Connection {
    fn sleep(&self) {
        let mut is_woken = self.is_woken.lock().unwrap();
        while !*is_woken {
            is_woken = self.bell.wait(is_woken).unwrap();
        }
        *is_woken = false;
    }
}

/// An event says all that a reader can check of it.
struct Numbered {
    position: u64,
    /// How many events of its node came before it.
    of_node: u64,
    node: u64,
}

/// A watch and what it has read so far.
struct Watch {
    cursor: Cursor<Numbered, Handle>,
    node: Option<u64>,
    newest: Option<(u64, u64)>,
}

fn events() -> u64 {
    if std::env::var_os("SHARDPLANE_FULL").is_some() {
        20_000_000
    } else {
        200_000
    }
}

/// Node 0 is quiet: it has every thousandth event.
fn node_of(position: u64) -> u64 {
    if position.is_multiple_of(1_000) {
        0
    } else {
        1 + position % (NODES - 1)
    }
}

fn write(mut writer: Writer<Numbered, Handle>, last: u64) {
    let mut counts = [0_u64; NODES as usize];
    let names: Vec<String> = (0..NODES).map(|node| node.to_string()).collect();
    for position in 1..=last {
        let node = node_of(position);
        let of_node = counts[node as usize];
        counts[node as usize] += 1;
        let key = BucketKey {
            dimension: 0,
            value: &names[node as usize],
        };
        writer.push(
            Numbered {
                position,
                of_node,
                node,
            },
            10,
            position as i64,
            [key],
        );
        if position % 3 == 0 || position == last {
            writer.publish(position);
        }
        if position % 50 == 0 {
            writer.trim(position, HELD_BYTES);
        }
    }
}

impl Watch {
    fn open(reader: &Reader<Numbered, Handle>, node: Option<u64>, connection: &Arc<Connection>) -> Watch {
        let name = node.map(|node| node.to_string());
        let scope = name.as_deref().map_or(Scope::All, |value| {
            Scope::Bucket(BucketKey { dimension: 0, value })
        });
        let mut cursor = loop {
            if let Ok(cursor) = reader.open(scope, reader.head()) {
                break cursor;
            }
        };
        if cursor.park(Handle(connection.clone())) {
            connection.dirty.mark();
        }
        Watch {
            cursor,
            node,
            newest: None,
        }
    }

    /// Reads all there is; false if the ring was faster.
    fn drain(&mut self) -> bool {
        loop {
            match self.cursor.next() {
                Ok(Some(event)) => self.check(&event),
                Ok(None) => return true,
                Err(lagged) => {
                    assert!(lagged.tail > lagged.missed_from);
                    return false;
                }
            }
        }
    }

    fn check(&mut self, event: &Numbered) {
        assert_eq!(event.position, self.cursor.position().0);
        assert_eq!(event.node, node_of(event.position));
        if let Some((position, of_node)) = self.newest {
            match self.node {
                Some(node) => assert_eq!((event.node, event.of_node), (node, of_node + 1)),
                None => assert_eq!(event.position, position + 1),
            }
        }
        self.newest = Some((event.position, event.of_node));
    }
}

/// Serves watches until the last event is read; returns how often one was overtaken.
fn connection(reader: Reader<Numbered, Handle>, seed: u64, last: u64, reopened: &AtomicU64) {
    let connection = Arc::new(Connection::default());
    let node = |at: u64| (at % (NODES + 1) < NODES).then_some(at % (NODES + 1));
    let mut watches: Vec<_> = (0..WATCHES)
        .map(|at| Watch::open(&reader, node(at + seed), &connection))
        .collect();
    let mut rounds = 0_u64;
    loop {
        connection.dirty.clear();
        for watch in &mut watches {
            if !watch.drain() {
                reopened.fetch_add(1, Ordering::Relaxed);
                *watch = Watch::open(&reader, watch.node, &connection);
            }
        }
        rounds += 1;
        if rounds.is_multiple_of(7) {
            let at = (rounds / 7 % WATCHES) as usize;
            watches[at] = Watch::open(&reader, watches[at].node, &connection);
        }
        let is_done =
            reader.head() == Position(last) && watches.iter().all(|watch| !watch.cursor.is_behind());
        if is_done {
            return;
        }
        if !connection.dirty.clear() {
            connection.sleep();
        }
    }
}

/// A lost wake would let a connection sleep for ever, a torn or skipped event would break its count.
#[test]
fn everyone_reads_everything_in_order_or_is_told() {
    let last = events();
    let (writer, reader) = ring::channel(Limits {
        segment_slots_min: 8,
        segment_slots_max: 64,
        ..Limits::default()
    });
    let reopened = AtomicU64::new(0);
    thread::scope(|scope| {
        for seed in 0..CONNECTIONS {
            let (reader, reopened) = (reader.clone(), &reopened);
            scope.spawn(move || connection(reader, seed, last, reopened));
        }
        scope.spawn(move || write(writer, last));
    });
    assert_eq!(reader.head(), Position(last));
    println!("{} watches were overtaken", reopened.load(Ordering::Relaxed));
}
