//! TaintNodesByCondition and PodTopologyLabels: what a new node is tainted with, and what a pod learns of its node.
//! It edits trees; the plugins read the node.

use schema::{Map, Value, tree};

const NOT_READY: &str = "node.kubernetes.io/not-ready";
/// The node labels that a pod gets.
const TOPOLOGY_LABELS: [&str; 2] = ["topology.kubernetes.io/zone", "topology.kubernetes.io/region"];

/// A new node takes no pods until its controller has seen it ready.
pub fn taint_new(node: &mut Value) {
    let tainted = node.list_at(&["spec", "taints"]).iter().any(|taint| {
        taint.str_at(&["key"]) == Some(NOT_READY) && taint.str_at(&["effect"]) == Some("NoSchedule")
    });
    if let (false, Some(map)) = (tainted, node.as_map_mut()) {
        let taints = map
            .map_at("spec")
            .entry_or_insert_with("taints", || Value::List(Vec::new()));
        if let Some(list) = taints.as_list_mut() {
            list.push(tree!({"key": NOT_READY, "effect": "NoSchedule"}));
        }
    }
}

/// Copies the node's topology labels to what is bound to it: a Binding, or a pod created with a node.
pub fn copy_topology_labels(to: &mut Value, node: &Value) {
    let Some(labels) = node.map_at(&["metadata", "labels"]) else {
        return;
    };
    let found: Vec<_> = TOPOLOGY_LABELS
        .iter()
        .filter_map(|key| labels.get(key).map(|value| (*key, value.clone())))
        .collect();
    if let (false, Some(map)) = (found.is_empty(), to.as_map_mut()) {
        let labels: &mut Map = map.map_at("metadata").map_at("labels");
        for (key, value) in found {
            labels.insert(key, value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn new_node_is_tainted_once() {
        let mut node = tree!({"metadata": {"name": "n"}});
        taint_new(&mut node);
        taint_new(&mut node);
        assert_eq!(node.list_at(&["spec", "taints"]).len(), 1);
    }

    #[test]
    fn only_topology_labels_are_copied() {
        let node = tree!({"metadata": {"labels": {"topology.kubernetes.io/zone": "z", "other": "x"}}});
        let mut pod = tree!({"metadata": {}});
        copy_topology_labels(&mut pod, &node);
        assert_eq!(pod.map_at(&["metadata", "labels"]).map(Map::len), Some(1));
    }
}
