//! The secrets that pods of an account may use, where the account limits them: those that it names. It judges trees; the
//! ServiceAccount plugin reads the account.

use schema::Value;

/// An account that lets its pods use no secrets but its own.
const STRICT_ANNOTATION: &str = "kubernetes.io/enforce-mountable-secrets";
/// How such an annotation says yes.
const TRUE: [&str; 6] = ["1", "t", "T", "true", "TRUE", "True"];

/// Why a new pod of the account may not be as it is: what it refers to that the account does not.
pub fn refusal(pod: &Value, account: &Value) -> Option<String> {
    let limit = Limit::of(account)?;
    limit
        .refused(of_volumes(pod))
        .or_else(|| limit.refused(of_containers(pod, "initContainers", "init container")))
        .or_else(|| limit.refused(of_containers(pod, "containers", "container")))
        .or_else(|| limit.refused_pull(pod))
}

/// The same for ephemeral containers, which come later (CVE-2023-2728).
pub fn ephemeral_refusal(pod: &Value, account: &Value) -> Option<String> {
    Limit::of(account)?.refused(of_containers(pod, "ephemeralContainers", "ephemeral container"))
}

/// A reference to a secret: what a refusal begins with, and the secret.
type Reference<'a> = (String, &'a str);

/// An account that limits its pods.
struct Limit<'a> {
    account: &'a Value,
}

impl<'a> Limit<'a> {
    fn of(account: &'a Value) -> Option<Self> {
        let strict = account.str_at(&["metadata", "annotations", STRICT_ANNOTATION])?;
        TRUE.contains(&strict).then_some(Self { account })
    }

    fn names(&self, list: &str, secret: &str) -> bool {
        let mut listed = self.account.list_at(&[list]).iter();
        listed.any(|one| name(one) == secret)
    }

    fn account_name(&self) -> &str {
        self.account.str_at(&["metadata", "name"]).unwrap_or_default()
    }

    fn refused<'b>(&self, mut references: impl Iterator<Item = Reference<'b>>) -> Option<String> {
        let (what, secret) = references.find(|(_, secret)| !self.names("secrets", secret))?;
        let account = self.account_name();
        Some(format!(
            "{what} secret.secretName=\"{secret}\" is not allowed because service account {account} does not reference that secret"
        ))
    }

    fn refused_pull(&self, pod: &Value) -> Option<String> {
        let mut pulls = pod.list_at(&["spec", "imagePullSecrets"]).iter().enumerate();
        let (at, pull) = pulls.find(|(_, pull)| !self.names("imagePullSecrets", name(pull)))?;
        let (secret, account) = (name(pull), self.account_name());
        Some(format!(
            "imagePullSecrets[{at}].name=\"{secret}\" is not allowed because service account {account} does not reference that imagePullSecret"
        ))
    }
}

/// A reference without a name names the empty one, which no account has.
fn name(reference: &Value) -> &str {
    reference.str_at(&["name"]).unwrap_or_default()
}

fn of_volumes(pod: &Value) -> impl Iterator<Item = Reference<'_>> {
    let volumes = pod.list_at(&["spec", "volumes"]).iter();
    let secrets = volumes.filter_map(|volume| volume.get("secret"));
    secrets.map(|secret| {
        let named = secret.str_at(&["secretName"]).unwrap_or_default();
        ("volume with".to_owned(), named)
    })
}

fn of_containers<'a>(pod: &'a Value, list: &str, noun: &str) -> impl Iterator<Item = Reference<'a>> {
    let containers = pod.list_at(&["spec", list]).iter();
    containers.flat_map(move |container| {
        let whose = format!("{noun} {}", name(container));
        let variables = container.list_at(&["env"]).iter();
        let keys = variables.filter_map(|one| Some((name(one), one.at(&["valueFrom", "secretKeyRef"])?)));
        let of_keys = keys.map(|(variable, key)| {
            let what = format!("{whose} with envVar {variable} referencing");
            (what, name(key))
        });
        let sources = container.list_at(&["envFrom"]).iter();
        let whole = sources.filter_map(|one| one.get("secretRef"));
        let of_whole = whole.map(|secret| (format!("{whose} with envFrom referencing"), name(secret)));
        of_keys.chain(of_whole).collect::<Vec<_>>()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use schema::tree;

    fn account() -> Value {
        tree!({
            "metadata": {"name": "strict", "annotations": {"kubernetes.io/enforce-mountable-secrets": "true"}},
            "secrets": [{"name": "own"}], "imagePullSecrets": [{"name": "pull"}],
        })
    }

    fn refused(spec: Value) -> Option<String> {
        refusal(&tree!({"spec": spec}), &account())
    }

    fn told(what: &str) -> Option<String> {
        Some(format!(
            "{what} secret.secretName=\"other\" is not allowed because service account strict does not reference that secret"
        ))
    }

    fn volumes(secret: &str) -> Value {
        tree!([{"name": "v", "secret": {"secretName": secret}}])
    }

    fn env(secret: &str) -> Value {
        tree!([{"name": "E", "valueFrom": {"secretKeyRef": {"name": secret}}}])
    }

    fn env_from(secret: &str) -> Value {
        tree!([{"secretRef": {"name": secret}}])
    }

    #[test]
    fn strict_accounts_name_the_secrets_of_their_pods() {
        assert_eq!(refused(tree!({"volumes": (volumes("own"))})), None);
        assert_eq!(
            refused(tree!({"volumes": (volumes("other"))})),
            told("volume with")
        );
        assert_eq!(
            refused(tree!({"initContainers": [{"name": "i", "env": (env("other"))}]})),
            told("init container i with envVar E referencing")
        );
        assert_eq!(
            refused(tree!({"containers": [{"name": "c", "envFrom": (env_from("other"))}]})),
            told("container c with envFrom referencing")
        );
        assert_eq!(
            refused(tree!({"imagePullSecrets": [{"name": "pull"}, {"name": "no"}]})).as_deref(),
            Some(
                "imagePullSecrets[1].name=\"no\" is not allowed because service account strict does not reference that imagePullSecret"
            )
        );
        let pod = tree!({"spec": {"volumes": (volumes("other"))}});
        assert_eq!(refusal(&pod, &tree!({"metadata": {"name": "free"}})), None);
    }

    #[test]
    fn a_secret_without_a_name_is_none_of_the_accounts() {
        assert!(refused(tree!({"volumes": [{"name": "v", "secret": {}}]})).is_some());
        let env = tree!([{"name": "E", "valueFrom": {"secretKeyRef": {"key": "k"}}}]);
        assert!(refused(tree!({"containers": [{"name": "c", "env": env}]})).is_some());
    }

    #[test]
    fn ephemeral_containers_are_limited_too() {
        let refused = |container: Value| {
            let pod = tree!({"spec": {"volumes": (volumes("other")), "ephemeralContainers": [container]}});
            ephemeral_refusal(&pod, &account())
        };
        assert_eq!(
            refused(tree!({"name": "e", "env": (env("other"))})),
            told("ephemeral container e with envVar E referencing")
        );
        assert_eq!(
            refused(tree!({"name": "e", "envFrom": (env_from("other"))})),
            told("ephemeral container e with envFrom referencing")
        );
        // What the pod has had since its creation is not judged again.
        assert_eq!(refused(tree!({"name": "e", "env": (env("own"))})), None);
    }
}
