//! Old versions of groups that changed little: admission registration, certificates, coordination, events, flow control,
//! node, policy, RBAC, scheduling, storage, API services.

use schema::{Map, SmolStr, Value, tree};

use super::Legacy;

const ADMISSION: &str = "admissionregistration.k8s.io/v1";
const RBAC: &str = "rbac.authorization.k8s.io/v1";
const STORAGE: &str = "storage.k8s.io/v1";
const FLOW: &str = "flowcontrol.apiserver.k8s.io/v1";

pub(super) const LEGACY: &[Legacy] = &[
    Legacy::same(
        "admissionregistration.k8s.io/v1beta1",
        "ValidatingAdmissionPolicy",
        ADMISSION,
    ),
    Legacy::same(
        "admissionregistration.k8s.io/v1beta1",
        "ValidatingAdmissionPolicyBinding",
        ADMISSION,
    ),
    Legacy::same(
        "admissionregistration.k8s.io/v1alpha1",
        "ValidatingAdmissionPolicy",
        ADMISSION,
    ),
    Legacy::same(
        "admissionregistration.k8s.io/v1alpha1",
        "ValidatingAdmissionPolicyBinding",
        ADMISSION,
    ),
    Legacy::same(
        "admissionregistration.k8s.io/v1beta1",
        "MutatingWebhookConfiguration",
        ADMISSION,
    )
    .filled(webhooks),
    Legacy::same(
        "admissionregistration.k8s.io/v1beta1",
        "ValidatingWebhookConfiguration",
        ADMISSION,
    )
    .filled(webhooks),
    Legacy::same(
        "apiregistration.k8s.io/v1beta1",
        "APIService",
        "apiregistration.k8s.io/v1",
    ),
    Legacy::same(
        "certificates.k8s.io/v1beta1",
        "CertificateSigningRequest",
        "certificates.k8s.io/v1",
    )
    .filled(signing),
    Legacy::same("coordination.k8s.io/v1beta1", "Lease", "coordination.k8s.io/v1"),
    Legacy::same("events.k8s.io/v1beta1", "Event", "events.k8s.io/v1"),
    Legacy::same("flowcontrol.apiserver.k8s.io/v1beta1", "FlowSchema", FLOW),
    Legacy::same("flowcontrol.apiserver.k8s.io/v1beta2", "FlowSchema", FLOW),
    Legacy::same("flowcontrol.apiserver.k8s.io/v1beta3", "FlowSchema", FLOW),
    Legacy::same(
        "flowcontrol.apiserver.k8s.io/v1beta1",
        "PriorityLevelConfiguration",
        FLOW,
    )
    .named(shares)
    .filled(no_zero),
    Legacy::same(
        "flowcontrol.apiserver.k8s.io/v1beta2",
        "PriorityLevelConfiguration",
        FLOW,
    )
    .named(shares)
    .filled(no_zero),
    Legacy::same(
        "flowcontrol.apiserver.k8s.io/v1beta3",
        "PriorityLevelConfiguration",
        FLOW,
    )
    .filled(no_zero),
    Legacy::same("node.k8s.io/v1beta1", "RuntimeClass", "node.k8s.io/v1"),
    Legacy::same("node.k8s.io/v1alpha1", "RuntimeClass", "node.k8s.io/v1").named(runtime),
    Legacy::same("policy/v1beta1", "PodDisruptionBudget", "policy/v1").filled(budget),
    Legacy::same("rbac.authorization.k8s.io/v1beta1", "ClusterRole", RBAC),
    Legacy::same("rbac.authorization.k8s.io/v1beta1", "ClusterRoleBinding", RBAC),
    Legacy::same("rbac.authorization.k8s.io/v1beta1", "Role", RBAC),
    Legacy::same("rbac.authorization.k8s.io/v1beta1", "RoleBinding", RBAC),
    Legacy::same("rbac.authorization.k8s.io/v1alpha1", "ClusterRole", RBAC),
    Legacy::same("rbac.authorization.k8s.io/v1alpha1", "ClusterRoleBinding", RBAC)
        .named(subjects)
        .filled(subject_groups),
    Legacy::same("rbac.authorization.k8s.io/v1alpha1", "Role", RBAC),
    Legacy::same("rbac.authorization.k8s.io/v1alpha1", "RoleBinding", RBAC)
        .named(subjects)
        .filled(subject_groups),
    Legacy::same(
        "scheduling.k8s.io/v1beta1",
        "PriorityClass",
        "scheduling.k8s.io/v1",
    ),
    Legacy::same("storage.k8s.io/v1beta1", "CSIDriver", STORAGE),
    Legacy::same("storage.k8s.io/v1beta1", "CSINode", STORAGE),
    Legacy::same("storage.k8s.io/v1beta1", "CSIStorageCapacity", STORAGE),
    Legacy::same("storage.k8s.io/v1alpha1", "CSIStorageCapacity", STORAGE),
    Legacy::same("storage.k8s.io/v1beta1", "StorageClass", STORAGE),
    Legacy::same("storage.k8s.io/v1beta1", "VolumeAttachment", STORAGE),
    Legacy::same("storage.k8s.io/v1alpha1", "VolumeAttachment", STORAGE),
    Legacy::same("storage.k8s.io/v1alpha1", "VolumeAttributesClass", STORAGE),
];

