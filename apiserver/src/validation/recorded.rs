//! Every create of the recorded behaviour, through defaults, strategy and validation: what the reference accepts is
//! accepted, and what it refuses is mostly refused in its words.

use std::collections::HashMap;
use std::path::Path;

use auth::User;
use kinds::{Catalog, Resource, convert, defaults};
use object::field;
use schema::{Types, Value, json};

use crate::strategy::{WriteContext, of, services};
use crate::write::{facts, metadata};

const GOLDEN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/golden");
const GROUPS: [&str; 5] = ["02-crud", "03-defaulting", "04-validation", "05-patch", "08-list"];
pub const NOW: &str = "2026-01-02T03:04:05Z";
/// How many refusals of the kinds validated here are told as the reference tells them; may only grow.
const REFUSALS_MATCHED_MIN: usize = 258;

struct Recorded {
    step: String,
    status: u64,
    message: String,
    resource: &'static Resource,
    body: serde_json::Value,
}

fn text(value: &serde_json::Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn creates(group: &str) -> Vec<Recorded> {
    let answers =
        std::fs::read_to_string(Path::new(GOLDEN).join(format!("recorded/{group}.jsonl"))).expect("recorded");
    let answers: HashMap<(String, String), serde_json::Value> = answers
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).expect("JSON lines"))
        .map(|answer| ((text(&answer["s"]), text(&answer["id"])), answer))
        .collect();
    let cases =
        std::fs::read_to_string(Path::new(GOLDEN).join(format!("cases/{group}.json"))).expect("cases");
    let cases: serde_json::Value = serde_json::from_str(&filled_in(&cases)).expect("JSON");
    let mut found = Vec::new();
    for scenario in cases["scenarios"].as_array().into_iter().flatten() {
        for step in scenario["steps"].as_array().into_iter().flatten() {
            let posts = step["method"] == "POST" && step["body"].is_object();
            let key = (text(&scenario["name"]), text(&step["id"]));
            let (true, Some(answer), Some(resource)) =
                (posts, answers.get(&key), resource(&text(&step["path"])))
            else {
                continue;
            };
            found.push(Recorded {
                step: format!("{group} {} {}", key.0, key.1),
                status: answer["status"].as_u64().unwrap_or(0),
                message: text(&answer["body"]["message"]),
                resource,
                body: step["body"].clone(),
            });
        }
    }
    found
}

/// Cases with the names of their variables in place of values.
fn filled_in(cases: &str) -> String {
    let mut parts = cases.split("${");
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (name, rest) = part.split_once('}').unwrap_or((part, ""));
        let expression: Vec<&str> = name.split(':').collect();
        match expression.as_slice() {
            ["repeat", count, text, end @ ..] => {
                out.push_str(&text.repeat(count.parse().unwrap_or(1)));
                out.push_str(end.first().unwrap_or(&""));
            }
            _ => out.push_str(name),
        }
        out.push_str(rest);
    }
    out
}

/// The resource of a collection's path.
fn resource(path: &str) -> Option<&'static Resource> {
    let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
    let (group, version, rest) = match parts.as_slice() {
        ["api", version, rest @ ..] => ("", *version, rest),
        ["apis", group, version, rest @ ..] => (*group, *version, rest),
        _ => return None,
    };
    let name = match rest {
        ["namespaces", _, name] | [name] => *name,
        _ => return None,
    };
    Catalog::builtin()
        .resource(group, version, name)
        .map(|resource| &**resource)
}

/// What validation says; nothing where decoding already refuses.
fn judged(recorded: &Recorded) -> Option<Vec<field::Error>> {
    errors_of(recorded.resource, &recorded.body)
}

/// What validation says of the body of a create; nothing where decoding already refuses.
pub fn errors_of(resource: &'static Resource, body: &serde_json::Value) -> Option<Vec<field::Error>> {
    let object = prepared(resource, body)?;
    let hub = hub(resource)?;
    let user = user();
    let cx = context(resource, hub, &user);
    let mut errors = metadata::create_errors(hub, &object);
    of(&hub.group, &hub.resource).validate_create(&cx, &object, &mut errors);
    Some(errors)
}

