//! The quality-of-service class of a pod, as its resources imply it. It decides nothing by it.
//! Source: "Pod Quality of Service Classes" of the Kubernetes documentation, KEP-2837 for resources of whole pods.

use schema::quantity::Quantity;
use schema::{Map, Value};

/// The resources that count.
const COUNTED: [&str; 2] = ["cpu", "memory"];

/// `Guaranteed`, `Burstable` or `BestEffort`.
pub fn class(pod: &Value) -> &'static str {
    let mut totals = Totals::new();
    match pod
        .at(&["spec", "resources"])
        .filter(|resources| is_set(resources))
    {
        Some(whole) => totals.add(whole),
        None => {
            for list in ["containers", "initContainers"] {
                for container in pod.list_at(&["spec", list]) {
                    totals.add(container.get("resources").unwrap_or(&Value::Null));
                }
            }
        }
    }
    totals.class()
}

/// Whether a pod's own resources say something about what counts.
fn is_set(resources: &Value) -> bool {
    let names = |part| resources.map_at(&[part]).into_iter().flat_map(Map::keys);
    names("requests")
        .chain(names("limits"))
        .any(|name| COUNTED.contains(&name.as_str()) || name.starts_with("hugepages-"))
}

/// Sums over the counted resources; `None` while nothing was asked for.
struct Totals {
    requests: [Option<Quantity>; COUNTED.len()],
    limits: [Option<Quantity>; COUNTED.len()],
    limited: bool,
}

impl Totals {
    fn new() -> Self {
        Self {
            requests: [None, None],
            limits: [None, None],
            limited: true,
        }
    }

    fn add(&mut self, resources: &Value) {
        sum(&mut self.requests, resources.map_at(&["requests"]));
        let all = sum(&mut self.limits, resources.map_at(&["limits"]));
        self.limited &= all;
    }

    fn class(self) -> &'static str {
        let none = |totals: &[Option<Quantity>]| totals.iter().all(Option::is_none);
        if none(&self.requests) && none(&self.limits) {
            "BestEffort"
        } else if self.limited && self.requests == self.limits {
            "Guaranteed"
        } else {
            "Burstable"
        }
    }
}

/// Adds what is there; tells whether all that counts was.
fn sum(totals: &mut [Option<Quantity>; COUNTED.len()], amounts: Option<&Map>) -> bool {
    let mut all = true;
    for (name, total) in COUNTED.iter().zip(totals) {
        let amount = amounts
            .and_then(|map| Quantity::parse(map.get(name)?.as_str()?).ok())
            .filter(|amount| amount.signum() > 0);
        match amount {
            Some(amount) => *total = Some(total.take().map_or(amount, |sum| sum.plus(&amount))),
            None => all = false,
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use schema::tree;

    #[test]
    fn containers_decide_together() {
        let full =
            tree!({"limits": {"cpu": "1", "memory": "1Gi"}, "requests": {"cpu": "1", "memory": "1Gi"}});
        let half = tree!({"requests": {"cpu": "1"}});
        let pod = |all: Vec<Value>| {
            let containers: Vec<_> = all
                .into_iter()
                .map(|resources| tree!({"resources": resources}))
                .collect();
            tree!({"spec": {"containers": containers}})
        };
        assert_eq!(class(&pod(vec![full.clone()])), "Guaranteed");
        assert_eq!(class(&pod(vec![full.clone(), half])), "Burstable");
        assert_eq!(class(&pod(vec![full, tree!({})])), "Burstable");
        assert_eq!(class(&pod(vec![tree!({})])), "BestEffort");
    }

    #[test]
    fn resources_of_the_pod_count_instead_of_its_containers() {
        let pod = tree!({"spec": {
            "resources": {"limits": {"cpu": "1", "memory": "1Gi"}, "requests": {"cpu": "1", "memory": "1Gi"}},
            "containers": [{"resources": {"requests": {"cpu": "1"}}}]
        }});
        assert_eq!(class(&pod), "Guaranteed");
    }
}
