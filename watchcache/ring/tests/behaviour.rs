//! What a ring does, one behaviour at a time.
#![allow(clippy::unwrap_used, reason = "in a test an error is a failure")]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use ring::{BucketKey, Cursor, Dirty, Lagged, Limits, Parked, Position, Reader, Scope, Writer};

/// A connection that counts what it is told.
#[derive(Default)]
struct Connection {
    dirty: Dirty,
    marks: AtomicUsize,
    wakes: AtomicUsize,
}

struct Handle(Arc<Connection>);

impl Parked for Handle {
    fn mark(&self) -> bool {
        self.0.marks.fetch_add(1, Ordering::Relaxed);
        self.0.dirty.mark()
    }

    fn wake(&self) {
        self.0.wakes.fetch_add(1, Ordering::Relaxed);
    }
}

impl Connection {
    fn told(&self) -> (usize, usize) {
        (
            self.marks.load(Ordering::Relaxed),
            self.wakes.load(Ordering::Relaxed),
        )
    }
}

const NODE: u16 = 1;
const NAME: u16 = 2;
const ROOM: usize = usize::MAX;

type RingWriter = Writer<u32, Handle>;
type RingReader = Reader<u32, Handle>;

fn node(value: &str) -> BucketKey<'_> {
    BucketKey {
        dimension: NODE,
        value,
    }
}

fn on(value: &str) -> Scope<'_> {
    Scope::Bucket(node(value))
}

fn ring() -> (RingWriter, RingReader) {
    ring::channel(Limits {
        age_max_ms: 1_000,
        segment_slots_min: 4,
        segment_slots_max: 4,
        segment_bytes_min: 1 << 20,
    })
}

/// Publishes one event alone; its number is its revision, too.
fn publish(writer: &mut RingWriter, event: u32, nodes: &[&str]) {
    writer.push(event, 10, i64::from(event), nodes.iter().map(|value| node(value)));
    writer.publish(0);
}

fn drain(cursor: &mut Cursor<u32, Handle>) -> Result<Vec<u32>, Lagged> {
    let mut events = Vec::new();
    while let Some(event) = cursor.next()? {
        events.push(*event);
    }
    Ok(events)
}

#[test]
fn staged_events_appear_together() {
    let (mut writer, reader) = ring();
    let mut all = reader.open(Scope::All, Position::START).unwrap();
    let mut one = reader.open(on("a"), Position::START).unwrap();
    writer.push(1, 10, 7, [node("a")]);
    writer.push(2, 10, 7, [node("a")]);
    assert!(!all.is_behind() && !one.is_behind());
    assert_eq!((all.next(), one.next()), (Ok(None), Ok(None)));
    assert_eq!(writer.publish(0), Position(2));
    assert_eq!(
        (drain(&mut all), drain(&mut one)),
        (Ok(vec![1, 2]), Ok(vec![1, 2]))
    );
}

#[test]
fn a_bucket_has_its_own_events_only() {
    let (mut writer, reader) = ring();
    let mut early = reader.open(on("a"), Position::START).unwrap();
    for (event, nodes) in [
        (1, ["a"].as_slice()),
        (2, &["b"]),
        (3, &["a", "b"]),
        (4, &[]),
        (5, &["a"]),
    ] {
        publish(&mut writer, event, nodes);
    }
    assert_eq!(drain(&mut early), Ok(vec![1, 3, 5]));
    let open = |value, at| drain(&mut reader.open(on(value), Position(at)).unwrap());
    assert_eq!(open("b", 0), Ok(vec![2, 3]));
    assert_eq!(open("a", 1), Ok(vec![3, 5]));
    assert_eq!(open("a", 4), Ok(vec![5]));
    assert_eq!(open("a", 5), Ok(vec![]));
    assert_eq!(open("c", 0), Ok(vec![]));
}

#[test]
fn the_same_value_in_another_dimension_is_another_bucket() {
    let (mut writer, reader) = ring();
    let name = BucketKey {
        dimension: NAME,
        value: "a",
    };
    writer.push(1, 1, 1, [name]);
    writer.publish(0);
    assert_eq!(
        drain(&mut reader.open(on("a"), Position::START).unwrap()),
        Ok(vec![])
    );
    assert_eq!(
        drain(&mut reader.open(Scope::Bucket(name), Position::START).unwrap()),
        Ok(vec![1])
    );
}

