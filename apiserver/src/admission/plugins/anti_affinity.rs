//! LimitPodHardAntiAffinityTopology: a pod that keeps others away keeps them off its node, not out of a whole zone.

use async_trait::async_trait;
use serve::status::Status;

use crate::admission::{Attributes, Plugin, Reader, Told};

const HOST: &str = "kubernetes.io/hostname";

/// See the module.
#[derive(Debug)]
pub struct LimitPodHardAntiAffinityTopology;

#[async_trait]
impl Plugin for LimitPodHardAntiAffinityTopology {
    fn name(&self) -> &'static str {
        "LimitPodHardAntiAffinityTopology"
    }

    async fn validate(
        &self,
        attributes: &Attributes<'_>,
        _reader: &dyn Reader,
        _told: &mut Told,
    ) -> Result<(), Status> {
        if !attributes.writes("", "pods") {
            return Ok(());
        }
        let required = [
            "spec",
            "affinity",
            "podAntiAffinity",
            "requiredDuringSchedulingIgnoredDuringExecution",
        ];
        let terms = attributes.object.list_at(&required).iter();
        let mut keys = terms.map(|term| term.str_at(&["topologyKey"]).unwrap_or_default());
        match keys.find(|key| *key != HOST) {
            Some(key) => Err(attributes.forbidden(&format!(
                "affinity.PodAntiAffinity.RequiredDuringScheduling has TopologyKey {key} but only key {HOST} is allowed"
            ))),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::admission::fixtures::{Objects, Write};
    use schema::tree;

    #[tokio::test]
    async fn only_hosts_may_be_kept_free() {
        for (key, is_allowed) in [(HOST, true), ("topology.kubernetes.io/zone", false)] {
            let pod = tree!({"metadata": {"name": "p"}, "spec": {"affinity": {"podAntiAffinity": {
                "requiredDuringSchedulingIgnoredDuringExecution": [{"topologyKey": key}],
            }}}});
            let write = Write::create("", "pods", pod);
            let done = write
                .validate(&LimitPodHardAntiAffinityTopology, &Objects::default())
                .await
                .0;
            assert_eq!(done.is_ok(), is_allowed, "{done:?}");
        }
    }
}
