//! All interleavings, within a bound of preemptions, of what may happen at once in a ring.
//! `RUSTFLAGS="--cfg loom" cargo test -p shardplane-ring --release --test loom --target-dir target/loom`; `tests/run loom` does it.
#![cfg(loom)]
#![allow(clippy::unwrap_used, reason = "in a test an error is a failure")]

use std::sync::Arc;

use loom::sync::atomic::{AtomicUsize, Ordering};
use loom::thread;
use ring::{BucketKey, Cursor, Dirty, Lagged, Limits, Parked, Position, Reader, Scope, Writer};

const ROOM: usize = usize::MAX;
const A: BucketKey<'static> = BucketKey {
    dimension: 0,
    value: "a",
};
const B: BucketKey<'static> = BucketKey {
    dimension: 0,
    value: "b",
};

struct Connection {
    dirty: Dirty,
    wakes: AtomicUsize,
}

#[derive(Clone)]
struct Handle(Arc<Connection>);

impl Handle {
    fn new() -> Handle {
        Handle(Arc::new(Connection {
            dirty: Dirty::new(),
            wakes: AtomicUsize::new(0),
        }))
    }

    fn wakes(&self) -> usize {
        self.0.wakes.load(Ordering::SeqCst)
    }
}

impl Parked for Handle {
    fn mark(&self) -> bool {
        self.0.dirty.mark()
    }

    fn wake(&self) {
        self.0.wakes.fetch_add(1, Ordering::SeqCst);
    }
}

type RingWriter = Writer<u64, Handle>;
type RingReader = Reader<u64, Handle>;

/// Explores a model with so many switches of threads beyond those that must be.
fn explore(preemptions: usize, model: impl Fn() + Sync + Send + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(preemptions);
    builder.max_branches = 20_000;
    builder.check(model);
}

fn ring(segment_slots: usize) -> (RingWriter, RingReader) {
    ring::channel(Limits {
        segment_slots_min: segment_slots,
        segment_slots_max: segment_slots,
        ..Limits::default()
    })
}

/// Publishes events, which are their own positions and revisions, as one transaction.
fn publish(writer: &mut RingWriter, events: impl IntoIterator<Item = u64>, bucket: BucketKey<'static>) {
    for event in events {
        writer.push(event, 1, event as i64, [bucket]);
    }
    writer.publish(0);
}

fn drain(cursor: &mut Cursor<u64, Handle>) -> Result<Vec<u64>, Lagged> {
    let mut events = Vec::new();
    while let Some(event) = cursor.next()? {
        events.push(*event);
    }
    Ok(events)
}

fn scopes() -> [Scope<'static>; 2] {
    [Scope::All, Scope::Bucket(A)]
}

/// The second transaction needs a new segment: growth may hide nothing and make nothing look lost.
#[test]
fn transactions_appear_whole_and_in_order() {
    for scope in scopes() {
        explore(3, move || {
            let (mut writer, reader) = ring(2);
            let mut cursor = reader.open(scope, Position::START).unwrap();
            let reads = thread::spawn(move || {
                let mut seen = drain(&mut cursor).unwrap();
                assert!([0, 2, 4].contains(&seen.len()), "half a transaction: {seen:?}");
                seen.extend(drain(&mut cursor).unwrap());
                (cursor, seen)
            });
            publish(&mut writer, [1, 2], A);
            publish(&mut writer, [3, 4], A);
            let (mut cursor, mut seen) = reads.join().unwrap();
            seen.extend(drain(&mut cursor).unwrap());
            assert_eq!(seen, [1, 2, 3, 4]);
        });
    }
}

