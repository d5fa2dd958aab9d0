//! Stored bytes against the recorded answers of the reference: what was in etcd, in every form and version, and what a
//! GET made of it; and the bytes that the reference wrote for an object.

use shardplane_kinds as kinds;

use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use kinds::decorate::{Context, IpFamily};
use kinds::defaults::Now;
use kinds::{Catalog, Resource, convert, stored};
use schema::Types;
use schema::json;
use serde_json::Value;

const CONTEXT: Context<'static> = Context {
    now: Now("2026-01-01T00:00:00Z"),
    primary_family: IpFamily::V4,
};

fn lines(name: &str) -> Vec<Value> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../tests/golden/etcd")
        .join(name);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    text.lines()
        .map(|line| serde_json::from_str(line).expect("is JSON"))
        .collect()
}

/// The built-in resource of `group/version/resource`; `None` for custom ones.
fn resource(name: &Value) -> Option<&'static Resource> {
    let parts: Vec<&str> = name.as_str()?.split('/').collect();
    let (group, version, resource) = match parts[..] {
        [version, resource] => ("", version, resource),
        [group, version, resource] => (group, version, resource),
        _ => return None,
    };
    Catalog::builtin()
        .resource(group, version, resource)
        .map(|found| &**found)
}

fn bytes(value: &Value) -> Option<Vec<u8>> {
    Some(STANDARD.decode(value.as_str()?).expect("is base64"))
}

/// What a GET through `resource` answers, without resource version; the error's text where it fails.
fn get(resource: &Resource, stored: &[u8]) -> Result<Value, String> {
    let canonical = stored::canonical(resource, stored, CONTEXT).map_err(|error| error.to_string())?;
    let served = convert::from_storage(resource, canonical).map_err(|error| error.to_string())?;
    let mut text = Vec::new();
    json::encode(Types::builtin(), resource.type_id, &served, &mut text);
    Ok(without_revision(&serde_json::from_slice(&text).expect("is JSON")))
}

fn without_revision(object: &Value) -> Value {
    let mut object = object.clone();
    if let Some(metadata) = object["metadata"].as_object_mut() {
        metadata.remove("resourceVersion");
    }
    object
}

/// Where two values differ, deepest first.
fn differences(path: &str, ours: &Value, theirs: &Value, found: &mut Vec<String>) {
    match (ours, theirs) {
        (Value::Object(a), Value::Object(b)) => {
            let keys: std::collections::BTreeSet<_> = a.keys().chain(b.keys()).collect();
            for key in keys {
                let path = format!("{path}.{key}");
                match (a.get(key), b.get(key)) {
                    (Some(a), Some(b)) => differences(&path, a, b, found),
                    (ours, theirs) => found.push(format!("{path}: ours {ours:?}, theirs {theirs:?}")),
                }
            }
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            a.iter()
                .zip(b)
                .enumerate()
                .for_each(|(at, (a, b))| differences(&format!("{path}[{at}]"), a, b, found));
        }
        (a, b) if a == b => {}
        (a, b) => found.push(format!("{path}: ours {a}, theirs {b}")),
    }
}

fn compare(name: &str, ours: Result<Value, String>, theirs: &Value, found: &mut Vec<String>) {
    match ours {
        Ok(ours) => differences(name, &ours, &without_revision(theirs), found),
        Err(ours) if theirs["kind"] == "Status" && theirs["message"] == *ours => {}
        Err(ours) => found.push(format!("{name}: ours {ours:?}, theirs {theirs}")),
    }
}

fn none(found: &[String]) {
    assert!(
        found.is_empty(),
        "{} differences:\n{}",
        found.len(),
        found.join("\n")
    );
}

#[test]
fn every_stored_form_reads_as_in_the_reference() {
    let mut found = Vec::new();
    let mut compared = 0;
    for line in lines("sparse.jsonl").iter().filter(|line| line["case"] == "form") {
        let Some(resource) = resource(&line["resource"]) else {
            continue;
        };
        // Controllers of the recorded server rewrote some before they were read.
        let stored = bytes(&line["rewritten_value_b64"])
            .or_else(|| bytes(&line["value_b64"]))
            .expect("has bytes");
        let name = format!("{} ({})", line["key"], line["note"]);
        compare(&name, get(resource, &stored), &line["body"], &mut found);
        compared += 1;
    }
    none(&found);
    assert!(compared > 100, "only {compared} forms were compared");
}

#[test]
fn what_no_decoder_knows_fails_as_in_the_reference() {
    let mut compared = 0;
    for line in lines("sparse.jsonl")
        .iter()
        .filter(|line| line["case"] == "undecodable")
    {
        let is_get = |request: &str| request.starts_with("GET") && request.ends_with("/secrets/garbage");
        if !line["request"].as_str().is_some_and(is_get) {
            continue;
        }
        let secrets = resource(&Value::from("v1/secrets")).expect("built in");
        let error = get(secrets, &bytes(&line["value_b64"]).expect("has bytes")).expect_err("is broken");
        assert_eq!(line["response"]["message"], *error, "{}", line["note"]);
        compared += 1;
    }
    assert_eq!(compared, 2);
}

