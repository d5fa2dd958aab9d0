//! ExtendedResourceToleration: a pod that asks for a device may go to the nodes that are kept for such pods.

use std::collections::BTreeSet;

use async_trait::async_trait;
use schema::{Map, SmolStr, Value, tree};
use serve::status::Status;

use crate::admission::{Attributes, Plugin, Reader, Told};
use crate::validation::quantities::is_extended;

/// See the module.
#[derive(Debug)]
pub struct ExtendedResourceToleration;

/// Adds a toleration for each extended resource that a container asks for, unless it is there.
fn tolerate(pod: &mut Value) {
    let resources: BTreeSet<SmolStr> = ["containers", "initContainers"]
        .iter()
        .flat_map(|kind| pod.list_at(&["spec", kind]))
        .filter_map(|container| container.map_at(&["resources", "requests"]))
        .flat_map(Map::keys)
        .filter(|name| is_extended(name))
        .cloned()
        .collect();
    let Some(spec) = pod.get_mut("spec").and_then(Value::as_map_mut) else {
        return;
    };
    for resource in resources {
        let toleration = tree!({"key": resource, "operator": "Exists", "effect": "NoSchedule"});
        let list = spec.entry_or_insert_with("tolerations", || Value::List(Vec::new()));
        if let Some(list) = list.as_list_mut().filter(|list| !list.contains(&toleration)) {
            list.push(toleration);
        }
    }
}

#[async_trait]
impl Plugin for ExtendedResourceToleration {
    fn name(&self) -> &'static str {
        "ExtendedResourceToleration"
    }

    async fn mutate(
        &self,
        attributes: &mut Attributes<'_>,
        _reader: &dyn Reader,
        _told: &mut Told,
    ) -> Result<(), Status> {
        if attributes.writes("", "pods") {
            tolerate(&mut attributes.object);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_extended_resource_is_tolerated_once() {
        let mut pod = tree!({"spec": {
            "containers": [{"resources": {"requests": {"example.com/gpu": "1", "cpu": "1"}}}],
            "initContainers": [{"resources": {"requests": {"a.example/x": "1"}}}],
        }});
        tolerate(&mut pod);
        tolerate(&mut pod);
        let keys: Vec<_> = pod
            .list_at(&["spec", "tolerations"])
            .iter()
            .map(|toleration| toleration.str_at(&["key"]))
            .collect();
        assert_eq!(keys, [Some("a.example/x"), Some("example.com/gpu")]);
    }
}
