//! CertificateApproval, CertificateSigning and ClusterTrustBundleAttest: who may approve, sign and attest for a signer. They are one
//! plugin with three sets of data.

use std::sync::Arc;

use async_trait::async_trait;
use auth::authorize::{self, Chain};
use schema::Value;
use serve::status::Status;

use crate::admission::certificate_requests::{is_answered, signer, signer_names};
use crate::admission::{Attributes, Plugin, Reader, Told};

const GROUP: &str = "certificates.k8s.io";
const REQUESTS: &str = "certificatesigningrequests";

/// Writes that need a verb on signers.
#[derive(Debug)]
pub struct SignerPermission {
    authorizer: Arc<Chain>,
    name: &'static str,
    verb: &'static str,
    /// What the verb lets a user do, as the refusal says it.
    to: &'static str,
    signers: for<'a> fn(&'a Attributes<'_>) -> Vec<&'a str>,
}

impl SignerPermission {
    /// CertificateApproval: approvals need the verb `approve` on the signer.
    pub fn approval(authorizer: Arc<Chain>) -> Self {
        Self {
            authorizer,
            name: "CertificateApproval",
            verb: "approve",
            to: "approve requests with",
            signers: approved,
        }
    }

    /// CertificateSigning: signatures need the verb `sign` on the signer.
    pub fn signing(authorizer: Arc<Chain>) -> Self {
        Self {
            authorizer,
            name: "CertificateSigning",
            verb: "sign",
            to: "sign requests with",
            signers: signed,
        }
    }

    /// ClusterTrustBundleAttest: trust bundles of a signer need the verb `attest` on it.
    pub fn attestation(authorizer: Arc<Chain>) -> Self {
        Self {
            authorizer,
            name: "ClusterTrustBundleAttest",
            verb: "attest",
            to: "attest for",
            signers: attested,
        }
    }

    /// Whether the user has the verb on a signer, or on all of its domain.
    async fn is_granted(&self, attributes: &Attributes<'_>, signer: &str) -> bool {
        for name in signer_names(signer) {
            let question = authorize::Attributes {
                version: "*",
                ..authorize::Attributes::resource(self.verb, GROUP, "signers", "", &name)
            };
            if self
                .authorizer
                .decide(attributes.user, &question)
                .await
                .is_allowed()
            {
                return true;
            }
        }
        false
    }
}

/// The signer is that of the stored request, whatever the client sends.
fn approved<'a>(attributes: &'a Attributes<'_>) -> Vec<&'a str> {
    let approves = attributes.is_subresource(GROUP, REQUESTS, "approval");
    let old = attributes.before_update().filter(|_| approves);
    old.map(signer).into_iter().collect()
}

fn signed<'a>(attributes: &'a Attributes<'_>) -> Vec<&'a str> {
    let writes_status = attributes.is_subresource(GROUP, REQUESTS, "status");
    let signs = |old: &&Value| writes_status && is_answered(&attributes.object, old);
    let old = attributes.before_update().filter(signs);
    old.map(signer).into_iter().collect()
}

/// The signer that a bundle is for, and the one that it was for: who takes a bundle from a signer speaks for that signer too. The
/// reference asks for the new one only, because its validation keeps the name; here no rules of this kind are built yet.
fn attested<'a>(attributes: &'a Attributes<'_>) -> Vec<&'a str> {
    let (new, old) = (&attributes.object, attributes.before_update());
    let changes = old.is_none_or(|old| without_ownership(new) != without_ownership(old));
    if !attributes.writes(GROUP, "clustertrustbundles") || !changes {
        return Vec::new();
    }
    let mut signers: Vec<&str> = old.map(signer).into_iter().chain([signer(new)]).collect();
    signers.dedup();
    signers.retain(|signer| !signer.is_empty());
    signers
}

/// Without what garbage collection and storage migration write.
fn without_ownership(object: &Value) -> Value {
    let mut object = object.clone();
    if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_map_mut) {
        metadata.retain(|field, _| {
            !matches!(
                field,
                "ownerReferences" | "finalizers" | "managedFields" | "resourceVersion"
            )
        });
    }
    object
}

