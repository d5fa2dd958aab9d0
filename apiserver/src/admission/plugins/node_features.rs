//! NodeDeclaredFeatureValidator: a pod that runs is changed only in ways that its node knows. Source: KEP-5328, with the features of
//! 1.36 that a change of a pod can ask for.

use async_trait::async_trait;
use object::meta;
use schema::Value;
use serve::status::Status;

use super::bound_pods::Change;
use crate::admission::{Attributes, Plugin, Reader, Told};

/// Whether a change from one pod spec to another needs a feature.
type Needs = fn(&Value, &Value) -> bool;

/// Features by name, in order.
const FEATURES: [(&str, Needs); 2] = [
    ("InPlacePodLevelResourcesVerticalScaling", |old, new| {
        old.get("resources") != new.get("resources")
    }),
    ("InPlacePodVerticalScalingInitContainers", resizes_init_containers),
];

/// See the module.
#[derive(Debug)]
pub struct NodeDeclaredFeatureValidator;

#[async_trait]
impl Plugin for NodeDeclaredFeatureValidator {
    fn name(&self) -> &'static str {
        "NodeDeclaredFeatureValidator"
    }

    async fn validate(
        &self,
        attributes: &Attributes<'_>,
        reader: &dyn Reader,
        _told: &mut Told,
    ) -> Result<(), Status> {
        let concerns = attributes.is("", "pods") || attributes.is_subresource("", "pods", "resize");
        let Some(change) = Change::of(attributes).filter(|_| concerns) else {
            return Ok(());
        };
        let needed = needed(change.old, &attributes.object);
        if needed.is_empty() {
            return Ok(());
        }
        let node = change.node(attributes, reader).await?;
        let missing = missing(&needed, &node).join(", ");
        let name = meta::of(&node).name();
        attributes.require(
            missing.is_empty(),
            format_args!("pod update requires features {missing} which are not available on node {name:?}"),
        )
    }
}

/// The features that a change of a pod needs.
fn needed(old: &Value, pod: &Value) -> Vec<&'static str> {
    let (Some(old), Some(new)) = (old.get("spec"), pod.get("spec")) else {
        return Vec::new();
    };
    let needed = FEATURES.iter().filter(|(_, needs)| needs(old, new));
    needed.map(|(name, _)| *name).collect()
}

/// Those of them that the node does not declare.
fn missing(needed: &[&'static str], node: &Value) -> Vec<&'static str> {
    let declared = node.list_at(&["status", "declaredFeatures"]);
    let is_declared = |name: &str| declared.iter().any(|one| one.as_str() == Some(name));
    needed.iter().filter(|name| !is_declared(name)).copied().collect()
}

/// Sidecars are resized as other containers are: every node can.
fn resizes_init_containers(old: &Value, new: &Value) -> bool {
    let (old, new) = (old.list_at(&["initContainers"]), new.list_at(&["initContainers"]));
    let mut pairs = old.iter().zip(new);
    pairs.any(|(old, new)| {
        old.str_at(&["restartPolicy"]) != Some("Always") && resources(old) != resources(new)
    })
}

/// Empty resources are none.
fn resources(container: &Value) -> Option<&Value> {
    container.get("resources").filter(|given| !given.is_zero())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::admission::fixtures::{Objects, Write};
    use schema::tree;

    const BOTH: [&str; 2] = [FEATURES[0].0, FEATURES[1].0];

    fn pod(generation: i64, whole: &str, init: &str) -> Value {
        let resources = |cpu: &str| tree!({"requests": {"cpu": cpu}});
        tree!({
            "metadata": {"name": "p", "namespace": "a", "generation": generation},
            "spec": {
                "nodeName": "n", "resources": (resources(whole)),
                "initContainers": [
                    {"name": "i", "resources": (resources(init))},
                    {"name": "s", "restartPolicy": "Always", "resources": (resources(&generation.to_string()))},
                ],
            },
        })
    }

    fn node(features: &[&str]) -> Objects {
        let declared: Vec<_> = features.iter().map(|name| Value::from(*name)).collect();
        let node = tree!({"metadata": {"name": "n"}, "status": {"declaredFeatures": declared}});
        Objects(vec![("", "nodes", node)])
    }

    async fn refusal(new: Value, through: &'static str, reader: &Objects) -> Option<String> {
        let write = Write::update("", "pods", new, pod(1, "1", "1"));
        let write = match through {
            "" => write,
            _ => write.through(through),
        };
        let verdict = write.validate(&NodeDeclaredFeatureValidator, reader).await.0;
        let why = verdict.err()?.message;
        Some(why.strip_prefix("pods \"p\" is forbidden: ")?.to_owned())
    }

    #[tokio::test]
    async fn what_a_change_needs_the_node_declares() {
        let why = |features: &str| {
            Some(format!(
                "pod update requires features {features} which are not available on node \"n\""
            ))
        };
        let changed = || pod(2, "2", "2");
        assert_eq!(refusal(changed(), "resize", &node(&BOTH)).await, None);
        assert_eq!(
            refusal(changed(), "resize", &node(&[])).await,
            why(&BOTH.join(", "))
        );
        assert_eq!(refusal(changed(), "", &node(&BOTH[..1])).await, why(BOTH[1]));
        assert_eq!(
            refusal(pod(2, "2", "1"), "resize", &node(&[])).await,
            why(BOTH[0])
        );
        assert_eq!(
            refusal(pod(2, "1", "2"), "resize", &node(&[])).await,
            why(BOTH[1])
        );
        assert_eq!(
            refusal(changed(), "resize", &Objects::default()).await.as_deref(),
            Some("node \"n\" not found")
        );
    }

    #[tokio::test]
    async fn other_changes_need_nothing() {
        // Only the sidecar is resized.
        assert_eq!(refusal(pod(2, "1", "1"), "resize", &node(&[])).await, None);
        // The status is no change of the spec, and without a new generation there is none.
        assert_eq!(refusal(pod(2, "2", "2"), "status", &node(&[])).await, None);
        assert_eq!(refusal(pod(1, "2", "2"), "resize", &node(&[])).await, None);
    }
}
