//! ServiceAccount, for pods: which account a pod runs as, and the volume with its token. It decides and edits trees; the
//! plugin reads the account.

use schema::{Value, tree};

/// A pod that mirrors a static one of its node.
const MIRROR_ANNOTATION: &str = "kubernetes.io/config.mirror";
/// An account that lets its pods use no secrets but its own.
const STRICT_ANNOTATION: &str = "kubernetes.io/enforce-mountable-secrets";
/// How such an annotation says yes.
const TRUE: [&str; 6] = ["1", "t", "T", "true", "TRUE", "True"];
const DEFAULT_ACCOUNT: &str = "default";
const VOLUME_PREFIX: &str = "kube-api-access-";
const MOUNT_PATH: &str = "/var/run/secrets/kubernetes.io/serviceaccount";
/// An hour and a little: the kubelet renews tokens of about an hour early.
const TOKEN_SECONDS: i64 = 3_607;
const VOLUME_MODE: i64 = 0o644;

/// Whether the pod mirrors a static one: the node made it, and it has no account.
pub fn is_mirror(pod: &Value) -> bool {
    pod.map_at(&["metadata", "annotations"])
        .is_some_and(|annotations| annotations.contains_key(MIRROR_ANNOTATION))
}

/// Why a mirror pod may not be as it is, in the reference's words.
pub fn mirror_refusal(pod: &Value) -> Option<&'static str> {
    if pod
        .str_at(&["spec", "serviceAccountName"])
        .is_some_and(|name| !name.is_empty())
    {
        return Some("a mirror pod may not reference service accounts");
    }
    let volumes = pod.list_at(&["spec", "volumes"]);
    let projects_token = |volume: &Value| {
        volume
            .list_at(&["projected", "sources"])
            .iter()
            .any(|source| source.get("serviceAccountToken").is_some())
    };
    if volumes.iter().any(projects_token) {
        return Some("a mirror pod may not use ServiceAccountToken volume projections");
    }
    let refers = |kind: &str| {
        let env_from = format!("{kind}Ref");
        let env = format!("{kind}KeyRef");
        volumes.iter().any(|one| one.get(kind).is_some())
            || containers(pod).any(|container| {
                container
                    .list_at(&["envFrom"])
                    .iter()
                    .any(|from| from.get(&env_from).is_some())
                    || container
                        .list_at(&["env"])
                        .iter()
                        .any(|one| one.at(&["valueFrom", &env]).is_some())
            })
    };
    if refers("secret") {
        return Some("a mirror pod may not reference secrets");
    }
    refers("configMap").then_some("a mirror pod may not reference config maps")
}

