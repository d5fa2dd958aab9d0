//! Rules of pods and workloads against the recorded answers of the reference: every create of the corpus is decoded,
//! defaulted and checked, and must have the recorded causes, or none where it was accepted.

use std::path::Path;

use auth::User;
use kinds::defaults::{self, Now};
use kinds::{Catalog, Resource, convert};
use schema::{Types, json};
use serde_json::Value;
use shardplane_apiserver::admission::service_account_pods;
use shardplane_apiserver::strategy::{self, WriteContext};

const NOW: &str = "2026-01-01T00:00:00Z";
const UID: &str = "11111111-2222-3333-4444-555555555555";
const RESOURCES: [&str; 10] = [
    "pods",
    "podtemplates",
    "replicationcontrollers",
    "deployments",
    "replicasets",
    "statefulsets",
    "daemonsets",
    "jobs",
    "cronjobs",
    "controllerrevisions",
];

fn read(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../tests/golden")
        .join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The resource that a collection path is of, if it is one of these.
fn resource_of(path: &str) -> Option<&'static Resource> {
    let parts: Vec<&str> = path.trim_start_matches('/').split('/').collect();
    let (group, version, rest) = match *parts.first()? {
        "api" => ("", *parts.get(1)?, parts.get(2..)?),
        _ => (*parts.get(1)?, *parts.get(2)?, parts.get(3..)?),
    };
    let [_, _, name] = rest else { return None };
    let found = Catalog::builtin().resource(group, version, name)?;
    RESOURCES.contains(name).then_some(found)
}

/// What is wrong with a body, as field and message.
fn causes(resource: &Resource, body: &Value) -> Option<Vec<(String, String)>> {
    let bytes = serde_json::to_vec(body).expect("serializes");
    let mut object = json::decode(Types::builtin(), resource.type_id, &bytes)
        .ok()?
        .value;
    defaults::apply(resource.type_id, &mut object, Now(NOW));
    let mut object = convert::to_storage(resource, object).ok()?;
    object::meta::edit(&mut object).set_uid(UID);
    let user = User::new("admin", "admin", &[]);
    let cx = WriteContext {
        resource,
        group: &resource.group,
        subresource: "",
        user: &user,
        now: NOW,
    };
    let strategy = strategy::of(&resource.group, &resource.resource);
    strategy.prepare_create(&cx, &mut object);
    if resource.resource == "pods" {
        // Admission gives a pod its account before it is validated.
        service_account_pods::default_account(&mut object);
    }
    let mut errors = Vec::new();
    strategy.validate_create(&cx, &object, &mut errors);
    Some(
        errors
            .iter()
            .map(|error| (error.path.clone(), error.body()))
            .collect(),
    )
}

/// The recorded causes; those of metadata are judged elsewhere, but for the two that a kind adds itself.
fn recorded(answer: &Value) -> Vec<(String, String)> {
    let text = |cause: &Value, name: &str| {
        let text = cause[name].as_str().unwrap_or_default();
        text.replace("{{uid:1}}", UID).replace("{{uid:2}}", UID)
    };
    let causes = answer["body"]["details"]["causes"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    let all = causes
        .iter()
        .map(|cause| (text(cause, "field"), text(cause, "message")));
    all.filter(|(field, message)| !field.starts_with("metadata.") || own(message))
        .collect()
}

fn own(message: &str) -> bool {
    message.contains("will not able to create pod") || message.contains("no more than 52")
}

/// Steps of a scenario, nested ones too.
fn steps<'a>(list: &'a Value, found: &mut Vec<&'a Value>) {
    for step in list.as_array().into_iter().flatten() {
        found.push(step);
        steps(&step["steps"], found);
    }
}

/// How many creates of a group are judged as recorded, and of how many.
fn judge(group: &str) -> (usize, usize) {
    let cases: Value = serde_json::from_str(&read(&format!("cases/{group}.json"))).expect("is JSON");
    let recording = read(&format!("recorded/{group}.jsonl"));
    let answers: Vec<Value> = recording
        .lines()
        .map(|line| serde_json::from_str(line).expect("is JSON"))
        .collect();
    let (mut matched, mut total) = (0, 0);
    for scenario in cases["scenarios"].as_array().expect("has scenarios") {
        let mut found = Vec::new();
        steps(&scenario["steps"], &mut found);
        for step in found
            .into_iter()
            .filter(|step| step["method"] == "POST" && step["body"].is_object())
        {
            let Some(resource) = step["path"].as_str().and_then(resource_of) else {
                continue;
            };
            let Some(answer) = answers
                .iter()
                .find(|answer| answer["s"] == scenario["name"] && answer["id"] == step["id"])
            else {
                continue;
            };
            if !matches!(answer["status"].as_u64(), Some(201 | 422)) {
                continue;
            }
            let Some(ours) = causes(resource, &step["body"]) else {
                continue;
            };
            total += 1;
            let theirs = recorded(answer);
            if ours == theirs {
                matched += 1;
            } else {
                eprintln!(
                    "{} {}\n  ours   {ours:?}\n  theirs {theirs:?}",
                    scenario["name"], step["id"]
                );
            }
        }
    }
    (matched, total)
}

#[test]
fn recorded_creates_are_judged_alike() {
    for (group, least) in [
        ("02-crud", 39),
        ("03-defaulting", 74),
        ("04-validation", 139),
        ("12-admission", 33),
    ] {
        let (matched, total) = judge(group);
        assert!(
            matched >= least,
            "{group}: {matched} of {total} are judged as recorded, {least} were before"
        );
    }
}
