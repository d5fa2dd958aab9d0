//! NodeRestriction: kubelets write what is theirs. Who is no kubelet is not concerned.

mod pod_certificates;
mod tokens;

use std::sync::Arc;

use async_trait::async_trait;
use auth::authorize::{Chain, node};
use object::meta;
use schema::Value;
use serve::status::Status;

use crate::admission::certificate_requests::{KUBELET_SIGNERS, Subject};
use crate::admission::node_restriction::{claims, nodes, pods};
use crate::admission::{Attributes, Operation, Plugin, Reader, Told};

/// Where the leases of nodes are.
const LEASES: &str = "kube-node-lease";

/// See the module.
#[derive(Debug)]
pub struct NodeRestriction {
    authorizer: Arc<Chain>,
}

/// A kubelet's write.
struct Restricted<'a> {
    node: &'a str,
    write: &'a Attributes<'a>,
    reader: &'a dyn Reader,
    authorizer: &'a Chain,
}

impl NodeRestriction {
    /// The authorizer says for which audiences kubelets may have tokens that their pods do not name.
    pub fn new(authorizer: Arc<Chain>) -> Self {
        Self { authorizer }
    }
}

#[async_trait]
impl Plugin for NodeRestriction {
    fn name(&self) -> &'static str {
        "NodeRestriction"
    }

    async fn mutate(
        &self,
        attributes: &mut Attributes<'_>,
        reader: &dyn Reader,
        _told: &mut Told,
    ) -> Result<(), Status> {
        let user = attributes.user;
        let Some(node) = node::identity(user) else {
            return Ok(());
        };
        if node.is_empty() {
            let why = format!("could not determine node from user \"{}\"", user.name);
            return Err(attributes.forbidden(&why));
        }
        let restricted = Restricted {
            node,
            write: attributes,
            reader,
            authorizer: &self.authorizer,
        };
        restricted.check().await
    }

    /// Deletions: the very object that is to go is judged, which is there only now.
    async fn validate(
        &self,
        attributes: &Attributes<'_>,
        _reader: &dyn Reader,
        _told: &mut Told,
    ) -> Result<(), Status> {
        let old = attributes
            .old
            .filter(|_| attributes.operation == Operation::Delete);
        let (Some(node), Some(old)) = (node::identity(attributes.user), old) else {
            return Ok(());
        };
        let is_own = pods::is_on(node, old);
        if attributes.is("", "pods") {
            let why = format_args!("node \"{node}\" can only delete pods with spec.nodeName set to itself");
            return attributes.require(is_own, why);
        }
        let why = "can only delete ResourceSlice with the same NodeName as the requesting node";
        attributes.require(is_own || !attributes.is("resource.k8s.io", "resourceslices"), why)
    }
}