#[test]
fn forms_that_were_rewritten_read_alike_before() {
    let mut found = Vec::new();
    for line in lines("sparse.jsonl")
        .iter()
        .filter(|line| !line["rewritten_value_b64"].is_null())
    {
        let Some(resource) = resource(&line["resource"]) else {
            continue;
        };
        let (Some(before), Some(after)) = (bytes(&line["value_b64"]), bytes(&line["rewritten_value_b64"]))
        else {
            continue;
        };
        let spec = |stored: &[u8]| {
            get(resource, stored)
                .map(|object| object["spec"].clone())
                .unwrap_or_default()
        };
        differences(
            &line["key"].to_string(),
            &spec(&before),
            &spec(&after),
            &mut found,
        );
    }
    none(&found);
}

#[test]
fn every_object_reads_as_in_the_reference() {
    let mut found = Vec::new();
    let mut compared = 0;
    for line in lines("objects.jsonl") {
        let Some(found_resource) = resource(&line["resource"]) else {
            continue;
        };
        let stored = bytes(&line["value_b64"]).expect("has bytes");
        let name = format!("{} ({})", line["key"], line["note"]);
        compare(&name, get(found_resource, &stored), &line["object"], &mut found);
        let other = &line["objectInStoredVersion"];
        if let Some(version) = other["apiVersion"].as_str() {
            let plural = line["resource"]
                .as_str()
                .and_then(|name| name.rsplit('/').next())
                .unwrap_or_default();
            let through = resource(&Value::from(format!("{version}/{plural}"))).expect("is known");
            compare(
                &format!("{name} as stored"),
                get(through, &stored),
                other,
                &mut found,
            );
        }
        compared += 1;
    }
    none(&found);
    assert!(compared > 150, "only {compared} objects were compared");
}

#[test]
fn objects_are_stored_as_the_reference_stores_them() {
    let mut found = Vec::new();
    let mut compared = 0;
    for line in lines("objects.jsonl") {
        let Some(resource) = resource(&line["resource"]).filter(|_| line["reproducible"] != false) else {
            continue;
        };
        let stored = bytes(&line["value_b64"]).expect("has bytes");
        let canonical = stored::canonical(resource, &stored, CONTEXT).expect("reads");
        let ours = stored::encode(resource, canonical).expect("is stored");
        if ours != stored {
            let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            found.push(format!(
                "{} ({})\n  ours   {:?}\n  theirs {:?}",
                line["key"],
                line["note"],
                text(&ours),
                text(&stored)
            ));
        }
        compared += 1;
    }
    none(&found);
    assert!(compared > 130, "only {compared} objects were compared");
}

#[test]
fn what_is_said_to_be_canonical_is() {
    let mut said = 0;
    for line in lines("objects.jsonl") {
        // Raw extensions are stored with the client's white space.
        let Some(resource) = resource(&line["resource"]).filter(|_| line["reproducible"] != false) else {
            continue;
        };
        let stored = bytes(&line["value_b64"]).expect("has bytes");
        if stored::is_canonical(resource, &stored) {
            let canonical = stored::canonical(resource, &stored, CONTEXT).expect("reads");
            assert_eq!(
                stored::encode(resource, canonical).expect("is stored"),
                stored,
                "{}",
                line["key"]
            );
            said += 1;
        }
    }
    assert!(said > 20, "only {said} of the objects");
}

#[test]
fn kinds_that_are_settled_or_decorated_have_defaults() {
    let names = [
        "pods",
        "podtemplates",
        "replicationcontrollers",
        "nodes",
        "secrets",
        "services",
        "persistentvolumeclaims",
    ];
    for name in names {
        let resource = resource(&Value::from(format!("v1/{name}"))).expect("built in");
        assert!(kinds::defaults::has_any(resource.type_id), "{name}");
    }
}

#[test]
fn an_unchanged_write_stores_the_canonical_form() {
    let mut found = Vec::new();
    let mut compared = 0;
    for line in lines("sparse.jsonl")
        .iter()
        .filter(|line| line["put"]["written"] == true)
    {
        // Admission adds to pods; what was text loses the difference of nil and empty, which counts as a change.
        let untouched = line["encoding"] == "protobuf" && line["resource"] != "v1/pods";
        let Some(resource) = resource(&line["resource"]).filter(|_| untouched) else {
            continue;
        };
        let canonical = stored::canonical(resource, &bytes(&line["value_b64"]).expect("has bytes"), CONTEXT);
        let ours = stored::encode(resource, canonical.expect("reads")).expect("is stored");
        let theirs = bytes(&line["put"]["value_b64"]).expect("has bytes");
        if ours != theirs {
            let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            found.push(format!(
                "{} ({})\n  ours   {:?}\n  theirs {:?}",
                line["key"],
                line["note"],
                text(&ours),
                text(&theirs)
            ));
        }
        compared += 1;
    }
    none(&found);
    assert!(compared > 40, "only {compared} writes were compared");
}

#[test]
fn broken_bytes_are_errors_or_objects_but_never_panic() {
    const STRIDE: usize = 11;
    let mut read = 0u64;
    for (at, line) in lines("sparse.jsonl")
        .iter()
        .filter(|line| line["case"] == "form")
        .enumerate()
    {
        let Some(resource) = resource(&line["resource"]) else {
            continue;
        };
        let stored = bytes(&line["value_b64"]).expect("has bytes");
        for place in (at % STRIDE..stored.len()).step_by(STRIDE) {
            let mut flipped = stored.clone();
            flipped[place] ^= 1 << (place % 8);
            for broken in [&flipped[..], &stored[..place]] {
                if let Ok(object) = stored::canonical(resource, broken, CONTEXT) {
                    read += u64::from(stored::encode(resource, object).is_some());
                }
            }
        }
    }
    assert!(read > 0, "some flips only change a text");
}
