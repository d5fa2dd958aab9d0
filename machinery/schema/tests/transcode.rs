//! What the transcoder remembers of a message must not show in another, and maps may lie anywhere in theirs.

use schema::{TypeId, Types, json, proto, transcode};

fn type_of(name: &str) -> TypeId {
    Types::builtin().id(name).expect("a built-in type")
}

/// What the transcoder prints, and what a tree is printed as.
fn both(id: TypeId, body: &[u8], revision: Option<i64>) -> (String, String) {
    let types = Types::builtin();
    let (mut straight, mut by_tree) = (Vec::new(), Vec::new());
    transcode::to_json(types, id, body, "", "", revision, &mut straight).expect("a message");
    let value = proto::decode(types, id, body).expect("a message");
    json::encode(types, id, &value, &mut by_tree);
    let text = |bytes| String::from_utf8(bytes).expect("text");
    (text(straight), text(by_tree))
}

#[test]
fn what_was_found_of_one_container_does_not_count_for_the_next() {
    let id = type_of("io.k8s.api.core.v1.Pod");
    let text = br#"{"spec":{"containers":[
        {"name":"a","image":"i","command":["c"],"ports":[{"containerPort":1}],"env":[{"name":"e","value":"v"}],"tty":true,
         "resources":{"limits":{"cpu":"1"}},"livenessProbe":{"exec":{"command":["x"]}}},
        {"name":"b","env":[{"name":"f"}]}]}}"#;
    let value = json::decode(Types::builtin(), id, text).expect("a pod").value;
    let mut body = Vec::new();
    proto::encode(Types::builtin(), id, &value, &mut body);
    let (straight, by_tree) = both(id, &body, None);
    assert_eq!(straight, by_tree);
    assert!(
        straight.contains(r#"{"name":"b","env":[{"name":"f"}],"resources":{}}"#),
        "{straight}"
    );
}

#[test]
fn entries_of_a_map_that_lie_apart_are_all_printed() {
    let id = type_of("io.k8s.api.core.v1.ConfigMap");
    let label = |key: &str| field(11, &[field(1, key.as_bytes()), field(2, b"v")].concat());
    let metadata = [label("a"), field(1, b"name"), label("b")].concat();
    let body = field(1, &metadata);
    let (straight, by_tree) = both(id, &body, None);
    assert_eq!(straight, by_tree);
    let (numbered, _) = both(id, &body, Some(7));
    for text in [straight, numbered] {
        assert!(text.contains(r#""labels":{"a":"v","b":"v"}"#), "{text}");
    }
}

/// A field of bytes, shorter than 128.
fn field(number: u8, bytes: &[u8]) -> Vec<u8> {
    [&[number << 3 | 2, bytes.len() as u8], bytes].concat()
}
