//! Defaults of deployments, replica sets, daemon sets and stateful sets. Pod templates follow the rules of pods.

use schema::{Map, SmolStr, Value};

use super::Fill::{Int, Object, Text};
use super::{Family, Now, fill};

pub(super) const FAMILIES: &[Family] = &[Family {
    prefix: "io.k8s.api.apps.v1.",
    rules: &[
        ("DeploymentStrategy", deployment_strategy),
        ("DaemonSetUpdateStrategy", daemon_set_strategy),
        ("StatefulSetSpec", stateful_set),
        ("StatefulSetUpdateStrategy", stateful_set_strategy),
    ],
    nil: &[
        ("DeploymentSpec", "replicas", Int(1)),
        ("DeploymentSpec", "revisionHistoryLimit", Int(10)),
        ("DeploymentSpec", "progressDeadlineSeconds", Int(600)),
        ("ReplicaSetSpec", "replicas", Int(1)),
        ("DaemonSetSpec", "revisionHistoryLimit", Int(10)),
        ("StatefulSetSpec", "replicas", Int(1)),
        ("StatefulSetSpec", "revisionHistoryLimit", Int(10)),
    ],
    empty: &[
        ("StatefulSetSpec", "podManagementPolicy", Text("OrderedReady")),
        (
            "StatefulSetPersistentVolumeClaimRetentionPolicy",
            "whenDeleted",
            Text("Retain"),
        ),
        (
            "StatefulSetPersistentVolumeClaimRetentionPolicy",
            "whenScaled",
            Text("Retain"),
        ),
    ],
}];

const ROLLING: &str = "RollingUpdate";

fn deployment_strategy(strategy: &mut Map, _: Now<'_>) {
    fill::empty(strategy, "type", Text(ROLLING));
    if fill::text(strategy, "type") == ROLLING {
        let rolling = rolling_update(strategy);
        fill::nil(rolling, "maxUnavailable", Text("25%"));
        fill::nil(rolling, "maxSurge", Text("25%"));
    }
}

fn daemon_set_strategy(strategy: &mut Map, _: Now<'_>) {
    fill::empty(strategy, "type", Text(ROLLING));
    if fill::text(strategy, "type") == ROLLING {
        let rolling = rolling_update(strategy);
        fill::nil(rolling, "maxUnavailable", Int(1));
        fill::nil(rolling, "maxSurge", Int(0));
    }
}

fn stateful_set(spec: &mut Map, _: Now<'_>) {
    fill::nil(spec, "persistentVolumeClaimRetentionPolicy", Object);
}

/// A strategy that was given without parameters stays without them.
fn stateful_set_strategy(strategy: &mut Map, _: Now<'_>) {
    if fill::is_empty(strategy, "type") {
        strategy.insert("type", ROLLING);
        fill::nil(strategy, "rollingUpdate", Object);
    }
    if fill::text(strategy, "type") == ROLLING
        && let Some(Value::Map(rolling)) = strategy.get_mut("rollingUpdate")
    {
        fill::nil(rolling, "partition", Int(0));
    }
}

fn rolling_update(strategy: &mut Map) -> &mut Map {
    if fill::is_nil(strategy, "rollingUpdate") {
        strategy.insert(SmolStr::new_static("rollingUpdate"), Map::new());
    }
    strategy.map_at("rollingUpdate")
}