fn webhooks(object: &mut Map) {
    for webhook in items(object, "webhooks") {
        let defaults = tree!({
            "failurePolicy": "Ignore",
            "matchPolicy": "Exact",
            "timeoutSeconds": 30i64,
            "sideEffects": "Unknown",
            "admissionReviewVersions": ["v1beta1"]
        });
        for (key, value) in defaults.as_map().into_iter().flat_map(Map::iter) {
            fill(webhook, key, value.clone());
        }
    }
}

/// Requests named no signer once; those for kubelets cannot be told apart without reading them.
fn signing(object: &mut Map) {
    let spec = object.map_at("spec");
    fill(spec, "signerName", "kubernetes.io/legacy-unknown");
    fill(spec, "usages", tree!(["digital signature", "key encipherment"]));
}

const PRESERVE_ZERO: &str = "flowcontrol.k8s.io/v1beta3-preserve-zero-concurrency-shares";

fn shares(object: &mut Map) {
    if let Some(limited) = limited(object)
        && let Some(shares) = limited.remove("assuredConcurrencyShares")
    {
        limited.insert("nominalConcurrencyShares", shares);
    }
}

/// Zero shares meant the default, unless an annotation said otherwise.
fn no_zero(object: &mut Map) {
    let annotations = object
        .get_mut("metadata")
        .and_then(|metadata| metadata.get_mut("annotations"));
    let preserved = annotations
        .and_then(Value::as_map_mut)
        .and_then(|map| map.remove(PRESERVE_ZERO))
        .is_some();
    let Some(limited) = limited(object) else { return };
    match (limited.get("nominalConcurrencyShares"), preserved) {
        (None, true) => {
            limited.insert("nominalConcurrencyShares", 0i64);
        }
        (Some(Value::Int(0)), false) => {
            limited.remove("nominalConcurrencyShares");
        }
        _ => {}
    }
}

fn limited(object: &mut Map) -> Option<&mut Map> {
    object.get_mut("spec")?.get_mut("limited")?.as_map_mut()
}

/// Everything but metadata was in a spec.
fn runtime(object: &mut Map) {
    if let Some(Value::Map(spec)) = object.remove("spec") {
        for (key, value) in spec {
            let key = if key == "runtimeHandler" {
                SmolStr::new_static("handler")
            } else {
                key
            };
            object.insert(key, value);
        }
    }
}

/// An empty selector selected nothing; today it selects all pods.
fn budget(object: &mut Map) {
    let spec = object.map_at("spec");
    if spec
        .get("selector")
        .is_some_and(|selector| selector.as_map().is_some_and(Map::is_empty))
    {
        let nothing =
            tree!({"key": "pdb.kubernetes.io/deprecated-v1beta1-empty-selector-match", "operator": "Exists"});
        spec.insert("selector", tree!({"matchExpressions": [nothing]}));
    }
}

fn subjects(object: &mut Map) {
    for subject in items(object, "subjects") {
        if let Some(version) = subject.remove("apiVersion") {
            subject.insert("apiGroup", version);
        }
    }
}

/// Subjects had a version where they have a group today; the user `*` was everybody who is authenticated.
fn subject_groups(object: &mut Map) {
    for subject in items(object, "subjects") {
        let text = |key| subject.get(key).and_then(Value::as_str).unwrap_or_default();
        let everybody = text("kind") == "User" && text("name") == "*";
        let group = text("apiGroup")
            .split_once('/')
            .map(|(group, _)| SmolStr::new(group))
            .unwrap_or_default();
        subject.remove("apiGroup");
        if !group.is_empty() {
            subject.insert("apiGroup", group);
        }
        if everybody {
            subject.insert("kind", "Group");
            subject.insert("name", "system:authenticated");
        }
    }
}

fn items<'a>(object: &'a mut Map, key: &str) -> impl Iterator<Item = &'a mut Map> {
    let list = object.get_mut(key).and_then(Value::as_list_mut);
    list.into_iter().flatten().filter_map(Value::as_map_mut)
}

fn fill(map: &mut Map, key: &str, value: impl Into<Value>) {
    if map.get(key).is_none_or(Value::is_null) {
        map.insert(SmolStr::new(key), value);
    }
}
