//! What the webhook of ImagePolicyWebhook is asked and what its answers mean (ImageReview of imagepolicy.k8s.io/v1alpha1). It sends
//! nothing: the plugin does.

pub mod configuration;

use schema::{Map, Value, tree};

pub use configuration::Configuration;

const API_VERSION: &str = "imagepolicy.k8s.io/v1alpha1";
const KIND: &str = "ImageReview";
/// Annotations with this in their key are for the webhook.
const FOR_WEBHOOK: &str = ".image-policy.k8s.io/";

/// The images of some lists of a pod's containers, and what else the webhook may know: the spec of a review.
pub fn spec(pod: &Value, lists: &[&str], namespace: &str) -> Value {
    let containers = lists.iter().flat_map(|list| pod.list_at(&["spec", list]));
    let images: Vec<Value> = containers.map(image).collect();
    let mut spec = Map::new();
    if !images.is_empty() {
        spec.insert("containers", Value::List(images));
    }
    let annotations = annotations(pod);
    if !annotations.is_empty() {
        spec.insert("annotations", Value::Map(annotations));
    }
    if !namespace.is_empty() {
        spec.insert("namespace", namespace);
    }
    Value::Map(spec)
}

fn image(container: &Value) -> Value {
    match container.str_at(&["image"]) {
        Some(image) if !image.is_empty() => tree!({"image": image}),
        _ => tree!({}),
    }
}

fn annotations(pod: &Value) -> Map {
    let all = pod.map_at(&["metadata", "annotations"]);
    let told = all
        .into_iter()
        .flat_map(Map::iter)
        .filter(|(key, _)| key.contains(FOR_WEBHOOK));
    told.map(|(key, value)| (key.clone(), value.clone())).collect()
}

/// The review of a spec, as it is sent.
pub fn review(spec: &Value) -> Value {
    tree!({
        "apiVersion": API_VERSION,
        "kind": KIND,
        "metadata": {},
        "spec": (spec.clone()),
        "status": {"allowed": false},
    })
}

/// What a webhook has decided.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    /// Whether the pod may be.
    pub allowed: bool,
    /// Why not; may be empty.
    pub reason: String,
    /// For the audit event: ends of keys, and texts.
    pub annotations: Vec<(String, String)>,
}

impl Verdict {
    /// From an answer. Nothing is allowed by an answer that does not say so; one that is no review, or of other types, is an error.
    pub fn read(answer: &Value) -> Result<Self, String> {
        let of = |field: &str, wanted: &str| {
            matches!(answer.get(field), None | Some(Value::Null)) || answer.str_at(&[field]) == Some(wanted)
        };
        if answer.as_map().is_none() || !of("apiVersion", API_VERSION) || !of("kind", KIND) {
            return Err(format!("it is no {KIND} of {API_VERSION}"));
        }
        let status = answer.get("status").unwrap_or(&Value::Null);
        let status = typed(status, "status", Value::as_map)?;
        let Some(status) = status else {
            return Ok(Self::default());
        };
        let field = |name: &str| status.get(name).unwrap_or(&Value::Null);
        let annotations = typed(
            field("auditAnnotations"),
            "status.auditAnnotations",
            Value::as_map,
        )?;
        let annotations = annotations.into_iter().flat_map(Map::iter).map(|(key, text)| {
            let text = typed(text, "status.auditAnnotations", Value::as_str)?;
            Ok((key.to_string(), text.unwrap_or_default().to_owned()))
        });
        Ok(Self {
            allowed: typed(field("allowed"), "status.allowed", Value::as_bool)?.unwrap_or_default(),
            reason: typed(field("reason"), "status.reason", Value::as_str)?
                .unwrap_or_default()
                .to_owned(),
            annotations: annotations.collect::<Result<_, String>>()?,
        })
    }

    /// The words of the refusal, if it is one.
    pub fn refusal(&self) -> Option<String> {
        match (self.allowed, self.reason.as_str()) {
            (true, _) => None,
            (false, "") => Some("one or more images rejected by webhook backend".to_owned()),
            (false, reason) => Some(format!(
                "image policy webhook backend denied one or more images: {reason}"
            )),
        }
    }

    /// About what it takes to remember it.
    pub fn bytes(&self) -> usize {
        let annotations = self.annotations.iter().map(|(key, text)| key.len() + text.len());
        self.reason.len() + annotations.sum::<usize>()
    }
}

/// A value of a type; null is none.
fn typed<'a, T>(
    value: &'a Value,
    field: &str,
    read: impl Fn(&'a Value) -> Option<T>,
) -> Result<Option<T>, String> {
    match (value, read(value)) {
        (Value::Null, _) => Ok(None),
        (_, Some(read)) => Ok(Some(read)),
        (_, None) => Err(format!("{field} is of another type")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_and_the_webhooks_annotations_are_told() {
        let pod = tree!({
            "metadata": {"annotations": {"a.image-policy.k8s.io/ticket": "1", "image-policy.k8s.io/b": "2", "c": "3"}},
            "spec": {
                "containers": [{"image": "a"}, {"name": "none"}],
                "initContainers": [{"image": "b"}],
                "ephemeralContainers": [{"image": "c"}],
            },
        });
        let annotations = tree!({"a.image-policy.k8s.io/ticket": "1"});
        assert_eq!(
            spec(&pod, &["containers", "initContainers"], "ns"),
            tree!({"containers": [{"image": "a"}, {}, {"image": "b"}], "annotations": (annotations.clone()), "namespace": "ns"})
        );
        assert_eq!(
            spec(&pod, &["ephemeralContainers"], "ns"),
            tree!({"containers": [{"image": "c"}], "annotations": annotations, "namespace": "ns"})
        );
        assert_eq!(spec(&tree!({}), &["containers"], ""), tree!({}));
    }

    #[test]
    fn only_an_answer_that_says_so_allows() {
        let read = |answer: Value| Verdict::read(&answer).map(|verdict| verdict.allowed);
        assert_eq!(read(tree!({"status": {"allowed": true}})), Ok(true));
        for denies in [
            tree!({}),
            tree!({"apiVersion": API_VERSION, "kind": KIND}),
            tree!({"status": {"reason": "x", "auditAnnotations": {"k": "v"}}}),
        ] {
            assert_eq!(read(denies.clone()), Ok(false), "{denies:?}");
        }
        for garbage in [
            Value::Null,
            tree!([]),
            tree!({"kind": "Pod", "status": {"allowed": true}}),
            tree!({"apiVersion": "imagepolicy.k8s.io/v1", "status": {"allowed": true}}),
            tree!({"status": "yes"}),
            tree!({"status": {"allowed": "true"}}),
            tree!({"status": {"allowed": true, "reason": 1i64}}),
            tree!({"status": {"allowed": true, "auditAnnotations": {"k": 1i64}}}),
        ] {
            assert!(read(garbage.clone()).is_err(), "{garbage:?}");
        }
    }
}