#[test]
fn an_overtaken_reader_is_told_and_never_misled() {
    for scope in scopes() {
        explore(3, move || {
            let (mut writer, reader) = ring(1);
            publish(&mut writer, [1], A);
            let mut cursor = reader.open(scope, Position::START).unwrap();
            let reads = thread::spawn(move || {
                for expected in 1..=3 {
                    match cursor.next() {
                        Ok(Some(event)) => assert_eq!(*event, expected),
                        Ok(None) => return,
                        Err(lagged) => {
                            assert_eq!(lagged.missed_from, Position(expected));
                            assert!(lagged.tail > lagged.missed_from);
                            assert!(!cursor.skip_dropped(expected as i64 - 1));
                            return;
                        }
                    }
                }
            });
            for event in 2..=3 {
                publish(&mut writer, [event], A);
                writer.trim(0, 1);
            }
            reads.join().unwrap();
        });
    }
}

#[test]
fn a_quiet_bucket_is_not_lost_while_the_ring_laps() {
    explore(3, || {
        let (mut writer, reader) = ring(1);
        publish(&mut writer, [1], A);
        let mut cursor = reader.open(Scope::Bucket(A), Position(1)).unwrap();
        let reads = thread::spawn(move || {
            let seen = drain(&mut cursor).unwrap();
            (cursor, seen)
        });
        publish(&mut writer, [2], B);
        writer.trim(0, 1);
        publish(&mut writer, [3], A);
        let (mut cursor, mut seen) = reads.join().unwrap();
        seen.extend(drain(&mut cursor).unwrap());
        assert_eq!(seen, [3]);
    });
}

/// Its first event was dropped before it read, and it says that it wants none up to that one.
#[test]
fn what_is_dropped_is_passed_over_and_nothing_more() {
    for scope in scopes() {
        explore(3, move || {
            let (mut writer, reader) = ring(1);
            publish(&mut writer, [1], A);
            let mut cursor = reader.open(scope, Position::START).unwrap();
            let reads = thread::spawn(move || {
                let mut seen = Vec::new();
                loop {
                    match cursor.next() {
                        Ok(Some(event)) => seen.push(*event),
                        Ok(None) => return (cursor, seen),
                        Err(_) => assert!(cursor.skip_dropped(1), "only 1 is dropped"),
                    }
                }
            });
            publish(&mut writer, [2], A);
            writer.trim(0, 1);
            publish(&mut writer, [3], A);
            let (mut cursor, mut seen) = reads.join().unwrap();
            seen.extend(drain(&mut cursor).unwrap());
            seen.retain(|event| *event > 1);
            assert_eq!(seen, [2, 3]);
        });
    }
}

/// A gap is no event that was dropped: what was in it nobody knows.
#[test]
fn a_gap_is_not_passed_over() {
    for scope in scopes() {
        explore(3, move || {
            let (mut writer, reader) = ring(1);
            publish(&mut writer, [1], A);
            let reads = thread::spawn(move || {
                let mut cursor = reader.open(scope, Position::START)?;
                match cursor.next() {
                    Ok(_) => {}
                    Err(_) => assert!(!cursor.skip_dropped(4)),
                }
                Ok::<_, Lagged>(cursor)
            });
            writer.start_at(5);
            publish(&mut writer, [6], A);
            if let Ok(mut cursor) = reads.join().unwrap() {
                assert!(drain(&mut cursor).is_err());
                assert!(!cursor.skip_dropped(4));
                assert!(cursor.skip_dropped(5));
                assert_eq!(drain(&mut cursor), Ok(vec![6]));
            }
        });
    }
}

/// I4: what the head says is published is found by every cursor that is read after.
#[test]
fn a_head_promises_what_is_before_it() {
    explore(3, || {
        let (mut writer, reader) = ring(2);
        let mut cursor = reader.open(Scope::Bucket(A), Position::START).unwrap();
        let reads = thread::spawn(move || {
            let head = reader.head().0;
            let seen = drain(&mut cursor).unwrap();
            assert!(seen.len() as u64 >= head, "the head is {head}, found {seen:?}");
        });
        publish(&mut writer, [1], A);
        publish(&mut writer, [2], A);
        reads.join().unwrap();
    });
}

