//! Plugins that concern certificates: who may approve, sign and attest for a signer, and whom nobody may ask to be.

use std::sync::Arc;

use async_trait::async_trait;
use auth::authorize::{self, Chain};
use schema::Value;
use serve::status::Status;

use crate::admission::certificate_requests::{CLIENT_SIGNER, Subject, is_answered, signer_names};
use crate::admission::{Attributes, Operation, Plugin, Reader, Told};

const GROUP: &str = "certificates.k8s.io";
const REQUESTS: &str = "certificatesigningrequests";
/// Who may all: a certificate of this group could not be taken back.
const MASTERS: &str = "system:masters";

/// Whether the user may do something for a signer, or for all of its domain.
async fn may(chain: &Chain, attributes: &Attributes<'_>, verb: &str, signer: &str) -> bool {
    for name in signer_names(signer) {
        let question = authorize::Attributes {
            version: "*",
            ..authorize::Attributes::resource(verb, GROUP, "signers", "", &name)
        };
        if chain.decide(attributes.user, &question).await.is_allowed() {
            return true;
        }
    }
    false
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

fn signer(object: &Value) -> &str {
    object.str_at(&["spec", "signerName"]).unwrap_or_default()
}

/// Approvals need the verb `approve` on the signer.
#[derive(Debug)]
pub struct CertificateApproval {
    authorizer: Arc<Chain>,
}

/// Signatures need the verb `sign` on the signer.
#[derive(Debug)]
pub struct CertificateSigning {
    authorizer: Arc<Chain>,
}

/// Trust bundles of a signer need the verb `attest` on it.
#[derive(Debug)]
pub struct ClusterTrustBundleAttest {
    authorizer: Arc<Chain>,
}

/// Nobody asks for a client certificate of those who may all.
#[derive(Debug)]
pub struct CertificateSubjectRestriction;

impl CertificateApproval {
    /// Asking this authorizer.
    pub fn new(authorizer: Arc<Chain>) -> Self {
        Self { authorizer }
    }
}

impl CertificateSigning {
    /// Asking this authorizer.
    pub fn new(authorizer: Arc<Chain>) -> Self {
        Self { authorizer }
    }
}

impl ClusterTrustBundleAttest {
    /// Asking this authorizer.
    pub fn new(authorizer: Arc<Chain>) -> Self {
        Self { authorizer }
    }
}

#[async_trait]
impl Plugin for CertificateApproval {
    fn name(&self) -> &'static str {
        "CertificateApproval"
    }

    async fn validate(
        &self,
        attributes: &Attributes<'_>,
        _reader: &dyn Reader,
        _told: &mut Told,
    ) -> Result<(), Status> {
        let approves = attributes.operation == Operation::Update
            && attributes.is_subresource(GROUP, REQUESTS, "approval");
        // The signer is that of the stored request, whatever the client sends.
        let Some(old) = attributes.old.filter(|_| approves) else {
            return Ok(());
        };
        let signer = signer(old);
        match may(&self.authorizer, attributes, "approve", signer).await {
            true => Ok(()),
            false => Err(attributes.forbidden(&format!(
                "user not permitted to approve requests with signerName \"{signer}\""
            ))),
        }
    }
}

#[async_trait]
impl Plugin for CertificateSigning {
    fn name(&self) -> &'static str {
        "CertificateSigning"
    }

    async fn validate(
        &self,
        attributes: &Attributes<'_>,
        _reader: &dyn Reader,
        _told: &mut Told,
    ) -> Result<(), Status> {
        let writes_status =
            attributes.operation == Operation::Update && attributes.is_subresource(GROUP, REQUESTS, "status");
        let signs = |old: &&Value| writes_status && is_answered(&attributes.object, old);
        let Some(old) = attributes.old.filter(signs) else {
            return Ok(());
        };
        let signer = signer(old);
        match may(&self.authorizer, attributes, "sign", signer).await {
            true => Ok(()),
            false => Err(attributes.forbidden(&format!(
                "user not permitted to sign requests with signerName \"{signer}\""
            ))),
        }
    }
}

