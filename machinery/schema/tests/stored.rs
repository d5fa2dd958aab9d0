//! What the reference keeps in etcd, byte by byte: decoded, encoded, transcoded (tests/golden/etcd/objects.jsonl).

use schema::{TypeId, Types, Value, envelope, json, proto, splice, transcode};

struct Sample {
    line: usize,
    id: TypeId,
    key: String,
    stored: Vec<u8>,
    /// The GET answer in the stored version, as printed.
    printed: String,
    reproducible: bool,
}

fn samples() -> Vec<Sample> {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../tests/golden/etcd/objects.jsonl"
    );
    let text = std::fs::read_to_string(path).expect("the vendored corpus");
    text.lines()
        .enumerate()
        .filter_map(|(at, line)| sample(at + 1, line))
        .collect()
}

fn sample(line: usize, text: &str) -> Option<Sample> {
    let entry = json::parse(text.as_bytes()).expect("a line is an object");
    if entry.str_at(&["storedAs", "encoding"]) != Some("protobuf") {
        return None;
    }
    let stored = entry.str_at(&["storedAs", "apiVersion"]).expect("text");
    let kind = entry.str_at(&["storedAs", "kind"]).expect("text");
    let member = if entry.get("objectInStoredVersion").is_some() {
        "\"objectInStoredVersion\":"
    } else {
        "\"object\":"
    };
    Some(Sample {
        line,
        id: type_of(stored, kind),
        key: entry.str_at(&["key"]).expect("text").to_string(),
        stored: base64(entry.str_at(&["value_b64"]).expect("text")),
        printed: value_text(text, member).to_string(),
        reproducible: entry.bool_at(&["reproducible"]) == Some(true),
    })
}

/// The text of a member's value.
fn value_text<'a>(line: &'a str, member: &str) -> &'a str {
    let rest = &line[line.find(member).expect("the member") + member.len()..];
    let mut values = serde_json::Deserializer::from_str(rest).into_iter::<serde::de::IgnoredAny>();
    values.next().expect("a value").expect("JSON");
    &rest[..values.byte_offset()]
}

fn type_of(api_version: &str, kind: &str) -> TypeId {
    let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
    let is = |gvk: &(schema::SmolStr, schema::SmolStr, schema::SmolStr)| {
        gvk.0 == group && gvk.1 == version && gvk.2 == kind
    };
    let found = Types::builtin()
        .iter()
        .find(|(_, schema)| schema.gvk.iter().any(is));
    found
        .unwrap_or_else(|| panic!("{api_version} {kind} is in the table"))
        .0
}

fn base64(text: &str) -> Vec<u8> {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD
        .decode(text)
        .expect("base64")
}

/// The object without what only a response has.
fn as_stored(printed: &str, id: TypeId) -> Value {
    let mut value = json::decode(Types::builtin(), id, printed.as_bytes())
        .expect("an object")
        .value;
    value
        .as_map_mut()
        .expect("a map")
        .map_at("metadata")
        .remove("resourceVersion");
    value
}

/// The corpus was written without Go's escapes for HTML.
fn unescaped(text: &[u8]) -> String {
    String::from_utf8_lossy(text)
        .replace("\\u003c", "<")
        .replace("\\u003e", ">")
        .replace("\\u2028", "\u{2028}")
        .replace("\\u0026", "&")
}

#[test]
fn printed_objects_encode_to_the_stored_bytes() {
    let mut equal = 0;
    for sample in samples().iter().filter(|sample| sample.reproducible) {
        let mut value = as_stored(&sample.printed, sample.id);
        let envelope = envelope::split(&sample.stored).expect("an envelope");
        let map = value.as_map_mut().expect("a map");
        map.insert("apiVersion", envelope.api_version.clone());
        let encoded = envelope::encode(Types::builtin(), sample.id, &value);
        assert_eq!(
            encoded.escape_ascii().to_string(),
            sample.stored.escape_ascii().to_string(),
            "line {} {}",
            sample.line,
            sample.key
        );
        equal += 1;
    }
    assert_eq!(equal, 140);
}

#[test]
fn stored_bytes_survive_decoding_and_encoding() {
    for sample in samples() {
        let envelope = envelope::split(&sample.stored).expect("an envelope");
        let value = envelope::decode(Types::builtin(), sample.id, &envelope).expect("an object");
        let encoded = envelope::encode(Types::builtin(), sample.id, &value);
        // Raw extensions are kept as values: the client's white space goes.
        if sample.printed.contains("\"parameters\":") || sample.key.contains("controllerrevisions") {
            let again = proto::decode(
                Types::builtin(),
                sample.id,
                envelope::split(&encoded).expect("an envelope").body,
            );
            let before = proto::decode(Types::builtin(), sample.id, envelope.body);
            assert_eq!(again, before, "line {} {}", sample.line, sample.key);
        } else {
            assert_eq!(encoded, sample.stored, "line {} {}", sample.line, sample.key);
        }
    }
}

