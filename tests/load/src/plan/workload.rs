//! What a cluster asks of the watch tier, resource by resource: objects, changes, watchers, and to how many of them a change goes. The
//! rates are those of `profile`.

use crate::profile::{self, Rates};

/// One resource, which is one unit of assignment.
#[derive(Clone, Debug, PartialEq)]
pub struct Unit {
    /// Its name.
    pub name: &'static str,
    /// How many objects.
    pub objects: f64,
    /// Whether they are as large as pods.
    pub large: bool,
    /// Changes per second.
    pub changes: f64,
    /// Watches of it.
    pub watchers: f64,
    /// Watches that a change goes to.
    pub matching: f64,
}

impl Unit {
    /// Deliveries per second.
    pub fn deliveries(&self) -> f64 {
        self.changes * self.matching
    }
}

/// A cluster.
#[derive(Clone, Debug)]
pub struct Workload {
    /// Nodes.
    pub nodes: f64,
    /// Pods.
    pub pods: f64,
    /// Its resources.
    pub units: Vec<Unit>,
    /// Connections of clients: a kubelet and a proxy on each node, and the controllers.
    pub connections: f64,
}

/// What is asked for; what is not is derived from the nodes.
#[derive(Clone, Copy, Debug, Default)]
pub struct Asked {
    /// Nodes.
    pub nodes: f64,
    /// Pods.
    pub pods: Option<f64>,
    /// Watches in all.
    pub watchers: Option<f64>,
    /// Changes per second in all.
    pub events_per_second: Option<f64>,
    /// How many watch all endpoint slices; each node's proxy where it is not said.
    pub slice_watchers: Option<f64>,
    /// Controllers that watch everything.
    pub controllers: f64,
}

impl Workload {
    /// The cluster that is asked for.
    pub fn of(asked: &Asked) -> Self {
        let Asked {
            nodes, controllers, ..
        } = *asked;
        let pods = asked.pods.unwrap_or(nodes * profile::PODS_PER_NODE);
        let slice_watchers = asked.slice_watchers.unwrap_or(nodes) + controllers;
        let rates = Rates::of(nodes);
        let rates = rates.times(asked.events_per_second.map_or(1.0, |wanted| wanted / rates.all()));
        let services = nodes * 2.0;
        let unit = |name, objects, large, changes, watchers, matching| Unit {
            name,
            objects,
            large,
            changes,
            watchers,
            matching,
        };
        // A node's own components see a change of what is theirs: its kubelet its pods, kubelet and proxy its node.
        let mut units = vec![
            unit(
                "pods",
                pods,
                true,
                rates.pod_statuses,
                nodes + controllers,
                1.0 + controllers,
            ),
            unit(
                "nodes",
                nodes,
                true,
                rates.node_statuses,
                2.0 * nodes + controllers,
                2.0 + controllers,
            ),
            unit("leases", nodes, false, rates.leases, controllers, controllers),
            unit(
                "endpointslices",
                services,
                false,
                rates.endpoint_slices,
                slice_watchers,
                slice_watchers,
            ),
            unit("services", services, false, 0.0, 2.0 * nodes + controllers, 0.0),
            unit(
                "configmaps and secrets",
                pods,
                false,
                0.0,
                pods * profile::WATCHES_PER_POD,
                0.0,
            ),
            unit("classes and drivers", 100.0, false, 0.0, 2.0 * nodes, 0.0),
        ];
        let all: f64 = units.iter().map(|unit| unit.watchers).sum();
        // More or fewer watches than derived are idle ones: those that see changes are what the cluster is.
        if let Some(wanted) = asked.watchers {
            let idle = units.iter_mut().filter(|unit| unit.changes == 0.0);
            let idle_all: f64 = idle.map(|unit| unit.watchers).sum();
            let factor = ((wanted - (all - idle_all)) / idle_all).max(0.0);
            units
                .iter_mut()
                .filter(|unit| unit.changes == 0.0)
                .for_each(|unit| unit.watchers *= factor);
        }
        Self {
            nodes,
            pods,
            units,
            connections: 2.0 * nodes + controllers,
        }
    }

    /// Changes per second.
    pub fn changes(&self) -> f64 {
        self.units.iter().map(|unit| unit.changes).sum()
    }

    /// Watches.
    pub fn watchers(&self) -> f64 {
        self.units.iter().map(|unit| unit.watchers).sum()
    }

    /// Deliveries per second.
    pub fn deliveries(&self) -> f64 {
        self.units.iter().map(Unit::deliveries).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_for_is_what_there_is() {
        let asked = Asked {
            nodes: 5_000.0,
            controllers: 3.0,
            ..Asked::default()
        };
        let derived = Workload::of(&asked);
        assert_eq!(derived.pods, 150_000.0);
        assert!((derived.changes() - Rates::of(5_000.0).all()).abs() < 1e-9);
        assert_eq!(
            derived.units[3].deliveries(),
            20.0 * 5_003.0,
            "each proxy hears of each slice"
        );
        let asked = Asked {
            pods: Some(1_000.0),
            watchers: Some(500_000.0),
            events_per_second: Some(50.0),
            slice_watchers: Some(0.0),
            ..asked
        };
        let given = Workload::of(&asked);
        assert!((given.changes() - 50.0).abs() < 1e-9);
        assert!((given.watchers() - 500_000.0).abs() < 1e-6);
        assert!(given.deliveries() < derived.deliveries() / 10.0);
    }
}
