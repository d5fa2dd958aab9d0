//! Hostile bytes: no codec panics, hangs or makes more than the input pays for, and what is read is read the same way again.

use proptest::prelude::*;
use schema::{TypeId, Types, Value, envelope, json, proto, transcode, yaml};
use std::sync::LazyLock;

/// Bodies of stored objects to begin with.
static STORED: LazyLock<Vec<(TypeId, Vec<u8>)>> = LazyLock::new(|| {
    use base64::Engine;
    let types = Types::builtin();
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../tests/golden/etcd/objects.jsonl"
    );
    let corpus = std::fs::read_to_string(path).expect("the vendored corpus");
    let stored = corpus.lines().filter_map(|line| {
        let entry = json::parse(line.as_bytes()).ok()?;
        let bytes = base64::engine::general_purpose::STANDARD
            .decode(entry.str_at(&["value_b64"])?)
            .ok()?;
        let envelope = envelope::split(&bytes).ok()?;
        let of = |gvk: &(schema::SmolStr, schema::SmolStr, schema::SmolStr)| {
            let group_version = if gvk.0.is_empty() {
                gvk.1.to_string()
            } else {
                format!("{}/{}", gvk.0, gvk.1)
            };
            group_version == envelope.api_version && gvk.2 == envelope.kind
        };
        let (id, _) = types.iter().find(|(_, schema)| schema.gvk.iter().any(of))?;
        Some((id, envelope.body.to_vec()))
    });
    stored.collect()
});

fn any_type() -> impl Strategy<Value = TypeId> {
    (0..Types::builtin().iter().count() as u32).prop_map(TypeId)
}

/// A stored body with some bytes changed, doubled or cut.
fn damaged() -> impl Strategy<Value = (TypeId, Vec<u8>)> {
    let change = (any::<prop::sample::Index>(), any::<u8>(), 0..4u8);
    (any::<prop::sample::Index>(), prop::collection::vec(change, 0..6)).prop_map(|(which, changes)| {
        let (id, mut body) = which.get(&STORED).clone();
        for (place, byte, how) in changes {
            if body.is_empty() {
                break;
            }
            let at = place.index(body.len());
            match how {
                0 => body[at] = byte,
                1 => body.insert(at, byte),
                2 => drop(body.remove(at)),
                _ => body.extend_from_within(..at),
            }
        }
        (id, body)
    })
}

/// Texts that look like an object of some type: tokens in any order.
fn json_like() -> impl Strategy<Value = String> {
    let token = prop::sample::select(vec![
        "{",
        "}",
        "[",
        "]",
        ":",
        ",",
        "null",
        "true",
        "1",
        "-1.5e3",
        "\"a\"",
        "\"spec\"",
        "\"metadata\"",
        "\"labels\"",
        "\"name\"",
        "\"containers\"",
        "\"creationTimestamp\"",
        "\"2020-01-01T00:00:00Z\"",
        "\"resources\"",
        "\"limits\"",
        "\"1Gi\"",
        " ",
        "\\",
        "\"",
        "\"managedFields\"",
        "\"fieldsV1\"",
        "\"\\ud800\"",
    ]);
    prop::collection::vec(token, 0..60).prop_map(|tokens| tokens.concat())
}

fn nodes(value: &Value) -> usize {
    match value {
        Value::List(list) => list.iter().map(nodes).sum::<usize>() + 1,
        Value::Map(map) => map.values().map(nodes).sum::<usize>() + 1,
        _ => 1,
    }
}

/// What was read prints to something that reads the same.
fn check_json(id: TypeId, text: &[u8]) {
    let types = Types::builtin();
    let Ok(decoded) = json::decode(types, id, text) else {
        return;
    };
    assert!(nodes(&decoded.value) <= text.len() + 1);
    let mut printed = Vec::new();
    json::encode(types, id, &decoded.value, &mut printed);
    let again = json::decode(types, id, &printed).expect("what is printed is an object");
    let mut twice = Vec::new();
    json::encode(types, id, &again.value, &mut twice);
    assert_eq!(String::from_utf8_lossy(&printed), String::from_utf8_lossy(&twice));
}

