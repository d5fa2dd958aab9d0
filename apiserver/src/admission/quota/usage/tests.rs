//! What objects of each kind are charged, name by name.

use super::*;
use schema::tree;

fn charged(group: &str, resource: &str, object: &Value) -> String {
    of(Kind::of(group, resource), group, resource, object).printed()
}

#[test]
fn pods_are_charged_what_they_ask_for() {
    let mut pod = tree!({"spec": {"containers": [{"name": "c", "resources": {
        "requests": {"cpu": "1", "hugepages-2Mi": "4Mi", "example.com/gpu": "2"}, "limits": {"memory": "1Gi"}}}]}});
    assert_eq!(
        charged("", "pods", &pod),
        "count/pods=1,cpu=1,hugepages-2Mi=4Mi,limits.memory=1Gi,pods=1,requests.cpu=1,\
         requests.example.com/gpu=2,requests.hugepages-2Mi=4Mi"
    );
    if let Some(map) = pod.as_map_mut() {
        map.map_at("status").insert("phase", "Succeeded");
    }
    assert_eq!(charged("", "pods", &pod), "count/pods=1");
}

#[test]
fn services_are_charged_their_ports_and_balancers() {
    let service = |fields: Value| {
        let mut spec = fields;
        if let Some(map) = spec.as_map_mut() {
            map.insert(
                "ports",
                tree!([{"port": 1i64}, {"port": 2i64, "nodePort": 30_000i64}]),
            );
        }
        charged("", "services", &tree!({"spec": spec}))
    };
    let told = |ports: u8, balancers: u8| {
        format!("count/services=1,services=1,services.loadbalancers={balancers},services.nodeports={ports}")
    };
    assert_eq!(service(tree!({})), told(0, 0));
    assert_eq!(service(tree!({"type": "NodePort"})), told(2, 0));
    assert_eq!(service(tree!({"type": "LoadBalancer"})), told(2, 1));
    assert_eq!(
        service(tree!({"type": "LoadBalancer", "allocateLoadBalancerNodePorts": false})),
        told(1, 1)
    );
}

#[test]
fn claims_are_charged_to_their_class_too() {
    let claim =
        tree!({"spec": {"storageClassName": "gold", "resources": {"requests": {"storage": "1500m"}}}});
    assert_eq!(
        charged("", "persistentvolumeclaims", &claim),
        "count/persistentvolumeclaims=1,gold.storageclass.storage.k8s.io/persistentvolumeclaims=1,\
         gold.storageclass.storage.k8s.io/requests.storage=2,persistentvolumeclaims=1,requests.storage=2"
    );
    let grown = tree!({"spec": {"resources": {"requests": {"storage": "1Gi"}}}, "status": {"allocatedResources": {"storage": "2Gi"}}});
    assert_eq!(
        charged("", "persistentvolumeclaims", &grown),
        "count/persistentvolumeclaims=1,persistentvolumeclaims=1,requests.storage=2Gi"
    );
}

#[test]
fn device_claims_are_charged_by_class() {
    let claim = tree!({"spec": {"devices": {"requests": [
        {"name": "a", "exactly": {"deviceClassName": "gpu", "count": 2i64}},
        {"name": "b", "firstAvailable": [
            {"deviceClassName": "gpu", "count": 1i64}, {"deviceClassName": "fpga", "allocationMode": "All"}]},
    ]}}});
    assert_eq!(
        charged("resource.k8s.io", "resourceclaims", &claim),
        "count/resourceclaims.resource.k8s.io=1,fpga.deviceclass.resource.k8s.io/devices=32,gpu.deviceclass.resource.k8s.io/devices=3"
    );
}

#[test]
fn everything_is_counted() {
    assert_eq!(charged("", "secrets", &tree!({})), "count/secrets=1,secrets=1");
    assert_eq!(
        charged("example.com", "widgets", &tree!({})),
        "count/widgets.example.com=1"
    );
}

#[test]
fn limited_names_are_about_one_resource() {
    let about =
        |group: &str, resource: &str, name: &str| concerns(Kind::of(group, resource), group, resource, name);
    for name in [
        "pods",
        "count/pods",
        "limits.cpu",
        "hugepages-1Gi",
        "requests.hugepages-1Gi",
        "requests.example.com/gpu",
    ] {
        assert!(about("", "pods", name), "{name}");
    }
    for name in [
        "services",
        "requests.storage",
        "count/secrets",
        "gold.storageclass.storage.k8s.io/requests.storage",
    ] {
        assert!(!about("", "pods", name), "{name}");
    }
    assert!(about(
        "",
        "persistentvolumeclaims",
        "gold.storageclass.storage.k8s.io/requests.storage"
    ));
    assert!(about("", "configmaps", "configmaps") && !about("apps", "configmaps", "configmaps"));
    assert!(about(
        "resource.k8s.io",
        "resourceclaims",
        "gpu.deviceclass.resource.k8s.io/devices"
    ));
}

#[test]
fn containers_must_say_what_is_limited() {
    let pod = tree!({"spec": {
        "containers": [{"name": "b"}, {"name": "a", "resources": {"requests": {"cpu": "1"}}}],
        "initContainers": [{"name": "c"}],
    }});
    let limited = ["requests.cpu", "limits.memory", "pods"].map(SmolStr::new);
    assert_eq!(
        unsaid(&pod, &limited).as_deref(),
        Some("must specify limits.memory for: a,b,c; requests.cpu for: b,c")
    );
    assert_eq!(
        unsaid(&pod, &["pods".into(), "limits.ephemeral-storage".into()]),
        None
    );
    let whole = tree!({"spec": {"containers": [{"name": "a"}], "resources": {"requests": {"cpu": "1"}}}});
    assert_eq!(unsaid(&whole, &limited), None);
}
