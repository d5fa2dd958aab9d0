//! What a ring costs, in instructions, which noise does not touch: publishing, waking, reading, opening.
//! `cargo bench -p shardplane-ring`. It fails when the cost of an event depends on watchers that do not match it.

use std::hint::black_box;
use std::sync::Arc;

use ring::{BucketKey, Cursor, Dirty, Limits, Parked, Reader, Scope, Writer};

/// Most that 100,000 parked watchers may add to an event that 10 of them match, in percent.
const IDLE_WATCHERS_PERCENT_MAX: u64 = 10;
const NAMES: u64 = 1_000;
/// Weight of an event.
const BYTES: usize = 5_000;
/// What counts: this function and what is below it.
const COUNTED: &str = "*counted_stretch*";

/// A connection that drains as soon as it is woken.
struct Connection(Dirty);

#[derive(Clone)]
struct Handle(Arc<Connection>);

impl Parked for Handle {
    fn mark(&self) -> bool {
        self.0.0.mark()
    }

    fn wake(&self) {
        self.0.0.clear();
    }
}

impl Handle {
    fn new() -> Handle {
        Handle(Arc::new(Connection(Dirty::new())))
    }
}

struct World {
    writer: Writer<u64, Handle>,
    reader: Reader<u64, Handle>,
    names: Vec<String>,
    pushed: u64,
}

const BUSY: BucketKey<'static> = BucketKey {
    dimension: 2,
    value: "busy",
};

impl World {
    /// A ring that holds so many events.
    fn new(held: u64) -> World {
        let (writer, reader) = ring::channel(Limits::default());
        let names = (0..NAMES).map(|at| format!("pod-{at}")).collect();
        let mut world = World {
            writer,
            reader,
            names,
            pushed: 0,
        };
        world.writer.trim(0, 100_000 * BYTES);
        (0..held.max(NAMES)).for_each(|_| world.publish());
        world
    }

    /// An event as a pod's: of a namespace, with a name, on the busy node.
    fn publish(&mut self) {
        let name = &self.names[(self.pushed % NAMES) as usize];
        let buckets = [
            BucketKey {
                dimension: 0,
                value: "default",
            },
            BucketKey {
                dimension: 1,
                value: name,
            },
            BUSY,
        ];
        self.pushed += 1;
        self.writer.push(self.pushed, BYTES, self.pushed as i64, buckets);
        black_box(self.writer.publish(0));
    }

    fn open(&self, scope: Scope<'_>) -> Cursor<u64, Handle> {
        self.reader
            .open(scope, self.reader.head())
            .expect("the head is held")
    }

    /// So many watchers parked on a scope, in connections of so many watches.
    fn park(
        &self,
        count: u64,
        watches: u64,
        scope: impl Fn(u64) -> Option<String>,
    ) -> Vec<Cursor<u64, Handle>> {
        let mut handle = Handle::new();
        let mut park = |at: u64| {
            if at.is_multiple_of(watches) {
                handle = Handle::new();
            }
            let value = scope(at);
            let mut cursor = self.open(scope_of(value.as_deref()));
            cursor.park(handle.clone());
            cursor
        };
        (0..count).map(&mut park).collect()
    }
}

/// All events, or those on a node.
fn scope_of(node: Option<&str>) -> Scope<'_> {
    node.map_or(Scope::All, |value| {
        Scope::Bucket(BucketKey { dimension: 2, value })
    })
}

#[inline(never)]
fn counted_stretch(times: u64, run: &mut dyn FnMut()) {
    for _ in 0..times {
        run();
    }
}

/// Publishes one event at a time past watchers who do not match and watchers who do.
fn publish(times: u64, held: u64, idle: u64, matching: u64) {
    let mut world = World::new(held);
    let _idle = world.park(idle, 1, |at| Some(format!("idle-{at}")));
    let _matching = world.park(matching, 1, |_| Some("busy".to_owned()));
    counted_stretch(times, &mut || world.publish());
}

