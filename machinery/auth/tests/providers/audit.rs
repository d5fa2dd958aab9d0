//! An audit webhook that is late, answers garbage and goes away: requests never wait for it, and what it did not take is counted.

use std::collections::BTreeSet;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use schema::{Value, tree};
use shardplane_auth::audit::{Batching, Sink, Webhook};

use crate::server::{Server, caller, serve};

/// Long enough that only a hang reaches it.
const PATIENCE: Duration = Duration::from_secs(20);

/// What a webhook took.
type Taken = Arc<Mutex<BTreeSet<i64>>>;

/// A webhook that answers with the next of some codes, then with 200, and remembers what it answered 200 to.
async fn webhook(codes: &[u16]) -> (Server, Taken) {
    let taken = Taken::default();
    let (kept, mut codes) = (taken.clone(), codes.to_vec());
    codes.reverse();
    let server = serve(move |_, list| {
        assert_eq!(list.str_at(&["kind"]), Some("EventList"));
        let code = codes.pop().unwrap_or(200);
        if code == 200 {
            let events = list.list_at(&["items"]).iter();
            let numbers = events.filter_map(|event| event.int_at(&["number"]));
            kept.lock().expect("no panics").extend(numbers);
        }
        (code, "<html>no JSON".to_owned())
    })
    .await;
    (server, taken)
}

/// A backend whose batches have up to two events.
fn sink(url: &str, timeout: Duration) -> Sink {
    let batching = Batching {
        buffer_events_max: 4,
        batch_events_max: 2,
        wait_max: Duration::from_millis(1),
    };
    Webhook::new(caller(url, timeout), batching).start()
}

fn offer(sink: &Sink, number: i64) {
    sink.offer(Arc::new(tree!({"number": number})));
}

async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < PATIENCE, "not in time: {what}");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

#[tokio::test]
async fn a_webhook_that_fails_for_a_while_gets_the_events_once_it_is_back() {
    // What it says in its answer is no matter.
    let (server, taken) = webhook(&[503]).await;
    let sink = sink(&server.url, PATIENCE);
    offer(&sink, 1);
    until("the event was sent again", || {
        taken.lock().expect("no panics").contains(&1)
    })
    .await;
    assert_eq!((server.asked.load(Ordering::SeqCst), sink.dropped()), (2, 0));
}

#[tokio::test]
async fn what_a_webhook_refuses_is_dropped_and_counted() {
    let (server, taken) = webhook(&[500, 500, 400]).await;
    let sink = sink(&server.url, PATIENCE);
    // Twice failing is the most that it is asked; a refusal is not asked again.
    for (number, dropped) in [(1, 1), (2, 2)] {
        offer(&sink, number);
        until("an event is dropped", || sink.dropped() == dropped).await;
    }
    offer(&sink, 3);
    until("the next is sent", || {
        taken.lock().expect("no panics").contains(&3)
    })
    .await;
    assert_eq!(*taken.lock().expect("no panics"), BTreeSet::from([3]));
    assert_eq!((server.asked.load(Ordering::SeqCst), sink.dropped()), (4, 2));
}

#[tokio::test]
async fn while_a_webhook_is_away_events_are_counted_and_none_are_waited_for() {
    let (server, taken) = webhook(&[]).await;
    let sink = sink(&server.url, PATIENCE);
    server.away.store(true, Ordering::SeqCst);
    let begun = Instant::now();
    (0..100).for_each(|number| offer(&sink, number));
    assert!(begun.elapsed() < PATIENCE, "offering waits");
    until("all are dropped", || sink.dropped() == 100).await;
    server.away.store(false, Ordering::SeqCst);
    offer(&sink, 100);
    until("it is back", || taken.lock().expect("no panics").contains(&100)).await;
    assert_eq!(sink.dropped(), 100);
}

#[tokio::test]
async fn a_webhook_that_does_not_answer_holds_a_bounded_number_of_events() {
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a free port");
    let url = format!("http://{}", silent.local_addr().expect("bound"));
    let sink = sink(&url, PATIENCE * 10);
    (0..100).for_each(|number| offer(&sink, number));
    // Four wait, and two at most are on their way.
    assert!((94..=96).contains(&sink.dropped()), "{}", sink.dropped());
    let late = self::sink(&url, Duration::from_millis(5));
    offer(&late, 1);
    until("its time is over", || late.dropped() == 1).await;
}

#[tokio::test]
async fn what_waits_at_the_end_is_still_sent() {
    let (server, taken) = webhook(&[]).await;
    let sink = sink(&server.url, PATIENCE);
    (0..4).for_each(|number| offer(&sink, number));
    drop(sink);
    until("all are sent", || taken.lock().expect("no panics").len() == 4).await;
    let numbers: Vec<Value> = taken
        .lock()
        .expect("no panics")
        .iter()
        .map(|one| Value::from(*one))
        .collect();
    assert_eq!(numbers, (0..4i64).map(Value::from).collect::<Vec<_>>());
}
