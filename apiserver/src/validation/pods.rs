//! Rules of pods: a new one, and what a write to the pod or a subresource may change.
//! What is valid in any pod spec is with [`super::pod_spec`].

mod ephemeral;
mod gated;
pub mod profiles;
mod resize;
mod status;
mod tolerations;
mod update;
mod warnings;

use object::meta;
use schema::Value;

use super::place::Place;
use super::pod_spec::{self, Owner};
use crate::strategy::Errors;

pub use warnings::{app_armor_warning, template_warnings, warnings};

/// Marks pods that stand for what a kubelet runs by itself.
pub const MIRROR: &str = "kubernetes.io/config.mirror";
const DELETION_COST: &str = "controller.kubernetes.io/pod-deletion-cost";

/// Checks a new pod.
pub fn create(pod: &Value, errors: &mut Errors) {
    let spec = Place::root(pod, "spec");
    check_annotations(pod, &spec, errors);
    pod_spec::check(&spec, Owner::Pod, errors);
    check_volumes(meta::of(pod).name(), &spec, errors);
    let ephemeral = spec.field("ephemeralContainers");
    if !ephemeral.is_empty() {
        errors.push(ephemeral.forbidden("cannot be set on create"));
    }
    let node = spec.field("nodeName");
    if !node.is_empty() && !spec.field("schedulingGates").is_empty() {
        errors.push(node.forbidden("cannot be set until all schedulingGates have been cleared"));
    }
    profiles::check_agreement(pod, errors);
}

/// Checks a changed pod, written through itself or a subresource.
pub fn update(subresource: &str, pod: &Value, old: &Value, errors: &mut Errors) {
    match subresource {
        "status" => status::check(pod, old, errors),
        "ephemeralcontainers" => ephemeral::check(pod, old, errors),
        "resize" => resize::check(pod, old, errors),
        _ => update::check(pod, old, errors),
    }
    pod_spec::forgive_label_values(old.get("spec"), errors);
}

/// What volumes of a pod say that depends on the pod: whose tokens they hold, and that the claims that are made for it are not named.
fn check_volumes(pod: &str, spec: &Place<'_>, errors: &mut Errors) {
    let volumes = || spec.field("volumes").items();
    let made: Vec<String> = volumes()
        .filter(|volume| volume.has("ephemeral") && !pod.is_empty())
        .map(|volume| format!("{pod}-{}", volume.field("name").text()))
        .collect();
    for volume in volumes() {
        let claim = volume.field("persistentVolumeClaim").field("claimName");
        if made.iter().any(|made| made == claim.text()) {
            let detail = "must not reference a PVC that gets created for an ephemeral volume";
            errors.push(claim.invalid_text(detail));
        }
    }
    if spec.field("serviceAccountName").is_empty() {
        let sources = volumes().flat_map(|volume| volume.field("projected").field("sources").items());
        for token in sources.map(|source| source.field("serviceAccountToken")) {
            if token.is_set() {
                errors.push(token.forbidden("must not be specified when serviceAccountName is not set"));
            }
        }
    }
}

fn check_annotations(pod: &Value, spec: &Place<'_>, errors: &mut Errors) {
    let metadata = meta::of(pod);
    let annotations = Place::root(pod, "metadata").field("annotations");
    let mirror = annotations.key(MIRROR);
    if metadata.annotation(MIRROR).is_some() {
        if spec.field("nodeName").is_empty() {
            errors.push(mirror.invalid_text("must set spec.nodeName if mirror pod annotation is set"));
        }
        let claims = spec.field("resourceClaims");
        if !claims.is_empty() {
            errors.push(claims.forbidden("static pods do not support resource claims"));
        }
    }
    profiles::check(&annotations, spec, errors);
    if let Some(cost) = metadata.annotation(DELETION_COST) {
        let padded = cost.starts_with('+') || (cost.starts_with('0') && cost.len() > 1);
        if cost.parse::<i32>().is_err() || padded {
            errors.push(
                annotations
                    .key(DELETION_COST)
                    .invalid_text("must be a 32bit integer"),
            );
        }
    }
}
