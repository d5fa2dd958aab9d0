//! Plugins that concern pods: priority, tolerations, runtime class, topology labels.

use std::sync::Arc;

use async_trait::async_trait;
use schema::Value;
use serve::status::Status;

use crate::admission::{
    Attributes, Operation, Plugin, Reader, Told, default_tolerations, nodes, priority_of_pods,
    runtime_class_pods,
};

/// Resolves priority classes.
#[derive(Debug)]
pub struct Priority;

#[async_trait]
impl Plugin for Priority {
    fn name(&self) -> &'static str {
        "Priority"
    }

    async fn mutate(
        &self,
        attributes: &mut Attributes<'_>,
        reader: &dyn Reader,
        _told: &mut Told,
    ) -> Result<(), Status> {
        if attributes.is("", "pods")
            && attributes.operation == Operation::Update
            && let Some(old) = attributes.old
        {
            priority_of_pods::keep(&mut attributes.object, old);
        }
        if !attributes.creates("", "pods") {
            return Ok(());
        }
        let classes = reader.list("scheduling.k8s.io", "priorityclasses", "").await?;
        let by_name = |name: &str| {
            classes
                .iter()
                .map(Arc::as_ref)
                .find(|class| class.str_at(&["metadata", "name"]) == Some(name))
        };
        let default = priority_of_pods::default_class(&classes);
        priority_of_pods::resolve(&mut attributes.object, by_name, default)
            .map_err(|why| attributes.forbidden(&why))
    }

    async fn validate(
        &self,
        attributes: &Attributes<'_>,
        reader: &dyn Reader,
        _told: &mut Told,
    ) -> Result<(), Status> {
        let wants_default = attributes.object.bool_at(&["globalDefault"]) == Some(true);
        if !attributes.writes("scheduling.k8s.io", "priorityclasses") || !wants_default {
            return Ok(());
        }
        let name = object::meta::of(&attributes.object).name().to_owned();
        let classes = reader.list("scheduling.k8s.io", "priorityclasses", "").await?;
        let other = priority_of_pods::default_class(&classes)
            .and_then(|class| class.str_at(&["metadata", "name"]))
            .filter(|other| *other != name);
        match other {
            Some(other) => Err(attributes.forbidden(&format!(
                "PriorityClass {other} is already marked as default. Only one default can exist"
            ))),
            None => Ok(()),
        }
    }
}

/// Lets pods outlast short failures of their node.
#[derive(Debug)]
pub struct DefaultTolerationSeconds;

#[async_trait]
impl Plugin for DefaultTolerationSeconds {
    fn name(&self) -> &'static str {
        "DefaultTolerationSeconds"
    }

    async fn mutate(
        &self,
        attributes: &mut Attributes<'_>,
        _reader: &dyn Reader,
        _told: &mut Told,
    ) -> Result<(), Status> {
        if attributes.writes("", "pods") {
            default_tolerations::add_defaults(&mut attributes.object);
        }
        Ok(())
    }
}

/// Applies runtime classes.
#[derive(Debug)]
pub struct RuntimeClass;

#[async_trait]
impl Plugin for RuntimeClass {
    fn name(&self) -> &'static str {
        "RuntimeClass"
    }

    async fn mutate(
        &self,
        attributes: &mut Attributes<'_>,
        reader: &dyn Reader,
        _told: &mut Told,
    ) -> Result<(), Status> {
        if !attributes.creates("", "pods") {
            return Ok(());
        }
        let name = attributes
            .object
            .str_at(&["spec", "runtimeClassName"])
            .unwrap_or_default()
            .to_owned();
        if name.is_empty() {
            return runtime_class_pods::check_without_class(&attributes.object)
                .map_err(|why| attributes.forbidden(&why));
        }
        let Some(class) = reader.get("node.k8s.io", "runtimeclasses", "", &name).await? else {
            return Err(attributes.forbidden(&format!("pod rejected: RuntimeClass \"{name}\" not found")));
        };
        runtime_class_pods::apply(&mut attributes.object, &class).map_err(|why| attributes.forbidden(&why))
    }
}

/// Tells pods where their node is.
#[derive(Debug)]
pub struct PodTopologyLabels;

#[async_trait]
impl Plugin for PodTopologyLabels {
    fn name(&self) -> &'static str {
        "PodTopologyLabels"
    }

    async fn mutate(
        &self,
        attributes: &mut Attributes<'_>,
        reader: &dyn Reader,
        _told: &mut Told,
    ) -> Result<(), Status> {
        let Some(node) = target_node(attributes) else {
            return Ok(());
        };
        if let Some(node) = reader.get("", "nodes", "", &node).await? {
            nodes::copy_topology_labels(&mut attributes.object, &node);
        }
        Ok(())
    }
}

/// The node that a new pod or a binding names.
fn target_node(attributes: &Attributes<'_>) -> Option<String> {
    if attributes.operation != Operation::Create {
        return None;
    }
    let path: &[&str] = match () {
        () if attributes.is("", "pods") => &["spec", "nodeName"],
        () if attributes.is_subresource("", "pods", "binding") || attributes.is("", "bindings") => {
            &["target", "name"]
        }
        () => return None,
    };
    let node: Option<&str> = attributes.object.at(path).and_then(Value::as_str);
    node.filter(|name| !name.is_empty()).map(str::to_owned)
}