#[async_trait]
impl Plugin for ClusterTrustBundleAttest {
    fn name(&self) -> &'static str {
        "ClusterTrustBundleAttest"
    }

    async fn validate(
        &self,
        attributes: &Attributes<'_>,
        _reader: &dyn Reader,
        _told: &mut Told,
    ) -> Result<(), Status> {
        let writes = matches!(attributes.operation, Operation::Create | Operation::Update);
        let signer = signer(&attributes.object);
        let changes = attributes
            .old
            .is_none_or(|old| without_ownership(&attributes.object) != without_ownership(old));
        if !writes || !attributes.is(GROUP, "clustertrustbundles") || signer.is_empty() || !changes {
            return Ok(());
        }
        match may(&self.authorizer, attributes, "attest", signer).await {
            true => Ok(()),
            false => Err(attributes.forbidden(&format!(
                "user not permitted to attest for signerName \"{signer}\""
            ))),
        }
    }
}

#[async_trait]
impl Plugin for CertificateSubjectRestriction {
    fn name(&self) -> &'static str {
        "CertificateSubjectRestriction"
    }

    async fn validate(
        &self,
        attributes: &Attributes<'_>,
        _reader: &dyn Reader,
        _told: &mut Told,
    ) -> Result<(), Status> {
        let asks = attributes.operation == Operation::Create
            && attributes.is(GROUP, REQUESTS)
            && signer(&attributes.object) == CLIENT_SIGNER;
        if !asks {
            return Ok(());
        }
        let subject = Subject::of(&attributes.object)
            .map_err(|why| attributes.forbidden(&format!("failed to parse CSR: {why}")))?;
        match subject.organizations.iter().any(|group| group == MASTERS) {
            true => Err(attributes.forbidden(&format!(
                "use of {CLIENT_SIGNER} signer with {MASTERS} group is not allowed"
            ))),
            false => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::admission::fixtures::{Objects, Write};
    use auth::User;
    use auth::authorize::Authorizer;
    use auth::authorize::rbac::{Kind, Rbac};
    use schema::tree;

    /// Where `ann` may do something for some signers.
    fn authorizer(verb: &str, signer: &str) -> Arc<Chain> {
        let rbac = Arc::new(Rbac::default());
        rbac.put(Kind::ClusterRole, &tree!({
            "metadata": {"name": "r"},
            "rules": [{"apiGroups": [GROUP], "resources": ["signers"], "resourceNames": [signer], "verbs": [verb]}],
        }));
        rbac.put(
            Kind::ClusterRoleBinding,
            &tree!({
                "metadata": {"name": "b"},
                "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "r"},
                "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "ann"}],
            }),
        );
        Arc::new(Chain::new(vec![Authorizer::Rbac(rbac)]))
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
            let plugin = CertificateApproval::new(authorizer("approve", granted));
            let told = refusal(&plugin, &update("approval", request.clone(), request.clone())).await;
            assert_eq!(told.is_none(), is_allowed, "{told:?}");
        }
        let plugin = CertificateApproval::new(authorizer("sign", "example.com/a"));
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
        let plugin = CertificateSigning::new(authorizer("approve", "example.com/a"));
        let told = refusal(&plugin, &update("status", signed.clone(), old.clone()))
            .await
            .unwrap();
        assert!(told.ends_with("user not permitted to sign requests with signerName \"example.com/a\""));
        assert_eq!(
            refusal(&plugin, &update("status", old.clone(), old.clone())).await,
            None
        );
        let plugin = CertificateSigning::new(authorizer("sign", "example.com/a"));
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
        let plugin = ClusterTrustBundleAttest::new(authorizer("attest", "example.com/b"));
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
    async fn nobody_asks_to_be_a_master() {
        let request = |signer: &str, group: &str| {
            let mut object = crate::admission::certificate_requests::tests::request("ann", &[group]);
            object
                .as_map_mut()
                .unwrap()
                .map_at("spec")
                .insert("signerName", signer);
            Write::create(GROUP, REQUESTS, object)
        };
        let plugin = CertificateSubjectRestriction;
        let told = refusal(&plugin, &request(CLIENT_SIGNER, MASTERS)).await.unwrap();
        assert!(told.ends_with(
            "use of kubernetes.io/kube-apiserver-client signer with system:masters group is not allowed"
        ));
        assert_eq!(refusal(&plugin, &request(CLIENT_SIGNER, "others")).await, None);
        assert_eq!(refusal(&plugin, &request("example.com/a", MASTERS)).await, None);
    }
}
