//! The planner's model beside what was measured: the load of a result is put to it, and its CPU, latency and memory are set beside those
//! that the server had.

use serde_json::Value;

use super::costs::{self, Costs};
use super::queue::{Arrival, Queue, Random, load};
use crate::profile::{self, Rates};

/// A number as the model says it and as it was measured.
#[derive(Clone, Debug)]
pub struct Compared {
    /// What it is.
    pub title: &'static str,
    /// Its unit.
    pub unit: &'static str,
    /// By the model.
    pub predicted: f64,
    /// In the run.
    pub measured: f64,
}

impl Compared {
    /// How far the model is off, as a part of what was measured.
    pub fn error(&self) -> f64 {
        self.predicted / self.measured - 1.0
    }
}

/// The load of one run against one server that is all tiers in one.
struct Load {
    arrivals: Vec<Arrival>,
    write_cpus: f64,
    bytes: f64,
}

/// Sets one result beside the model; nothing for scenarios that have no steady state to predict.
pub fn against(result: &Value, costs: &Costs) -> Option<Vec<Compared>> {
    let of = |key: &str| result["measures"][key]["value"].as_f64();
    let load_of = Load::of(result, costs)?;
    let mut queue = Queue::new(result["cpus"].as_f64()?);
    queue.run(&load_of.arrivals, 100.0, 200_000, &mut Random(1));
    let quantile = |quantile| queue.latency.value_at_quantile(quantile) as f64 / 1e3;
    let measured_cpus = match result["scenario"].as_str()? {
        "fanout" => of("million_events_server_cpu")? * of("events_per_second")? / 1e6,
        "kubelets" => of("event_server_cpu")? * of("events_per_second")? / 1e3,
        _ => of("all_server_cpu")?,
    };
    let compared = |title, unit, predicted, measured: Option<f64>| {
        Some(Compared {
            title,
            unit,
            predicted,
            measured: measured.filter(|measured| *measured > 0.0)?,
        })
    };
    let all = [
        compared(
            "CPUs of the server",
            "CPUs",
            load(&load_of.arrivals) + load_of.write_cpus,
            Some(measured_cpus),
        ),
        compared("latency, p50", "ms", quantile(0.5), of("latency_p50_ms")),
        compared("latency, p99", "ms", quantile(0.99), of("latency_p99_ms")),
        compared(
            "memory of the server",
            "MB",
            load_of.bytes / 1e6,
            of("server_memory"),
        ),
    ];
    Some(all.into_iter().flatten().collect())
}

impl Load {
    fn of(result: &Value, costs: &Costs) -> Option<Self> {
        let option = |key: &str| result["options"][key].as_f64();
        match result["scenario"].as_str()? {
            "fanout" => {
                let small = result["options"]["resource"] == "Configmaps";
                let one = (option("rate")?, option("watchers")?, small);
                Some(Self::new(
                    costs,
                    &[one],
                    option("watchers")?,
                    option("objects")?,
                    option("streamsPerConnection")? >= 10.0,
                ))
            }
            "kubelets" => {
                let one = (option("rate")?, 1.0, false);
                Some(Self::new(
                    costs,
                    &[one],
                    option("watchers")?,
                    option("pods")?,
                    false,
                ))
            }
            "cluster" => {
                let (nodes, controllers) = (option("nodes")?, option("controllers")?);
                let rates = Rates::of(nodes).times(option("busy")?);
                let changes = [
                    (rates.pod_statuses, 1.0 + controllers, false),
                    (rates.node_statuses, 1.0 + controllers, false),
                    (rates.leases, controllers, true),
                    (rates.endpoint_slices, nodes + controllers, true),
                ];
                let mut load = Self::new(
                    costs,
                    &changes,
                    4.0 * (nodes + controllers),
                    option("pods")?,
                    false,
                );
                let small = 2.0 * nodes + profile::services(nodes as usize) as f64;
                load.bytes += small * costs.get(costs::SMALL_BYTES);
                Some(load)
            }
            _ => None,
        }
    }

    /// `changes` are their rate, the deliveries of each, and whether the object is small. What a change costs the cache is in the cost
    /// of its write, which was measured in one process.
    fn new(costs: &Costs, changes: &[(f64, f64, bool)], watches: f64, objects: f64, shared: bool) -> Self {
        let each = costs.get(if shared {
            costs::DELIVERY_SHARED_US
        } else {
            costs::DELIVERY_OWN_US
        }) / 1e6;
        let small = changes.iter().all(|(_, _, small)| *small);
        let arrival = |(rate, deliveries, _): &(f64, f64, bool)| Arrival {
            rate: *rate,
            fixed: 0.0,
            deliveries: *deliveries,
            each,
        };
        let write = |(rate, _, small): &(f64, f64, bool)| {
            rate * costs.get(if *small {
                costs::WRITE_SMALL_US
            } else {
                costs::WRITE_POD_US
            }) / 1e6
        };
        let object = costs.get(if small {
            costs::SMALL_BYTES
        } else {
            costs::POD_BYTES
        });
        let watch = costs.get(if shared {
            costs::WATCH_SHARED_BYTES
        } else {
            costs::WATCH_OWN_BYTES
        });
        Self {
            arrivals: changes.iter().map(arrival).collect(),
            write_cpus: changes.iter().map(write).sum(),
            bytes: costs.get(costs::BASE_BYTES) + objects * object + watches * watch,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_run_that_costs_what_the_costs_say_has_no_error() {
        let costs = Costs::default();
        let per_million = costs.get(costs::DELIVERY_SHARED_US) + costs.get(costs::WRITE_SMALL_US) / 1_000.0;
        let result = json!({"scenario": "fanout", "cpus": 2,
            "options": {"rate": 10.0, "watchers": 1000, "objects": 100, "streamsPerConnection": 100, "resource": "Configmaps"},
            "measures": {"million_events_server_cpu": {"value": per_million}, "events_per_second": {"value": 10_000.0}}});
        let compared = against(&result, &costs).expect("a comparison");
        assert_eq!(compared.len(), 1, "what was not measured is not compared");
        assert!(compared[0].error().abs() < 1e-9, "{compared:?}");
        assert!(against(&json!({"scenario": "writes", "measures": {}}), &costs).is_none());
    }
}