fn check_protobuf(id: TypeId, body: &[u8]) {
    let types = Types::builtin();
    let decoded = proto::decode(types, id, body);
    let mut transcoded = b"kept".to_vec();
    let result = transcode::to_json(types, id, body, "", "", None, &mut transcoded);
    let (Ok(value), Ok(())) = (&decoded, &result) else {
        assert!(result.is_ok() || transcoded == b"kept");
        return;
    };
    // An item, a key and a value take a byte or two each on the wire; kinds of embedded objects are added.
    assert!(nodes(value) <= 4 * body.len() + 4);
    let mut encoded = Vec::new();
    json::encode(types, id, value, &mut encoded);
    let (Ok(left), Ok(right)) = (json::parse(&transcoded[4..]), json::parse(&encoded)) else {
        // A field set is copied as it is; it need not be JSON.
        return;
    };
    assert_eq!(json::to_string(&left), json::to_string(&right));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_an_object_or_an_error(id in any_type(), bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        check_json(id, &bytes);
        check_protobuf(id, &bytes);
        let _ = json::parse(&bytes);
        let _ = json::type_meta(&bytes);
        let _ = yaml::decode(Types::builtin(), id, &bytes);
        let _ = envelope::split(&bytes);
        let _ = proto::peek_meta(&bytes);
    }

    #[test]
    fn any_json_is_an_object_or_an_error(id in any_type(), text in json_like()) {
        check_json(id, text.as_bytes());
        let _ = yaml::decode(Types::builtin(), id, text.as_bytes());
    }

    #[test]
    fn damaged_objects_are_read_alike_or_refused((id, body) in damaged()) {
        check_protobuf(id, &body);
        let _ = proto::peek_meta(&body);
    }

    #[test]
    fn yaml_is_read_or_refused(text in "[-:#\\[\\]{}&*!|>'\"%@a0 \n\t~,?<]{0,80}") {
        if let Ok(value) = yaml::parse(text.as_bytes()) {
            let mut written = Vec::new();
            yaml::write(&value, &mut written);
            prop_assert_eq!(yaml::parse(&written).map_err(|error| (error, String::from_utf8_lossy(&written).into_owned())), Ok(value));
        }
    }

    #[test]
    fn texts_survive_yaml(text in "\\PC{0,40}|[ -~\n]{0,40}") {
        let value = schema::tree!({"key": (text.as_str()), "list": [(text.as_str())]});
        let mut written = Vec::new();
        yaml::write(&value, &mut written);
        prop_assert_eq!(yaml::parse(&written), Ok(value), "{}", String::from_utf8_lossy(&written));
    }
}

#[test]
fn deep_nesting_is_refused() {
    let types = Types::builtin();
    let id = types
        .id("io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaProps")
        .expect("a type");
    for (open, close) in [("[", "]"), ("{\"not\":", "}"), ("{\"default\":{\"a\":", "}}")] {
        let text = format!("{}1{}", open.repeat(100_000), close.repeat(100_000));
        assert!(json::parse(text.as_bytes()).is_err());
        assert!(json::decode(types, id, text.as_bytes()).is_err());
        assert!(yaml::parse(&text.as_bytes()[..20_000]).is_err());
    }
    // Fields 28 and 25 are `not` and `allOf`: a schema in a schema, alone and in a list.
    for tag in [28u8, 25] {
        let body = nested(tag);
        assert!(proto::decode(types, id, &body).is_err());
        assert!(transcode::to_json(types, id, &body, "", "", None, &mut Vec::new()).is_err());
    }
}

/// Ten thousand messages, each the only field of the one around it.
fn nested(number: u8) -> Vec<u8> {
    let mut reversed = Vec::new();
    for _ in 0..10_000 {
        let mut head = vec![number << 3 | 2 | 0x80, number >> 4];
        let mut length = reversed.len();
        while length >= 0x80 {
            head.push(length as u8 | 0x80);
            length >>= 7;
        }
        head.push(length as u8);
        reversed.extend(head.iter().rev());
    }
    reversed.reverse();
    reversed
}
