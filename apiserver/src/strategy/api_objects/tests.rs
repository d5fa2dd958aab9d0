use auth::User;
use kinds::Catalog;
use schema::{Value, tree};

use crate::strategy::{WriteContext, of};

const NOW: &str = "2026-01-02T03:04:05Z";

fn written(group: &str, resource: &str, subresource: &str, mut object: Value, old: Option<&Value>) -> Value {
    let hub = Catalog::builtin()
        .resource(group, "v1", resource)
        .expect("built in");
    let user = User {
        name: "jane".into(),
        uid: "7".into(),
        groups: vec!["dev".into()],
        extra: [("scopes".into(), vec!["a".into()])].into(),
    };
    let cx = WriteContext {
        resource: hub,
        group,
        subresource,
        user: &user,
        now: NOW,
    };
    match old {
        None => of(group, resource).prepare_create(&cx, &mut object),
        Some(old) => of(group, resource).prepare_update(&cx, &mut object, old),
    }
    object
}

#[test]
fn a_new_namespace_is_active_and_finalized() {
    let made = written("", "namespaces", "", tree!({"metadata": {"name": "a"}}), None);
    let wanted = tree!({"metadata": {"name": "a", "labels": {"kubernetes.io/metadata.name": "a"}},
        "spec": {"finalizers": ["kubernetes"]}, "status": {"phase": "Active"}});
    assert_eq!(made, wanted);
}

#[test]
fn finalizers_of_a_namespace_change_through_finalize_alone() {
    let old = tree!({"metadata": {"name": "a"}, "spec": {"finalizers": ["kubernetes"]}, "status": {"phase": "Active"}});
    let new = tree!({"metadata": {"name": "a"}, "spec": {}, "status": {"phase": "Bogus"}});
    let main = written("", "namespaces", "", new.clone(), Some(&old));
    assert_eq!(main.list_at(&["spec", "finalizers"]).len(), 1);
    let finalized = written("", "namespaces", "finalize", new, Some(&old));
    assert!(finalized.list_at(&["spec", "finalizers"]).is_empty());
    assert_eq!(finalized.str_at(&["status", "phase"]), Some("Active"));
}

#[test]
fn phases_of_volumes_are_timed() {
    let made = written("", "persistentvolumes", "", tree!({"spec": {}}), None);
    assert_eq!(made.str_at(&["status", "lastPhaseTransitionTime"]), Some(NOW));
    let old = tree!({"status": {"phase": "Pending", "lastPhaseTransitionTime": "2025-01-01T00:00:00Z"}});
    let mut new = old.clone();
    assert_eq!(
        written("", "persistentvolumes", "status", new.clone(), Some(&old)),
        old
    );
    if let Some(status) = new.get_mut("status").and_then(Value::as_map_mut) {
        status.insert("phase", "Bound");
    }
    let bound = written("", "persistentvolumes", "status", new, Some(&old));
    assert_eq!(bound.str_at(&["status", "lastPhaseTransitionTime"]), Some(NOW));
}

#[test]
fn data_sources_of_claims_are_in_both_fields() {
    let claim = tree!({"spec": {"dataSource": {"kind": "PersistentVolumeClaim", "name": "a"}}});
    let made = written("", "persistentvolumeclaims", "", claim, None);
    assert_eq!(
        made.at(&["spec", "dataSource"]),
        made.at(&["spec", "dataSourceRef"])
    );
    let other = tree!({"spec": {"dataSource": {"kind": "Pod", "name": "a"}}});
    let made = written("", "persistentvolumeclaims", "", other, None);
    assert_eq!(made.at(&["spec", "dataSource"]), None);
    let abroad = tree!({"spec": {"dataSourceRef": {"kind": "X", "name": "a", "namespace": "b"}}});
    let made = written("", "persistentvolumeclaims", "", abroad, None);
    assert_eq!(made.at(&["spec", "dataSource"]), None);
}

#[test]
fn a_signing_request_names_its_user() {
    let asked = tree!({"spec": {"username": "root", "request": "AA=="}});
    let made = written(
        "certificates.k8s.io",
        "certificatesigningrequests",
        "",
        asked,
        None,
    );
    let wanted = tree!({"spec": {"username": "jane", "uid": "7", "groups": ["dev"],
        "extra": {"scopes": ["a"]}, "request": "AA=="}});
    assert_eq!(made, wanted);
}

