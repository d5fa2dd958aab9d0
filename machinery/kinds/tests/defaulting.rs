//! Defaults against the recorded answers of the reference: every create of the corpus's defaulting group is decoded,
//! defaulted and converted, and must equal the answer but for what allocation, admission and strategies set.

use std::path::Path;

use shardplane_kinds as kinds;

use kinds::decorate::{self, Context, IpFamily};
use kinds::defaults::{self, Now};
use kinds::{Catalog, Resource, convert};
use schema::{Types, json};
use serde_json::Value;

const NOW: Now<'static> = Now("2026-01-01T00:00:00Z");

fn read(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../tests/golden")
        .join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The resource that a collection path is of.
fn resource_of(path: &str) -> &'static Resource {
    let parts: Vec<&str> = path.trim_start_matches('/').split('/').collect();
    let (group, version, rest) = match parts[0] {
        "api" => ("", parts[1], &parts[2..]),
        _ => (parts[1], parts[2], &parts[3..]),
    };
    let name = if rest.len() > 2 { rest[2] } else { rest[0] };
    Catalog::builtin()
        .resource(group, version, name)
        .unwrap_or_else(|| panic!("{path} is known"))
}

/// What the server would answer, had it no admission and nothing to allocate.
fn answer(resource: &Resource, body: &Value) -> Value {
    let bytes = serde_json::to_vec(body).expect("serializes");
    let mut object = json::decode(Types::builtin(), resource.type_id, &bytes)
        .expect("decodes")
        .value;
    defaults::apply(resource.type_id, &mut object, NOW);
    let mut stored = convert::to_storage(resource, object).expect("converts");
    decorate::apply(
        &resource.kind,
        &mut stored,
        Context {
            now: NOW,
            primary_family: IpFamily::V4,
        },
    );
    let served = convert::from_storage(resource, stored).expect("converts back");
    let mut text = Vec::new();
    json::encode(Types::builtin(), resource.type_id, &served, &mut text);
    serde_json::from_slice(&text).expect("is JSON")
}

/// The body with the scenario's variables as the recording had them.
fn with_names(body: &Value, answer: &Value) -> Value {
    let metadata = &answer["body"]["metadata"];
    let mut text = body.to_string();
    if let Some(namespace) = metadata["namespace"].as_str() {
        text = text.replace("${ns}", namespace);
    }
    let prefix = answer["body"]
        .to_string()
        .split('"')
        .find_map(prefix)
        .unwrap_or_default()
        .to_string();
    serde_json::from_str(&text.replace("${p}", &prefix)).expect("is JSON")
}

/// The corpus's name prefix at the start of a word: `g` and eight hexadecimal digits.
fn prefix(word: &str) -> Option<&str> {
    let prefix = word.get(..9)?;
    let digits = prefix.strip_prefix('g')?;
    digits
        .bytes()
        .all(|byte| byte.is_ascii_hexdigit())
        .then_some(prefix)
}

/// Fields that others than defaults set.
fn strip(kind: &str, object: &mut Value) {
    const METADATA: [&str; 8] = [
        "creationTimestamp",
        "finalizers",
        "generation",
        "managedFields",
        "name",
        "namespace",
        "resourceVersion",
        "uid",
    ];
    remove(&mut object["metadata"], &METADATA);
    if !matches!(kind, "Namespace" | "PersistentVolume" | "PersistentVolumeClaim") {
        remove(object, &["status"]);
    }
    let Some(spec) = object.get_mut("spec") else {
        return;
    };
    match kind {
        "Pod" => strip_pod(spec),
        "Service" => {
            remove(
                spec,
                &[
                    "clusterIP",
                    "clusterIPs",
                    "ipFamilies",
                    "ipFamilyPolicy",
                    "healthCheckNodePort",
                ],
            );
            each(&mut spec["ports"], |port| remove(port, &["nodePort"]));
        }
        "Namespace" => remove(spec, &["finalizers"]),
        "Node" => remove(spec, &["taints"]),
        "Job" => {
            remove(spec, &["selector"]);
            remove(&mut spec["template"]["metadata"], &["labels"]);
        }
        "PersistentVolumeClaim" => remove(spec, &["storageClassName"]),
        _ => {}
    }
}

