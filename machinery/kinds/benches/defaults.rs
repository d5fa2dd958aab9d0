//! What defaulting a pod costs: one that needs every default, and one that has them all (the usual case of a read).
//! Plain times, the best of several rounds: `cargo bench -p shardplane-kinds`.

use std::hint::black_box;
use std::time::{Duration, Instant};

use schema::{Types, Value, json};
use shardplane_kinds::defaults::{self, Now};
use shardplane_kinds::{Catalog, Resource};

const NOW: Now<'static> = Now("2026-01-01T00:00:00Z");
const ROUNDS: usize = 20;
const PER_ROUND: u32 = 2_000;

/// A pod of about 4 KB with the shape of a web application's.
fn pod(resource: &Resource) -> Value {
    let container = |at: usize| {
        format!(
            r#"{{"name":"app-{at}","image":"registry.example/team/application-{at}:1.25.{at}",
            "args":["--listen=0.0.0.0:8080","--log-level=info","--config=/etc/app/config.yaml"],
            "env":[{{"name":"POD_NAME","valueFrom":{{"fieldRef":{{"fieldPath":"metadata.name"}}}}}},
                {{"name":"DATABASE_URL","valueFrom":{{"secretKeyRef":{{"name":"database","key":"url"}}}}}},
                {{"name":"REGION","value":"eu-central-1"}}],
            "ports":[{{"name":"http","containerPort":8080}},{{"name":"metrics","containerPort":9090}}],
            "resources":{{"limits":{{"cpu":"500m","memory":"512Mi"}}}},
            "livenessProbe":{{"httpGet":{{"path":"/healthz","port":"http"}},"initialDelaySeconds":5}},
            "readinessProbe":{{"httpGet":{{"path":"/readyz","port":"http"}},"periodSeconds":5}},
            "volumeMounts":[{{"name":"config","mountPath":"/etc/app"}},{{"name":"cache","mountPath":"/var/cache"}}]}}"#
        )
    };
    let containers: Vec<_> = (0..4).map(container).collect();
    let text = format!(
        r#"{{"apiVersion":"v1","kind":"Pod","metadata":{{"name":"web-7d4b9c6f5-x2x9z","namespace":"production",
        "labels":{{"app.kubernetes.io/name":"web","app.kubernetes.io/instance":"web-1","tier":"frontend"}}}},
        "spec":{{"serviceAccountName":"web","containers":[{}],
        "volumes":[{{"name":"config","configMap":{{"name":"web"}}}},{{"name":"cache"}}]}}}}"#,
        containers.join(",")
    );
    json::decode(Types::builtin(), resource.type_id, text.as_bytes())
        .expect("a pod")
        .value
}

/// The best time of one call, over fresh copies made outside the clock.
fn best(of: &Value, resource: &Resource) -> Duration {
    let round = || {
        let mut copies: Vec<Value> = (0..PER_ROUND).map(|_| of.clone()).collect();
        let start = Instant::now();
        for copy in &mut copies {
            defaults::apply(resource.type_id, black_box(copy), NOW);
        }
        start.elapsed() / PER_ROUND
    };
    (0..ROUNDS).map(|_| round()).min().unwrap_or_default()
}

fn main() {
    let resource = Catalog::builtin().resource("", "v1", "pods").expect("built in");
    let sparse = pod(resource);
    let mut full = sparse.clone();
    defaults::apply(resource.type_id, &mut full, NOW);
    let mut text = Vec::new();
    json::encode(Types::builtin(), resource.type_id, &full, &mut text);
    println!(
        "default a pod of {} bytes that has no defaults: {:?}",
        text.len(),
        best(&sparse, resource)
    );
    println!(
        "default a pod of {} bytes that has them all:    {:?}",
        text.len(),
        best(&full, resource)
    );
}
