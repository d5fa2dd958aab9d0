//! PartialObjectMetadata: an object or a list with nothing but metadata.
//! Negotiation decides when it is asked for; this only makes the trees.

use schema::{Map, Value};
use smol_str::format_smolstr;

/// The metadata of an object. `version` is that of meta.k8s.io that was asked for: `v1` or `v1beta1`.
pub fn object(object: &Value, version: &str) -> Value {
    let metadata = object
        .get("metadata")
        .cloned()
        .unwrap_or_else(|| Value::Map(Map::new()));
    envelope("PartialObjectMetadata", version, metadata)
}

/// The metadata of a list and of its items.
pub fn list(list: &Value, version: &str) -> Value {
    let metadata = list
        .get("metadata")
        .cloned()
        .unwrap_or_else(|| Value::Map(Map::new()));
    let items = list
        .list_at(&["items"])
        .iter()
        .map(|item| object(item, version))
        .collect::<Vec<_>>();
    let mut partial = envelope("PartialObjectMetadataList", version, metadata);
    if let Some(map) = partial.as_map_mut() {
        map.insert("items", items);
    }
    partial
}

fn envelope(kind: &str, version: &str, metadata: Value) -> Value {
    let mut map = Map::with_capacity(4);
    map.insert("apiVersion", format_smolstr!("meta.k8s.io/{version}"));
    map.insert("kind", kind);
    map.insert("metadata", metadata);
    Value::Map(map)
}

#[cfg(test)]
mod tests {
    use super::*;
    use schema::tree;

    #[test]
    fn keeps_metadata_only() {
        let source = tree!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}, "spec": {}});
        let expected = tree!({"apiVersion": "meta.k8s.io/v1beta1", "kind": "PartialObjectMetadata", "metadata": {"name": "a"}});
        assert_eq!(object(&source, "v1beta1"), expected);
        assert_eq!(object(&tree!({}), "v1").at(&["metadata"]), Some(&tree!({})));
    }

    #[test]
    fn lists_keep_their_own_metadata() {
        let source =
            tree!({"metadata": {"resourceVersion": "7"}, "items": [{"metadata": {"name": "a"}, "data": {}}]});
        let partial = list(&source, "v1");
        assert_eq!(partial.str_at(&["kind"]), Some("PartialObjectMetadataList"));
        assert_eq!(partial.str_at(&["metadata", "resourceVersion"]), Some("7"));
        assert_eq!(
            partial.list_at(&["items"])[0].str_at(&["kind"]),
            Some("PartialObjectMetadata")
        );
        assert_eq!(partial.list_at(&["items"])[0].get("data"), None);
    }
}