impl Restricted<'_> {
    async fn check(&self) -> Result<(), Status> {
        let write = self.write;
        let (group, resource) = (write.resource.group.as_str(), write.resource.resource.as_str());
        let subresource = write.subresource.map_or("", |found| found.name.as_str());
        match (group, resource, subresource) {
            ("", "pods", "") => self.pod().await,
            ("", "pods", "status") => self.pod_status(),
            ("", "pods", "eviction") => self.eviction().await,
            ("", "pods", other) => self.refuse(&format!(
                "unexpected pod subresource \"{other}\", only 'status' and 'eviction' are allowed"
            )),
            ("", "nodes", _) => self.own_node(),
            ("", "persistentvolumeclaims", "status") => self.claim_status(),
            ("", "persistentvolumeclaims", _) => self.refuse("may only update PVC status"),
            ("", "serviceaccounts", "token") => self.token().await,
            ("coordination.k8s.io", "leases", _) => self.lease(),
            ("storage.k8s.io", "csinodes", _) => {
                self.own_name("can only access CSINode with the same name as the requesting node")
            }
            ("resource.k8s.io", "resourceslices", _) => self.new_slice(),
            ("certificates.k8s.io", "certificatesigningrequests", "") => self.certificate_request(),
            ("certificates.k8s.io", "podcertificaterequests", _) => self.pod_certificate().await,
            _ => Ok(()),
        }
    }

    fn refuse(&self, why: &str) -> Result<(), Status> {
        Err(self.write.forbidden(why))
    }

    fn judged(&self, verdict: Result<(), impl AsRef<str>>) -> Result<(), Status> {
        verdict.or_else(|why| self.refuse(why.as_ref()))
    }

    fn unexpected(&self) -> Result<(), Status> {
        self.refuse(&format!("unexpected operation \"{}\"", self.operation()))
    }

    fn operation(&self) -> &'static str {
        match self.write.operation {
            Operation::Create => "CREATE",
            Operation::Update => "UPDATE",
            Operation::Delete => "DELETE",
        }
    }

    /// The name in the path, or that of a new object.
    fn name(&self) -> &str {
        match self.write.name {
            "" => meta::of(&self.write.object).name(),
            name => name,
        }
    }

    async fn pod_named(&self, name: &str) -> Result<Arc<Value>, Status> {
        let found = self.reader.get("", "pods", self.write.namespace, name).await?;
        found.ok_or_else(|| Status::not_found("", "pods", name))
    }

    async fn pod(&self) -> Result<(), Status> {
        let node = self.node;
        match self.write.operation {
            Operation::Create => self.new_pod().await,
            // It is judged when it is there.
            Operation::Delete => Ok(()),
            Operation::Update => self.refuse(&format!(
                "unexpected operation \"{}\", node \"{node}\" can only create and delete mirror pods",
                self.operation()
            )),
        }
    }

    async fn new_pod(&self) -> Result<(), Status> {
        let (name, pod) = (self.node, &self.write.object);
        let uid = pods::check_new(name, pod).map_err(|why| self.write.forbidden(&why))?;
        let node = self.reader.get("", "nodes", "", name).await?;
        let node = node.ok_or_else(|| Status::not_found("", "nodes", name))?;
        let found = meta::of(&node).uid();
        if found != uid {
            return self.refuse(&format!("node {name} UID mismatch: expected {uid} got {found}"));
        }
        self.judged(pods::check_references(name, pod))
    }

    fn pod_status(&self) -> Result<(), Status> {
        match self.write.before_update() {
            Some(old) => self.judged(pods::check_status(self.node, &self.write.object, old)),
            None => self.unexpected(),
        }
    }

    async fn eviction(&self) -> Result<(), Status> {
        if self.write.operation != Operation::Create {
            return self.refuse(&format!("unexpected operation {}", self.operation()));
        }
        let pod = self.pod_named(self.name()).await?;
        match pods::is_on(self.node, &pod) {
            true => Ok(()),
            false => self.refuse(&format!(
                "node {} can only evict pods with spec.nodeName set to itself",
                self.node
            )),
        }
    }

    fn own_node(&self) -> Result<(), Status> {
        let (node, name) = (self.node, self.name());
        if name != node {
            return self.refuse(&format!(
                "node \"{node}\" is not allowed to modify node \"{name}\""
            ));
        }
        match (self.write.operation, self.write.old) {
            (Operation::Create, _) => self.judged(nodes::check_new(node, &self.write.object)),
            (Operation::Update, Some(old)) => self.judged(nodes::check_update(node, &self.write.object, old)),
            _ => Ok(()),
        }
    }

    fn claim_status(&self) -> Result<(), Status> {
        match self.write.before_update() {
            Some(old) => self.judged(claims::check_status(self.node, &self.write.object, old)),
            None => self.unexpected(),
        }
    }

    fn lease(&self) -> Result<(), Status> {
        if self.write.namespace != LEASES {
            return self.refuse(&format!(
                "can only access leases in the \"{LEASES}\" system namespace"
            ));
        }
        self.own_name("can only access node lease with the same name as the requesting node")
    }

    fn own_name(&self, why: &str) -> Result<(), Status> {
        self.write.require(self.name() == self.node, why)
    }

    fn new_slice(&self) -> Result<(), Status> {
        let is_own = pods::is_on(self.node, &self.write.object);
        let why = "can only create ResourceSlice with the same NodeName as the requesting node";
        let creates = self.write.operation == Operation::Create;
        self.write.require(!creates || is_own, why)
    }

    fn certificate_request(&self) -> Result<(), Status> {
        let request = &self.write.object;
        let signer = request.str_at(&["spec", "signerName"]).unwrap_or_default();
        if self.write.operation != Operation::Create || !KUBELET_SIGNERS.contains(&signer) {
            return Ok(());
        }
        let subject = Subject::of(request)
            .map_err(|why| self.write.forbidden(&format!("unable to parse csr: {why}")))?;
        let wanted = format!("system:node:{}", self.node);
        match subject.common_name == wanted {
            true => Ok(()),
            false => self.refuse(&format!("can only create a node CSR with CN={wanted}")),
        }
    }
}

#[cfg(test)]
mod tests;