#[test]
fn a_bucket_named_twice_shows_the_event_once() {
    let (mut writer, reader) = ring();
    publish(&mut writer, 1, &["a", "a"]);
    publish(&mut writer, 2, &["a", "a"]);
    assert_eq!(
        drain(&mut reader.open(on("a"), Position::START).unwrap()),
        Ok(vec![1, 2])
    );
}

#[test]
fn an_overtaken_cursor_is_told_what_it_missed() {
    let (mut writer, reader) = ring();
    let mut all = reader.open(Scope::All, Position::START).unwrap();
    let mut one = reader.open(on("a"), Position::START).unwrap();
    (1..=10).for_each(|event| publish(&mut writer, event, &["a"]));
    assert_eq!(all.next().unwrap().as_deref(), Some(&1));
    assert_eq!(one.next().unwrap().as_deref(), Some(&1));
    assert_eq!(writer.trim(0, 40), 8);
    let lagged = Lagged {
        missed_from: Position(2),
        tail: Position(9),
    };
    assert_eq!((drain(&mut all), drain(&mut one)), (Err(lagged), Err(lagged)));
    assert!(reader.open(Scope::All, Position(7)).is_err());
    assert_eq!(
        drain(&mut reader.open(Scope::All, Position(8)).unwrap()),
        Ok(vec![9, 10])
    );
    assert_eq!(
        drain(&mut reader.open(on("a"), Position(8)).unwrap()),
        Ok(vec![9, 10])
    );
    assert!(reader.open(on("a"), Position(7)).is_err());
}

#[test]
fn a_quiet_bucket_survives_the_laps_of_the_ring() {
    let (mut writer, reader) = ring();
    publish(&mut writer, 1, &["quiet"]);
    let mut read = reader.open(on("quiet"), Position::START).unwrap();
    assert_eq!(drain(&mut read), Ok(vec![1]));
    let mut unread = reader.open(on("quiet"), Position::START).unwrap();
    for event in 2..=100 {
        publish(&mut writer, event, &["busy"]);
        writer.trim(0, 40);
    }
    assert_eq!(drain(&mut read), Ok(vec![]));
    publish(&mut writer, 101, &["quiet"]);
    assert_eq!(drain(&mut read), Ok(vec![101]));
    let missed = unread.next().unwrap_err();
    assert_eq!(missed.missed_from, Position(1));
}

#[test]
fn what_a_bucket_lost_before_a_revision_is_passed_over() {
    let (mut writer, reader) = ring();
    let mut waits = reader.open(on("a"), Position::START).unwrap();
    publish(&mut writer, 1, &["a"]);
    (2..=20).for_each(|event| publish(&mut writer, event, &["b"]));
    writer.trim(0, 1);
    assert!(reader.floor_revision() > 1 && waits.next().is_err());
    assert!(!waits.skip_dropped(0), "1 may be what it waits for");
    assert!(waits.next().is_err());
    assert!(waits.skip_dropped(1), "of what came after 1 nothing was its own");
    assert_eq!(drain(&mut waits), Ok(vec![]));
    publish(&mut writer, 21, &["a"]);
    assert_eq!(drain(&mut waits), Ok(vec![21]));
    let mut all = reader.open(Scope::All, Position(20)).unwrap();
    assert!(!all.skip_dropped(1), "of all, much came after it");
}

#[test]
fn a_bucket_that_is_made_anew_knows_what_it_cannot_know() {
    let (mut writer, reader) = ring();
    publish(&mut writer, 1, &["a"]);
    (2..=20).for_each(|event| publish(&mut writer, event, &["b"]));
    writer.trim(0, 40);
    publish(&mut writer, 21, &["a"]);
    let tail = reader.tail().0;
    assert!(reader.open(on("a"), Position::START).is_err());
    assert!(reader.open(on("a"), Position(tail - 2)).is_err());
    assert_eq!(
        drain(&mut reader.open(on("a"), Position(tail - 1)).unwrap()),
        Ok(vec![21])
    );
}

