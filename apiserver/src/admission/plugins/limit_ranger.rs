//! LimitRanger: pods and claims within the limits of their namespace.

use std::sync::Arc;

use async_trait::async_trait;
use object::field::aggregate_texts;
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
            if let Some(why) = aggregate_texts(refusals) {
                return Err(attributes.forbidden(&why));
            }
        }
        Ok(())
    }
}

/// New pods, pods that are resized, and claims. Of an updated pod nothing else that is limited can change.
fn concerns(attributes: &Attributes<'_>) -> bool {
    let is_update = attributes.operation == Operation::Update;
    if is_update && meta::of(&attributes.object).is_deleting() {
        return false;
    }
    is_update && attributes.is_subresource("", "pods", "resize")
        || attributes.creates("", "pods")
        || attributes.writes("", "persistentvolumeclaims")
}

async fn ranges(attributes: &Attributes<'_>, reader: &dyn Reader) -> Result<Vec<Arc<Value>>, Status> {
    reader.list("", "limitranges", attributes.namespace).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::admission::fixtures::{Objects, Write};
    use schema::tree;

    fn pod(cpu: &str) -> Value {
        let resources = tree!({"requests": {"cpu": cpu}, "limits": {"cpu": cpu}});
        tree!({
            "metadata": {"name": "o", "namespace": "ns"},
            "spec": {"containers": [{"name": "c", "resources": resources}]},
        })
    }

    fn claim(size: &str) -> Value {
        tree!({
            "metadata": {"name": "o", "namespace": "ns"},
            "spec": {"resources": {"requests": {"storage": size}}},
        })
    }

    async fn is_refused(write: Write<'_>) -> bool {
        let limits = tree!([
            {"type": "Container", "max": {"cpu": "1"}},
            {"type": "PersistentVolumeClaim", "max": {"storage": "1Gi"}},
        ]);
        let range = tree!({"metadata": {"name": "l", "namespace": "ns"}, "spec": {"limits": limits}});
        let reader = Objects(vec![("", "limitranges", range)]);
        write.validate(&LimitRanger, &reader).await.0.is_err()
    }

    #[tokio::test]
    async fn what_is_new_what_is_resized_and_claims_are_limited() {
        let update = |object: Value| Write::update("", "pods", object, pod("1"));
        assert!(is_refused(Write::create("", "pods", pod("2"))).await);
        assert!(!is_refused(Write::create("", "pods", pod("1"))).await);
        assert!(!is_refused(update(pod("2"))).await);
        assert!(!is_refused(update(pod("2")).through("status")).await);
        assert!(is_refused(update(pod("2")).through("resize")).await);
        let mut going = pod("2");
        let metadata = going.as_map_mut().unwrap().map_at("metadata");
        metadata.insert("deletionTimestamp", "2026-01-01T00:00:00Z");
        assert!(!is_refused(update(going).through("resize")).await);
        let claims = "persistentvolumeclaims";
        assert!(is_refused(Write::create("", claims, claim("2Gi"))).await);
        assert!(is_refused(Write::update("", claims, claim("2Gi"), claim("1Gi"))).await);
        assert!(!is_refused(Write::delete("", claims, claim("2Gi"))).await);
    }
}