/// The resource in the version that is validated: the stored one, if that is served.
pub fn hub(resource: &'static Resource) -> Option<&'static Resource> {
    let version = &resource.storage.as_ref()?.version;
    let hub = Catalog::builtin().resource(&resource.group, version, &resource.resource);
    Some(hub.map_or(resource, |hub| &**hub))
}

/// The bodies of all recorded creates.
pub fn bodies() -> impl Iterator<Item = (&'static Resource, serde_json::Value)> {
    let creates = GROUPS.into_iter().flat_map(creates);
    creates.map(|recorded| (recorded.resource, recorded.body))
}

/// The bodies of creates that the reference accepts, those first that are of the round of all kinds.
pub fn good_bodies() -> impl Iterator<Item = (&'static Resource, serde_json::Value)> {
    let good = GROUPS
        .into_iter()
        .flat_map(creates)
        .filter(|recorded| recorded.status == 201);
    good.map(|recorded| (recorded.resource, recorded.body))
}

/// The body of a create as it comes to validation.
pub fn prepared(resource: &'static Resource, body: &serde_json::Value) -> Option<Value> {
    let bytes = serde_json::to_vec(body).ok()?;
    let mut object = json::decode(Types::builtin(), resource.type_id, &bytes)
        .ok()?
        .value;
    defaults::apply(resource.type_id, &mut object, defaults::Now(NOW));
    let mut object: Value = convert::to_storage(resource, object).ok()?;
    metadata::wipe(&mut object);
    object::meta::edit(&mut object).set_namespace(namespace_of(resource, body));
    allocate(&mut object);
    let generated = object::meta::of(&object).generate_name().to_owned();
    if object::meta::of(&object).name().is_empty() && !generated.is_empty() {
        object::meta::edit(&mut object).set_name(format!("{generated}a"));
    }
    let hub = hub(resource)?;
    let user = user();
    facts::prepare_create(hub, &mut object);
    of(&hub.group, &hub.resource).prepare_create(&context(resource, hub, &user), &mut object);
    Some(object)
}

/// Where it is written to: an event to where its object is.
fn namespace_of<'a>(resource: &Resource, body: &'a serde_json::Value) -> &'a str {
    let involved = ["involvedObject", "regarding"].map(|field| body[field]["namespace"].as_str());
    match resource.namespaced {
        true => involved.into_iter().flatten().next().unwrap_or("a"),
        false => "",
    }
}

fn user() -> User {
    User {
        name: "admin".into(),
        uid: "admin".into(),
        groups: vec!["system:masters".into()],
        extra: Default::default(),
    }
}

fn context<'a>(resource: &'a Resource, hub: &'a Resource, user: &'a User) -> WriteContext<'a> {
    WriteContext {
        resource: hub,
        group: &resource.group,
        subresource: "",
        user,
        now: NOW,
    }
}

/// What is allocated before validation and always there.
fn allocate(object: &mut Value) {
    let wants_port = object.get("kind").and_then(Value::as_str) == Some("Service")
        && services::needs_health_check_port(object);
    if let Some(spec) = services::spec_mut(object).filter(|_| wants_port) {
        spec.entry_or_insert_with("healthCheckNodePort", || Value::Int(30_000));
    }
}

/// Kinds with pod templates are validated and counted elsewhere.
fn is_ours(resource: &Resource) -> bool {
    !matches!(
        (resource.group.as_str(), resource.resource.as_str()),
        ("", "pods" | "podtemplates" | "replicationcontrollers") | ("apps" | "batch", _)
    )
}

#[test]
fn what_the_reference_accepts_is_accepted() {
    let mut refused = Vec::new();
    for recorded in GROUPS
        .into_iter()
        .flat_map(creates)
        .filter(|recorded| is_ours(recorded.resource))
    {
        let errors = if recorded.status == 201 {
            judged(&recorded).unwrap_or_default()
        } else {
            Vec::new()
        };
        if let Some(message) = field::aggregate(&errors) {
            refused.push(format!("{}: {message}", recorded.step));
        }
    }
    assert_eq!(refused, [""; 0]);
}

#[test]
fn what_the_reference_refuses_is_told_alike() {
    let (mut matched, mut others) = (0, Vec::new());
    for recorded in GROUPS
        .into_iter()
        .flat_map(creates)
        .filter(|recorded| is_ours(recorded.resource))
    {
        let Some((_, wanted)) = recorded
            .message
            .split_once(" is invalid: ")
            .filter(|(_, told)| recorded.status == 422 && !told.starts_with("dryRun"))
        else {
            continue;
        };
        let found = judged(&recorded)
            .and_then(|errors| field::aggregate(&errors))
            .unwrap_or_default();
        if found == wanted {
            matched += 1;
        } else {
            others.push(format!("{}\n  want {wanted}\n  have {found}", recorded.step));
        }
    }
    assert!(
        matched >= REFUSALS_MATCHED_MIN,
        "{matched} matched, not\n{}",
        others.join("\n")
    );
}
