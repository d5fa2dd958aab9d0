//! AlwaysPullImages: every image is pulled anew, so that nobody runs one that a node has from somebody else's pull secrets.

use async_trait::async_trait;
use object::field::{Error, Path, Printed, aggregate};
use schema::Value;
use serve::status::Status;

use crate::admission::pod_references::{CONTAINER_LISTS, containers};
use crate::admission::{Attributes, Plugin, Reader, Told};

const ALWAYS: &str = "Always";

/// See the module.
#[derive(Debug)]
pub struct AlwaysPullImages;

/// New pods, and updates that bring an image that was not there.
fn concerns(attributes: &Attributes<'_>) -> bool {
    let brings_images = attributes.before_update().is_none_or(|old| {
        let had: Vec<&str> = images(old).collect();
        images(&attributes.object).any(|image| !had.contains(&image))
    });
    attributes.writes("", "pods") && brings_images
}

fn images(pod: &Value) -> impl Iterator<Item = &str> {
    containers(pod).filter_map(|container| container.str_at(&["image"]))
}

/// Makes all images of a pod, and its volumes that are images, be pulled always.
fn pull_always(pod: &mut Value) {
    let Some(spec) = pod.get_mut("spec").and_then(Value::as_map_mut) else {
        return;
    };
    for kind in CONTAINER_LISTS {
        let list = spec.get_mut(kind).and_then(Value::as_list_mut);
        let containers = list.into_iter().flatten().filter_map(Value::as_map_mut);
        containers.for_each(|container| {
            container.insert("imagePullPolicy", ALWAYS);
        });
    }
    let volumes = spec.get_mut("volumes").and_then(Value::as_list_mut);
    for volume in volumes.into_iter().flatten() {
        if let Some(image) = volume.get_mut("image").and_then(Value::as_map_mut) {
            image.insert("pullPolicy", ALWAYS);
        }
    }
}

fn problems(pod: &Value) -> Vec<Error> {
    let wrong = |policy: Option<&str>| policy.filter(|policy| *policy != ALWAYS).map(str::to_owned);
    let spec = Path::root("spec");
    let mut errors = Vec::new();
    for kind in CONTAINER_LISTS {
        for (index, container) in pod.list_at(&["spec", kind]).iter().enumerate() {
            if let Some(policy) = wrong(container.str_at(&["imagePullPolicy"])) {
                let path = spec.child(kind).index(index).child("imagePullPolicy");
                errors.push(Error::not_supported(&path, Printed::from(&policy), &[ALWAYS]));
            }
        }
    }
    for (index, volume) in pod.list_at(&["spec", "volumes"]).iter().enumerate() {
        if let Some(policy) = wrong(volume.str_at(&["image", "pullPolicy"])) {
            let path = spec
                .child("volumes")
                .index(index)
                .child("image")
                .child("pullPolicy");
            errors.push(Error::not_supported(&path, Printed::from(&policy), &[ALWAYS]));
        }
    }
    errors
}

#[async_trait]
impl Plugin for AlwaysPullImages {
    fn name(&self) -> &'static str {
        "AlwaysPullImages"
    }

    async fn mutate(
        &self,
        attributes: &mut Attributes<'_>,
        _reader: &dyn Reader,
        _told: &mut Told,
    ) -> Result<(), Status> {
        if concerns(attributes) {
            pull_always(&mut attributes.object);
        }
        Ok(())
    }

    async fn validate(
        &self,
        attributes: &Attributes<'_>,
        _reader: &dyn Reader,
        _told: &mut Told,
    ) -> Result<(), Status> {
        let errors = match concerns(attributes) {
            true => problems(&attributes.object),
            false => Vec::new(),
        };
        match aggregate(&errors) {
            Some(why) => Err(attributes.forbidden(&why)),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::admission::fixtures::{Objects, Write};
    use schema::tree;

    fn pod(image: &str, policy: &str) -> Value {
        tree!({"metadata": {"name": "p"}, "spec": {
            "containers": [{"image": image, "imagePullPolicy": policy}],
            "volumes": [{"name": "v", "image": {"reference": "r", "pullPolicy": policy}}],
        }})
    }

    #[tokio::test]
    async fn new_images_are_pulled_always() {
        let reader = Objects::default();
        let create = Write::create("", "pods", pod("i", "Never"));
        let changed = create.mutate(&AlwaysPullImages, &reader).await;
        assert_eq!(changed, Ok(pod("i", "Always")));
        let label_only = Write::update("", "pods", pod("i", "Never"), pod("i", "Never"));
        assert_eq!(
            label_only.mutate(&AlwaysPullImages, &reader).await,
            Ok(pod("i", "Never"))
        );
    }

    #[tokio::test]
    async fn what_others_set_back_is_refused() {
        let create = Write::create("", "pods", pod("i", "Never"));
        let refused = create.validate(&AlwaysPullImages, &Objects::default()).await.0;
        let message = refused.unwrap_err().message;
        assert!(
            message.contains("spec.containers[0].imagePullPolicy: Unsupported value: \"Never\""),
            "{message}"
        );
        assert!(message.contains("spec.volumes[0].image.pullPolicy"), "{message}");
    }
}
