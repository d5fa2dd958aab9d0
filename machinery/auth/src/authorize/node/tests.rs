use schema::{Value, tree};

use super::*;
use crate::authorize::{FieldRequirement, Selectors};

fn pod(name: &str, node: &str) -> Value {
    tree!({
        "metadata": {"namespace": "a", "name": name},
        "spec": {
            "nodeName": node,
            "serviceAccountName": "sa",
            "imagePullSecrets": [{"name": "pull"}],
            "containers": [{"envFrom": [{"secretRef": {"name": "env"}}],
                "env": [{"valueFrom": {"configMapKeyRef": {"name": "key"}}}]}],
            "volumes": [
                {"name": "v", "projected": {"sources": [{"configMap": {"name": "projected"}}]}},
                {"name": "w", "persistentVolumeClaim": {"claimName": "claim"}},
                {"name": "x", "ephemeral": {}},
                {"name": "y", "csi": {"nodePublishSecretRef": {"name": "csi"}}},
            ],
            "resourceClaims": [{"name": "gpu", "resourceClaimTemplateName": "t"}],
        },
        "status": {"resourceClaimStatuses": [{"name": "gpu", "resourceClaimName": "made"}]},
    })
}

fn node() -> Node {
    let node = Node::default();
    node.put(Kind::Pod, &pod("p", "n1"));
    let volume = tree!({"metadata": {"name": "pv"}, "spec": {"claimRef": {"namespace": "a", "name": "claim"},
        "csi": {"nodeStageSecretRef": {"namespace": "s", "name": "stage"},
            "controllerPublishSecretRef": {"namespace": "s", "name": "controller"}}}});
    node.put(Kind::PersistentVolume, &volume);
    node.put(
        Kind::VolumeAttachment,
        &tree!({"metadata": {"name": "va"}, "spec": {"nodeName": "n1"}}),
    );
    node.put(
        Kind::ResourceSlice,
        &tree!({"metadata": {"name": "slice"}, "spec": {"nodeName": "n1"}}),
    );
    node
}

fn kubelet(name: &str) -> User {
    User::new(&format!("system:node:{name}"), "", &["system:nodes"])
}

const OF_N1: [(&str, &str, &str, &str, &str); 15] = [
    ("get", "", "secrets", "a", "pull"),
    ("watch", "", "secrets", "a", "env"),
    ("get", "", "secrets", "a", "csi"),
    ("get", "", "secrets", "s", "stage"),
    ("list", "", "configmaps", "a", "key"),
    ("get", "", "configmaps", "a", "projected"),
    ("get", "", "persistentvolumeclaims", "a", "claim"),
    ("get", "", "persistentvolumeclaims", "a", "p-x"),
    ("get", "", "persistentvolumes", "", "pv"),
    ("get", "resource.k8s.io", "resourceclaims", "a", "made"),
    ("get", "storage.k8s.io", "volumeattachments", "", "va"),
    ("patch", "resource.k8s.io", "resourceslices", "", "slice"),
    ("get", "", "serviceaccounts", "a", "sa"),
    ("get", "", "pods", "a", "p"),
    ("get", "", "nodes", "", "n1"),
];

#[test]
fn what_belongs_to_a_node_is_for_it_alone() {
    let graph = node();
    for (verb, group, resource, namespace, name) in OF_N1 {
        let asked = Attributes::resource(verb, group, resource, namespace, name);
        assert!(graph.decide(&kubelet("n1"), &asked).is_allowed(), "{asked:?}");
        assert!(!graph.decide(&kubelet("n2"), &asked).is_allowed(), "{asked:?}");
        assert!(
            !graph.decide(&User::new("joe", "", &[]), &asked).is_allowed(),
            "{asked:?}"
        );
    }
    let controller = Attributes::resource("get", "", "secrets", "s", "controller");
    assert!(!graph.decide(&kubelet("n1"), &controller).is_allowed());
}

