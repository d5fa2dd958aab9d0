//! `watchload` against a server that treats one event of one watch wrongly: it must say so, and say nothing of one that does all right.
//! The numbers of real servers are not tested here.

#[path = "faulty/server.rs"]
mod server;

use serde_json::Value;
use server::{DELAY, FAULTY_EVENT, Fault, Server};

const WRITES: f64 = 20.0;
const WATCHERS: f64 = 4.0;

/// Runs a scenario against a server with that fault; gives its exit code and result.
fn run(scenario: &str, fault: Fault, more: &[&str]) -> (Option<i32>, Value) {
    let folder = tempfile::tempdir().expect("a folder");
    let server = Server::start(fault, folder.path());
    let result = folder.path().join("result.json");
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_watchload"))
        .args([scenario, "--kubeconfig"])
        .arg(&server.kubeconfig)
        .args(["--watchers", "4", "--streams-per-connection", "2"])
        .args(["--rate", "20", "--seconds", "1", "--objects", "5", "--json"])
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

/// The same of `fanout`, which waits for what does not come no longer than three seconds.
fn fanout(fault: Fault, more: &[&str]) -> (Option<i32>, Value) {
    run("fanout", fault, &[&["--drain-seconds", "3"], more].concat())
}

fn value(result: &Value, key: &str) -> f64 {
    result["measures"][key]["value"]
        .as_f64()
        .unwrap_or_else(|| panic!("{key} in {result:#}"))
}

/// Lost, doubled, out of order, missing at the end, unknown, with another object.
fn wrongs(result: &Value) -> [f64; 6] {
    [
        "lost",
        "doubled",
        "out_of_order",
        "behind",
        "unexpected",
        "wrong_object",
    ]
    .map(|key| value(result, key))
}

fn notes(result: &Value) -> Vec<&str> {
    let notes = result["notes"].as_array().expect("notes");
    notes.iter().filter_map(Value::as_str).collect()
}

/// The revision of the event that is treated wrongly: what was there before the writes, and then each write makes one.
fn faulty_revision(result: &Value) -> u64 {
    // The server begins at 100; a namespace, its service account and five configmaps are made first.
    assert_eq!(value(result, "writes"), WRITES);
    107 + FAULTY_EVENT
}

/// Exactly that is wrong, it is named with its revision, and the errors over time hold it.
fn finds(fault: Fault, expected: [f64; 6], finding: &str) {
    let (code, result) = fanout(fault, &[]);
    assert_eq!((code, wrongs(&result)), (Some(2), expected), "{result:#}");
    let named = format!("{finding}: revision {}", faulty_revision(&result));
    assert!(
        notes(&result).iter().any(|note| note.ends_with(&named)),
        "{named} in {result:#}"
    );
    let charts = result["charts"].as_array().expect("charts");
    let errors = charts
        .iter()
        .find(|chart| chart["key"] == "errors")
        .expect("errors over time");
    let errors = errors["lines"][0]["values"].as_array().expect("values");
    assert_eq!(errors.iter().filter_map(Value::as_f64).sum::<f64>(), 1.0);
}

#[test]
fn a_right_server_is_right_over_both_protocols() {
    for more in [&[][..], &["--http1"]] {
        let (code, result) = fanout(Fault::None, more);
        assert_eq!(
            (code, wrongs(&result)),
            (Some(0), [0.0; 6]),
            "{more:?} {result:#}"
        );
        assert_eq!(value(&result, "received"), WRITES * WATCHERS);
    }
}

#[test]
fn finds_a_lost_event() {
    finds(Fault::Lose, [1.0, 0.0, 0.0, 0.0, 0.0, 0.0], "lost");
}

#[test]
fn finds_a_doubled_event() {
    finds(Fault::Double, [0.0, 1.0, 0.0, 0.0, 0.0, 0.0], "doubled");
}

#[test]
fn finds_events_that_changed_places() {
    finds(Fault::Reorder, [0.0, 0.0, 1.0, 0.0, 0.0, 0.0], "out of order");
}

/// The other watches got it right, on the same connection and on another, before or after.
#[test]
fn finds_an_event_that_differs_from_what_others_got() {
    finds(Fault::Change, [0.0, 0.0, 0.0, 0.0, 0.0, 1.0], "another object");
}

/// Other events may be late too, on a busy machine; this one must be, and must be named.
#[test]
fn finds_a_late_event() {
    let (code, result) = fanout(Fault::Delay, &[]);
    assert_eq!((code, wrongs(&result)), (Some(0), [0.0; 6]), "{result:#}");
    let delay_ms = DELAY.as_secs_f64() * 1e3;
    assert!(value(&result, "latency_max_ms") >= delay_ms * 0.8, "{result:#}");
    let slowest = result["details"]["slowest"].as_array().expect("the slowest");
    let late = slowest
        .iter()
        .filter(|slow| slow["revision"] == faulty_revision(&result));
    let late: Vec<f64> = late.filter_map(|slow| slow["milliseconds"].as_f64()).collect();
    assert!(late.iter().any(|late| *late >= delay_ms * 0.8), "{result:#}");
    assert!(notes(&result).iter().any(|note| note.starts_with("slow: watch ")));
}

#[test]
fn finds_a_stream_that_ends() {
    let (code, result) = fanout(Fault::End, &[]);
    assert_eq!(code, Some(2));
    assert_eq!(value(&result, "streams_ended"), 1.0);
    assert!(value(&result, "behind") > 0.0, "{result:#}");
}

#[test]
fn a_client_that_resumes_misses_nothing_when_a_stream_ends() {
    let (code, result) = run("churn", Fault::End, &["--churning", "0"]);
    assert_eq!((code, wrongs(&result)), (Some(2), [0.0; 6]), "{result:#}");
    assert_eq!(
        (value(&result, "streams_ended"), value(&result, "relists")),
        (1.0, 0.0)
    );
    assert_eq!(value(&result, "received"), WRITES * WATCHERS);
}

#[test]
fn finds_that_a_client_must_list_again() {
    let (code, result) = run(
        "reconnect",
        Fault::Gone,
        &["--rounds", "1", "--drain-seconds", "3"],
    );
    assert_eq!(code, Some(2));
    assert_eq!(value(&result, "relists"), 1.0, "{result:#}");
    assert_eq!(
        wrongs(&result),
        [0.0; 6],
        "those that were not told so are judged: {result:#}"
    );
}

#[test]
fn clients_that_come_and_go_miss_nothing() {
    let (code, result) = run(
        "churn",
        Fault::None,
        &["--churning", "1", "--lifetime-ms", "200", "--pause-ms", "50"],
    );
    assert_eq!((code, wrongs(&result)), (Some(0), [0.0; 6]), "{result:#}");
    assert!(value(&result, "openings") >= WATCHERS, "{result:#}");
    assert_eq!(value(&result, "received"), WRITES * WATCHERS);
}

#[test]
fn clients_that_lose_their_connections_come_back_and_miss_nothing() {
    let (code, result) = run("reconnect", Fault::None, &["--rounds", "2"]);
    assert_eq!((code, wrongs(&result)), (Some(0), [0.0; 6]), "{result:#}");
    assert!(value(&result, "cuts") >= 1.0, "{result:#}");
    assert_eq!(value(&result, "received"), WRITES * WATCHERS);
}

/// The slow one may have what it gets late; the others have everything.
#[test]
fn slow_clients_are_judged_apart() {
    let more = [
        "--slow",
        "0.25",
        "--bytes-per-second",
        "10",
        "--stream-window",
        "65535",
    ];
    let (code, result) = run("slow", Fault::None, &more);
    assert_eq!((code, wrongs(&result)), (Some(0), [0.0; 6]), "{result:#}");
    assert_eq!(value(&result, "received"), WRITES * (WATCHERS - 1.0));
    assert_eq!(value(&result, "slow_wrong"), 0.0);
}

#[test]
fn informers_begin_with_all_objects_and_follow() {
    let (code, result) = run("informers", Fault::None, &[]);
    assert_eq!((code, wrongs(&result)), (Some(0), [0.0; 6]), "{result:#}");
    assert_eq!(value(&result, "initial"), WATCHERS * 5.0);
    assert_eq!(value(&result, "received"), WRITES * WATCHERS);
}

#[test]
fn watches_that_are_stalled_are_not_judged() {
    let (code, result) = fanout(Fault::None, &["--stalled", "0.5"]);
    assert_eq!(code, Some(0), "{result:#}");
    assert_eq!(value(&result, "received"), WRITES * WATCHERS / 2.0);
}

#[test]
fn reads_cpu_and_memory_from_metrics() {
    let (code, result) = fanout(Fault::None, &["--server-metrics"]);
    assert_eq!(code, Some(0), "{result:#}");
    assert_eq!(value(&result, "server_memory"), 123.0);
    assert_eq!(
        value(&result, "million_events_server_cpu"),
        0.0,
        "it used nothing meanwhile"
    );
    let charts = result["charts"].as_array().expect("charts");
    assert!(charts.iter().any(|chart| chart["key"] == "memory"), "{result:#}");
}

/// A plugin is run as the protocol of client-go's credential plugins says, and its token is used.
#[test]
fn takes_the_token_of_a_plugin() {
    let folder = tempfile::tempdir().expect("a folder");
    let credential = r#"{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"secret"}}"#;
    // It answers only when it is told of the request and has its own settings.
    let script = format!(
        "case $KUBERNETES_EXEC_INFO in *ExecCredential*) test \"$GIVEN\" = yes && echo '{credential}';; esac"
    );
    let user = format!(
        "{{exec: {{apiVersion: client.authentication.k8s.io/v1, command: sh, args: ['-c', {}], interactiveMode: Never, \
         env: [{{name: GIVEN, value: 'yes'}}]}}}}",
        serde_json::to_string(&script).expect("a text")
    );
    let server = Server::with_user(Fault::None, folder.path(), &user);
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_watchload"))
        .args([
            "fanout",
            "--watchers",
            "1",
            "--rate",
            "10",
            "--seconds",
            "1",
            "--objects",
            "1",
            "--kubeconfig",
        ])
        .arg(&server.kubeconfig)
        .output()
        .expect("watchload runs");
    assert_eq!(
        output.status.code(),
        Some(0),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}
