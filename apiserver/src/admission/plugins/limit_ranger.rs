//! LimitRanger: pods and claims within the limits of their namespace.

use async_trait::async_trait;
use object::meta;
use schema::Value;
use serve::status::Status;

use crate::admission::{Attributes, Operation, Plugin, Reader, Told, limit_ranges};

/// See the module.
#[derive(Debug)]
pub struct LimitRanger;

#[async_trait]
impl Plugin for LimitRanger {
    fn name(&self) -> &'static str {
        "LimitRanger"
    }

    async fn mutate(
        &self,
        attributes: &mut Attributes<'_>,
        reader: &dyn Reader,
        _told: &mut Told,
    ) -> Result<(), Status> {
        if concerns(attributes) && attributes.resource.resource == "pods" {
            for limit_range in ranges(attributes, reader).await? {
                limit_ranges::apply_defaults(&mut attributes.object, &limit_range);
            }
        }
        Ok(())
    }

    async fn validate(
        &self,
        attributes: &Attributes<'_>,
        reader: &dyn Reader,
        _told: &mut Told,
    ) -> Result<(), Status> {
        if !concerns(attributes) {
            return Ok(());
        }
        for limit_range in ranges(attributes, reader).await? {
            let refusals =
                limit_ranges::refusals(&attributes.resource.resource, &attributes.object, &limit_range);
            match refusals.as_slice() {
                [] => {}
                [why] => return Err(attributes.forbidden(why)),
                all => return Err(attributes.forbidden(&format!("[{}]", all.join(", ")))),
            }
        }
        Ok(())
    }
}

/// New pods, pods that are resized, and claims. Of an updated pod nothing else that is limited can change.
fn concerns(attributes: &Attributes<'_>) -> bool {
    let writes = matches!(attributes.operation, Operation::Create | Operation::Update);
    let is_update = attributes.operation == Operation::Update;
    if is_update && meta::of(&attributes.object).is_deleting() {
        return false;
    }
    is_update && attributes.is_subresource("", "pods", "resize")
        || !is_update && writes && attributes.is("", "pods")
        || writes && attributes.is("", "persistentvolumeclaims")
}

async fn ranges(attributes: &Attributes<'_>, reader: &dyn Reader) -> Result<Vec<Value>, Status> {
    reader.list("", "limitranges", attributes.namespace).await
}
