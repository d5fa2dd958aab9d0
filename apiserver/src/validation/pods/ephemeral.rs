//! Ephemeral containers of a pod: more may come, none may change or go.

use schema::Value;

use super::super::place::Place;
use super::super::pod_spec::{self, Owner};
use super::MIRROR;
use crate::strategy::Errors;

/// Checks a write through `ephemeralcontainers`.
pub fn check(pod: &Value, old: &Value, errors: &mut Errors) {
    let spec = Place::root(pod, "spec");
    pod_spec::check(&spec, Owner::Pod, errors);
    let containers = spec.field("ephemeralContainers");
    if object::meta::of(pod).annotation(MIRROR).is_some() {
        errors.push(containers.forbidden("static pods do not support ephemeral containers"));
    }
    let find = |name: &str| {
        containers
            .items()
            .find(|container| container.field("name").text() == name)
    };
    for before in Place::root(old, "spec").field("ephemeralContainers").items() {
        let name = before.field("name").text();
        match find(name) {
            None => {
                let problem = format!(
                    "existing ephemeral containers {} may not be removed\n",
                    object::field::quote(name)
                );
                errors.push(containers.forbidden(problem));
            }
            Some(now) if now.value() != before.value() => {
                let difference =
                    super::super::internal_form::diff("EphemeralContainer", before.value(), now.value());
                let problem = format!(
                    "existing ephemeral containers {} may not be changed\n{difference}",
                    object::field::quote(name)
                );
                errors.push(containers.forbidden(problem));
            }
            Some(_) => {}
        }
    }
}
