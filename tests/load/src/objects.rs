//! The objects that the load consists of, as JSON texts: configmaps of a given size, and pods as a scheduler and a kubelet leave
//! them. Names end in a number, by which events are known.

mod cluster;
mod kinds;
mod pod;

pub use cluster::{
    PART, endpoint_slice, endpoint_slice_patch, lease, lease_renewal, node, node_name, node_status,
};
pub use kinds::{KINDS, object, object_patch, of_kind};
pub use pod::{PodShape, kubelet_status, pod};

use serde_json::json;

/// The name of an object.
pub fn name(number: usize) -> String {
    format!("watchload-{number:06}")
}

/// A configmap with `bytes` of data that differ with each `turn`.
pub fn config_map(number: usize, bytes: usize, turn: u64) -> String {
    json!({
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": name(number)},
        "data": {"payload": payload(bytes, turn)},
    })
    .to_string()
}

/// A merge patch of the same data.
pub fn config_map_patch(bytes: usize, turn: u64) -> String {
    json!({"data": {"payload": payload(bytes, turn)}}).to_string()
}

fn payload(bytes: usize, turn: u64) -> String {
    let mut text = format!("{turn:020}");
    let filling = "the quick brown fox jumps over the lazy dog ".chars().cycle();
    text.extend(filling.take(bytes.saturating_sub(text.len())));
    text.truncate(bytes);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn payloads_have_their_size_and_differ() {
        assert_eq!(payload(1024, 1).len(), 1024);
        assert_ne!(payload(1024, 1), payload(1024, 2));
    }
}
