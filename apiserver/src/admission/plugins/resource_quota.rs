//! ResourceQuota: what a namespace may use in all.

use async_trait::async_trait;
use prometheus_client::registry::Registry;
use serve::status::Status;

use crate::admission::chain::Parts;
use crate::admission::quota::ledger::Ledger;
use crate::admission::quota::{Write, configuration};
use crate::admission::{Attributes, Plugin, Reader};
use crate::effects::Undo;

/// See the module.
pub struct ResourceQuota {
    ledger: Ledger,
}

impl ResourceQuota {
    /// With its configuration.
    pub fn new(parts: &Parts<'_>) -> Result<Self, String> {
        let limited = configuration::read(parts.decoded()?.as_ref())?;
        Ok(Self {
            ledger: Ledger::new(parts.objects.clone(), limited),
        })
    }
}

#[async_trait]
impl Plugin for ResourceQuota {
    fn name(&self) -> &'static str {
        "ResourceQuota"
    }

    fn register(&self, registry: &mut Registry) {
        self.ledger.register(registry);
    }

    async fn hold(
        &self,
        attributes: &Attributes<'_>,
        reader: &dyn Reader,
    ) -> Result<Option<Box<dyn Undo>>, Status> {
        if !Write::is_counted(attributes) {
            return Ok(None);
        }
        let namespace = attributes.namespace;
        let has_quotas = !reader.list("", "resourcequotas", namespace).await?.is_empty();
        if !has_quotas && !self.ledger.limits_by_default() {
            return Ok(None);
        }
        self.ledger.charge(namespace, Write::of(attributes)).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::admission::Operation;
    use crate::objects::Objects;
    use kinds::decorate::IpFamily;
    use kinds::{Catalog, Keys};
    use schema::{Value, tree};
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;
    use storage::Embedded;

    /// Counts how often it is asked for lists, which are empty.
    #[derive(Default)]
    struct Counting(AtomicUsize);

    #[async_trait]
    impl Reader for Counting {
        async fn get(&self, _: &str, _: &str, _: &str, _: &str) -> Result<Option<Arc<Value>>, Status> {
            Ok(None)
        }

        async fn list(&self, _: &str, _: &str, _: &str) -> Result<Vec<Arc<Value>>, Status> {
            self.0.fetch_add(1, Ordering::SeqCst);
            Ok(Vec::new())
        }
    }

    /// How often quotas are read for a write of an object of the core group.
    async fn lists(operation: Operation, resource: &str) -> usize {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Arc::new(Embedded::open(folder.path()).expect("an empty store"));
        let objects = Objects::new(store, Keys::default(), IpFamily::V4, Duration::from_secs(60));
        let plugin = ResourceQuota {
            ledger: Ledger::new(Arc::new(objects), Vec::new()),
        };
        let found = Catalog::builtin().resource("", "v1", resource);
        let (user, old, reader) = (auth::User::anonymous(), tree!({}), Counting::default());
        let attributes = Attributes {
            operation,
            resource: found.expect("built in"),
            subresource: None,
            namespace: "a",
            name: "b",
            object: tree!({"metadata": {"name": "b"}}),
            old: (operation == Operation::Update).then_some(&old),
            user: &user,
            dry_run: false,
        };
        let held = plugin.hold(&attributes, &reader).await;
        assert!(matches!(held, Ok(None)));
        reader.0.load(Ordering::SeqCst)
    }

    #[tokio::test]
    async fn quotas_are_read_only_for_what_they_count() {
        assert_eq!(lists(Operation::Create, "configmaps").await, 1);
        assert_eq!(lists(Operation::Update, "services").await, 1);
        assert_eq!(lists(Operation::Update, "configmaps").await, 0);
        assert_eq!(lists(Operation::Create, "events").await, 0);
    }
}
