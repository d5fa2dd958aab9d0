//! Requests that follow from limits, of containers and of the pod as a whole. Pod templates keep what was written.

use schema::{Map, SmolStr, Value};

use crate::amounts::Amounts;
use crate::pod_resources::summed;

/// A container that limits a resource requests it.
pub(super) fn requests_from_limits(container: &mut Map) {
    let Some(Value::Map(resources)) = container.get_mut("resources") else {
        return;
    };
    let Some(Value::Map(limits)) = resources.get("limits").cloned() else {
        return;
    };
    if !limits.is_empty() {
        add_absent(resources.map_at("requests"), limits);
    }
}

/// Pod-level limits and requests that were left out (the gate PodLevelResources is on by default).
pub(super) fn pod_level(spec: &mut Map) {
    let Some(Value::Map(of_pod)) = spec.get("resources") else {
        return;
    };
    let requests = of_pod
        .get("requests")
        .and_then(Value::as_map)
        .cloned()
        .unwrap_or_default();
    let mut limits = of_pod
        .get("limits")
        .and_then(Value::as_map)
        .cloned()
        .unwrap_or_default();
    if limits.is_empty() && requests.is_empty() {
        return;
    }
    for (name, amount) in aggregate(spec, "limits") {
        if name.starts_with(HUGE_PAGES) && !requests.contains_key(&name) && !limits.contains_key(&name) {
            limits.insert(name, amount);
        }
    }
    let requests = pod_requests(spec, requests, &limits);
    let of_pod = spec.map_at("resources");
    for (key, list) in [("limits", limits), ("requests", requests)] {
        if !list.is_empty() {
            of_pod.insert(SmolStr::new_static(key), list);
        }
    }
}

const HUGE_PAGES: &str = "hugepages-";

/// What can be set for a pod as a whole.
fn is_pod_level(name: &str) -> bool {
    matches!(name, "cpu" | "memory") || name.starts_with(HUGE_PAGES)
}

fn pod_requests(spec: &Map, mut requests: Map, limits: &Map) -> Map {
    if limits.is_empty() {
        return requests;
    }
    let of_containers = aggregate(spec, "requests");
    add_absent(
        &mut requests,
        of_containers
            .into_iter()
            .filter(|(name, _)| matches!(&**name, "cpu" | "memory")),
    );
    let limits = limits.iter().filter(|(name, _)| is_pod_level(name));
    add_absent(
        &mut requests,
        limits.map(|(name, amount)| (name.clone(), amount.clone())),
    );
    requests
}

fn add_absent(list: &mut Map, more: impl IntoIterator<Item = (SmolStr, Value)>) {
    for (name, amount) in more {
        if !list.contains_key(&name) {
            list.insert(name, amount);
        }
    }
}

/// What the containers come to.
fn aggregate(spec: &Map, kind: &str) -> Map {
    let sum = summed(spec, |container, _| {
        Amounts::of(container.map_at(&["resources", kind]))
    });
    match sum.to_value() {
        Value::Map(map) => map,
        _ => Map::new(),
    }
}

#[cfg(test)]
mod tests {
    use schema::{Value, tree};

    fn filled(spec: Value) -> Value {
        let Value::Map(mut spec) = spec else {
            panic!("a map")
        };
        super::pod_level(&mut spec);
        spec.remove("resources").unwrap_or_default()
    }

    #[test]
    fn pod_requests_sum_containers_then_follow_limits() {
        let spec = tree!({
            "containers": [
                {"resources": {"requests": {"cpu": "100m"}}},
                {"resources": {"requests": {"cpu": "200m"}, "limits": {"hugepages-2Mi": "2Mi"}}}
            ],
            "resources": {"limits": {"cpu": "1", "memory": "1Gi"}}
        });
        let expected = tree!({
            "limits": {"cpu": "1", "memory": "1Gi", "hugepages-2Mi": "2Mi"},
            "requests": {"cpu": "300m", "memory": "1Gi", "hugepages-2Mi": "2Mi"}
        });
        assert_eq!(filled(spec), expected);
    }

    #[test]
    fn starting_need_counts_when_higher() {
        let spec = tree!({
            "containers": [{"resources": {"requests": {"cpu": "1"}}}],
            "initContainers": [
                {"restartPolicy": "Always", "resources": {"requests": {"cpu": "1"}}},
                {"resources": {"requests": {"cpu": "3"}}}
            ],
            "resources": {"limits": {"cpu": "8"}}
        });
        assert_eq!(filled(spec).str_at(&["requests", "cpu"]), Some("4"));
    }
}