#[test]
fn buckets_go_when_nobody_needs_them() {
    let (mut writer, reader) = ring();
    publish(&mut writer, 1, &["a", "b"]);
    let on_a = reader.open(on("a"), Position(1)).unwrap();
    let on_c = reader.open(on("c"), Position(1)).unwrap();
    assert_eq!(reader.buckets(), 3);
    assert_eq!(writer.trim(2_000, ROOM), 1);
    assert_eq!(reader.buckets(), 2);
    drop((on_a, on_c));
    writer.trim(2_000, ROOM);
    assert_eq!(reader.buckets(), 0);
    publish(&mut writer, 2, &["a"]);
    assert_eq!(
        drain(&mut reader.open(on("a"), Position(1)).unwrap()),
        Ok(vec![2])
    );
}

#[test]
fn a_staged_event_keeps_its_bucket() {
    let (mut writer, reader) = ring();
    publish(&mut writer, 1, &["a"]);
    writer.push(2, 10, 2, [node("a")]);
    assert_eq!(writer.trim(2_000, ROOM), 1);
    writer.publish(2_000);
    let mut cursor = reader.open(on("a"), Position(1)).unwrap();
    assert_eq!(drain(&mut cursor), Ok(vec![2]));
    publish(&mut writer, 3, &["a"]);
    assert_eq!(drain(&mut cursor), Ok(vec![3]));
}

#[test]
fn a_connection_is_woken_once_for_all_its_watches() {
    let (mut writer, reader) = ring();
    let connection = Arc::new(Connection::default());
    let idle = Arc::new(Connection::default());
    let cursors: Vec<_> = (0..100)
        .map(|_| {
            let mut cursor = reader.open(on("a"), Position::START).unwrap();
            assert!(!cursor.park(Handle(connection.clone())));
            cursor
        })
        .collect();
    let mut other = reader.open(on("b"), Position::START).unwrap();
    other.park(Handle(idle.clone()));
    writer.push(1, 10, 1, [node("a")]);
    writer.push(2, 10, 1, [node("a")]);
    writer.publish(0);
    assert_eq!((connection.told(), idle.told()), ((100, 1), (0, 0)));
    publish(&mut writer, 3, &["a"]);
    assert_eq!(connection.told(), (200, 1));
    assert!(connection.dirty.clear());
    publish(&mut writer, 4, &["a"]);
    assert_eq!(connection.told(), (300, 2));
    drop(cursors);
    publish(&mut writer, 5, &["a"]);
    assert_eq!(connection.told(), (300, 2));
}

#[test]
fn parking_says_whether_something_came_before() {
    let (mut writer, reader) = ring();
    let connection = Arc::new(Connection::default());
    let mut all = reader.open(Scope::All, Position::START).unwrap();
    let mut one = reader.open(on("a"), Position::START).unwrap();
    publish(&mut writer, 1, &["b"]);
    assert!(all.park(Handle(connection.clone())));
    assert!(!one.park(Handle(connection.clone())));
    all.unpark();
    publish(&mut writer, 2, &["b"]);
    assert_eq!(connection.told(), (0, 0));
    assert!(all.park(Handle(connection.clone())));
    assert!(all.park(Handle(connection.clone())), "parking again replaces");
    publish(&mut writer, 3, &["b"]);
    assert_eq!(connection.told(), (1, 1));
}

#[test]
fn those_who_stay_are_still_woken_after_many_left() {
    let (mut writer, reader) = ring();
    let connections: Vec<_> = (0..1_000).map(|_| Arc::new(Connection::default())).collect();
    let mut cursors: Vec<_> = connections
        .iter()
        .map(|connection| {
            let mut cursor = reader.open(on("a"), Position::START).unwrap();
            cursor.park(Handle(connection.clone()));
            Some(cursor)
        })
        .collect();
    let stays = |at: usize| at.is_multiple_of(97);
    (0..1_000)
        .filter(|at| !stays(*at))
        .for_each(|at| cursors[at] = None);
    publish(&mut writer, 1, &["a"]);
    for (at, connection) in connections.iter().enumerate() {
        assert_eq!(connection.told(), if stays(at) { (1, 1) } else { (0, 0) });
    }
}

