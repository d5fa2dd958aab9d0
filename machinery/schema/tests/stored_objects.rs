//! What kube-apiserver stored, byte for byte: decoding it and encoding it again.

use base64::{Engine, prelude::BASE64_STANDARD};
use shardplane_schema::{self as schema, Types, Value, envelope, json, proto};

const OBJECTS: &str = include_str!("../../../tests/golden/etcd/objects.jsonl");

fn lines() -> impl Iterator<Item = Value> {
    OBJECTS.lines().map(|line| json::parse(line.as_bytes()).expect("the corpus is JSON"))
}

fn type_name(types: &Types, api_version: &str, kind: &str) -> Option<schema::TypeId> {
    let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
    types
        .iter()
        .find(|(_, schema)| {
            schema.type_meta && schema.gvk.iter().any(|(g, v, k)| (g.as_str(), v.as_str(), k.as_str()) == (group, version, kind))
        })
        .map(|(id, _)| id)
}

#[test]
fn stored_bytes_are_reproduced() {
    let types = Types::builtin();
    let (mut same, mut differ) = (0, Vec::new());
    for line in lines() {
        if line.bool_at(&["reproducible"]) != Some(true) {
            continue;
        }
        let stored = BASE64_STANDARD.decode(line.str_at(&["value_b64"]).expect("each line has a value")).expect("base64");
        if !envelope::is_protobuf(&stored) {
            continue;
        }
        let opened = envelope::split(&stored).expect("an envelope");
        let id = type_name(types, &opened.api_version, &opened.kind).expect("a known kind");
        let tree = proto::decode(types, id, opened.body).expect("decodes");
        let mut body = Vec::new();
        proto::encode(types, id, &tree, &mut body);
        let again = envelope::wrap(&opened.api_version, &opened.kind, &body);
        let object = line.get("objectInStoredVersion").filter(|object| !object.is_null()).or(line.get("object"));
        let mut printed = json::printed(types, id, &tree);
        if let Some(map) = printed.as_map_mut() {
            map.insert("apiVersion", opened.api_version.clone());
            map.insert("kind", opened.kind.clone());
        }
        let mut expected = object.expect("each line has an object").clone();
        if let Some(map) = expected.as_map_mut() {
            map.map_at("metadata").remove("resourceVersion");
            map.insert("apiVersion", opened.api_version.clone());
        }
        // Conversion names the kind of claim templates on read; the codec does not.
        let converted = line.str_at(&["key"]).is_some_and(|key| key.ends_with("/ss-vct"));
        match again == stored && (converted || printed == expected) {
            true => same += 1,
            false => differ.push(format!(
                "{} bytes equal: {} tree equal: {}\n  {}\n  {}",
                line.str_at(&["key"]).unwrap_or_default(),
                again == stored,
                printed == expected,
                json::to_string(&printed),
                json::to_string(&expected)
            )),
        }
    }
    assert!(differ.is_empty(), "{same} same, {} differ:\n{}", differ.len(), differ.join("\n"));
    assert_eq!(same, 140);
}
