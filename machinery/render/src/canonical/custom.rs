//! Custom objects as bytes: their JSON without a resource version, and the place where it belongs, so that it is put in without
//! reading them.

use schema::{Map, Value, json};

const REVISION_KEY: &str = "resourceVersion";
/// The place, in bytes of the JSON, stands before it.
const PLACE_BYTES: usize = size_of::<u32>();

/// The body of an object. Its metadata comes to be if it has none.
pub fn body(object: &Value) -> Vec<u8> {
    let empty = (Map::new(), Value::Map(Map::new()));
    let map = object.as_map().unwrap_or(&empty.0);
    let mut out = vec![0; PLACE_BYTES];
    let mut place = 0;
    let others = map.iter().filter(|(key, _)| *key != "metadata");
    let metadata = map.get("metadata").unwrap_or(&empty.1);
    let mut entries: Vec<(&str, &Value)> = others.map(|(key, value)| (key.as_str(), value)).collect();
    let at = entries.partition_point(|(key, _)| *key < "metadata");
    entries.insert(at, ("metadata", metadata));
    out.push(b'{');
    for (at, (key, value)) in entries.into_iter().enumerate() {
        put_key(key, at > 0, &mut out);
        match (key, value.as_map()) {
            ("metadata", Some(metadata)) => place = put_metadata(metadata, &mut out),
            _ => json::write(value, &mut out),
        }
    }
    out.push(b'}');
    let place = u32::try_from(place - PLACE_BYTES).unwrap_or_default();
    out[..PLACE_BYTES].copy_from_slice(&place.to_le_bytes());
    out
}

/// Appends metadata without its revision, and says where in `out` that belongs.
fn put_metadata(metadata: &Map, out: &mut Vec<u8>) -> usize {
    out.push(b'{');
    let (mut place, mut is_first) = (out.len(), true);
    for (key, value) in metadata.iter().filter(|(key, _)| *key != REVISION_KEY) {
        put_key(key, !is_first, out);
        json::write(value, out);
        is_first = false;
        if key.as_str() < REVISION_KEY {
            place = out.len();
        }
    }
    out.push(b'}');
    place
}

fn put_key(key: &str, is_next: bool, out: &mut Vec<u8>) {
    if is_next {
        out.push(b',');
    }
    json::write(&Value::from(key), out);
    out.push(b':');
}

/// The JSON without a revision; `None` for what is no body.
pub fn text(body: &[u8]) -> Option<&[u8]> {
    body.get(PLACE_BYTES..)
}

/// Appends the JSON with a revision; `None` for what is no body.
pub fn to_json(body: &[u8], revision: i64, out: &mut Vec<u8>) -> Option<()> {
    let place = u32::from_le_bytes(*body.first_chunk()?);
    let (before, after) = text(body)?.split_at_checked(usize::try_from(place).ok()?)?;
    out.extend_from_slice(before);
    let is_first = before.last() == Some(&b'{');
    let is_only = is_first && after.first() == Some(&b'}');
    if !is_first {
        out.push(b',');
    }
    out.extend_from_slice(format!("\"{REVISION_KEY}\":\"{revision}\"").as_bytes());
    if is_first && !is_only {
        out.push(b',');
    }
    out.extend_from_slice(after);
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use schema::tree;

    fn shown(object: &Value) -> String {
        let mut out = Vec::new();
        to_json(&body(object), 7, &mut out).expect("a body");
        String::from_utf8(out).expect("text")
    }

    #[test]
    fn the_revision_is_put_where_it_would_be_written() {
        let objects = [
            tree!({"apiVersion": "a/v1", "kind": "B", "metadata": {"name": "n", "uid": "u"}, "spec": {"x": 1i64}}),
            tree!({"metadata": {"name": "n"}}),
            tree!({"metadata": {"uid": "u"}}),
            tree!({"metadata": {}}),
            tree!({"a": {"resourceVersion": "", "metadata": {"name": "x"}}, "metadata": {"labels": {"a": "}"}, "resourceVersion": "3"}}),
            tree!({"a": 1i64, "z": 2i64}),
        ];
        for mut object in objects {
            let found = shown(&object);
            object::meta::edit(&mut object).set_resource_version("7");
            assert_eq!(found, json::to_string(&object));
        }
    }

    #[test]
    fn what_is_no_body_is_not_shown() {
        for bytes in [&b""[..], b"abc", b"\xff\xff\xff\xff{}"] {
            assert_eq!(to_json(bytes, 1, &mut Vec::new()), None);
        }
    }
}
