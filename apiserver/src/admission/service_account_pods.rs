//! ServiceAccount, for pods: which account a pod runs as, and the volume with its token. It decides and edits trees; the
//! plugin reads the account.

use object::meta;
use schema::{Value, tree};

use super::pod_references;
use crate::validation::pods::MIRROR;

const DEFAULT_ACCOUNT: &str = "default";
const VOLUME_PREFIX: &str = "kube-api-access-";
const MOUNT_PATH: &str = "/var/run/secrets/kubernetes.io/serviceaccount";
/// An hour and a little: the kubelet renews tokens of about an hour early.
const TOKEN_SECONDS: i64 = 3_607;
const VOLUME_MODE: i64 = 0o644;

/// Whether the pod mirrors a static one: the node made it, and it has no account.
pub fn is_mirror(pod: &Value) -> bool {
    meta::of(pod).annotation(MIRROR).is_some()
}

/// Why a mirror pod may not be as it is, in the reference's words.
pub fn mirror_refusal(pod: &Value) -> Option<&'static str> {
    if !account_name(pod).is_empty() {
        return Some("a mirror pod may not reference service accounts");
    }
    if pod_references::uses_secrets(pod) {
        return Some("a mirror pod may not reference secrets");
    }
    if pod_references::projects_tokens(pod) {
        return Some("a mirror pod may not use ServiceAccountToken volume projections");
    }
    pod_references::uses_config_maps(pod).then_some("a mirror pod may not reference config maps")
}

/// The account that the pod runs as; empty if it names none.
pub fn account_name(pod: &Value) -> &str {
    pod.str_at(&["spec", "serviceAccountName"]).unwrap_or_default()
}

/// Names the default account where the pod names none; returns the name.
pub fn default_account(pod: &mut Value) -> String {
    let name = match account_name(pod) {
        "" => DEFAULT_ACCOUNT.to_owned(),
        name => name.to_owned(),
    };
    if let Some(spec) = pod.get_mut("spec").and_then(Value::as_map_mut) {
        spec.insert("serviceAccountName", name.as_str());
        // The deprecated alias says the same.
        spec.insert("serviceAccount", name.as_str());
    }
    name
}

/// Gives the pod the account's token volume and pull secrets. `suffix` is five random characters for the volume's name.
pub fn apply_account(pod: &mut Value, account: &Value, suffix: &str) {
    if wants_token(pod, account) {
        mount_token(pod, suffix);
    }
    let secrets = account.list_at(&["imagePullSecrets"]);
    if pod.list_at(&["spec", "imagePullSecrets"]).is_empty() && !secrets.is_empty() {
        let secrets = secrets.to_vec();
        if let Some(spec) = pod.get_mut("spec").and_then(Value::as_map_mut) {
            spec.insert("imagePullSecrets", secrets);
        }
    }
}

fn wants_token(pod: &Value, account: &Value) -> bool {
    pod.bool_at(&["spec", "automountServiceAccountToken"])
        .or_else(|| account.bool_at(&["automountServiceAccountToken"]))
        .unwrap_or(true)
}

fn mount_token(pod: &mut Value, suffix: &str) {
    let existing = pod
        .list_at(&["spec", "volumes"])
        .iter()
        .filter_map(|volume| volume.str_at(&["name"]))
        .find(|name| name.starts_with(VOLUME_PREFIX))
        .map(str::to_owned);
    let is_new = existing.is_none();
    let name = existing.unwrap_or_else(|| format!("{VOLUME_PREFIX}{suffix}"));
    let Some(spec) = pod.get_mut("spec").and_then(Value::as_map_mut) else {
        return;
    };
    let mut mounted = false;
    for field in ["initContainers", "containers"] {
        for container in spec
            .get_mut(field)
            .and_then(Value::as_list_mut)
            .into_iter()
            .flatten()
        {
            mounted |= mount_in(container, &name);
        }
    }
    if mounted && is_new {
        let volumes = spec.entry_or_insert_with("volumes", || Value::List(Vec::new()));
        if let Some(list) = volumes.as_list_mut() {
            list.push(token_volume(&name));
        }
    }
}

