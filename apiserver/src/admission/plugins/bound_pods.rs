//! A change of what a pod that has a node asks for: what the plugins have in common that look whether the node can do it. What they
//! refuse is their own affair.

use std::sync::Arc;

use object::meta;
use schema::Value;
use serve::status::Status;

use crate::admission::{Attributes, Operation, Reader};

/// Such a change.
pub(super) struct Change<'a> {
    /// The pod before it.
    pub(super) old: &'a Value,
    node: &'a str,
}

impl<'a> Change<'a> {
    /// The change that a write is, if it is one.
    pub(super) fn of(attributes: &'a Attributes<'_>) -> Option<Self> {
        let old = attributes
            .old
            .filter(|_| attributes.operation == Operation::Update)?;
        let pod = &attributes.object;
        let node = pod.str_at(&["spec", "nodeName"]).unwrap_or_default();
        // The generation moves when the spec does.
        let has_moved = meta::of(old).generation() != meta::of(pod).generation();
        (has_moved && !node.is_empty()).then_some(Self { old, node })
    }

    /// The pod's node; 403 if there is none of its name.
    pub(super) async fn node(
        &self,
        attributes: &Attributes<'_>,
        reader: &dyn Reader,
    ) -> Result<Arc<Value>, Status> {
        let node = reader.get("", "nodes", "", self.node).await?;
        node.ok_or_else(|| attributes.forbidden(&format!("node {:?} not found", self.node)))
    }
}
