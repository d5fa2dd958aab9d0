//! What each piece of work costs a server, as `watchload` measured it, and where each number is from. What is made of them is the
//! planner's affair.

use std::path::Path;

use serde_json::{Map, Value, json};

use crate::Error;

/// One cost.
#[derive(Clone, Debug, PartialEq)]
pub struct Cost {
    /// The number, in the unit that its name ends in.
    pub value: f64,
    /// The run or document that it is from.
    pub source: String,
}

/// All costs, by name.
#[derive(Clone, Debug, PartialEq)]
pub struct Costs(Vec<(&'static str, Cost)>);

/// A delivery to a watch that shares its connection with many.
pub const DELIVERY_SHARED_US: &str = "delivery_shared_us";
/// A delivery to a watch whose connection has nothing else to carry at that moment.
pub const DELIVERY_OWN_US: &str = "delivery_own_us";
/// Taking one change from etcd and keeping it, in each member that holds the resource.
pub const EVENT_US: &str = "event_us";
/// A write of a small object, its cache's work included where both are one process.
pub const WRITE_SMALL_US: &str = "write_small_us";
/// A patch of a pod's status.
pub const WRITE_POD_US: &str = "write_pod_us";
/// Opening a watch on a connection that is there.
pub const OPEN_SHARED_US: &str = "open_shared_us";
/// Opening a watch with a connection of its own, its TLS handshake included.
pub const OPEN_OWN_US: &str = "open_own_us";
/// A delivery through the router, clients sharing connections.
pub const ROUTER_DELIVERY_US: &str = "router_delivery_us";
/// A watch that shares its connection.
pub const WATCH_SHARED_BYTES: &str = "watch_shared_bytes";
/// A watch with a connection of its own.
pub const WATCH_OWN_BYTES: &str = "watch_own_bytes";
/// A watch in the router.
pub const ROUTER_WATCH_BYTES: &str = "router_watch_bytes";
/// A pod in a member.
pub const POD_BYTES: &str = "pod_bytes";
/// A lease, configmap or the like in a member.
pub const SMALL_BYTES: &str = "small_bytes";
/// A process that has nothing to do.
pub const BASE_BYTES: &str = "base_bytes";

/// The defaults: measured on 2 virtual cores in November 2026.
const MEASURED: [(&str, f64, &str); 14] = [
    (
        DELIVERY_SHARED_US,
        0.9,
        "docs/performance.md: 1,000 watchers, 100 streams a connection, 10 writes/s, without the writes",
    ),
    (
        DELIVERY_OWN_US,
        11.0,
        "docs/performance.md: 1,000 connections with one watch each, without the writes",
    ),
    (
        EVENT_US,
        17.0,
        "docs/performance.md: a change until it is visible, 43,000 instructions, at 2.5 a nanosecond",
    ),
    (
        WRITE_SMALL_US,
        1_400.0,
        "docs/scaling.md: 10 configmap updates a second without watchers",
    ),
    (
        WRITE_POD_US,
        2_650.0,
        "docs/scaling.md: 50 status patches a second without watchers",
    ),
    (
        OPEN_SHARED_US,
        36.0,
        "docs/scaling.md: 5,000 idle watches, 100 a connection",
    ),
    (
        OPEN_OWN_US,
        420.0,
        "docs/scaling.md: 1,000 idle watches, one a connection",
    ),
    (
        ROUTER_DELIVERY_US,
        3.6,
        "docs/performance.md: the tiers apart, writes through the router included",
    ),
    (
        WATCH_SHARED_BYTES,
        2_800.0,
        "docs/scaling.md: 5,000 idle watches, 100 a connection",
    ),
    (
        WATCH_OWN_BYTES,
        30_200.0,
        "docs/scaling.md: 1,000 idle watches, one a connection",
    ),
    (
        ROUTER_WATCH_BYTES,
        5_280.0,
        "docs/performance.md: the tiers apart",
    ),
    (
        POD_BYTES,
        15_100.0,
        "docs/scaling.md: memory of serve for each pod made, its store's own copy and the history included",
    ),
    (
        SMALL_BYTES,
        3_000.0,
        "an estimate: twice the bytes of a lease or small configmap with its managed fields",
    ),
    (
        BASE_BYTES,
        34_000_000.0,
        "docs/scaling.md: after a minute of little load",
    ),
];

impl Default for Costs {
    fn default() -> Self {
        let cost = |(name, value, source): (&'static str, f64, &str)| {
            let source = source.to_owned();
            (name, Cost { value, source })
        };
        Self(MEASURED.map(cost).into())
    }
}

impl Costs {
    /// The number of that name.
    pub fn get(&self, name: &str) -> f64 {
        let found = self.0.iter().find(|(known, _)| *known == name);
        found
            .map(|(_, cost)| cost.value)
            .expect("all names are in the list of defaults")
    }

    /// All of them.
    pub fn all(&self) -> impl Iterator<Item = (&'static str, &Cost)> {
        self.0.iter().map(|(name, cost)| (*name, cost))
    }

    fn set(&mut self, name: &'static str, value: Option<f64>, source: &str) {
        let known = self.0.iter_mut().find(|(known, _)| *known == name);
        if let (Some((_, cost)), Some(value)) =
            (known, value.filter(|value| value.is_finite() && *value > 0.0))
        {
            *cost = Cost {
                value,
                source: source.to_owned(),
            };
        }
    }

    /// Reads a file that [`Self::write`] wrote. What it does not say stays as it is by default.
    pub fn read(path: &Path) -> Result<Self, Error> {
        let content = std::fs::read(path).map_err(|source| Error::file(path, source))?;
        let wrong = |reason: &str| Error::Options(format!("{}: {reason}", path.display()));
        let tree: Value = serde_json::from_slice(&content).map_err(|error| wrong(&error.to_string()))?;
        let given = tree["costs"]
            .as_object()
            .ok_or_else(|| wrong("it has no costs"))?;
        let mut costs = Self::default();
        for (name, cost) in given {
            let Some((known, _)) = costs.0.iter().find(|(known, _)| known == name) else {
                return Err(wrong(&format!("{name} is not a cost")));
            };
            let value = cost["value"].as_f64().filter(|value| *value > 0.0);
            let source = cost["source"].as_str().unwrap_or("the costs file");
            costs.set(
                known,
                Some(value.ok_or_else(|| wrong(&format!("{name} has no value above 0")))?),
                source,
            );
        }
        Ok(costs)
    }

    /// Writes them.
    pub fn write(&self, path: &Path) -> Result<(), Error> {
        let cost = |(name, cost): (&str, &Cost)| {
            (
                name.to_owned(),
                json!({"value": cost.value, "source": cost.source}),
            )
        };
        let tree = json!({"tool": "watchload", "costs": self.all().map(cost).collect::<Map<_, _>>()});
        let text = serde_json::to_string_pretty(&tree).expect("numbers and texts can be written");
        std::fs::write(path, text + "\n").map_err(|source| Error::file(path, source))
    }

    /// Takes what a result of `watchload` tells.
    pub fn learn(&mut self, result: &Value, source: &str) {
        let of = |key: &str| result["measures"][key]["value"].as_f64();
        let shared = result["options"]["streamsPerConnection"].as_f64().unwrap_or(1.0) >= 10.0;
        match result["scenario"].as_str() {
            Some("fanout") => {
                let marginal = of("marginal_million_events_server_cpu");
                let (delivery, all) = (
                    if shared {
                        DELIVERY_SHARED_US
                    } else {
                        DELIVERY_OWN_US
                    },
                    of("million_events_server_cpu"),
                );
                self.set(delivery, marginal, source);
                let writes = || Some((all? - marginal?) * of("received")? / of("writes")?);
                if shared && result["options"]["resource"] == "Configmaps" {
                    self.set(WRITE_SMALL_US, writes(), source);
                }
            }
            Some("idle") => {
                let watch = if shared {
                    WATCH_SHARED_BYTES
                } else {
                    WATCH_OWN_BYTES
                };
                self.set(watch, of("bytes_per_watch"), source);
                let open = if shared { OPEN_SHARED_US } else { OPEN_OWN_US };
                self.set(
                    open,
                    of("opening_server_cpu").map(|milliseconds| milliseconds * 1e3),
                    source,
                );
            }
            Some("kubelets") => {
                self.set(
                    WRITE_POD_US,
                    of("patch_server_cpu").map(|milliseconds| milliseconds * 1e3),
                    source,
                );
            }
            Some("lists") => self.set(POD_BYTES, of("bytes_per_pod"), source),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn learns_from_a_run_and_survives_a_file() {
        let mut costs = Costs::default();
        costs.learn(
            &json!({"scenario": "fanout", "options": {"streamsPerConnection": 100, "resource": "Configmaps"}, "measures": {
                "million_events_server_cpu": {"value": 5.0}, "marginal_million_events_server_cpu": {"value": 4.0},
                "received": {"value": 1_000_000.0}, "writes": {"value": 1_000.0}}}),
            "fanout.json",
        );
        assert_eq!(
            (costs.get(DELIVERY_SHARED_US), costs.get(WRITE_SMALL_US)),
            (4.0, 1_000.0)
        );
        assert_eq!(costs.get(DELIVERY_OWN_US), Costs::default().get(DELIVERY_OWN_US));
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("costs.json");
        costs.write(&path).expect("written");
        assert_eq!(Costs::read(&path).expect("read"), costs);
        std::fs::write(&path, r#"{"costs": {"delivery_shared_us": {"value": -1}}}"#).expect("written");
        assert!(Costs::read(&path).is_err());
    }
}