#[test]
fn age_drops_what_room_would_keep() {
    let (mut writer, reader) = ring();
    for event in 1..=20_u32 {
        writer.push(event, 10, i64::from(event), []);
        writer.publish(u64::from(event) * 100);
    }
    assert_eq!(writer.trim(2_000, ROOM), 9);
    assert_eq!(reader.tail(), Position(10));
    assert_eq!(writer.trim(10_000, ROOM), 11);
    assert_eq!((reader.tail(), reader.head()), (Position(21), Position(20)));
    let span = reader.span();
    assert_eq!(
        (span.events, span.bytes, span.oldest_ms, span.newest_revision),
        (0, 0, None, 20)
    );
}

#[test]
fn the_newest_segment_outlives_a_budget_of_nothing() {
    let (mut writer, reader) = ring();
    (1..=6).for_each(|event| publish(&mut writer, event, &[]));
    assert_eq!(writer.trim(0, 0), 4);
    assert_eq!(
        drain(&mut reader.open(Scope::All, Position(4)).unwrap()),
        Ok(vec![5, 6])
    );
}

#[test]
fn large_events_close_a_segment_early() {
    let (mut writer, reader) = ring();
    writer.trim(0, 0);
    for event in 1..=6_u32 {
        writer.push(event, 1 << 20, i64::from(event), []);
        writer.publish(0);
    }
    assert_eq!(writer.trim(0, 2 << 20), 4);
    assert_eq!(reader.span().bytes, 2 << 20);
}

#[test]
fn revisions_lead_to_positions() {
    let (mut writer, reader) = ring();
    writer.start_at(100);
    assert!(reader.position_at(99).is_err());
    assert_eq!(reader.position_at(100), Ok(Position(0)));
    for (event, revision) in [(1_u32, 105), (2, 105), (3, 110), (4, 120), (5, 130)] {
        writer.push(event, 10, revision, []);
        writer.publish(0);
    }
    let at = |revision| reader.position_at(revision).map(|position| position.0);
    assert_eq!(
        [100, 104, 105, 109, 110, 129, 130, 999].map(at),
        [Ok(0), Ok(0), Ok(2), Ok(2), Ok(3), Ok(4), Ok(5), Ok(5)]
    );
    writer.trim(0, 0);
    assert_eq!((at(120), at(129), at(130)), (Ok(4), Ok(4), Ok(5)));
    assert!(at(119).is_err());
}

#[test]
fn what_is_held_is_read_from_both_ends() {
    let (mut writer, reader) = ring();
    (1..=10).for_each(|event| publish(&mut writer, event, &[]));
    let events = |after, until| {
        reader
            .between(Position(after), Position(until))
            .unwrap()
            .map(|event| *event.event)
    };
    assert_eq!(events(0, 99).collect::<Vec<_>>(), (1..=10).collect::<Vec<_>>());
    assert_eq!(events(3, 6).rev().collect::<Vec<_>>(), [6, 5, 4]);
    assert_eq!(events(10, 3).next(), None);
    writer.trim(0, 0);
    assert!(reader.between(Position(7), Position(10)).is_err());
    let newest = reader
        .between(Position(8), Position(10))
        .unwrap()
        .next_back()
        .unwrap();
    assert_eq!(
        (newest.position, newest.revision, *newest.event),
        (Position(10), 10, 10)
    );
}

#[test]
fn a_gap_ends_every_cursor() {
    let (mut writer, reader) = ring();
    publish(&mut writer, 1, &["a"]);
    let connection = Arc::new(Connection::default());
    let mut cursors = [Scope::All, on("a"), on("b")].map(|scope| reader.open(scope, Position(1)).unwrap());
    cursors
        .iter_mut()
        .for_each(|cursor| assert!(!cursor.park(Handle(connection.clone()))));
    writer.start_at(50);
    assert_eq!(connection.told(), (3, 1));
    let head = reader.head();
    for cursor in &mut cursors {
        assert!(cursor.is_behind());
        let lagged = cursor.next().unwrap_err();
        assert_eq!((lagged.missed_from, lagged.tail), (Position(2), head.next()));
    }
    assert!(reader.position_at(49).is_err());
    let at = reader.position_at(50).unwrap();
    let mut anew = reader.open(on("a"), at).unwrap();
    publish(&mut writer, 60, &["a"]);
    assert_eq!(drain(&mut anew), Ok(vec![60]));
    assert!(cursors[1].next().is_err());
}

