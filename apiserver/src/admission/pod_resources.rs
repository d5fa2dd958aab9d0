//! What a pod asks for as a whole: the sum of its containers, at least what its init containers need one after another beside the
//! sidecars that run already, and what the pod itself says instead. Source: "Resource sharing within containers" and "Pod overhead" of
//! the Kubernetes documentation, KEP-753 (sidecars), KEP-2837 (resources of whole pods), KEP-1287 (resizing).

use schema::{Map, Value};

use super::amounts::Amounts;

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

/// The same, as it is charged: with the pod's overhead, and of a pod that is being resized the larger of what it has and what it wants.
pub fn charged(pod: &Value, part: Part) -> Amounts {
    let mut total = summed(pod, part, true);
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

/// Whether an init container goes on beside what comes after it.
pub fn is_sidecar(container: &Value) -> bool {
    container.str_at(&["restartPolicy"]) == Some("Always")
}

fn summed(pod: &Value, part: Part, resizing: bool) -> Amounts {
    let status = |list: &str, name: Option<&str>| {
        let found = pod.list_at(&["status", list]).iter();
        found
            .into_iter()
            .find(|one| resizing && one.str_at(&["name"]) == name)
    };
    let of = |container: &Value, list: &str| {
        let mut amounts = Amounts::of(container.map_at(&["resources", part.field()]));
        if let Some(status) = status(list, container.str_at(&["name"])) {
            amounts.raise_to(&Amounts::of(status.map_at(&["resources", part.field()])));
            if part == Part::Requests {
                amounts.raise_to(&Amounts::of(status.map_at(&["allocatedResources"])));
            }
        }
        amounts
    };
    let mut sum = Amounts::default();
    for container in pod.list_at(&["spec", "containers"]) {
        sum.add(&of(container, "containerStatuses"));
    }
    let (mut sidecars, mut highest) = (Amounts::default(), Amounts::default());
    for container in pod.list_at(&["spec", "initContainers"]) {
        let mut amounts = of(container, "initContainerStatuses");
        if is_sidecar(container) {
            sum.add(&amounts);
            sidecars.add(&amounts);
            amounts = sidecars.clone();
        } else {
            amounts.add(&sidecars);
        }
        highest.raise_to(&amounts);
    }
    sum.raise_to(&highest);
    for (name, amount) in Amounts::of(own(pod, part)).iter() {
        sum.set(name.clone(), *amount);
    }
    sum
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

    fn sidecar(cpu: &str) -> Value {
        let mut one = container(cpu);
        if let Some(map) = one.as_map_mut() {
            map.insert("restartPolicy", "Always");
        }
        one
    }

    fn cpu(pod: &Value) -> String {
        total(pod, Part::Requests).printed()
    }

    #[test]
    fn containers_add_up_and_init_containers_take_turns() {
        let pod = tree!({"spec": {
            "containers": (vec![container("1"), container("500m")]),
            "initContainers": (vec![container("1"), container("2")]),
        }});
        assert_eq!(cpu(&pod), "cpu=2");
    }

    #[test]
    fn sidecars_run_beside_everything_after_them() {
        let pod = tree!({"spec": {
            "containers": (vec![container("1")]),
            "initContainers": (vec![container("3"), sidecar("1"), container("3")]),
        }});
        assert_eq!(cpu(&pod), "cpu=4");
        let pod = tree!({"spec": {
            "containers": (vec![container("1")]),
            "initContainers": (vec![sidecar("1"), sidecar("1")]),
        }});
        assert_eq!(cpu(&pod), "cpu=3");
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

    #[test]
    fn while_a_pod_is_resized_the_larger_counts() {
        let pod = tree!({
            "spec": {"containers": (vec![container("1")])},
            "status": {"containerStatuses": [{"name": "c", "allocatedResources": {"cpu": "2"}}]},
        });
        assert_eq!(charged(&pod, Part::Requests).printed(), "cpu=2");
        assert_eq!(charged(&pod, Part::Limits).printed(), "cpu=1");
    }
}
