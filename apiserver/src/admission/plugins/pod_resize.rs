//! PodResizeValidator: a pod that runs is resized to no more than its node has, and only on Linux. Source: KEP-1287.

use async_trait::async_trait;
use kinds::amounts::Amounts;
use object::meta;
use schema::Value;
use schema::quantity::Quantity;
use serve::status::{Cause, Status};

use super::bound_pods::Change;
use crate::admission::pod_resources::{self, Part};
use crate::admission::{Attributes, Plugin, Reader, Told};

const OPERATING_SYSTEM: &str = "kubernetes.io/os";

/// See the module.
#[derive(Debug)]
pub struct PodResizeValidator;

#[async_trait]
impl Plugin for PodResizeValidator {
    fn name(&self) -> &'static str {
        "PodResizeValidator"
    }

    async fn validate(
        &self,
        attributes: &Attributes<'_>,
        reader: &dyn Reader,
        _told: &mut Told,
    ) -> Result<(), Status> {
        let is_resize = attributes.is_subresource("", "pods", "resize");
        let Some(change) = Change::of(attributes).filter(|_| is_resize) else {
            return Ok(());
        };
        let (pod, node) = (&attributes.object, change.node(attributes, reader).await?);
        let refused = [
            ("UnsupportedPlatform", foreign_system(&node)),
            ("NodeCapacity", beyond_node(pod, &node)),
        ];
        let refused = refused.into_iter().find_map(|(cause, why)| Some((cause, why?)));
        refused.map_or(Ok(()), |(cause, why)| {
            Err(with_cause(attributes.forbidden(&why), cause))
        })
    }
}

/// Why a pod does not fit, in thousandths of CPUs and in bytes.
fn beyond_node(pod: &Value, node: &Value) -> Option<String> {
    let requests = pod_resources::scheduled(pod, Part::Requests);
    let allocatable = Amounts::of(node.map_at(&["status", "allocatable"]));
    type Units = fn(&Quantity) -> i64;
    let in_units: [(&str, Units); 2] = [("cpu", Quantity::milli_value), ("memory", Quantity::value)];
    let beyond = in_units.into_iter().filter_map(|(name, units)| {
        let of = |amounts: &Amounts| amounts.get(name).copied().unwrap_or(Quantity::ZERO);
        let (requested, allocatable) = (of(&requests), of(&allocatable));
        (requested > allocatable).then(|| {
            let (requested, allocatable) = (units(&requested), units(&allocatable));
            format!("{name}, requested: {requested}, allocatable: {allocatable}")
        })
    });
    let beyond: Vec<String> = beyond.collect();
    (!beyond.is_empty()).then(|| {
        let beyond = beyond.join("; ");
        format!("node didn't have enough allocatable resources: {beyond}")
    })
}

/// Why a node's system cannot resize. Nodes that do not tell theirs can, as in the reference.
fn foreign_system(node: &Value) -> Option<String> {
    let meta = meta::of(node);
    let system = meta.label(OPERATING_SYSTEM)?;
    let name = meta.name();
    (system != "linux")
        .then(|| format!("pod resize is only supported on linux nodes, node {name:?} is {system:?}"))
}

fn with_cause(mut status: Status, reason: &str) -> Status {
    if let Some(details) = &mut status.details {
        details.causes.push(Cause {
            reason: reason.to_owned(),
            ..Cause::default()
        });
    }
    status
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::admission::fixtures::{Objects, Write};
    use schema::tree;

    fn pod(cpu: &str, node: &str, generation: i64) -> Value {
        tree!({
            "metadata": {"name": "p", "namespace": "a", "generation": generation},
            "spec": {
                "nodeName": node, "overhead": {"memory": "1Mi"},
                "containers": [{"name": "c", "resources": {"requests": {"cpu": cpu, "memory": "1Mi"}}}],
            },
        })
    }

    fn node(system: &str, memory: &str) -> Objects {
        let meta = tree!({"name": "n", "labels": {"kubernetes.io/os": system}});
        let status = tree!({"allocatable": {"cpu": "2", "memory": memory}});
        Objects(vec![("", "nodes", tree!({"metadata": meta, "status": status}))])
    }

    async fn told(object: Value, reader: &Objects) -> Option<(String, String)> {
        let old = pod("1", "n", 1);
        let write = Write::update("", "pods", object, old).through("resize");
        let status = write.validate(&PodResizeValidator, reader).await.0.err()?;
        let cause = status
            .details
            .and_then(|details| details.causes.into_iter().next());
        let cause = cause.map(|cause| cause.reason).unwrap_or_default();
        let why = status.message.strip_prefix("pods \"p\" is forbidden: ")?;
        Some((cause, why.to_owned()))
    }

    #[tokio::test]
    async fn pods_are_resized_to_what_their_node_has() {
        let linux = node("linux", "2Mi");
        assert_eq!(told(pod("2", "n", 2), &linux).await, None);
        let why = "node didn't have enough allocatable resources: cpu, requested: 2500, allocatable: 2000";
        let refused = |why: &str| Some(("NodeCapacity".to_owned(), why.to_owned()));
        assert_eq!(told(pod("2500m", "n", 2), &linux).await, refused(why));
        let why = format!("{why}; memory, requested: 2097152, allocatable: 1048576");
        assert_eq!(
            told(pod("2500m", "n", 2), &node("linux", "1Mi")).await,
            refused(&why)
        );
        // Nothing is resized.
        assert_eq!(told(pod("2500m", "n", 1), &linux).await, None);
        // It does not run yet.
        assert_eq!(told(pod("2500m", "", 2), &linux).await, None);
    }

    #[tokio::test]
    async fn pods_are_resized_on_linux_alone() {
        let why = "pod resize is only supported on linux nodes, node \"n\" is \"windows\"";
        let refused = Some(("UnsupportedPlatform".to_owned(), why.to_owned()));
        assert_eq!(told(pod("2500m", "n", 2), &node("windows", "2Mi")).await, refused);
        let untold = Objects(vec![(
            "",
            "nodes",
            tree!({"metadata": {"name": "n"}, "status": {"allocatable": {"cpu": "2", "memory": "2Mi"}}}),
        )]);
        assert_eq!(told(pod("2", "n", 2), &untold).await, None);
        let missing = Some((String::new(), "node \"n\" not found".to_owned()));
        assert_eq!(told(pod("2", "n", 2), &Objects::default()).await, missing);
    }
}