#[test]
fn what_is_read_is_freed_with_the_ring() {
    let (mut writer, reader) = ring();
    let event = Arc::new(1);
    writer.push(event.clone(), 10, 1, [node("a")]);
    writer.publish(0);
    let mut cursor = reader.open(on("a"), Position::START).unwrap();
    assert_eq!(
        cursor.next_with(|seen| (seen.position, seen.revision)),
        Ok(Some((Position(1), 1)))
    );
    assert_eq!(Arc::strong_count(&event), 2);
    writer.trim(5_000, 0);
    assert_eq!(Arc::strong_count(&event), 1);
}

#[test]
fn readers_and_cursors_go_to_any_thread() {
    fn is_shared<T: Send + Sync>(_: &T) {}
    fn is_sent<T: Send>(_: &T) {}
    let (writer, reader) = ring();
    is_shared(&reader);
    is_sent(&writer);
    is_sent(&reader.open(Scope::All, Position::START).unwrap());
}

#[test]
fn a_closed_ring_tells_every_cursor_even_if_it_never_had_an_event() {
    let (mut writer, reader) = ring();
    writer.start_at(7);
    let connection = Arc::new(Connection::default());
    let mut cursors = [Scope::All, on("a")].map(|scope| reader.open(scope, reader.head()).unwrap());
    cursors
        .iter_mut()
        .for_each(|cursor| assert!(!cursor.park(Handle(connection.clone()))));
    writer.close();
    assert_eq!(connection.told(), (2, 1));
    assert!(cursors.iter().all(|cursor| cursor.is_behind()));
    assert!(cursors.iter_mut().all(|cursor| cursor.next().is_err()));
    assert!(reader.position_at(1).is_err());
    assert!(reader.open(Scope::All, Position(0)).is_err());
}

#[test]
fn who_is_parked_can_be_roused_without_an_event() {
    let (_writer, reader) = ring();
    let connection = Arc::new(Connection::default());
    let mut cursors = [Scope::All, on("a")].map(|scope| reader.open(scope, reader.head()).unwrap());
    cursors
        .iter_mut()
        .for_each(|cursor| assert!(!cursor.park(Handle(connection.clone()))));
    reader.rouse();
    assert_eq!(connection.told(), (2, 1));
    assert!(cursors.iter().all(|cursor| !cursor.is_behind()));
}

#[test]
fn a_fork_stands_where_its_cursor_does_and_who_skips_goes_on_after_it() {
    for scope in [Scope::All, on("a")] {
        let (mut writer, reader) = ring();
        publish(&mut writer, 1, &["a"]);
        let mut first = reader.open(scope, Position::START).unwrap();
        assert_eq!(drain(&mut first).unwrap().last(), Some(&1));
        let mut fork = first.fork().unwrap();
        assert_eq!(
            (fork.position(), fork.scope_id()),
            (first.position(), first.scope_id())
        );
        assert!(!fork.is_behind());
        publish(&mut writer, 2, &["a"]);
        publish(&mut writer, 3, &["a"]);
        assert_eq!(fork.next().unwrap().as_deref(), Some(&2));
        first.skip_to(fork.position());
        assert_eq!(
            (drain(&mut first).unwrap(), drain(&mut fork).unwrap()),
            (vec![3], vec![3])
        );
        // It does not go back.
        first.skip_to(Position(1));
        assert!(!first.is_behind());
    }
    let (_writer, reader) = ring();
    let cursors = [Scope::All, on("a"), on("b")].map(|scope| reader.open(scope, reader.head()).unwrap());
    let ids = cursors.each_ref().map(Cursor::scope_id);
    assert!(ids[0] != ids[1] && ids[1] != ids[2] && ids[0] != ids[2]);
}
