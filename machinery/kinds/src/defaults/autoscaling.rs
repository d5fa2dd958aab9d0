//! Defaults of horizontal pod autoscalers. The annotations of autoscaling/v1 belong to conversion.

use schema::{Map, SmolStr, Value, tree};

use super::Fill::{Int, Text};
use super::{Family, Now, fill};

pub(super) const FAMILIES: &[Family] = &[
    Family {
        prefix: "io.k8s.api.autoscaling.v1.",
        rules: &[],
        nil: &[("HorizontalPodAutoscalerSpec", "minReplicas", Int(1))],
        empty: &[],
    },
    Family {
        prefix: "io.k8s.api.autoscaling.v2.",
        rules: &[
            ("HorizontalPodAutoscalerSpec", metrics),
            ("HorizontalPodAutoscalerBehavior", behavior),
        ],
        nil: &[("HorizontalPodAutoscalerSpec", "minReplicas", Int(1))],
        empty: &[],
    },
];

/// Without a metric, 80% of the requested CPU.
fn metrics(spec: &mut Map, _: Now<'_>) {
    if fill::is_empty(spec, "metrics") {
        let target = tree!({"type": "Utilization", "averageUtilization": 80i64});
        let cpu = tree!({"type": "Resource", "resource": {"name": "cpu", "target": target}});
        spec.insert("metrics", vec![cpu]);
    }
}

/// Both directions get rules as soon as any behavior is given.
fn behavior(behavior: &mut Map, _: Now<'_>) {
    let up = direction(behavior, "scaleUp");
    fill::nil(up, "stabilizationWindowSeconds", Int(0));
    policies(up, &[("Pods", 4), ("Percent", 100)]);
    policies(direction(behavior, "scaleDown"), &[("Percent", 100)]);
}

fn direction<'a>(behavior: &'a mut Map, name: &'static str) -> &'a mut Map {
    let rules = behavior.map_at(name);
    fill::nil(rules, "selectPolicy", Text("Max"));
    rules
}

fn policies(rules: &mut Map, defaults: &[(&'static str, i64)]) {
    if fill::is_nil(rules, "policies") {
        let policy = |(kind, value): &(&'static str, i64)| tree!({"type": (*kind), "value": (*value), "periodSeconds": 15i64});
        let list: Vec<Value> = defaults.iter().map(policy).collect();
        rules.insert(SmolStr::new_static("policies"), list);
    }
}
