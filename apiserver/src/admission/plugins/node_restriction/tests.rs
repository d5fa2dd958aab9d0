//! What becomes of kubelets' writes.

mod pod_certificates;

use auth::User;
use auth::authorize::Authorizer;
use schema::tree;

use super::*;
use crate::admission::fixtures::{Objects, Write};

fn kubelet() -> User {
    User::new("system:node:n", "", &["system:nodes"])
}

fn plugin() -> NodeRestriction {
    NodeRestriction::new(Arc::new(Chain::new(Vec::new())))
}

/// What either half of the plugin says.
async fn refusal(write: Write<'_>, reader: &Objects) -> Option<String> {
    let write = write.by(kubelet());
    let done = write.mutate(&plugin(), reader).await.map(|_| ());
    let verdict = match done {
        Ok(()) => write.validate(&plugin(), reader).await.0,
        refused => refused,
    };
    verdict.err().map(|status| status.message)
}

fn pod(node: &str) -> Value {
    tree!({
        "metadata": {"name": "p", "namespace": "ns", "uid": "u"},
        "spec": {"nodeName": node, "volumes": [
            {"name": "t", "projected": {"sources": [{"serviceAccountToken": {"audience": "vault"}}]}},
            {"name": "v", "persistentVolumeClaim": {"claimName": "c"}},
        ]},
    })
}

fn reader() -> Objects {
    Objects(vec![
        ("", "nodes", tree!({"metadata": {"name": "n", "uid": "node-uid"}})),
        ("", "pods", pod("n")),
        (
            "",
            "persistentvolumeclaims",
            tree!({"metadata": {"name": "c", "namespace": "ns"}, "spec": {"volumeName": "pv"}}),
        ),
        (
            "",
            "persistentvolumes",
            tree!({"metadata": {"name": "pv"}, "spec": {"csi": {"driver": "d"}}}),
        ),
        (
            "storage.k8s.io",
            "csidrivers",
            tree!({"metadata": {"name": "d"}, "spec": {"tokenRequests": [{"audience": "of-driver"}]}}),
        ),
    ])
}

#[tokio::test]
async fn others_are_not_concerned_and_nameless_nodes_may_nothing() {
    let node = || tree!({"metadata": {"name": "other"}});
    let write = Write::create("", "nodes", node()).by(User::new("ann", "", &[]));
    assert!(write.mutate(&plugin(), &reader()).await.is_ok());
    let write = Write::create("", "nodes", node()).by(User::new("system:node:", "", &["system:nodes"]));
    let refused = write.mutate(&plugin(), &reader()).await.unwrap_err();
    assert_eq!(
        refused.message,
        "nodes \"other\" is forbidden: could not determine node from user \"system:node:\""
    );
}

#[tokio::test]
async fn a_kubelet_writes_its_own_node_lease_and_csi_node() {
    let named = |name: &str| tree!({"metadata": {"name": name, "namespace": "kube-node-lease"}});
    for (group, resource, why) in [
        ("", "nodes", "node \"n\" is not allowed to modify node \"m\""),
        (
            "coordination.k8s.io",
            "leases",
            "can only access node lease with the same name as the requesting node",
        ),
        (
            "storage.k8s.io",
            "csinodes",
            "can only access CSINode with the same name as the requesting node",
        ),
    ] {
        let create = |name| Write::create(group, resource, named(name));
        assert_eq!(refusal(create("n"), &reader()).await, None);
        let refused = refusal(create("m"), &reader()).await.unwrap();
        assert!(refused.ends_with(why), "{refused}");
    }
    let elsewhere = tree!({"metadata": {"name": "n", "namespace": "default"}});
    let refused = refusal(
        Write::create("coordination.k8s.io", "leases", elsewhere),
        &reader(),
    )
    .await;
    assert!(
        refused
            .unwrap()
            .ends_with("can only access leases in the \"kube-node-lease\" system namespace")
    );
}

#[tokio::test]
async fn mirror_pods_belong_to_the_node_that_there_is() {
    let mirror = |uid: &str| {
        tree!({
            "metadata": {
                "name": "m",
                "namespace": "ns",
                "annotations": {"kubernetes.io/config.mirror": "x"},
                "ownerReferences": [
                    {"apiVersion": "v1", "kind": "Node", "name": "n", "uid": uid, "controller": true},
                ],
            },
            "spec": {"nodeName": "n"},
        })
    };
    assert_eq!(
        refusal(Write::create("", "pods", mirror("node-uid")), &reader()).await,
        None
    );
    assert_eq!(
        refusal(Write::create("", "pods", mirror("old")), &reader())
            .await
            .as_deref(),
        Some("pods \"m\" is forbidden: node n UID mismatch: expected old got node-uid")
    );
    assert_eq!(
        refusal(Write::create("", "pods", mirror("node-uid")), &Objects::default())
            .await
            .as_deref(),
        Some("nodes \"n\" not found")
    );
}

