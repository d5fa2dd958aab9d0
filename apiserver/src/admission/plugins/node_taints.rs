//! TaintNodesByCondition: taints new nodes until they are seen ready.

use async_trait::async_trait;
use serve::status::Status;

use crate::admission::{Attributes, Plugin, Reader, Told, nodes};

/// See the module.
#[derive(Debug)]
pub struct TaintNodesByCondition;

#[async_trait]
impl Plugin for TaintNodesByCondition {
    fn name(&self) -> &'static str {
        "TaintNodesByCondition"
    }

    async fn mutate(
        &self,
        attributes: &mut Attributes<'_>,
        _reader: &dyn Reader,
        _told: &mut Told,
    ) -> Result<(), Status> {
        if attributes.creates("", "nodes") {
            nodes::taint_new(&mut attributes.object);
        }
        Ok(())
    }
}
