//! Every label and field selector of the recorded behaviour: what the reference refuses we refuse in its words, what it
//! accepts we accept.

use std::collections::HashMap;
use std::path::Path;

use serde_json::Value;
use shardplane_object::selector::{field, label};

const GOLDEN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/golden");
const GROUPS: [&str; 2] = ["08-list", "09-watch"];

/// The recorded status and message of each step, by scenario and step.
fn recorded(group: &str) -> HashMap<(String, String), (u64, String)> {
    let text =
        std::fs::read_to_string(Path::new(GOLDEN).join(format!("recorded/{group}.jsonl"))).expect("recorded");
    let steps = text
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).expect("JSON lines"));
    steps
        .map(|step| {
            let key = (text_of(&step["s"]), text_of(&step["id"]));
            (
                key,
                (
                    step["status"].as_u64().unwrap_or(0),
                    text_of(&step["body"]["message"]),
                ),
            )
        })
        .collect()
}

/// Scenario, step, and a query parameter's value, of each step that has it.
fn queries(group: &str, parameter: &str) -> Vec<(String, String, String)> {
    let text = std::fs::read_to_string(Path::new(GOLDEN).join(format!("cases/{group}.json"))).expect("cases");
    let cases: Value = serde_json::from_str(&text).expect("JSON");
    let mut found = Vec::new();
    for scenario in cases["scenarios"].as_array().into_iter().flatten() {
        for step in scenario["steps"].as_array().into_iter().flatten() {
            if let Some(value) = step["query"][parameter]
                .as_str()
                .filter(|value| !value.contains("${"))
            {
                found.push((text_of(&scenario["name"]), text_of(&step["id"]), value.to_owned()));
            }
        }
    }
    found
}

fn text_of(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// Compares each recorded answer with ours; tells how many were refused by the parser.
fn compare(parameter: &str, parse: impl Fn(&str) -> Result<(), String>) -> (usize, usize) {
    let (mut compared, mut refused) = (0, 0);
    for group in GROUPS {
        let recorded = recorded(group);
        for (scenario, step, selector) in queries(group, parameter) {
            let Some((status, message)) = recorded.get(&(scenario.clone(), step.clone())) else {
                continue;
            };
            compared += 1;
            match parse(&selector) {
                Ok(()) => assert!(
                    *status != 400 || message.contains("field label") || message.contains("field selector"),
                    "{scenario}/{step}: {selector:?} should be refused: {message}"
                ),
                Err(error) => {
                    refused += 1;
                    assert_eq!(
                        (*status, message),
                        (400, &error),
                        "{scenario}/{step}: {selector:?}"
                    );
                }
            }
        }
    }
    (compared, refused)
}

#[test]
fn label_selectors_answer_as_recorded() {
    let (compared, refused) = compare("labelSelector", |text| {
        label::Selector::parse(text).map(drop).map_err(|e| e.to_string())
    });
    assert!(
        compared > 25 && refused >= 12,
        "{compared} compared, {refused} refused"
    );
}

#[test]
fn field_selectors_answer_as_recorded() {
    let (compared, refused) = compare("fieldSelector", |text| {
        field::Selector::parse(text).map(drop).map_err(|e| e.to_string())
    });
    assert!(
        compared > 10 && refused >= 1,
        "{compared} compared, {refused} refused"
    );
}