fn wake_all(times: u64, parked: u64, watches: u64) {
    let mut world = World::new(0);
    let _parked = world.park(parked, watches, |_| None);
    counted_stretch(times, &mut || world.publish());
}

/// Reads with a cursor what was published while it was not looking.
fn read(times: u64, node: Option<&str>, mut next: impl FnMut(&mut Cursor<u64, Handle>)) {
    let mut world = World::new(0);
    let mut cursor = world.open(scope_of(node));
    (0..times).for_each(|_| world.publish());
    counted_stretch(times, &mut || next(&mut cursor));
    assert_eq!(cursor.position(), world.reader.head());
}

/// Reads each event as soon as it is there; what is counted is the reading alone.
fn read_live(times: u64, node: Option<&str>) {
    let mut world = World::new(0);
    let mut cursor = world.open(scope_of(node));
    for _ in 0..times {
        world.publish();
        counted_stretch(1, &mut || count(&mut cursor));
    }
}

fn count(cursor: &mut Cursor<u64, Handle>) {
    black_box(cursor.next()).ok();
}

fn show(cursor: &mut Cursor<u64, Handle>) {
    black_box(cursor.next_with(|seen| **seen.event)).ok();
}

fn quiet(times: u64) {
    let world = World::new(0);
    let mut cursor = world.open(scope_of(Some("quiet")));
    counted_stretch(times, &mut || count(&mut cursor));
}

/// Opens, parks and closes a watch beside so many on the same scope.
fn come_and_go(times: u64, beside: u64, node: Option<&'static str>) {
    let world = World::new(0);
    let _beside = world.park(beside, 1, |_| node.map(str::to_owned));
    let handle = Handle::new();
    counted_stretch(times, &mut || {
        let mut cursor = world.open(scope_of(node));
        black_box(cursor.park(handle.clone()));
    });
}

/// Opens and parks as many watches as it is run times, on one scope; closing is not counted.
fn open_many(times: u64, node: Option<&'static str>) {
    let world = World::new(0);
    let handle = Handle::new();
    let mut cursors = Vec::with_capacity(times as usize);
    counted_stretch(times, &mut || {
        let mut cursor = world.open(scope_of(node));
        cursor.park(handle.clone());
        cursors.push(cursor);
    });
}

fn close_many(times: u64, node: Option<&'static str>) {
    let world = World::new(0);
    let mut cursors = world.park(times, 100, |_| node.map(str::to_owned));
    counted_stretch(times, &mut || drop(cursors.pop()));
}

fn new_bucket(times: u64) {
    let world = World::new(0);
    let mut nodes = (0..times).map(|at| format!("new-{at}")).collect::<Vec<_>>();
    counted_stretch(times, &mut || drop(world.open(scope_of(nodes.pop().as_deref()))));
}

/// Drops one event a time, in segments as they come.
fn trim(times: u64) {
    let mut world = World::new(2 * times);
    let mut allotment = world.writer.held_bytes();
    counted_stretch(times, &mut || {
        allotment -= BYTES;
        world.writer.trim(0, allotment);
    });
}

fn find(times: u64) {
    let world = World::new(100_000);
    let mut revision = 0;
    counted_stretch(times, &mut || {
        revision = (revision + 7_919) % 100_000;
        black_box(world.reader.position_at(revision)).expect("all revisions are held");
    });
}

