//! The recorded creates and merge patches of the reference over schemas and rules: each is let in or refused in its words.

use std::collections::HashMap;

use schema::json;

use super::*;

const CASES: &str = include_str!("../../../../../tests/golden/cases/11-crd.json");
const ANSWERS: &str = include_str!("../../../../../tests/golden/recorded/11-crd.jsonl");

struct Scenario {
    steps: Vec<Value>,
    answers: HashMap<String, Value>,
}

fn scenario(name: &str) -> Scenario {
    let cases = json::parse(CASES.as_bytes()).expect("JSON");
    let found = cases
        .list_at(&["scenarios"])
        .iter()
        .find(|one| one.str_at(&["name"]) == Some(name));
    let answers = ANSWERS
        .lines()
        .map(|line| json::parse(line.as_bytes()).expect("JSON lines"));
    let own = answers.filter(|answer| answer.str_at(&["s"]) == Some(name));
    Scenario {
        steps: found.expect("a scenario").list_at(&["steps"]).to_vec(),
        answers: own
            .map(|answer| (answer.str_at(&["id"]).unwrap_or_default().to_owned(), answer))
            .collect(),
    }
}

/// What the reference says, one line for each cause.
fn wanted(answer: &Value) -> Vec<String> {
    let text = |cause: &Value, key: &str| cause.str_at(&[key]).unwrap_or_default().to_owned();
    let causes = answer.list_at(&["body", "details", "causes"]).iter();
    let mut lines: Vec<_> = causes
        .map(|cause| format!("{}: {}", text(cause, "field"), text(cause, "message")))
        .collect();
    lines.sort_unstable();
    lines
}

/// Plays the steps of a scenario on its objects; defaults are the test's own.
fn play(scenario: &Scenario, default: impl Fn(&mut Value)) -> usize {
    let mut validation = None;
    let mut objects: HashMap<String, Value> = HashMap::new();
    let mut compared = 0;
    for step in &scenario.steps {
        let (id, path) = (
            step.str_at(&["id"]).unwrap_or_default(),
            step.str_at(&["path"]).unwrap_or_default(),
        );
        let Some(body) = step.get("body") else { continue };
        if id == "crd" {
            let version = &body.list_at(&["spec", "versions"])[0];
            validation = version
                .at(&["schema", "openAPIV3Schema"])
                .map(|schema| Validation::new(schema, None));
        }
        let (Some(validation), Some(answer)) = (&validation, scenario.answers.get(id)) else {
            continue;
        };
        let name = path.rsplit('/').next().unwrap_or_default();
        let content_type = step.str_at(&["headers", "Content-Type"]).unwrap_or_default();
        let (object, findings) = if path.ends_with("/widgets") {
            let mut object = body.clone();
            default(&mut object);
            let findings = validation.create(&object);
            (object, findings)
        } else if let (Some(old), true) = (objects.get(name), content_type.contains("merge-patch")) {
            let mut object = old.clone();
            object::patch::merge::apply(&mut object, body).expect("a patch");
            default(&mut object);
            let findings = validation.update(&object, old);
            (object, findings)
        } else {
            continue;
        };
        let mut told = texts(&findings);
        told.sort_unstable();
        assert_eq!(told, wanted(answer), "{id}");
        compared += 1;
        if told.is_empty() && step.get("query").is_none() {
            let name = object
                .str_at(&["metadata", "name"])
                .unwrap_or_default()
                .to_owned();
            objects.insert(name, object);
        }
    }
    compared
}

#[test]
fn objects_are_let_in_and_refused_as_the_reference_does() {
    let mut scenario = scenario("schema-validation");
    // From there on the definition is another one.
    let tighten = scenario
        .steps
        .iter()
        .position(|step| step.str_at(&["id"]) == Some("tighten"));
    scenario.steps.truncate(tighten.expect("a step"));
    let no_null_spec = |object: &mut Value| {
        let is_null = object.get("spec").is_some_and(Value::is_null);
        if let (true, Some(map)) = (is_null, object.as_map_mut()) {
            map.remove("spec");
        }
    };
    assert!(play(&scenario, no_null_spec) >= 40);
}

#[test]
fn rules_are_run_as_the_reference_does() {
    let default = |object: &mut Value| {
        let spec = object.get_mut("spec").and_then(Value::as_map_mut);
        if let Some(spec) = spec.filter(|spec| !spec.contains_key("min")) {
            spec.insert("min", 1);
        }
    };
    assert!(play(&scenario("cel"), default) >= 24);
}