#[async_trait]
impl Plugin for SignerPermission {
    fn name(&self) -> &'static str {
        self.name
    }

    async fn validate(
        &self,
        attributes: &Attributes<'_>,
        _reader: &dyn Reader,
        _told: &mut Told,
    ) -> Result<(), Status> {
        for signer in (self.signers)(attributes) {
            let is_granted = self.is_granted(attributes, signer).await;
            attributes.require(
                is_granted,
                format_args!("user not permitted to {} signerName \"{signer}\"", self.to),
            )?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::admission::fixtures::{Objects, Write, granted};
    use auth::User;
    use schema::tree;

    /// Where `ann` may do something for some signers.
    fn authorizer(verb: &str, signer: &str) -> Arc<Chain> {
        granted(tree!([
            {"apiGroups": [GROUP], "resources": ["signers"], "resourceNames": [signer], "verbs": [verb]},
        ]))
    }

    fn update<'a>(subresource: &'a str, object: Value, old: Value) -> Write<'a> {
        Write::update(GROUP, REQUESTS, object, old)
            .through(subresource)
            .by(User::new("ann", "", &[]))
    }

    async fn refusal(plugin: &dyn Plugin, write: &Write<'_>) -> Option<String> {
        write
            .validate(plugin, &Objects::default())
            .await
            .0
            .err()
            .map(|status| status.message)
    }

    #[tokio::test]
    async fn approvals_need_the_signer_or_its_domain() {
        let request = tree!({"metadata": {"name": "c"}, "spec": {"signerName": "example.com/a"}});
        for (granted, is_allowed) in [
            ("example.com/a", true),
            ("example.com/*", true),
            ("example.com/b", false),
        ] {
            let plugin = SignerPermission::approval(authorizer("approve", granted));
            let told = refusal(&plugin, &update("approval", request.clone(), request.clone())).await;
            assert_eq!(told.is_none(), is_allowed, "{told:?}");
        }
        let plugin = SignerPermission::approval(authorizer("sign", "example.com/a"));
        assert_eq!(
            refusal(&plugin, &update("approval", request.clone(), request.clone()))
                .await
                .as_deref(),
            Some(
                "certificatesigningrequests.certificates.k8s.io \"c\" is forbidden: user not permitted to approve requests with signerName \"example.com/a\""
            )
        );
        assert_eq!(
            refusal(&plugin, &update("status", request.clone(), request)).await,
            None
        );
    }

    #[tokio::test]
    async fn signatures_need_the_verb_sign() {
        let old = tree!({"metadata": {"name": "c"}, "spec": {"signerName": "example.com/a"}});
        let mut signed = old.clone();
        signed
            .as_map_mut()
            .unwrap()
            .map_at("status")
            .insert("certificate", "eA==");
        let plugin = SignerPermission::signing(authorizer("approve", "example.com/a"));
        let told = refusal(&plugin, &update("status", signed.clone(), old.clone()))
            .await
            .unwrap();
        assert!(told.ends_with("user not permitted to sign requests with signerName \"example.com/a\""));
        assert_eq!(
            refusal(&plugin, &update("status", old.clone(), old.clone())).await,
            None
        );
        let plugin = SignerPermission::signing(authorizer("sign", "example.com/a"));
        assert_eq!(refusal(&plugin, &update("status", signed, old)).await, None);
    }

    #[tokio::test]
    async fn attestations_need_the_verb_attest_unless_only_ownership_changes() {
        let bundle = |finalizer: &str, text: &str| {
            tree!({
                "metadata": {"name": "b", "finalizers": [finalizer]},
                "spec": {"signerName": "example.com/a", "trustBundle": text},
            })
        };
        let plugin = SignerPermission::attestation(authorizer("attest", "example.com/b"));
        let write =
            |object, old| Write::update(GROUP, "clustertrustbundles", object, old).of_version("v1beta1");
        let changed = write(bundle("f", "new"), bundle("f", "old"));
        let told = refusal(&plugin, &changed).await.unwrap();
        assert!(
            told.ends_with("user not permitted to attest for signerName \"example.com/a\""),
            "{told}"
        );
        assert_eq!(
            refusal(&plugin, &write(bundle("g", "old"), bundle("f", "old"))).await,
            None
        );
    }

    #[tokio::test]
    async fn a_bundle_is_not_taken_from_a_signer_without_its_permission() {
        let bundle = |signer: &str| tree!({"metadata": {"name": "b"}, "spec": {"signerName": signer}});
        let refused = async |granted: &str, new: &str, old: &str| {
            let plugin = SignerPermission::attestation(authorizer("attest", granted));
            let write = Write::update(GROUP, "clustertrustbundles", bundle(new), bundle(old));
            refusal(
                &plugin,
                &write.of_version("v1beta1").by(User::new("ann", "", &[])),
            )
            .await
        };
        let of = |signer: &str| format!("user not permitted to attest for signerName \"{signer}\"");
        let cleared = refused("example.com/b", "", "example.com/a").await.unwrap();
        assert!(cleared.ends_with(&of("example.com/a")), "{cleared}");
        let moved = refused("example.com/b", "example.com/b", "example.com/a")
            .await
            .unwrap();
        assert!(moved.ends_with(&of("example.com/a")), "{moved}");
        let given = refused("example.com/a", "example.com/b", "example.com/a")
            .await
            .unwrap();
        assert!(given.ends_with(&of("example.com/b")), "{given}");
        assert_eq!(
            refused("example.com/*", "example.com/b", "example.com/a").await,
            None
        );
        assert_eq!(refused("example.com/a", "", "").await, None);
    }
}