/// A name, how often it is run to be counted, and what is run.
type Case = (&'static str, u64, fn(u64));

const TEN_OF_TEN: &str = "publish, 10 parked, 10 match";
const TEN_OF_MANY: &str = "publish, 100,000 parked, 10 match";

const CASES: &[Case] = &[
    ("publish, none parked", 4_000, |times| publish(times, 0, 0, 0)),
    ("publish, 1 parked elsewhere", 4_000, |times| {
        publish(times, 0, 1, 0)
    }),
    ("publish, 1,000 parked elsewhere", 4_000, |times| {
        publish(times, 0, 1_000, 0)
    }),
    ("publish, 100,000 parked elsewhere", 4_000, |times| {
        publish(times, 0, 100_000, 0)
    }),
    (TEN_OF_TEN, 4_000, |times| publish(times, 0, 0, 10)),
    (TEN_OF_MANY, 4_000, |times| publish(times, 0, 99_990, 10)),
    ("publish, none parked, 10,000 held", 4_000, |times| {
        publish(times, 10_000, 0, 0)
    }),
    ("publish, none parked, 100,000 held", 4_000, |times| {
        publish(times, 100_000, 0, 0)
    }),
    ("publish, none parked, 1,000,000 held", 8_000, |times| {
        publish(times, 1_000_000, 0, 0)
    }),
    ("publish to 1,000 of one connection", 100, |times| {
        wake_all(times, 1_000, 1_000)
    }),
    ("publish to 1,000 of a connection each", 100, |times| {
        wake_all(times, 1_000, 1)
    }),
    ("publish to 100,000 of a connection each", 4, |times| {
        wake_all(times, 100_000, 1)
    }),
    ("read of all, 1 behind", 1_000, |times| read_live(times, None)),
    ("read of a bucket, 1 behind", 1_000, |times| {
        read_live(times, Some("busy"))
    }),
    ("read of all, 1,000 behind", 1_000, |times| {
        read(times, None, count)
    }),
    ("read of a bucket, 1,000 behind", 1_000, |times| {
        read(times, Some("busy"), count)
    }),
    ("read of a bucket, 10,000 behind", 10_000, |times| {
        read(times, Some("busy"), count)
    }),
    ("the same uncounted: all", 1_000, |times| read(times, None, show)),
    ("the same uncounted: a bucket", 1_000, |times| {
        read(times, Some("busy"), show)
    }),
    ("read of nothing", 1_000, quiet),
    ("open, park, close beside none", 1_000, |times| {
        come_and_go(times, 0, Some("busy"))
    }),
    ("open, park, close beside 1,000", 1_000, |times| {
        come_and_go(times, 1_000, Some("busy"))
    }),
    ("open, park, close beside 100,000", 1_000, |times| {
        come_and_go(times, 100_000, Some("busy"))
    }),
    ("open, park, close of all beside 100,000", 1_000, |times| {
        come_and_go(times, 100_000, None)
    }),
    ("open and park, of 1,000", 1_000, |times| {
        open_many(times, Some("busy"))
    }),
    ("open and park, of 100,000", 100_000, |times| {
        open_many(times, Some("busy"))
    }),
    ("close, of 1,000", 1_000, |times| close_many(times, Some("busy"))),
    ("close, of 100,000", 100_000, |times| {
        close_many(times, Some("busy"))
    }),
    ("open and close a new bucket", 10_000, new_bucket),
    ("trim an event", 10_000, trim),
    ("find a position among 100,000", 1_000, find),
];

fn main() {
    if let Some((name, times)) = measure::asked() {
        let case = CASES.iter().find(|(have, ..)| *have == name).expect("a case");
        (case.2)(times);
        return;
    }
    let mut watched = [None; 2];
    for (name, times, _) in CASES {
        let instructions = measure::instructions_of(name, *times, COUNTED);
        println!("{name:40} {}", measure::told(instructions));
        for (slot, watched_name) in watched.iter_mut().zip([TEN_OF_TEN, TEN_OF_MANY]) {
            *slot = slot.or(instructions.filter(|_| *name == watched_name));
        }
    }
    if let [Some(few), Some(many)] = watched {
        assert!(
            many * 100 <= few * (100 + IDLE_WATCHERS_PERCENT_MAX),
            "an event costs {many} instructions with 100,000 watchers parked and {few} with those that match"
        );
    }
}