#[test]
fn signing_requests_are_decided_through_approval_alone() {
    let old = tree!({"spec": {"request": "AA=="}});
    let new = tree!({"spec": {"request": "BB=="}, "status": {"certificate": "CC==",
        "conditions": [{"type": "Approved", "status": "True"}]}});
    let of = |subresource| {
        written(
            "certificates.k8s.io",
            "certificatesigningrequests",
            subresource,
            new.clone(),
            Some(&old),
        )
    };
    assert_eq!(of("").at(&["status"]), None);
    let approved = of("approval");
    assert_eq!(approved.at(&["status", "certificate"]), None);
    assert_eq!(
        approved.list_at(&["status", "conditions"])[0].str_at(&["lastUpdateTime"]),
        Some(NOW)
    );
    let issued = of("status");
    assert_eq!(issued.str_at(&["status", "certificate"]), Some("CC=="));
    assert_eq!(issued.str_at(&["spec", "request"]), Some("AA=="));
    // What adds a decision is left as it is, and refused.
    assert_eq!(issued.list_at(&["status", "conditions"]).len(), 1);
    let decided = tree!({"spec": {"request": "AA=="},
        "status": {"conditions": [{"type": "Approved", "status": "True", "reason": "r",
            "lastUpdateTime": "2026-01-01T00:00:00Z", "lastTransitionTime": "2026-01-01T00:00:00Z"}]}});
    let kept = written(
        "certificates.k8s.io",
        "certificatesigningrequests",
        "status",
        new.clone(),
        Some(&decided),
    );
    assert_eq!(
        kept.at(&["status", "conditions"]),
        decided.at(&["status", "conditions"])
    );
}

#[test]
fn local_api_services_are_available_at_once() {
    let of = |object| written("apiregistration.k8s.io", "apiservices", "", object, None);
    let local = of(tree!({"spec": {"version": "v1"}}));
    assert_eq!(
        local.list_at(&["status", "conditions"])[0].str_at(&["reason"]),
        Some("Local")
    );
    let remote = of(tree!({"spec": {"service": {"name": "a"}}}));
    assert!(remote.list_at(&["status", "conditions"]).is_empty());
}

#[test]
fn definitions_collect_their_storage_versions() {
    let (group, resource) = ("apiextensions.k8s.io", "customresourcedefinitions");
    let v1 = tree!({"spec": {"versions": [{"name": "v1", "storage": true}]}});
    let old = written(group, resource, "", v1, None);
    let mut new = tree!({"spec": {"versions": [{"name": "v1"}, {"name": "v2", "storage": true}]}});
    if let (Some(map), Some(status)) = (new.as_map_mut(), old.get("status")) {
        map.insert("status", status.clone());
    }
    let new = written(group, resource, "", new, Some(&old));
    assert_eq!(new.at(&["status", "storedVersions"]), Some(&tree!(["v1", "v2"])));
}

#[test]
fn service_accounts_keep_only_names_of_secrets() {
    let made = written(
        "",
        "serviceaccounts",
        "",
        tree!({"secrets": [{"kind": "Secret", "name": "a"}]}),
        None,
    );
    assert_eq!(made, tree!({"secrets": [{"name": "a"}]}));
}

#[test]
fn labels_of_a_slice_are_content() {
    let old = tree!({"metadata": {"generation": 1i64, "labels": {"a": "1"}}});
    let new = tree!({"metadata": {"generation": 1i64, "labels": {"a": "2"}}});
    let of = |new| written("discovery.k8s.io", "endpointslices", "", new, Some(&old));
    assert_eq!(of(new).int_at(&["metadata", "generation"]), Some(2));
    assert_eq!(of(old.clone()).int_at(&["metadata", "generation"]), Some(1));
}

#[test]
fn leases_do_not_coordinate_elections_yet() {
    let lease = tree!({"spec": {"strategy": "OldestEmulationVersion", "holderIdentity": "a"}});
    let made = written("coordination.k8s.io", "leases", "", lease, None);
    assert_eq!(made, tree!({"spec": {"holderIdentity": "a"}}));
}

#[test]
fn nodes_are_not_configured_any_more() {
    let node = tree!({"spec": {"podCIDR": "10.0.0.0/24", "configSource": {"configMap": {"name": "a"}}}});
    let bare = tree!({"spec": {"podCIDR": "10.0.0.0/24"}});
    assert_eq!(written("", "nodes", "", node.clone(), None), bare);
    assert_eq!(written("", "nodes", "", node.clone(), Some(&bare)), bare);
    assert_eq!(written("", "nodes", "", node.clone(), Some(&node)), node);
}