/// Names the default account where the pod names none; returns the name.
pub fn default_account(pod: &mut Value) -> String {
    let name = match pod.str_at(&["spec", "serviceAccountName"]) {
        Some(name) if !name.is_empty() => name.to_owned(),
        _ => DEFAULT_ACCOUNT.to_owned(),
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

/// Why a pod of an account that limits its secrets may not be as it is: what it refers to that the account does not.
pub fn secret_refusal(pod: &Value, account: &Value) -> Option<String> {
    let strict = account.str_at(&["metadata", "annotations", STRICT_ANNOTATION]);
    if !strict.is_some_and(|text| TRUE.contains(&text)) {
        return None;
    }
    let name = account.str_at(&["metadata", "name"]).unwrap_or_default();
    let has = |list: &str, secret: &str| {
        let listed = account.list_at(&[list]).iter();
        listed
            .into_iter()
            .any(|one| one.str_at(&["name"]) == Some(secret))
    };
    let refers = secret_references(pod)
        .into_iter()
        .find(|(_, secret)| !has("secrets", secret));
    if let Some((what, secret)) = refers {
        return Some(format!(
            "{what}secret.secretName=\"{secret}\" is not allowed because service account {name} does not reference that secret"
        ));
    }
    let pulls = pod.list_at(&["spec", "imagePullSecrets"]).iter().enumerate();
    let pulls = pulls.map(|(at, one)| (at, one.str_at(&["name"]).unwrap_or_default()));
    let mut refused = pulls.filter(|(_, secret)| !has("imagePullSecrets", secret));
    let (at, secret) = refused.next()?;
    Some(format!(
        "imagePullSecrets[{at}].name=\"{secret}\" is not allowed because service account {name} does not reference that imagePullSecret"
    ))
}

/// The secrets that a pod refers to, each after what the refusal begins with.
fn secret_references(pod: &Value) -> Vec<(String, &str)> {
    let mut found = Vec::new();
    for volume in pod.list_at(&["spec", "volumes"]) {
        if let Some(secret) = volume.str_at(&["secret", "secretName"]) {
            found.push(("volume with ".to_owned(), secret));
        }
    }
    for (list, noun) in [("initContainers", "init container"), ("containers", "container")] {
        for container in pod.list_at(&["spec", list]) {
            let name = container.str_at(&["name"]).unwrap_or_default();
            for env in container.list_at(&["env"]) {
                let variable = env.str_at(&["name"]).unwrap_or_default();
                if let Some(secret) = env.str_at(&["valueFrom", "secretKeyRef", "name"]) {
                    found.push((
                        format!("{noun} {name} with envVar {variable} referencing "),
                        secret,
                    ));
                }
            }
            for from in container.list_at(&["envFrom"]) {
                if let Some(secret) = from.str_at(&["secretRef", "name"]) {
                    found.push((format!("{noun} {name} with envFrom referencing "), secret));
                }
            }
        }
    }
    found
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

fn containers(pod: &Value) -> impl Iterator<Item = &Value> {
    ["initContainers", "containers", "ephemeralContainers"]
        .into_iter()
        .flat_map(|field| pod.list_at(&["spec", field]))
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
        let mirror = tree!({"metadata": {"annotations": {"kubernetes.io/config.mirror": "x"}},
            "spec": {"containers": [{"name": "a", "env": [{"name": "E", "valueFrom": {"secretKeyRef": {"name": "s"}}}]}]}});
        assert!(is_mirror(&mirror));
        assert_eq!(
            mirror_refusal(&mirror),
            Some("a mirror pod may not reference secrets")
        );
        assert_eq!(mirror_refusal(&pod()), None);
    }

    #[test]
    fn strict_accounts_name_the_secrets_of_their_pods() {
        let account = tree!({
            "metadata": {"name": "strict", "annotations": {"kubernetes.io/enforce-mountable-secrets": "true"}},
            "secrets": [{"name": "own"}], "imagePullSecrets": [{"name": "pull"}],
        });
        let refused = |spec: Value| secret_refusal(&tree!({"spec": spec}), &account);
        let told = |what: &str| {
            Some(format!(
                "{what}secret.secretName=\"other\" is not allowed because service account strict does not reference that secret"
            ))
        };
        let volume = |name: &str| tree!([{"name": "v", "secret": {"secretName": name}}]);
        assert_eq!(refused(tree!({"volumes": (volume("own"))})), None);
        assert_eq!(
            refused(tree!({"volumes": (volume("other"))})),
            told("volume with ")
        );
        let env = tree!([{"name": "E", "valueFrom": {"secretKeyRef": {"name": "other"}}}]);
        assert_eq!(
            refused(tree!({"initContainers": [{"name": "i", "env": env}]})),
            told("init container i with envVar E referencing ")
        );
        let from = tree!([{"secretRef": {"name": "other"}}]);
        assert_eq!(
            refused(tree!({"containers": [{"name": "c", "envFrom": from}]})),
            told("container c with envFrom referencing ")
        );
        assert_eq!(
            refused(tree!({"imagePullSecrets": [{"name": "pull"}, {"name": "no"}]})).as_deref(),
            Some(
                "imagePullSecrets[1].name=\"no\" is not allowed because service account strict does not reference that imagePullSecret"
            )
        );
        let free = tree!({"metadata": {"name": "free"}});
        assert_eq!(
            secret_refusal(&tree!({"spec": {"volumes": (volume("other"))}}), &free),
            None
        );
    }
}
