//! What a pod asks for as a whole: the sum of its containers, at least what its init containers need one after another beside the
//! sidecars that run already, and what the pod itself says instead. Source: "Resource sharing within containers" and "Pod overhead" of
//! the Kubernetes documentation, KEP-753 (sidecars), KEP-2837 (resources of whole pods), KEP-1287 (resizing).

use kinds::amounts::Amounts;
use kinds::pod_resources::Role;
use schema::{Map, Value};

/// `requests` or `limits`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// What it is scheduled by.
    Requests,
    /// What it may use.
    Limits,
}

impl Part {
    fn field(self) -> &'static str {
        match self {
            Self::Requests => "requests",
            Self::Limits => "limits",
        }
    }
}

/// What the containers and the pod say.
pub fn total(pod: &Value, part: Part) -> Amounts {
    summed(pod, part, false)
}

/// The same with the pod's overhead, as a node must have it.
pub fn scheduled(pod: &Value, part: Part) -> Amounts {
    with_overhead(pod, part, summed(pod, part, false))
}

/// As it is charged: with the pod's overhead, and of a pod that is being resized the larger of what it has and what it wants.
pub fn charged(pod: &Value, part: Part) -> Amounts {
    with_overhead(pod, part, summed(pod, part, true))
}

fn with_overhead(pod: &Value, part: Part, mut total: Amounts) -> Amounts {
    let overhead = Amounts::of(pod.map_at(&["spec", "overhead"]));
    match part {
        Part::Requests => total.add(&overhead),
        // Where there is no limit, overhead makes none.
        Part::Limits => {
            let limited = overhead.only(|name| total.get(name).is_some_and(|limit| !limit.is_zero()));
            total.add(&limited);
        }
    }
    total
}

fn summed(pod: &Value, part: Part, resizing: bool) -> Amounts {
    let in_force = |container: &Value, statuses: &str| {
        let name = container.str_at(&["name"]);
        let status = pod.list_at(&["status", statuses]).iter();
        let status = status.into_iter().find(|one| one.str_at(&["name"]) == name)?;
        in_force(status, part)
    };
    let leaves_spec_out = resizing && is_infeasible(pod);
    let of = |container: &Value, role: Role| {
        let wanted = Amounts::of(container.map_at(&["resources", part.field()]));
        let in_force = match role {
            Role::Main if resizing => in_force(container, "containerStatuses"),
            Role::Sidecar if resizing => in_force(container, "initContainerStatuses"),
            _ => None,
        };
        match in_force {
            None => wanted,
            Some(in_force) if leaves_spec_out => in_force,
            Some(mut amounts) => {
                amounts.raise_to(&wanted);
                amounts
            }
        }
    };
    let spec = pod.map_at(&["spec"]);
    let mut sum = spec.map_or_else(Amounts::default, |spec| kinds::pod_resources::summed(spec, of));
    for (name, amount) in Amounts::of(own(pod, part)).iter() {
        sum.set(name.clone(), *amount);
    }
    sum
}

/// What a container has, or is given, as its node tells; `None` where it does not tell.
fn in_force(status: &Value, part: Part) -> Option<Amounts> {
    status.get("resources").filter(|resources| !resources.is_null())?;
    let mut amounts = Amounts::of(status.map_at(&["resources", part.field()]));
    if part == Part::Requests {
        amounts.raise_to(&Amounts::of(status.map_at(&["allocatedResources"])));
    }
    Some(amounts)
}

/// Whether the node can never give what a resized pod wants.
fn is_infeasible(pod: &Value) -> bool {
    let mut conditions = pod.list_at(&["status", "conditions"]).iter();
    let pending = conditions.find(|one| one.str_at(&["type"]) == Some("PodResizePending"));
    pending.is_some_and(|one| one.str_at(&["reason"]) == Some("Infeasible"))
}

/// What the pod itself says; decoding lets only `cpu`, `memory` and huge pages in.
fn own(pod: &Value, part: Part) -> Option<&Map> {
    pod.map_at(&["spec", "resources", part.field()])
}

#[cfg(test)]
mod tests {
    use super::*;
    use schema::tree;

    fn container(cpu: &str) -> Value {
        tree!({"name": "c", "resources": {"requests": {"cpu": cpu}, "limits": {"cpu": cpu}}})
    }

    fn cpu(pod: &Value) -> String {
        total(pod, Part::Requests).printed()
    }

    #[test]
    fn the_pods_own_resources_stand_instead() {
        let pod = tree!({"spec": {
            "containers": (vec![container("1")]),
            "resources": {"requests": {"cpu": "2", "memory": "1Gi"}},
        }});
        assert_eq!(cpu(&pod), "cpu=2,memory=1Gi");
    }

    #[test]
    fn overhead_is_charged_and_makes_no_limit() {
        let pod = tree!({"spec": {
            "containers": (vec![container("1")]),
            "overhead": {"cpu": "250m", "memory": "10Mi"},
        }});
        assert_eq!(charged(&pod, Part::Requests).printed(), "cpu=1250m,memory=10Mi");
        assert_eq!(charged(&pod, Part::Limits).printed(), "cpu=1250m");
        assert_eq!(total(&pod, Part::Limits).printed(), "cpu=1");
    }

    fn resized(status: Value, conditions: Value) -> (String, String) {
        let pod = tree!({
            "spec": {"containers": (vec![container("2")])},
            "status": {"containerStatuses": [status], "conditions": conditions},
        });
        let of = |part| charged(&pod, part).printed();
        (of(Part::Requests), of(Part::Limits))
    }

    fn cpus(requests: &str, limits: &str) -> (String, String) {
        (format!("cpu={requests}"), format!("cpu={limits}"))
    }

    #[test]
    fn while_a_pod_is_resized_the_largest_counts() {
        let shrinks = tree!({"name": "c", "allocatedResources": {"cpu": "4"},
            "resources": {"requests": {"cpu": "3"}, "limits": {"cpu": "5"}}});
        assert_eq!(resized(shrinks, tree!([])), cpus("4", "5"));
        let grows = tree!({"name": "c", "allocatedResources": {"cpu": "1"}, "resources": {}});
        assert_eq!(resized(grows, tree!([])), cpus("2", "2"));
    }

    #[test]
    fn a_status_that_tells_no_resources_is_left_out() {
        let silent = tree!({"name": "c", "allocatedResources": {"cpu": "4"}});
        assert_eq!(resized(silent, tree!([])), cpus("2", "2"));
    }

    #[test]
    fn what_the_node_cannot_give_is_not_charged() {
        let status = tree!({"name": "c", "allocatedResources": {"cpu": "1"},
            "resources": {"requests": {"cpu": "500m"}, "limits": {"cpu": "1"}}});
        let pending = |reason: &str| tree!([{"type": "PodResizePending", "reason": reason}]);
        assert_eq!(resized(status.clone(), pending("Infeasible")), cpus("1", "1"));
        assert_eq!(resized(status, pending("Deferred")), cpus("2", "2"));
    }

    #[test]
    fn init_containers_that_end_are_not_resized() {
        let of = |restart: &str| {
            let mut init = container("1");
            if let Some(map) = init.as_map_mut() {
                map.insert("restartPolicy", restart);
            }
            let status = tree!({"name": "c", "resources": {"requests": {"cpu": "3"}}});
            let pod = tree!({
                "spec": {"containers": [], "initContainers": [init]},
                "status": {"initContainerStatuses": [status]},
            });
            charged(&pod, Part::Requests).printed()
        };
        assert_eq!((of("Always"), of("")), ("cpu=3".to_owned(), "cpu=1".to_owned()));
    }
}