#[test]
fn edges_go_with_what_made_them() {
    let graph = node();
    graph.put(Kind::Pod, &pod("q", "n1"));
    graph.remove(Kind::Pod, "a", "p");
    let secret = Attributes::resource("get", "", "secrets", "a", "pull");
    let volume = Attributes::resource("get", "", "persistentvolumes", "", "pv");
    assert!(
        graph.decide(&kubelet("n1"), &secret).is_allowed(),
        "another pod has it too"
    );
    graph.remove(Kind::Pod, "a", "q");
    for asked in [secret, volume] {
        assert!(!graph.decide(&kubelet("n1"), &asked).is_allowed(), "{asked:?}");
    }
    let mut mirror = pod("m", "n1");
    let metadata = mirror.as_map_mut().expect("a map").map_at("metadata");
    metadata.insert("annotations", tree!({"kubernetes.io/config.mirror": "x"}));
    graph.put(Kind::Pod, &mirror);
    assert!(
        !graph.decide(&kubelet("n1"), &secret).is_allowed(),
        "mirror pods give nothing"
    );
    graph.replace(Kind::VolumeAttachment, []);
    let attachment = Attributes::resource("get", "storage.k8s.io", "volumeattachments", "", "va");
    assert!(!graph.decide(&kubelet("n1"), &attachment).is_allowed());
}

#[test]
fn refusals_read_as_those_of_the_reference() {
    let graph = node();
    let reason = |asked| graph.decide(&kubelet("n1"), &asked).reason;
    let of = Attributes::resource;
    assert_eq!(
        reason(of("get", "", "secrets", "a", "other")),
        "no relationship found between node 'n1' and this object"
    );
    assert_eq!(reason(of("list", "", "secrets", "a", "")), "No Object name found");
    assert_eq!(
        reason(of("update", "", "secrets", "a", "pull")),
        "can only read resources of this type"
    );
    assert_eq!(
        reason(of("get", "coordination.k8s.io", "leases", LEASES, "n2")),
        "can only access node lease with the same name as the requesting node"
    );
    assert_eq!(
        reason(of("get", "", "nodes", "", "n2")),
        "node 'n1' cannot read 'n2', only its own Node object"
    );
    assert_eq!(
        reason(of("list", "", "pods", "", "")),
        "can only list/watch pods with spec.nodeName field selector"
    );
    assert_eq!(
        graph
            .decide(&kubelet(""), &of("get", "", "pods", "a", "p"))
            .reason,
        "unknown node for user \"system:node:\""
    );
}

#[test]
fn selectors_narrow_lists_to_the_node() {
    let selecting = |value: &str| Selectors {
        fields: vec![FieldRequirement {
            field: "spec.nodeName".into(),
            equal: true,
            value: value.into(),
        }],
        ..Selectors::default()
    };
    let (own, other) = (selecting("n1"), selecting("n2"));
    let list = Attributes::resource("list", "", "pods", "", "");
    assert!(
        node()
            .decide(
                &kubelet("n1"),
                &Attributes {
                    selectors: Some(&own),
                    ..list
                }
            )
            .is_allowed()
    );
    assert!(
        !node()
            .decide(
                &kubelet("n1"),
                &Attributes {
                    selectors: Some(&other),
                    ..list
                }
            )
            .is_allowed()
    );
}

#[test]
fn all_nodes_may_what_their_role_says() {
    for (verb, group, resource, allowed) in [
        ("list", "", "services", true),
        ("create", "", "events", true),
        ("create", "authentication.k8s.io", "tokenreviews", true),
        ("list", "", "namespaces", false),
        ("delete", "", "services", false),
    ] {
        let asked = Attributes::resource(verb, group, resource, "", "");
        assert_eq!(
            node().decide(&kubelet("n1"), &asked).is_allowed(),
            allowed,
            "{asked:?}"
        );
    }
}