/// Adds the mount unless something is mounted there already.
fn mount_in(container: &mut Value, volume: &str) -> bool {
    let taken = container
        .list_at(&["volumeMounts"])
        .iter()
        .any(|mount| mount.str_at(&["mountPath"]) == Some(MOUNT_PATH));
    let Some(container) = container.as_map_mut() else {
        return false;
    };
    let mounts = container.entry_or_insert_with("volumeMounts", || Value::List(Vec::new()));
    match mounts.as_list_mut() {
        Some(list) if !taken => {
            list.push(tree!({"name": volume, "readOnly": true, "mountPath": MOUNT_PATH}));
            true
        }
        _ => false,
    }
}

fn token_volume(name: &str) -> Value {
    tree!({
        "name": name,
        "projected": {
            "defaultMode": VOLUME_MODE,
            "sources": [
                {"serviceAccountToken": {"expirationSeconds": TOKEN_SECONDS, "path": "token"}},
                {"configMap": {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}},
                {"downwardAPI": {"items": [
                    {"path": "namespace", "fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.namespace"}},
                ]}},
            ],
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pod() -> Value {
        tree!({"spec": {"containers": [{"name": "a"}, {"name": "b", "volumeMounts": [
            {"name": "own", "mountPath": MOUNT_PATH},
        ]}]}})
    }

    #[test]
    fn token_is_mounted_where_nothing_else_is() {
        let mut pod = pod();
        assert_eq!(default_account(&mut pod), "default");
        apply_account(&mut pod, &tree!({}), "abcde");
        let containers = pod.list_at(&["spec", "containers"]);
        assert_eq!(
            containers[0].list_at(&["volumeMounts"])[0].str_at(&["name"]),
            Some("kube-api-access-abcde")
        );
        assert_eq!(containers[1].list_at(&["volumeMounts"]).len(), 1);
        assert_eq!(pod.list_at(&["spec", "volumes"]).len(), 1);
    }

    #[test]
    fn the_pod_decides_before_the_account() {
        let account = tree!({"automountServiceAccountToken": false, "imagePullSecrets": [{"name": "pull"}]});
        let mut quiet = pod();
        apply_account(&mut quiet, &account, "abcde");
        assert!(quiet.list_at(&["spec", "volumes"]).is_empty());
        assert_eq!(quiet.list_at(&["spec", "imagePullSecrets"]).len(), 1);
        let mut wanting =
            tree!({"spec": {"automountServiceAccountToken": true, "containers": [{"name": "a"}]}});
        apply_account(&mut wanting, &account, "abcde");
        assert_eq!(wanting.list_at(&["spec", "volumes"]).len(), 1);
    }

    #[test]
    fn mirror_pods_refer_to_nothing() {
        let secrets = Some("a mirror pod may not reference secrets");
        let projected = |source: Value| tree!({"volumes": [{"projected": {"sources": [source]}}]});
        let env = tree!([{"name": "E", "valueFrom": {"secretKeyRef": {"name": "s"}}}]);
        let cases = [
            (
                tree!({"serviceAccountName": "a"}),
                Some("a mirror pod may not reference service accounts"),
            ),
            (tree!({"containers": [{"name": "a", "env": env}]}), secrets),
            (tree!({"imagePullSecrets": [{"name": "s"}]}), secrets),
            (tree!({"volumes": [{"azureFile": {"secretName": "s"}}]}), secrets),
            (
                tree!({"volumes": [{"csi": {"nodePublishSecretRef": {"name": "s"}}}]}),
                secrets,
            ),
            (projected(tree!({"secret": {}})), secrets),
            (
                projected(tree!({"serviceAccountToken": {}})),
                Some("a mirror pod may not use ServiceAccountToken volume projections"),
            ),
            (
                projected(tree!({"configMap": {}})),
                Some("a mirror pod may not reference config maps"),
            ),
            (tree!({"containers": [{"name": "a"}]}), None),
        ];
        for (spec, told) in cases {
            let pod =
                tree!({"metadata": {"annotations": {"kubernetes.io/config.mirror": "x"}}, "spec": spec});
            assert!(is_mirror(&pod));
            assert_eq!(mirror_refusal(&pod), told, "{pod:?}");
        }
        assert!(!is_mirror(&pod()));
    }
}
