//! Certificates that a kubelet asks for in the name of pods: of those that run on it, as the account that they run as (KEP-4317).
//! What another try may find otherwise is a failure, not a refusal.

use std::sync::Arc;

use object::field::quote;
use object::meta;
use schema::Value;
use serve::status::Status;

use super::Restricted;
use crate::admission::node_restriction::pods;
use crate::admission::service_account_pods::{account_name, is_mirror};
use crate::admission::{Operation, failure};

impl Restricted<'_> {
    pub(super) async fn pod_certificate(&self) -> Result<(), Status> {
        if self.write.operation != Operation::Create {
            return self.refuse(&format!("unexpected operation {}", self.operation()));
        }
        self.check_node_of_certificate().await?;
        let pod = self.check_pod_of_certificate().await?;
        self.check_account_of_certificate(&pod).await
    }

    async fn check_node_of_certificate(&self) -> Result<(), Status> {
        let (name, uid) = (self.asked("nodeName"), self.asked("nodeUID"));
        self.write.require(
            name == self.node,
            format!(
                "PodCertificateRequest.Spec.NodeName={}, which is not the requesting node {}",
                quote(name),
                quote(self.node)
            ),
        )?;
        let node = self.named_in_certificate("", "nodes", "node", name).await?;
        let found = meta::of(&node).uid();
        as_stored(found == uid, || {
            format!(
                "PodCertificateRequest for pod {} names node UID {}, inconsistent with the running node ({})",
                self.pod_of_certificate(),
                quote(uid),
                quote(found)
            )
        })
    }

    async fn check_pod_of_certificate(&self) -> Result<Arc<Value>, Status> {
        let (pod, uid) = (self.pod_of_certificate(), self.asked("podUID"));
        let namespace = self.write.namespace;
        let found = self
            .named_in_certificate(namespace, "pods", "pod", self.asked("podName"))
            .await?;
        let found_uid = meta::of(&found).uid();
        as_stored(found_uid == uid, || {
            format!(
                "PodCertificateRequest for pod {pod} contains pod UID ({}) which differs from running pod {}",
                quote(uid),
                quote(found_uid)
            )
        })?;
        let node = quote(self.node);
        let elsewhere = format!("pod {pod} is not running on node {node} named in the PodCertificateRequest");
        self.write.require(pods::is_on(self.node, &found), elsewhere)?;
        self.write
            .require(!is_mirror(&found), format!("pod {pod} is a mirror pod"))?;
        Ok(found)
    }

    async fn check_account_of_certificate(&self, pod: &Value) -> Result<(), Status> {
        let (name, uid) = (self.asked("serviceAccountName"), self.asked("serviceAccountUID"));
        let (of_pod, told) = (account_name(pod), self.pod_of_certificate());
        self.write.require(
            name == of_pod,
            format!(
                "PodCertificateRequest for pod {told} contains serviceAccountName ({}) that differs from running pod ({})",
                quote(name),
                quote(of_pod)
            ),
        )?;
        let namespace = self.write.namespace;
        let account = self
            .named_in_certificate(namespace, "serviceaccounts", "service account", name)
            .await?;
        let found = meta::of(&account).uid();
        as_stored(found == uid, || {
            format!(
                "PodCertificateRequest for pod {told} names service account UID {}, which differs from the running service account ({})",
                quote(uid),
                quote(found)
            )
        })
    }

    /// A field of the request's `spec`.
    fn asked(&self, field: &str) -> &str {
        let spec = self.write.object.str_at(&["spec", field]);
        spec.unwrap_or_default()
    }

    /// The pod as texts name it: `"namespace/name"`.
    fn pod_of_certificate(&self) -> String {
        quote(&format!("{}/{}", self.write.namespace, self.asked("podName")))
    }

    async fn named_in_certificate(
        &self,
        namespace: &str,
        resource: &str,
        noun: &str,
        name: &str,
    ) -> Result<Arc<Value>, Status> {
        let found = self.reader.get("", resource, namespace, name).await?;
        found.ok_or_else(|| {
            let path = match namespace {
                "" => name.to_owned(),
                namespace => format!("{namespace}/{name}"),
            };
            let kind = noun.replace(' ', "");
            failure(format!(
                "while retrieving {noun} {} named in the PodCertificateRequest: {kind} {} not found",
                quote(&path),
                quote(name)
            ))
        })
    }
}

/// What the request says of stored objects is so.
fn as_stored(holds: bool, why: impl FnOnce() -> String) -> Result<(), Status> {
    match holds {
        true => Ok(()),
        false => Err(failure(why())),
    }
}
