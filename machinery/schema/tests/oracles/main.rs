//! Round trips through crates that are not ours: JSON through k8s-openapi, protobuf through k8s-pb, for every kind that they
//! have and objects made from the table.

mod generate;
mod kinds;
mod shuffle;

use generate::Random;
use kinds::{KINDS, Kind};
use schema::{TypeId, Types, Value, json, proto, transcode};

const ROUNDS: u64 = 30;

/// Generated objects in canonical form.
fn each(mut check: impl FnMut(&Kind, TypeId, &Value)) {
    let types = Types::builtin();
    for (at, kind) in KINDS.iter().enumerate() {
        let id = types
            .id(kind.name)
            .unwrap_or_else(|| panic!("{} is in the table", kind.name));
        for round in 0..ROUNDS {
            let generated = generate::object(types, id, &mut Random(at as u64 * 1000 + round));
            let decoded = json::from_tree(types, id, &generated)
                .unwrap_or_else(|error| panic!("{}: {error}", kind.name));
            assert_eq!(decoded.strict, [], "{}", kind.name);
            check(kind, id, &decoded.value);
        }
    }
}

/// Fields of 1.36 that k8s-pb, made for 1.35, does not have and therefore drops.
const NEWER_THAN_K8S_PB: &[&str] = &[
    ".bools",
    ".ints",
    ".nodeAllocatableResourceClaimStatuses",
    ".nodeAllocatableResourceMappings",
    ".preventPodSchedulingIfMissing",
    ".schedulingGroup",
    ".shardInfo",
    ".strings",
    ".stubPKCS10Request",
    ".versions",
    ".volumeStatus",
    ".allocatedResourcesStatus[].resources[].message",
];

/// The first place where two trees differ, but for fields whose path ends with one of `but`. Protobuf and k8s-openapi
/// do not tell nil lists, maps and bytes from empty ones.
fn difference(left: &Value, right: &Value, but: &[&str], path: &str) -> Option<String> {
    match (left, right) {
        (Value::Map(a), Value::Map(b)) => {
            let null = Value::Null;
            a.keys().chain(b.keys()).find_map(|key| {
                let path = format!("{path}.{key}");
                let left_out = but.iter().any(|but| path.ends_with(but));
                let (a, b) = (a.get(key).unwrap_or(&null), b.get(key).unwrap_or(&null));
                if left_out {
                    None
                } else {
                    difference(a, b, but, &path)
                }
            })
        }
        (Value::List(a), Value::List(b)) if a.len() == b.len() => a
            .iter()
            .zip(b)
            .find_map(|(a, b)| difference(a, b, but, &format!("{path}[]"))),
        _ => (left != right && !(is_hollow(left, but, path) && is_hollow(right, but, path)))
            .then(|| format!("{path}: {left:?} is not {right:?}")),
    }
}

/// Whether there is nothing in it but empty lists, maps and texts.
fn is_hollow(value: &Value, but: &[&str], path: &str) -> bool {
    match value {
        Value::Map(map) => map.iter().all(|(key, value)| {
            let path = format!("{path}.{key}");
            but.iter().any(|but| path.ends_with(but)) || is_hollow(value, but, &path)
        }),
        Value::List(list) => list.is_empty(),
        Value::String(text) => text.is_empty(),
        value => value.is_null(),
    }
}

fn encoded(id: TypeId, value: &Value) -> Vec<u8> {
    let mut text = Vec::new();
    json::encode(Types::builtin(), id, value, &mut text);
    text
}

#[test]
fn printed_trees_are_those_of_the_text() {
    each(|kind, id, value| {
        let text = json::parse(&encoded(id, value)).expect("own text");
        assert_eq!(json::printed(Types::builtin(), id, value), text, "{}", kind.name);
    });
}

#[test]
fn json_survives_k8s_openapi() {
    each(|kind, id, value| {
        let text = encoded(id, value);
        let theirs = (kind.json)(&text).unwrap_or_else(|error| panic!("{}: {error}", kind.name));
        let decoded = json::decode(Types::builtin(), id, &theirs)
            .unwrap_or_else(|error| panic!("{}: {error}", kind.name));
        assert_eq!(difference(value, &decoded.value, &[], kind.name), None);
        assert_eq!(decoded.strict, [], "{}", kind.name);
    });
}

#[test]
fn protobuf_survives_k8s_pb() {
    each(|kind, id, value| {
        let Some(through) = kind.proto else { return };
        let mut body = Vec::new();
        proto::encode(Types::builtin(), id, value, &mut body);
        let theirs = through(&body).unwrap_or_else(|error| panic!("{}: {error}", kind.name));
        let mut decoded = proto::decode(Types::builtin(), id, &theirs)
            .unwrap_or_else(|error| panic!("{}: {error}", kind.name));
        let map = decoded.as_map_mut().expect("a map");
        for key in ["apiVersion", "kind"] {
            map.insert(key, value.get(key).expect("a text").clone());
        }
        assert_eq!(difference(value, &decoded, NEWER_THAN_K8S_PB, kind.name), None);
    });
}

fn transcoded(id: TypeId, value: &Value, body: &[u8]) -> Vec<u8> {
    let text = |key| value.str_at(&[key]).expect("a text");
    let (api_version, kind) = (text("apiVersion"), text("kind"));
    let mut out = Vec::new();
    transcode::to_json(Types::builtin(), id, body, api_version, kind, None, &mut out).expect("own bytes");
    out
}

#[test]
fn fields_in_any_order_are_printed_alike() {
    let types = Types::builtin();
    let mut moved = 0;
    each(|kind, id, value| {
        let mut body = Vec::new();
        proto::encode(types, id, value, &mut body);
        let shuffled = shuffle::shuffled(types, id, &body, &mut Random(body.len() as u64));
        moved += usize::from(shuffled != body);
        assert_eq!(
            String::from_utf8_lossy(&transcoded(id, value, &shuffled)),
            String::from_utf8_lossy(&transcoded(id, value, &body)),
            "{}",
            kind.name
        );
    });
    assert!(moved > 1000, "only {moved} were put into another order");
}

#[test]
fn own_codecs_agree_with_each_other() {
    let types = Types::builtin();
    each(|kind, id, value| {
        let mut body = Vec::new();
        proto::encode(types, id, value, &mut body);
        let decoded = proto::decode(types, id, &body).expect("own bytes");
        let text = |key| value.str_at(&[key]).expect("a text");
        let transcoded = transcoded(id, value, &body);
        let mut named = decoded;
        for key in ["apiVersion", "kind"] {
            named.as_map_mut().expect("a map").insert(key, text(key));
        }
        assert_eq!(
            String::from_utf8_lossy(&transcoded),
            String::from_utf8_lossy(&encoded(id, &named)),
            "{}",
            kind.name
        );
        // JSON tells nil lists from empty ones; protobuf does not.
        let again = json::decode(types, id, &transcoded).expect("own text");
        assert_eq!(difference(&named, &again.value, &[], kind.name), None);
    });
}
