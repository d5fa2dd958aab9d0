//! The commands that load nothing: plans, costs and comparisons, as a person types them.

use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

fn watchload(folder: &Path, arguments: &[&str]) -> (Option<i32>, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_watchload"))
        .current_dir(folder)
        .args(arguments)
        .output();
    let output = output.expect("watchload runs");
    let text = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8_lossy(&text).into_owned())
}

fn result(folder: &Path, name: &str, cpu: f64) {
    let result = json!({
        "scenario": "fanout", "cpus": 2, "right": true, "order": ["received", "events_per_second", "million_events_server_cpu"],
        "options": {"watchers": 1000, "rate": 10.0, "objects": 100, "streamsPerConnection": 100, "resource": "Configmaps"},
        "measures": {
            "received": {"title": "events received", "unit": "", "value": 100_000.0},
            "writes": {"title": "writes", "unit": "", "value": 100.0},
            "events_per_second": {"title": "events per second", "unit": "/s", "value": 10_000.0},
            "million_events_server_cpu": {"title": "CPU", "unit": "s", "value": cpu},
            "marginal_million_events_server_cpu": {"title": "CPU without writes", "unit": "s", "value": cpu - 1.0},
        },
        "charts": [], "notes": [],
    });
    std::fs::write(folder.join(name), result.to_string()).expect("written");
}

#[test]
fn costs_of_a_run_make_a_plan_that_is_right_about_that_run() {
    let folder = tempfile::tempdir().expect("a folder");
    result(folder.path(), "a.json", 6.0);
    let (code, text) = watchload(folder.path(), &["costs", "a.json", "--output", "costs.json"]);
    assert_eq!(code, Some(0), "{text}");
    assert!(
        text.lines()
            .any(|line| line.starts_with("delivery_shared_us") && line.ends_with("a.json")),
        "{text}"
    );
    let (code, text) = watchload(
        folder.path(),
        &["plan", "--costs", "costs.json", "--against", "a.json"],
    );
    assert_eq!(code, Some(0), "{text}");
    assert!(
        text.contains("CPUs of the server") && text.contains("+0%"),
        "{text}"
    );
}

#[test]
fn dearer_deliveries_need_more_members() {
    let folder = tempfile::tempdir().expect("a folder");
    let members = |cpu: f64| {
        result(folder.path(), "a.json", cpu);
        watchload(folder.path(), &["costs", "a.json", "--output", "costs.json"]);
        let arguments = [
            "plan",
            "--nodes",
            "50000",
            "--costs",
            "costs.json",
            "--json",
            "plan.json",
        ];
        let (code, text) = watchload(folder.path(), &arguments);
        assert_eq!(code, Some(0), "{text}");
        let content = std::fs::read(folder.path().join("plan.json")).expect("a plan");
        let plan: Value = serde_json::from_slice(&content).expect("JSON");
        assert!(plan["plan"]["latencyMs"]["p99"].as_f64().expect("a latency") <= 100.0);
        plan["plan"]["members"]["count"].as_u64().expect("a count")
    };
    let (cheap, dear) = (members(3.0), members(11.0));
    assert!(dear >= 3 * cheap, "{cheap} and {dear}");
}

#[test]
fn two_results_make_a_table_and_a_page() {
    let folder = tempfile::tempdir().expect("a folder");
    result(folder.path(), "a.json", 6.0);
    result(folder.path(), "b.json", 3.0);
    let (code, text) = watchload(
        folder.path(),
        &["compare", "a.json", "b.json", "--html", "both.html"],
    );
    assert_eq!(code, Some(0), "{text}");
    assert!(
        text.lines()
            .any(|line| line.starts_with("CPU ") && line.ends_with("0.50")),
        "{text}"
    );
    let page = std::fs::read_to_string(folder.path().join("both.html")).expect("a page");
    assert!(page.contains("\"value\":6.0") && page.contains("\"value\":3.0"));
}
