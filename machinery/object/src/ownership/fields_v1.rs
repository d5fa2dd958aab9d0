//! Field sets as text: the `FieldsV1` form that Kubernetes stores, key by key in its order.

use schema::{Map, SmolStr, Value, json};

use super::path::Element;
use super::set::{Node, Set};

/// Why text is no field set.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Error(String);

/// Deeper sets are refused.
const DEPTH_MAX: usize = 100;

/// Writes a set.
pub fn write(set: &Set) -> SmolStr {
    let mut out = String::new();
    object(set, false, &mut out);
    out.into()
}

fn object(set: &Set, is_member: bool, out: &mut String) {
    out.push('{');
    let mut first = true;
    if is_member && !set.is_empty() {
        out.push_str("\".\":{}");
        first = false;
    }
    for (element, node) in set.nodes() {
        if !first {
            out.push(',');
        }
        first = false;
        out.push_str(&json::to_string(&Value::from(key(element))));
        out.push(':');
        object(&node.below, node.member, out);
    }
    out.push('}');
}

fn key(element: &Element) -> String {
    match element {
        Element::Field(name) => format!("f:{name}"),
        Element::Keys(keys) => {
            let map: Map = keys.iter().cloned().collect();
            format!("k:{}", json::to_string(&Value::Map(map)))
        }
        Element::Value(value) => format!("v:{}", json::to_string(value)),
        Element::Index(index) => format!("i:{index}"),
    }
}

/// Reads a set.
pub fn read(text: &str) -> Result<Set, Error> {
    let value = json::parse(text.as_bytes()).map_err(|error| Error(error.to_string()))?;
    let mut set = Set::default();
    read_into(&value, &mut set, 0)?;
    Ok(set)
}

fn read_into(value: &Value, set: &mut Set, depth: usize) -> Result<(), Error> {
    if depth > DEPTH_MAX {
        return Err(Error("the field set nests too deep".to_owned()));
    }
    let map = value
        .as_map()
        .ok_or_else(|| Error("a field set must be an object".to_owned()))?;
    for (key, below) in map.iter().filter(|(key, _)| *key != ".") {
        let node: &mut Node = set.node_mut(element(key)?);
        let map = below
            .as_map()
            .ok_or_else(|| Error(format!("{key} must hold an object")))?;
        node.member |= map.is_empty() || map.contains_key(".");
        read_into(below, &mut node.below, depth + 1)?;
    }
    Ok(())
}

fn element(key: &str) -> Result<Element, Error> {
    let (kind, rest) = key
        .split_once(':')
        .ok_or_else(|| Error(format!("missing colon in path element {key:?}")))?;
    let parse = || json::parse(rest.as_bytes()).map_err(|error| Error(error.to_string()));
    match kind {
        "f" => Ok(Element::Field(rest.into())),
        "v" => parse().map(Element::Value),
        "i" => rest
            .parse()
            .map(Element::Index)
            .map_err(|_| Error(format!("no index: {rest:?}"))),
        "k" => match parse()? {
            Value::Map(map) => Ok(Element::Keys(map.into_iter().collect())),
            _ => Err(Error(format!("keys must be an object: {rest:?}"))),
        },
        kind => Err(Error(format!("unknown path element type {kind:?}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_read_and_written_alike() {
        let text = r#"{"f:metadata":{"f:labels":{".":{},"f:app":{}}},"f:spec":{"f:ports":{"k:{\"containerPort\":80,\"protocol\":\"TCP\"}":{".":{},"f:name":{}},"k:{\"containerPort\":443,\"protocol\":\"TCP\"}":{}},"f:finalizers":{"v:\"a\"":{}}}}"#;
        let set = read(text).expect("well formed");
        assert!(set.contains(&[Element::Field("metadata".into()), Element::Field("labels".into())]));
        // Fields come in order of name.
        let ordered = text.replace(
            r#""f:ports":{"k:{\"containerPort\":80,\"protocol\":\"TCP\"}":{".":{},"f:name":{}},"k:{\"containerPort\":443,\"protocol\":\"TCP\"}":{}},"f:finalizers":{"v:\"a\"":{}}"#,
            r#""f:finalizers":{"v:\"a\"":{}},"f:ports":{"k:{\"containerPort\":80,\"protocol\":\"TCP\"}":{".":{},"f:name":{}},"k:{\"containerPort\":443,\"protocol\":\"TCP\"}":{}}"#,
        );
        assert_eq!(write(&set), ordered);
    }

    #[test]
    fn broken_sets_are_refused() {
        for text in [
            "",
            "[]",
            r#"{"x":{}}"#,
            r#"{"q:x":{}}"#,
            r#"{"f:x":1}"#,
            r#"{"k:1":{}}"#,
        ] {
            assert!(read(text).is_err(), "{text}");
        }
    }
}
