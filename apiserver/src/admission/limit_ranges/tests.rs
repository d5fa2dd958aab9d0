//! Each rule by its own pod, with the text that the reference answers with.

use super::*;
use schema::tree;

fn limits(kind: &str, fields: Value) -> Value {
    let mut limit = fields;
    if let Some(map) = limit.as_map_mut() {
        map.insert("type", kind);
    }
    tree!({"spec": {"limits": (vec![limit])}})
}

fn pod(resources: Value) -> Value {
    tree!({"metadata": {"name": "p"}, "spec": {"containers": [{"name": "main", "resources": resources}]}})
}

#[test]
fn defaults_fill_what_is_missing_and_are_told() {
    let range = limits(
        "Container",
        tree!({"default": {"cpu": "500m", "memory": "256Mi"}, "defaultRequest": {"cpu": "100m", "memory": "256Mi"}}),
    );
    let mut pod = tree!({"metadata": {"name": "p"}, "spec": {
        "containers": [{"name": "main", "resources": {"limits": {"cpu": "1"}, "requests": {"cpu": "1"}}}],
        "initContainers": [{"name": "in"}],
    }});
    apply_defaults(&mut pod, &range);
    let told = pod.str_at(&["metadata", "annotations", ANNOTATION]);
    assert_eq!(
        told,
        Some(
            "LimitRanger plugin set: memory request for container main; memory limit for container main; \
             cpu, memory request for init container in; cpu, memory limit for init container in"
        )
    );
    let main = &pod.list_at(&["spec", "containers"])[0];
    assert_eq!(main.str_at(&["resources", "limits", "cpu"]), Some("1"));
    assert_eq!(main.str_at(&["resources", "requests", "memory"]), Some("256Mi"));
}

#[test]
fn nothing_is_told_where_nothing_is_set() {
    let range = limits("Container", tree!({"max": {"cpu": "1"}}));
    let before = pod(tree!({}));
    let mut after = before.clone();
    apply_defaults(&mut after, &range);
    assert_eq!(after, before);
}

#[test]
fn containers_stay_within_their_limits() {
    let range = limits(
        "Container",
        tree!({"min": {"cpu": "50m"}, "max": {"cpu": "2"}, "maxLimitRequestRatio": {"cpu": "10"}}),
    );
    let refused = |resources| refusals("pods", &pod(resources), &range);
    assert_eq!(
        refused(tree!({"requests": {"cpu": "100m"}, "limits": {"cpu": "1"}})),
        Vec::<String>::new()
    );
    assert_eq!(
        refused(tree!({"requests": {"cpu": "10m"}, "limits": {"cpu": "500m"}})),
        [
            "minimum cpu usage per Container is 50m, but request is 10m",
            "cpu max limit to request ratio per Container is 10, but provided ratio is 50.000000",
        ]
    );
    assert_eq!(
        refused(tree!({"requests": {"cpu": "1"}, "limits": {"cpu": "3"}})),
        ["maximum cpu usage per Container is 2, but limit is 3"]
    );
    assert_eq!(
        refused(tree!({})),
        [
            "minimum cpu usage per Container is 50m.  No request is specified",
            "maximum cpu usage per Container is 2.  No limit is specified",
            "cpu max limit to request ratio per Container is 10, but no request is specified or request is 0",
        ]
    );
    assert_eq!(
        refused(tree!({"requests": {"cpu": "60m"}})),
        [
            "maximum cpu usage per Container is 2.  No limit is specified",
            "cpu max limit to request ratio per Container is 10, but no limit is specified or limit is 0",
        ]
    );
}

#[test]
fn limits_below_the_minimum_and_requests_above_the_maximum_are_refused() {
    let min = limits("Container", tree!({"min": {"cpu": "1"}}));
    let resources = tree!({"requests": {"cpu": "1"}, "limits": {"cpu": "500m"}});
    assert_eq!(
        refusals("pods", &pod(resources), &min),
        ["minimum cpu usage per Container is 1, but limit is 500m"]
    );
    let max = limits("Container", tree!({"max": {"cpu": "1"}}));
    let resources = tree!({"requests": {"cpu": "2"}, "limits": {"cpu": "1"}});
    assert_eq!(
        refusals("pods", &pod(resources), &max),
        ["maximum cpu usage per Container is 1, but request is 2"]
    );
}

#[test]
fn init_containers_are_containers() {
    let range = limits("Container", tree!({"max": {"cpu": "1"}}));
    let pod = tree!({"spec": {"containers": [], "initContainers": [{"name": "i", "resources": {"limits": {"cpu": "2"}}}]}});
    assert_eq!(
        refusals("pods", &pod, &range),
        ["maximum cpu usage per Container is 1, but limit is 2"]
    );
}

#[test]
fn pods_are_counted_as_a_whole() {
    let range = limits("Pod", tree!({"max": {"cpu": "3"}}));
    let container = tree!({"name": "a", "resources": {"limits": {"cpu": "2"}}});
    let pod = tree!({"spec": {"containers": (vec![container.clone(), container])}});
    assert_eq!(
        refusals("pods", &pod, &range),
        ["maximum cpu usage per Pod is 3, but limit is 4"]
    );
}

#[test]
fn claims_are_counted_by_what_they_request() {
    let range = limits(
        "PersistentVolumeClaim",
        tree!({"min": {"storage": "1Gi"}, "max": {"storage": "10Gi"}}),
    );
    let refused = |requests: Value| {
        let claim = tree!({"spec": {"resources": {"requests": requests}}});
        refusals("persistentvolumeclaims", &claim, &range)
    };
    assert_eq!(
        refused(tree!({"storage": "500Mi"})),
        ["minimum storage usage per PersistentVolumeClaim is 1Gi, but request is 500Mi"]
    );
    assert_eq!(
        refused(tree!({"storage": "20Gi"})),
        ["maximum storage usage per PersistentVolumeClaim is 10Gi, but request is 20Gi"]
    );
    assert_eq!(
        refused(tree!({})),
        [
            "minimum storage usage per PersistentVolumeClaim is 1Gi.  No request is specified",
            "maximum storage usage per PersistentVolumeClaim is 10Gi.  No request is specified",
        ]
    );
    assert!(refused(tree!({"storage": "5Gi"})).is_empty());
}
