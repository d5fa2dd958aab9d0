//! What becomes of requests for certificates of pods.

use super::*;

#[tokio::test]
async fn certificates_of_pods_are_of_those_on_the_node_as_their_account() {
    let running = |annotations: Value| {
        let account = tree!({"metadata": {"name": "a", "namespace": "ns", "uid": "account-uid"}});
        let pod = tree!({
            "metadata": {"name": "p", "namespace": "ns", "uid": "pod-uid", "annotations": annotations},
            "spec": {"nodeName": "n", "serviceAccountName": "a"},
        });
        let node = tree!({"metadata": {"name": "n", "uid": "node-uid"}});
        let elsewhere = tree!({
            "metadata": {"name": "q", "namespace": "ns", "uid": "pod-uid"}, "spec": {"nodeName": "m"},
        });
        Objects(vec![
            ("", "nodes", node),
            ("", "pods", pod),
            ("", "pods", elsewhere),
            ("", "serviceaccounts", account),
        ])
    };
    let request = |field: &str, value: &str| {
        let mut object = tree!({
            "metadata": {"name": "c", "namespace": "ns"},
            "spec": {
                "nodeName": "n", "nodeUID": "node-uid", "podName": "p", "podUID": "pod-uid",
                "serviceAccountName": "a", "serviceAccountUID": "account-uid",
            },
        });
        let spec = object.as_map_mut().unwrap().map_at("spec");
        spec.insert(field.to_owned(), value);
        object
    };
    let create = |field: &str, value: &str| {
        let group = "certificates.k8s.io";
        Write::create(group, "podcertificaterequests", request(field, value)).of_version("v1beta1")
    };
    let reader = running(tree!({}));
    assert_eq!(refusal(create("podName", "p"), &reader).await, None);
    let cases = [
        (
            "nodeName",
            "m",
            "PodCertificateRequest.Spec.NodeName=\"m\", which is not the requesting node \"n\"",
        ),
        (
            "nodeUID",
            "x",
            "PodCertificateRequest for pod \"ns/p\" names node UID \"x\", inconsistent with the running node (\"node-uid\")",
        ),
        (
            "podName",
            "x",
            "while retrieving pod \"ns/x\" named in the PodCertificateRequest: pod \"x\" not found",
        ),
        (
            "podUID",
            "x",
            "PodCertificateRequest for pod \"ns/p\" contains pod UID (\"x\") which differs from running pod \"pod-uid\"",
        ),
        (
            "podName",
            "q",
            "pod \"ns/q\" is not running on node \"n\" named in the PodCertificateRequest",
        ),
        (
            "serviceAccountName",
            "x",
            "PodCertificateRequest for pod \"ns/p\" contains serviceAccountName (\"x\") that differs from running pod (\"a\")",
        ),
        (
            "serviceAccountUID",
            "x",
            "PodCertificateRequest for pod \"ns/p\" names service account UID \"x\", which differs from the running service account (\"account-uid\")",
        ),
    ];
    for (field, value, why) in cases {
        let refused = refusal(create(field, value), &reader).await.unwrap();
        assert!(refused.ends_with(why), "{refused}");
    }
    let mirror = running(tree!({"kubernetes.io/config.mirror": "x"}));
    let refused = refusal(create("podName", "p"), &mirror).await.unwrap();
    assert!(refused.ends_with("pod \"ns/p\" is a mirror pod"), "{refused}");
    let same = || request("podName", "p");
    let update = Write::update("certificates.k8s.io", "podcertificaterequests", same(), same());
    let refused = refusal(update.of_version("v1beta1"), &reader).await.unwrap();
    assert!(refused.ends_with("unexpected operation UPDATE"), "{refused}");
}
