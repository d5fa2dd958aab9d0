//! What a cluster of a given size does to its API server in a steady state. The numbers are those that Kubernetes' scalability
//! special interest group names, and where it names none, those of the components' defaults:
//! - 5,000 nodes and 150,000 pods, which is 30 pods a node, 10,000 services (`thresholds.md` of sig-scalability).
//! - A steady state has at most 20 changes of pods a second at that size; smaller clusters in proportion (`slos.md`, "cluster churn").
//! - A kubelet renews its lease every 10 s (KEP-589: a quarter of 40 s) and writes its node's status every 5 minutes
//!   (`nodeStatusReportFrequency`).
//!
//! It decides rates and counts; scenarios and the planner act on them.

/// Pods on a node at the threshold.
pub const PODS_PER_NODE: f64 = 30.0;
/// The nodes and the churn of the largest cluster that the thresholds speak of.
const NODES: f64 = 5_000.0;
const CHURN_PER_SECOND: f64 = 20.0;
const SERVICES: f64 = 10_000.0;
const LEASE_SECONDS: f64 = 10.0;
const NODE_STATUS_SECONDS: f64 = 300.0;
/// A pod that starts has three patches of its status on the way (scheduled, containers created, ready) by our own count.
const STATUSES_PER_CHURN: f64 = 3.0;
/// Watches of one node's components on what they need of the whole cluster or of their own node: a kubelet has its pods, its node,
/// services, and classes of runtimes and drivers; a proxy services, endpoint slices and its node; and each configmap or secret that a
/// pod uses has one of its own.
pub const WATCHES_PER_NODE: f64 = 8.0;
/// A node's configmaps and secrets that are watched one by one, per pod: the trust bundle of its service account at least.
pub const WATCHES_PER_POD: f64 = 1.0;

/// Changes per second.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rates {
    /// Renewals of nodes' leases.
    pub leases: f64,
    /// Statuses of nodes.
    pub node_statuses: f64,
    /// Statuses of pods.
    pub pod_statuses: f64,
    /// Changes of endpoint slices: one for each pod that comes or goes.
    pub endpoint_slices: f64,
}

impl Rates {
    /// Those of a cluster of so many nodes.
    pub fn of(nodes: f64) -> Self {
        let churn = CHURN_PER_SECOND * nodes / NODES;
        Self {
            leases: nodes / LEASE_SECONDS,
            node_statuses: nodes / NODE_STATUS_SECONDS,
            pod_statuses: churn * STATUSES_PER_CHURN,
            endpoint_slices: churn,
        }
    }

    /// All changes together.
    pub fn all(&self) -> f64 {
        self.leases + self.node_statuses + self.pod_statuses + self.endpoint_slices
    }

    /// The same cluster, so many times as busy.
    pub fn times(self, factor: f64) -> Self {
        Self {
            leases: self.leases * factor,
            node_statuses: self.node_statuses * factor,
            pod_statuses: self.pod_statuses * factor,
            endpoint_slices: self.endpoint_slices * factor,
        }
    }
}

/// Services of a cluster of so many nodes, each with one endpoint slice.
pub fn services(nodes: usize) -> usize {
    ((nodes as f64 * SERVICES / NODES).ceil() as usize).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_cluster_of_the_thresholds_has_their_rates() {
        let rates = Rates::of(5_000.0);
        assert_eq!(
            (rates.leases, rates.endpoint_slices, rates.pod_statuses),
            (500.0, 20.0, 60.0)
        );
        assert_eq!(services(5_000), 10_000);
        assert!((rates.all() - (500.0 + 5_000.0 / 300.0 + 80.0)).abs() < 1e-9);
    }
}
