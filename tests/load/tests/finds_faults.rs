//! `watchload` against a server that treats one event of one watch wrongly: it must say so, and say nothing of one that does all right.
//! The numbers of real servers are not tested here.

#[path = "faulty/server.rs"]
mod server;

use serde_json::Value;
use server::{Fault, Server};

const WRITES: f64 = 20.0;
const WATCHERS: f64 = 4.0;

/// Runs `watchload fanout` against a server with that fault; gives its exit code and result.
fn fanout(fault: Fault, more: &[&str]) -> (Option<i32>, Value) {
    let folder = tempfile::tempdir().expect("a folder");
    let server = Server::start(fault, folder.path());
    let result = folder.path().join("result.json");
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_watchload"))
        .args(["fanout", "--kubeconfig"])
        .arg(&server.kubeconfig)
        .args([
            "--watchers",
            "4",
            "--streams-per-connection",
            "2",
            "--rate",
            "20",
            "--seconds",
            "1",
            "--drain-seconds",
            "1",
        ])
        .args(["--objects", "5", "--json"])
        .arg(&result)
        .args(more)
        .output()
        .expect("watchload runs");
    let content = std::fs::read(&result);
    let content = content.unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)));
    (
        output.status.code(),
        serde_json::from_slice(&content).expect("JSON"),
    )
}

fn value(result: &Value, key: &str) -> f64 {
    result["measures"][key]["value"]
        .as_f64()
        .unwrap_or_else(|| panic!("{key} in {result:#}"))
}

/// Lost, doubled, out of order, missing at the end, unknown.
fn wrongs(result: &Value) -> [f64; 5] {
    ["lost", "doubled", "out_of_order", "behind", "unexpected"].map(|key| value(result, key))
}

#[test]
fn a_right_server_is_right_over_both_protocols() {
    for more in [&[][..], &["--http1"]] {
        let (code, result) = fanout(Fault::None, more);
        assert_eq!(
            (code, wrongs(&result)),
            (Some(0), [0.0; 5]),
            "{more:?} {result:#}"
        );
        assert_eq!(value(&result, "received"), WRITES * WATCHERS);
        assert!(
            value(&result, "latency_max_ms") < server::DELAY.as_secs_f64() * 1e3,
            "{result:#}"
        );
    }
}

#[test]
fn finds_a_lost_event() {
    let (code, result) = fanout(Fault::Lose, &[]);
    assert_eq!(
        (code, wrongs(&result)),
        (Some(2), [1.0, 0.0, 0.0, 0.0, 0.0]),
        "{result:#}"
    );
}

#[test]
fn finds_a_doubled_event() {
    let (code, result) = fanout(Fault::Double, &[]);
    assert_eq!(
        (code, wrongs(&result)),
        (Some(2), [0.0, 1.0, 0.0, 0.0, 0.0]),
        "{result:#}"
    );
}

#[test]
fn finds_events_that_changed_places() {
    let (code, result) = fanout(Fault::Reorder, &[]);
    assert_eq!(
        (code, wrongs(&result)),
        (Some(2), [0.0, 0.0, 1.0, 0.0, 0.0]),
        "{result:#}"
    );
}

#[test]
fn finds_a_late_event() {
    let (code, result) = fanout(Fault::Delay, &[]);
    assert_eq!((code, wrongs(&result)), (Some(0), [0.0; 5]), "{result:#}");
    assert!(
        value(&result, "latency_max_ms") >= server::DELAY.as_secs_f64() * 1e3 * 0.9,
        "{result:#}"
    );
    assert!(
        value(&result, "latency_p50_ms") < server::DELAY.as_secs_f64() * 1e3 / 2.0,
        "{result:#}"
    );
    let named = result["notes"]
        .as_array()
        .expect("notes")
        .iter()
        .filter_map(Value::as_str)
        .any(|note| note.starts_with("slow: watch"));
    assert!(named, "{result:#}");
}

#[test]
fn finds_a_stream_that_ends() {
    let (code, result) = fanout(Fault::End, &[]);
    assert_eq!(code, Some(2));
    assert_eq!(value(&result, "streams_ended"), 1.0);
    assert!(value(&result, "behind") > 0.0, "{result:#}");
}

#[test]
fn watches_that_are_stalled_are_not_judged() {
    let (code, result) = fanout(Fault::None, &["--stalled", "0.5"]);
    assert_eq!(code, Some(0), "{result:#}");
    assert_eq!(value(&result, "received"), WRITES * WATCHERS / 2.0);
}