#[tokio::test]
async fn pods_of_others_are_neither_deleted_nor_evicted() {
    let other = Objects(vec![("", "pods", pod("m"))]);
    let eviction = || tree!({"metadata": {"name": "p", "namespace": "ns"}});
    let evict = || Write::create("", "pods", eviction()).through("eviction");
    assert_eq!(
        refusal(Write::delete("", "pods", pod("n")), &reader()).await,
        None
    );
    assert_eq!(refusal(evict(), &reader()).await, None);
    let refused = refusal(Write::delete("", "pods", pod("m")), &other)
        .await
        .unwrap();
    assert!(refused.ends_with("node \"n\" can only delete pods with spec.nodeName set to itself"));
    let refused = refusal(evict(), &other).await.unwrap();
    assert!(refused.ends_with("node n can only evict pods with spec.nodeName set to itself"));
    let refused = refusal(Write::update("", "pods", pod("n"), pod("n")), &reader())
        .await
        .unwrap();
    assert!(
        refused
            .ends_with("unexpected operation \"UPDATE\", node \"n\" can only create and delete mirror pods")
    );
}

#[tokio::test]
async fn tokens_are_for_audiences_of_the_pod() {
    let request = |audience: &str, uid: &str| {
        let object = tree!({
            "metadata": {"name": "account", "namespace": "ns"},
            "spec": {
                "audiences": [audience],
                "boundObjectRef": {"apiVersion": "v1", "kind": "Pod", "name": "p", "uid": uid},
            },
        });
        Write::create("", "serviceaccounts", object).through("token")
    };
    for audience in ["vault", "of-driver"] {
        assert_eq!(
            refusal(request(audience, "u"), &reader()).await,
            None,
            "{audience}"
        );
    }
    assert_eq!(
        refusal(request("other", "u"), &reader()).await.as_deref(),
        Some(
            "serviceaccounts \"account\" is forbidden: audience \"other\" not found in pod spec volume, system:node:n is not authorized to request tokens for this audience"
        )
    );
    assert!(refusal(request("vault", "v"), &reader()).await.is_some());
    let granted = NodeRestriction::new(Arc::new(Chain::new(vec![Authorizer::AlwaysAllow])));
    let done = request("other", "u")
        .by(kubelet())
        .mutate(&granted, &reader())
        .await;
    assert!(done.is_ok());
}

#[tokio::test]
async fn slices_and_certificates_are_of_the_node() {
    let slice = |node: &str| tree!({"metadata": {"name": "s"}, "spec": {"nodeName": node}});
    let create = |node| Write::create("resource.k8s.io", "resourceslices", slice(node));
    assert_eq!(refusal(create("n"), &reader()).await, None);
    let refused = refusal(create("m"), &reader()).await.unwrap();
    assert!(refused.ends_with("can only create ResourceSlice with the same NodeName as the requesting node"));
    // Whatever a second read would tell, the slice that goes is judged.
    let delete = |node| Write::delete("resource.k8s.io", "resourceslices", slice(node));
    let refused = refusal(delete("m"), &Objects::default()).await.unwrap();
    assert!(refused.ends_with("can only delete ResourceSlice with the same NodeName as the requesting node"));
    assert_eq!(refusal(delete("n"), &Objects::default()).await, None);
    let request = |name: &str| {
        let mut object = crate::admission::certificate_requests::tests::request(name, &["system:nodes"]);
        let spec = object.as_map_mut().unwrap().map_at("spec");
        spec.insert("signerName", "kubernetes.io/kubelet-serving");
        Write::create("certificates.k8s.io", "certificatesigningrequests", object)
    };
    assert_eq!(refusal(request("system:node:n"), &reader()).await, None);
    let refused = refusal(request("system:node:m"), &reader()).await.unwrap();
    assert!(refused.ends_with("can only create a node CSR with CN=system:node:n"));
}

#[tokio::test]
async fn only_the_status_of_claims_is_written() {
    let claim = || tree!({"metadata": {"name": "c", "namespace": "ns"}});
    let update = || Write::update("", "persistentvolumeclaims", claim(), claim());
    assert_eq!(refusal(update().through("status"), &reader()).await, None);
    let refused = refusal(update(), &reader()).await.unwrap();
    assert!(refused.ends_with("may only update PVC status"));
}
