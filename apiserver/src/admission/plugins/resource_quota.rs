//! ResourceQuota: what a namespace may use in all.

use async_trait::async_trait;
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
        let limited = configuration::read(parts.configuration)?;
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

    async fn hold(
        &self,
        attributes: &Attributes<'_>,
        reader: &dyn Reader,
    ) -> Result<Option<Box<dyn Undo>>, Status> {
        let namespace = attributes.namespace;
        if namespace.is_empty() {
            return Ok(None);
        }
        let has_quotas = !reader.list("", "resourcequotas", namespace).await?.is_empty();
        if !has_quotas && !self.ledger.limits_by_default() {
            return Ok(None);
        }
        match Write::of(attributes) {
            Some(write) => self.ledger.charge(namespace, write).await,
            None => Ok(None),
        }
    }
}