#[test]
fn parking_while_publishing_loses_no_wake() {
    for scope in scopes() {
        explore(3, move || {
            let (mut writer, reader) = ring(2);
            let mut cursor = reader.open(scope, Position::START).unwrap();
            let handle = Handle::new();
            let parks = thread::spawn({
                let handle = handle.clone();
                move || {
                    let is_behind = cursor.park(handle);
                    (cursor, is_behind)
                }
            });
            publish(&mut writer, [1], A);
            let (mut cursor, is_behind) = parks.join().unwrap();
            assert!(is_behind || handle.wakes() == 1);
            assert_eq!(drain(&mut cursor), Ok(vec![1]));
        });
    }
}

/// The second to park makes the table of seats anew; the first must not fall out of it.
#[test]
fn who_parks_and_leaves_hides_nobody() {
    explore(3, || {
        let (mut writer, reader) = ring(2);
        let handles = [Handle::new(), Handle::new()];
        let mut stays = reader.open(Scope::All, Position::START).unwrap();
        assert!(!stays.park(handles[0].clone()));
        let parks = thread::spawn({
            let handle = handles[1].clone();
            move || {
                let mut leaves = reader.open(Scope::All, Position::START).unwrap();
                leaves.park(handle);
            }
        });
        publish(&mut writer, [1], A);
        parks.join().unwrap();
        assert_eq!(handles[0].wakes(), 1);
        assert!(handles[1].wakes() <= 1);
    });
}

#[test]
fn draining_while_publishing_loses_no_wake() {
    explore(3, || {
        let (mut writer, reader) = ring(2);
        let mut cursor = reader.open(Scope::Bucket(A), Position::START).unwrap();
        let handle = Handle::new();
        assert!(!cursor.park(handle.clone()));
        let drains = thread::spawn({
            let handle = handle.clone();
            move || {
                handle.0.dirty.clear();
                let seen = drain(&mut cursor).unwrap();
                (cursor, seen)
            }
        });
        publish(&mut writer, [1], A);
        publish(&mut writer, [2], A);
        let (_cursor, seen) = drains.join().unwrap();
        assert!(handle.wakes() > 0);
        assert!(
            handle.0.dirty.clear() || seen == [1, 2],
            "nobody drains again, and found was {seen:?}"
        );
    });
}

/// Writer and reader make the bucket of a value at once: it must be one.
#[test]
fn a_bucket_is_made_once() {
    explore(3, || {
        let (mut writer, reader) = ring(4);
        let opens = thread::spawn(move || reader.open(Scope::Bucket(A), Position::START).unwrap());
        publish(&mut writer, [1], A);
        let mut cursor = opens.join().unwrap();
        publish(&mut writer, [2], A);
        assert_eq!(drain(&mut cursor), Ok(vec![1, 2]));
    });
}

/// The bucket loses its last event while it is opened: the cursor has it, or a new one, and knows what it cannot know.
#[test]
fn opening_a_bucket_that_is_let_go_loses_nothing() {
    explore(3, || {
        let (mut writer, reader) = ring(1);
        publish(&mut writer, [1], A);
        let opens = thread::spawn({
            let reader = reader.clone();
            move || [0, 1].map(|seen| reader.open(Scope::Bucket(A), Position(seen)))
        });
        publish(&mut writer, [2], B);
        writer.trim(0, 1);
        publish(&mut writer, [3], A);
        let [early, late] = opens.join().unwrap();
        let mut late = late.unwrap();
        assert_eq!(drain(&mut late), Ok(vec![3]));
        if let Ok(mut early) = early {
            assert!(drain(&mut early).is_err(), "1 is gone");
        }
    });
}

#[test]
fn closing_while_trimming_leaves_no_bucket_behind() {
    explore(3, || {
        let (mut writer, reader) = ring(1);
        publish(&mut writer, [1], A);
        let cursor = reader.open(Scope::Bucket(A), Position(1)).unwrap();
        let closes = thread::spawn(move || drop(cursor));
        publish(&mut writer, [2], B);
        writer.trim(0, 1);
        closes.join().unwrap();
        writer.trim(0, ROOM);
        assert_eq!(reader.buckets(), 1);
    });
}