fn strip_pod(spec: &mut Value) {
    remove(
        spec,
        &[
            "preemptionPolicy",
            "priority",
            "serviceAccount",
            "serviceAccountName",
            "tolerations",
        ],
    );
    if let Some(volumes) = spec["volumes"].as_array_mut() {
        volumes.retain(|volume| {
            !volume["name"]
                .as_str()
                .unwrap_or_default()
                .starts_with("kube-api-access")
        });
    }
    for containers in ["containers", "initContainers", "ephemeralContainers"] {
        each(&mut spec[containers], |container| {
            if let Some(mounts) = container["volumeMounts"].as_array_mut() {
                mounts.retain(|mount| {
                    !mount["name"]
                        .as_str()
                        .unwrap_or_default()
                        .starts_with("kube-api-access")
                });
            }
        });
    }
}

fn remove(object: &mut Value, keys: &[&str]) {
    if let Some(map) = object.as_object_mut() {
        keys.iter().for_each(|key| drop(map.remove(*key)));
    }
}

fn each(list: &mut Value, change: impl FnMut(&mut Value)) {
    list.as_array_mut().into_iter().flatten().for_each(change);
}

/// Whether nothing is left: stripped lists and maps count as absent.
fn drop_empty(value: &mut Value) {
    if let Value::Object(map) = value {
        map.values_mut().for_each(drop_empty);
        map.retain(|_, value| {
            !matches!(value, Value::Null) && value.as_array().is_none_or(|list| !list.is_empty())
        });
    }
    each(value, drop_empty);
}

/// Where `ours` differs from the recorded pattern.
fn differences(path: &str, ours: &Value, theirs: &Value, found: &mut Vec<String>) {
    match (ours, theirs) {
        (Value::Object(a), Value::Object(b)) => {
            let keys: std::collections::BTreeSet<_> = a.keys().chain(b.keys()).collect();
            for key in keys {
                let at = |map: &serde_json::Map<String, Value>| map.get(key).cloned().unwrap_or(Value::Null);
                differences(&format!("{path}.{key}"), &at(a), &at(b), found);
            }
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            a.iter()
                .zip(b)
                .enumerate()
                .for_each(|(at, (a, b))| differences(&format!("{path}[{at}]"), a, b, found));
        }
        (_, Value::String(text)) if text.contains("{{") => {}
        (a, b) if a == b => {}
        (a, b) => found.push(format!("{path}: ours {a}, theirs {b}")),
    }
}

#[test]
fn creates_get_the_defaults_of_the_reference() {
    let cases: Value = serde_json::from_str(&read("cases/03-defaulting.json")).expect("is JSON");
    let recorded = read("recorded/03-defaulting.jsonl");
    let answers: Vec<Value> = recorded
        .lines()
        .map(|line| serde_json::from_str(line).expect("is JSON"))
        .collect();
    let mut compared = 0;
    let mut found = Vec::new();
    for scenario in cases["scenarios"].as_array().into_iter().flatten() {
        for step in scenario["steps"].as_array().into_iter().flatten() {
            let is_answer = |line: &&Value| line["s"] == scenario["name"] && line["id"] == step["id"];
            let Some(theirs) = answers
                .iter()
                .find(is_answer)
                .filter(|line| line["status"] == 201)
            else {
                continue;
            };
            let resource = resource_of(step["path"].as_str().expect("has a path"));
            let body = with_names(&step["body"], theirs);
            let (mut ours, mut theirs) = (answer(resource, &body), theirs["body"].clone());
            for object in [&mut ours, &mut theirs] {
                // Strategies count the template's changes from 1.
                remove(
                    &mut object["metadata"]["annotations"],
                    &["deprecated.daemonset.template.generation"],
                );
                remove(
                    &mut object["metadata"]["labels"],
                    &["batch.kubernetes.io/job-name", "job-name"],
                );
                strip(&resource.kind, object);
                drop_empty(object);
            }
            differences(
                step["id"].as_str().unwrap_or_default(),
                &ours,
                &theirs,
                &mut found,
            );
            compared += 1;
        }
    }
    assert!(
        found.is_empty(),
        "{} differences:\n{}",
        found.len(),
        found.join("\n")
    );
    assert!(compared > 100, "only {compared} creates were compared");
}