#[test]
fn stored_bytes_decode_to_what_the_reference_prints() {
    for sample in samples().iter().filter(|sample| sample.reproducible) {
        let envelope = envelope::split(&sample.stored).expect("an envelope");
        let mut value = envelope::decode(Types::builtin(), sample.id, &envelope).expect("an object");
        let printed = json::parse(sample.printed.as_bytes()).expect("JSON");
        let revision = printed
            .at(&["metadata", "resourceVersion"])
            .expect("a revision")
            .clone();
        value
            .as_map_mut()
            .expect("a map")
            .map_at("metadata")
            .insert("resourceVersion", revision);
        value.as_map_mut().expect("a map").insert(
            "apiVersion",
            printed.get("apiVersion").expect("a version").clone(),
        );
        let mut text = Vec::new();
        json::encode(Types::builtin(), sample.id, &value, &mut text);
        assert_eq!(
            unescaped(&text),
            sample.printed,
            "line {} {}",
            sample.line,
            sample.key
        );
        // And the printed form decodes to the very same tree.
        let decoded =
            json::decode(Types::builtin(), sample.id, sample.printed.as_bytes()).expect("an object");
        assert_eq!(decoded.strict, [], "line {}", sample.line);
        assert_eq!(decoded.value, value, "line {} {}", sample.line, sample.key);
    }
}

#[test]
fn transcoding_equals_decoding_and_encoding() {
    let types = Types::builtin();
    for sample in samples() {
        let envelope = envelope::split(&sample.stored).expect("an envelope");
        let mut value = envelope::decode(types, sample.id, &envelope).expect("an object");
        value
            .as_map_mut()
            .expect("a map")
            .map_at("metadata")
            .insert("resourceVersion", "12345");
        let mut encoded = Vec::new();
        json::encode(types, sample.id, &value, &mut encoded);
        let mut out = Vec::new();
        let (version, kind) = (&envelope.api_version, &envelope.kind);
        transcode::to_json(
            types,
            sample.id,
            envelope.body,
            version,
            kind,
            Some(12345),
            &mut out,
        )
        .expect("an object");
        if !sample.reproducible {
            // Raw extensions keep their key order.
            let (left, right) = (
                json::parse(&out).expect("JSON"),
                json::parse(&encoded).expect("JSON"),
            );
            assert_eq!(left, right, "line {} {}", sample.line, sample.key);
            continue;
        }
        assert_eq!(
            String::from_utf8_lossy(&out),
            String::from_utf8_lossy(&encoded),
            "line {} {}",
            sample.line,
            sample.key
        );
        let printed = json::parse(sample.printed.as_bytes()).expect("JSON");
        let revision: i64 = printed
            .str_at(&["metadata", "resourceVersion"])
            .and_then(|text| text.parse().ok())
            .expect("a revision");
        out.clear();
        let version = printed.str_at(&["apiVersion"]).expect("a version");
        transcode::to_json(
            types,
            sample.id,
            envelope.body,
            version,
            kind,
            Some(revision),
            &mut out,
        )
        .expect("an object");
        assert_eq!(
            unescaped(&out),
            sample.printed,
            "line {} {}",
            sample.line,
            sample.key
        );
    }
}

#[test]
fn spliced_bytes_are_those_of_the_tree_with_the_revision() {
    let types = Types::builtin();
    let mut compared = 0;
    for sample in samples() {
        let body = envelope::split(&sample.stored).expect("an envelope").body;
        let mut tree = proto::decode(types, sample.id, body).expect("a message");
        let mut canonical = Vec::new();
        proto::encode(types, sample.id, &tree, &mut canonical);
        for revision in [0, 7, 1_234_567, i64::MAX] {
            tree.as_map_mut()
                .expect("a map")
                .map_at("metadata")
                .insert("resourceVersion", revision.to_string());
            let mut encoded = Vec::new();
            proto::encode(types, sample.id, &tree, &mut encoded);
            // A revision that stands there already is replaced.
            for body in [&canonical, &encoded] {
                let mut spliced = Vec::new();
                splice::splice(body, revision, &mut spliced).expect("a message");
                assert_eq!(spliced, encoded, "line {}", sample.line);
                let len = splice::spliced_len(body, revision).expect("a message");
                assert_eq!(len, encoded.len(), "line {}", sample.line);
            }
        }
        compared += 1;
    }
    assert!(compared > 100, "{compared}");
}
