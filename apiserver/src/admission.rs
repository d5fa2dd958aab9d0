//! Admission: the ordered chain of plugins that may change or refuse a write. All mutate first, then all validate.
//! Plugins decide on what they are given and on reads through [`Reader`]; they write nothing but what [`Plugin::hold`] takes, and
//! the namespaces of NamespaceAutoProvision.

pub mod cached;
pub mod certificate_requests;
pub mod chain;
pub mod claim_resizes;
pub mod configuration;
pub mod default_classes;
pub mod default_tolerations;
pub mod event_rates;
#[cfg(test)]
mod fixtures;
pub mod held;
pub mod image_policy;
pub mod limit_ranges;
pub mod mountable_secrets;
pub mod node_restriction;
pub mod nodes;
mod numbers;
pub mod plugins;
pub mod pod_references;
pub mod pod_resources;
pub mod pod_security;
pub mod priority_of_pods;
pub mod quota;
pub mod runtime_class_pods;
pub mod service_account_pods;
pub mod storage_objects;
pub mod tolerations;
mod trees;

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use auth::User;
use kinds::{Resource, Subresource};
use prometheus_client::registry::Registry;
use schema::Value;
use serve::status::Status;

use crate::effects::Undo;

pub use cached::Cached;
pub use chain::Chain;
pub use configuration::Configuration;
pub use held::Held;

/// What a request does to an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// A new object, or a subresource that acts (eviction, binding).
    Create,
    /// A change.
    Update,
    /// A deletion.
    Delete,
}

/// A write on its way through the chain.
#[derive(Debug)]
pub struct Attributes<'a> {
    /// What is done.
    pub operation: Operation,
    /// The resource as requested.
    pub resource: &'a Arc<Resource>,
    /// The subresource, if any.
    pub subresource: Option<&'a Subresource>,
    /// Empty for objects outside namespaces.
    pub namespace: &'a str,
    /// Empty when it is yet to be generated, and for collections.
    pub name: &'a str,
    /// The object in its hub form; null for deletions.
    pub object: Value,
    /// The object as it is, for updates and deletions.
    pub old: Option<&'a Value>,
    /// Who asks.
    pub user: &'a User,
    /// Nothing will be stored.
    pub dry_run: bool,
}

/// What plugins tell beside their decision; it is told whether the write is refused or not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Told {
    /// For the client, in its `Warning` headers.
    pub warnings: Vec<String>,
    /// For the audit event: a qualified key (`limit-ranger.admission.k8s.io/...`) and a text. The first of a key counts.
    pub annotations: Vec<(String, String)>,
}

impl Told {
    /// Tells the client.
    pub fn warn(&mut self, text: impl Into<String>) {
        self.warnings.push(text.into());
    }

    /// Notes something in the audit event.
    pub fn annotate(&mut self, key: impl Into<String>, text: impl Into<String>) {
        self.annotations.push((key.into(), text.into()));
    }
}

impl Attributes<'_> {
    /// Whether it is about this resource itself, in any version.
    pub fn is(&self, group: &str, resource: &str) -> bool {
        self.subresource.is_none() && self.resource.group == group && self.resource.resource == resource
    }

    /// Whether it is about this subresource.
    pub fn is_subresource(&self, group: &str, resource: &str, subresource: &str) -> bool {
        self.resource.group == group
            && self.resource.resource == resource
            && self.subresource.is_some_and(|found| found.name == subresource)
    }

    /// Whether it creates or changes this resource itself.
    pub fn writes(&self, group: &str, resource: &str) -> bool {
        self.operation != Operation::Delete && self.is(group, resource)
    }

    /// Whether it creates one of this resource.
    pub fn creates(&self, group: &str, resource: &str) -> bool {
        self.operation == Operation::Create && self.is(group, resource)
    }

    /// The object as it is, if it is to be changed.
    pub fn before_update(&self) -> Option<&Value> {
        self.old.filter(|_| self.operation == Operation::Update)
    }

    /// Refuses the write unless something holds. `why` is written out only then.
    pub fn require(&self, holds: bool, why: impl fmt::Display) -> Result<(), Status> {
        match holds {
            true => Ok(()),
            false => Err(self.forbidden(&why.to_string())),
        }
    }

    /// A refusal in the words of the reference: 403 about the object.
    pub fn forbidden(&self, why: &str) -> Status {
        let meta = object::meta::of(&self.object);
        let names = [self.name, meta.name(), meta.generate_name(), "Unknown"];
        let name = names
            .into_iter()
            .find(|name| !name.is_empty())
            .unwrap_or_default();
        Status::forbidden(&self.resource.group, &self.resource.resource, name, why)
    }
}

/// A failure that is no refusal: it may pass by itself, or is a fault of what is stored. The reference answers with an error that is
/// no API status.
pub fn failure(why: impl Into<String>) -> Status {
    Status::failure(500, "", why)
}

/// Reads that decisions need.
#[async_trait]
pub trait Reader: Send + Sync {
    /// One object in its hub form.
    async fn get(
        &self,
        group: &str,
        resource: &str,
        namespace: &str,
        name: &str,
    ) -> Result<Option<Arc<Value>>, Status>;

    /// All objects of a namespace, or of all with an empty one.
    async fn list(&self, group: &str, resource: &str, namespace: &str) -> Result<Vec<Arc<Value>>, Status>;

    /// A namespace; 404 if there is none of this name.
    async fn namespace(&self, name: &str) -> Result<Arc<Value>, Status> {
        let found = self.get("", "namespaces", "", name).await?;
        found.ok_or_else(|| Status::not_found("", "namespaces", name))
    }
}

/// One member of the chain. The defaults do nothing.
#[async_trait]
pub trait Plugin: Send + Sync {
    /// As `--enable-admission-plugins` knows it.
    fn name(&self) -> &'static str;

    /// Adds what it counts to a registry.
    fn register(&self, _registry: &mut Registry) {}

    /// May change the object, or refuse it.
    async fn mutate(
        &self,
        _attributes: &mut Attributes<'_>,
        _reader: &dyn Reader,
        _told: &mut Told,
    ) -> Result<(), Status> {
        Ok(())
    }

    /// May refuse the object.
    async fn validate(
        &self,
        _attributes: &Attributes<'_>,
        _reader: &dyn Reader,
        _told: &mut Told,
    ) -> Result<(), Status> {
        Ok(())
    }

    /// May refuse the object, or take something for the write, which is given back if it does not happen. In a dry run nothing
    /// is taken. It comes right after [`Plugin::validate`].
    async fn hold(
        &self,
        _attributes: &Attributes<'_>,
        _reader: &dyn Reader,
    ) -> Result<Option<Box<dyn Undo>>, Status> {
        Ok(None)
    }
}
