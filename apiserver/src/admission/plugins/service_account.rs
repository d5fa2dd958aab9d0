//! ServiceAccount: every pod runs as an account that there is, gets its token and pull secrets, and uses no secret that a strict
//! account does not name.

use std::sync::Arc;

use async_trait::async_trait;
use object::meta;
use object::names::generate;
use schema::Value;
use serve::status::Status;

use crate::admission::service_account_pods::{
    account_name, apply_account, default_account, is_mirror, mirror_refusal,
};
use crate::admission::{Attributes, Operation, Plugin, Reader, Told, mountable_secrets};

/// See the module.
#[derive(Debug)]
pub struct ServiceAccount;

/// The account of a pod. A pod without one is refused, and one whose account is not there.
async fn account(attributes: &Attributes<'_>, reader: &dyn Reader) -> Result<Arc<Value>, Status> {
    let (namespace, name) = (attributes.namespace, account_name(&attributes.object));
    let pod = meta::of(&attributes.object).name();
    attributes.require(
        !name.is_empty(),
        format_args!("no service account specified for pod {namespace}/{pod}"),
    )?;
    let found = reader.get("", "serviceaccounts", namespace, name).await?;
    found.ok_or_else(|| {
        attributes.forbidden(&format!(
            "error looking up service account {namespace}/{name}: serviceaccount \"{name}\" not found"
        ))
    })
}

fn refuse_if(attributes: &Attributes<'_>, refusal: Option<impl AsRef<str>>) -> Result<(), Status> {
    match refusal {
        Some(why) => Err(attributes.forbidden(why.as_ref())),
        None => Ok(()),
    }
}

#[async_trait]
impl Plugin for ServiceAccount {
    fn name(&self) -> &'static str {
        "ServiceAccount"
    }

    async fn mutate(
        &self,
        attributes: &mut Attributes<'_>,
        reader: &dyn Reader,
        _told: &mut Told,
    ) -> Result<(), Status> {
        if !attributes.creates("", "pods") {
            return Ok(());
        }
        if is_mirror(&attributes.object) {
            return refuse_if(attributes, mirror_refusal(&attributes.object));
        }
        default_account(&mut attributes.object);
        let account = account(attributes, reader).await?;
        apply_account(&mut attributes.object, &account, &generate("", rand::random()));
        refuse_if(
            attributes,
            mountable_secrets::refusal(&attributes.object, &account),
        )
    }

    /// What others made of the pod since is judged again, and ephemeral containers, which are added to pods that there are.
    async fn validate(
        &self,
        attributes: &Attributes<'_>,
        reader: &dyn Reader,
        _told: &mut Told,
    ) -> Result<(), Status> {
        let pod = &attributes.object;
        let adds_containers = attributes.operation == Operation::Update
            && attributes.is_subresource("", "pods", "ephemeralcontainers");
        if adds_containers {
            let account = account(attributes, reader).await?;
            return refuse_if(attributes, mountable_secrets::ephemeral_refusal(pod, &account));
        }
        if !attributes.creates("", "pods") {
            return Ok(());
        }
        if is_mirror(pod) {
            return refuse_if(attributes, mirror_refusal(pod));
        }
        let account = account(attributes, reader).await?;
        refuse_if(attributes, mountable_secrets::refusal(pod, &account))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::admission::fixtures::{Objects, Write};
    use schema::tree;

    fn pod(spec: Value) -> Value {
        tree!({"metadata": {"name": "p", "namespace": "ns"}, "spec": spec})
    }

    fn mirror(spec: Value) -> Value {
        let annotations = tree!({"kubernetes.io/config.mirror": "x"});
        tree!({"metadata": {"name": "p", "namespace": "ns", "annotations": annotations}, "spec": spec})
    }

    fn accounts() -> Objects {
        let strict = tree!({
            "metadata": {
                "name": "strict", "namespace": "ns",
                "annotations": {"kubernetes.io/enforce-mountable-secrets": "true"},
            },
            "secrets": [{"name": "own"}],
        });
        let default = tree!({"metadata": {"name": "default", "namespace": "ns"}});
        let account = |account| ("", "serviceaccounts", account);
        Objects(vec![account(strict), account(default)])
    }

    async fn refusal(write: &Write<'_>) -> Option<String> {
        let verdict = write.validate(&ServiceAccount, &accounts()).await.0;
        verdict.err().map(|status| status.message)
    }

    #[tokio::test]
    async fn ephemeral_containers_use_no_secrets_that_a_strict_account_does_not_name() {
        let add = |account: &str, source: Value| {
            let containers = tree!([{"name": "e", "envFrom": [source]}]);
            let spec = tree!({"serviceAccountName": account, "ephemeralContainers": containers});
            let old = pod(tree!({"serviceAccountName": account}));
            Write::update("", "pods", pod(spec), old).through("ephemeralcontainers")
        };
        let secret = |name: &str| tree!({"secretRef": {"name": name}});
        assert_eq!(
            refusal(&add("strict", secret("other"))).await.as_deref(),
            Some(
                "pods \"p\" is forbidden: ephemeral container e with envFrom referencing secret.secretName=\"other\" is not allowed because service account strict does not reference that secret"
            )
        );
        assert_eq!(refusal(&add("strict", secret("own"))).await, None);
        assert_eq!(refusal(&add("default", secret("other"))).await, None);
        assert!(refusal(&add("gone", secret("own"))).await.is_some());
    }

    #[tokio::test]
    async fn a_pod_has_an_account_that_there_is_when_all_have_changed_it() {
        let create = |spec| Write::create("", "pods", pod(spec));
        assert_eq!(
            refusal(&create(tree!({}))).await.as_deref(),
            Some("pods \"p\" is forbidden: no service account specified for pod ns/p")
        );
        assert_eq!(
            refusal(&create(tree!({"serviceAccountName": "gone"})))
                .await
                .as_deref(),
            Some(
                "pods \"p\" is forbidden: error looking up service account ns/gone: serviceaccount \"gone\" not found"
            )
        );
        assert_eq!(
            refusal(&create(tree!({"serviceAccountName": "default"}))).await,
            None
        );
    }

    #[tokio::test]
    async fn mirror_pods_are_judged_again_and_get_nothing() {
        let create = |spec| Write::create("", "pods", mirror(spec));
        let named = create(tree!({"serviceAccountName": "default"}));
        assert_eq!(
            refusal(&named).await.as_deref(),
            Some("pods \"p\" is forbidden: a mirror pod may not reference service accounts")
        );
        assert_eq!(refusal(&create(tree!({}))).await, None);
        let made = create(tree!({})).mutate(&ServiceAccount, &accounts()).await;
        assert_eq!(made, Ok(mirror(tree!({}))));
    }

    #[tokio::test]
    async fn new_pods_run_as_the_default_account() {
        let write = Write::create("", "pods", pod(tree!({"containers": [{"name": "c"}]})));
        let made = write.mutate(&ServiceAccount, &accounts()).await.unwrap();
        assert_eq!(account_name(&made), "default");
        assert_eq!(made.list_at(&["spec", "volumes"]).len(), 1);
        let secret = tree!([{"name": "v", "secret": {"secretName": "other"}}]);
        let spec = tree!({"serviceAccountName": "strict", "volumes": secret});
        let write = Write::create("", "pods", pod(spec));
        assert!(write.mutate(&ServiceAccount, &accounts()).await.is_err());
    }
}
