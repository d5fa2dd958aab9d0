//! The few objects that credentials are checked against. Where they come from (a store, a watch cache) is the caller's affair.

use async_trait::async_trait;
use schema::Value;

/// Kinds that credentials refer to; all are of the core group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A service account.
    ServiceAccount,
    /// A secret.
    Secret,
    /// A pod.
    Pod,
    /// A node; it is in no namespace.
    Node,
}

impl Kind {
    /// Plural name.
    pub fn resource(self) -> &'static str {
        match self {
            Kind::ServiceAccount => "serviceaccounts",
            Kind::Secret => "secrets",
            Kind::Pod => "pods",
            Kind::Node => "nodes",
        }
    }
}

/// Reads of single objects, as fresh as a revocation must be.
#[async_trait]
pub trait Objects: Send + Sync + 'static {
    /// The object in its v1 form; `None` if there is none. An error says why it cannot be known.
    async fn get(&self, kind: Kind, namespace: &str, name: &str) -> Result<Option<Value>, String>;
}
