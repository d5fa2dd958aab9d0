//! Conversion there and back: an object of any version, stored and read again through that version, is what it was.

use shardplane_kinds as kinds;

use kinds::decorate::{Context, IpFamily};
use kinds::defaults::{self, Now};
use kinds::{Catalog, Resource, convert, stored};
use schema::{SmolStr, Types, Value, json, tree};

const NOW: Now<'static> = Now("2026-01-01T00:00:00Z");
const CONTEXT: Context<'static> = Context {
    now: NOW,
    primary_family: IpFamily::V4,
};

fn resource(group: &str, version: &str, name: &str) -> &'static Resource {
    Catalog::builtin()
        .resource(group, version, name)
        .expect("built in")
}

/// What a client that wrote `object` through a resource gets.
fn written(resource: &Resource, object: &Value) -> Value {
    let mut object = json::from_tree(Types::builtin(), resource.type_id, object)
        .expect("decodes")
        .value;
    defaults::apply(resource.type_id, &mut object, NOW);
    let hub = convert::to_storage(resource, object).expect("converts");
    let bytes = stored::encode(resource, hub).expect("is stored");
    let hub = stored::canonical(resource, &bytes, CONTEXT).expect("reads");
    convert::from_storage(resource, hub).expect("converts back")
}

fn autoscaler(version: &str, spec: Value, annotations: Value) -> Value {
    tree!({
        "apiVersion": (format!("autoscaling/{version}")),
        "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": "a", "annotations": annotations},
        "spec": spec
    })
}

#[test]
fn samples_of_every_version_come_back() {
    let text = include_str!("data/stubs.json");
    let samples: serde_json::Value = serde_json::from_str(text).expect("is JSON");
    let mut compared = 0;
    for sample in samples.as_array().into_iter().flatten() {
        let text = |key: &str| sample[key].as_str().unwrap_or_default().to_string();
        let Some(resource) = Catalog::builtin().resource(&text("group"), &text("version"), &text("resource"))
        else {
            continue;
        };
        let Some(_) = resource.storage else { continue };
        let mut body = json::parse(sample["object"].to_string().as_bytes()).expect("is JSON");
        if let Value::Map(body) = &mut body {
            body.insert("apiVersion", resource.api_version());
            body.insert("kind", resource.kind.clone());
        }
        let once = written(resource, &body);
        assert_eq!(
            written(resource, &once),
            once,
            "{} {}",
            resource.api_version(),
            resource.kind
        );
        assert_eq!(once.str_at(&["apiVersion"]), Some(&*resource.api_version()));
        compared += 1;
    }
    assert!(compared > 70, "only {compared} samples");
}

#[test]
fn autoscalers_keep_in_annotations_what_v1_lacks() {
    let spec = tree!({
        "scaleTargetRef": {"kind": "Deployment", "name": "x", "apiVersion": "apps/v1"},
        "minReplicas": 1i64,
        "maxReplicas": 3i64,
        "metrics": [
            {"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 50i64}}},
            {"type": "Resource", "resource": {"name": "memory", "target": {"type": "AverageValue", "averageValue": "1Gi"}}},
            {"type": "External", "external": {
                "metric": {"name": "q", "selector": {"matchLabels": {"a": "<b>"}}},
                "target": {"type": "Value", "value": "5"}}}
        ],
        "behavior": {"scaleDown": {"stabilizationWindowSeconds": 5i64, "policies": [
            {"type": "Pods", "value": 1i64, "periodSeconds": 60i64}]}}
    });
    let v2 = written(
        resource("autoscaling", "v2", "horizontalpodautoscalers"),
        &autoscaler("v2", spec, tree!({})),
    );
    let v1 = convert::between(
        "HorizontalPodAutoscaler",
        "autoscaling/v2",
        "autoscaling/v1",
        v2.clone(),
    )
    .expect("converts");
    assert_eq!(v1.int_at(&["spec", "targetCPUUtilizationPercentage"]), Some(50));
    assert_eq!(v1.at(&["spec", "metrics"]), None);
    let back = convert::between("HorizontalPodAutoscaler", "autoscaling/v1", "autoscaling/v2", v1)
        .expect("converts");
    // CPU utilization comes last from v1.
    let metrics = |object: &Value| object.list_at(&["spec", "metrics"]).to_vec();
    let mut expected = metrics(&v2);
    expected.rotate_left(1);
    assert_eq!(metrics(&back), expected);
    assert_eq!(back.at(&["spec", "behavior"]), v2.at(&["spec", "behavior"]));
    assert_eq!(back.at(&["metadata"]), v2.at(&["metadata"]));
}

#[test]
fn annotations_that_do_not_parse_are_dropped() {
    let names = ["metrics", "current-metrics", "conditions", "behavior"];
    for text in ["", "{", "[1]", "{\"ScaleUp\":1}", "[{\"type\":1}]", "null"] {
        let annotations: schema::Map = names
            .iter()
            .map(|name| {
                (
                    SmolStr::from(format!("autoscaling.alpha.kubernetes.io/{name}")),
                    Value::from(text),
                )
            })
            .collect();
        let spec = tree!({"scaleTargetRef": {"kind": "D", "name": "x"}, "maxReplicas": 3i64});
        let v1 = resource("autoscaling", "v1", "horizontalpodautoscalers");
        let object = autoscaler("v1", spec, Value::Map(annotations));
        let object = json::from_tree(Types::builtin(), v1.type_id, &object)
            .expect("decodes")
            .value;
        let hub = convert::to_storage(v1, object).expect("converts");
        assert_eq!(hub.at(&["metadata", "annotations"]), None, "{text}");
        assert_eq!(hub.at(&["spec", "metrics"]), None, "{text}");
    }
}

#[test]
fn events_have_the_same_facts_in_both_groups() {
    let core = tree!({
        "apiVersion": "v1", "kind": "Event", "metadata": {"name": "e", "namespace": "default"},
        "involvedObject": {"kind": "Pod", "name": "p"}, "message": "m", "count": 2i64,
        "source": {"component": "c"}, "firstTimestamp": "2020-01-01T00:00:00Z", "reportingComponent": "r", "type": "Normal"
    });
    let modern = convert::between("Event", "v1", "events.k8s.io/v1", core.clone()).expect("converts");
    assert_eq!(modern.str_at(&["note"]), Some("m"));
    assert_eq!(modern.int_at(&["deprecatedCount"]), Some(2));
    assert_eq!(modern.str_at(&["reportingController"]), Some("r"));
    let back = convert::between("Event", "events.k8s.io/v1", "v1", modern).expect("converts");
    assert_eq!(back, core);
}
