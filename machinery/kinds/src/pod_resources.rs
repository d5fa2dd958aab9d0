//! How the containers of a pod add up: those that run together, at least what its init containers need one after another beside the
//! sidecars that run already. Source: "Resource sharing within containers" of the Kubernetes documentation, KEP-753 (sidecars).

use schema::{Map, Value};

use crate::amounts::Amounts;

/// How a container runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Beside the others.
    Main,
    /// An init container that goes on beside what comes after it.
    Sidecar,
    /// An init container that ends before the next begins.
    Init,
}

impl Role {
    fn of_init(container: &Value) -> Self {
        match container.str_at(&["restartPolicy"]) {
            Some("Always") => Self::Sidecar,
            _ => Self::Init,
        }
    }
}

/// The sum over a pod's spec of what each container takes.
pub fn summed(spec: &Map, of: impl Fn(&Value, Role) -> Amounts) -> Amounts {
    let list = |field: &str| spec.get(field).and_then(Value::as_list).unwrap_or_default();
    let mut sum = Amounts::default();
    for container in list("containers") {
        sum.add(&of(container, Role::Main));
    }
    let (mut sidecars, mut highest) = (Amounts::default(), Amounts::default());
    for container in list("initContainers") {
        let role = Role::of_init(container);
        let mut amounts = of(container, role);
        if role == Role::Sidecar {
            sum.add(&amounts);
            sidecars.add(&amounts);
            amounts = sidecars.clone();
        } else {
            amounts.add(&sidecars);
        }
        highest.raise_to(&amounts);
    }
    sum.raise_to(&highest);
    sum
}

#[cfg(test)]
mod tests {
    use super::*;
    use schema::tree;

    fn summed_cpu(spec: &Value) -> String {
        let of = |container: &Value, _| Amounts::of(container.map_at(&["resources", "requests"]));
        let spec = spec.as_map().expect("a map");
        summed(spec, of).printed()
    }

    fn container(cpu: &str, restart: &str) -> Value {
        tree!({"restartPolicy": restart, "resources": {"requests": {"cpu": cpu}}})
    }

    #[test]
    fn containers_add_up_and_init_containers_take_turns() {
        let spec = tree!({
            "containers": (vec![container("1", ""), container("500m", "")]),
            "initContainers": (vec![container("1", ""), container("2", "")]),
        });
        assert_eq!(summed_cpu(&spec), "cpu=2");
    }

    #[test]
    fn sidecars_run_beside_everything_after_them() {
        let spec = tree!({
            "containers": (vec![container("1", "")]),
            "initContainers": (vec![container("3", ""), container("1", "Always"), container("3", "")]),
        });
        assert_eq!(summed_cpu(&spec), "cpu=4");
        let spec = tree!({
            "containers": (vec![container("1", "")]),
            "initContainers": (vec![container("1", "Always"), container("1", "Always")]),
        });
        assert_eq!(summed_cpu(&spec), "cpu=3");
    }
}
