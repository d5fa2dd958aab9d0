//! What is answered where a custom resource has no such path or verb, in the words of the server that the reference has for them.

use ::custom::Known;
use kinds::{Resource, Verb};
use render::Place;
use serve::http::{Response, page_not_found, status_response};
use serve::request_info::RequestInfo;
use serve::status::{Details, Status, reason};

/// A path that a resource has not: of a subresource it is the object that is missed.
pub fn no_place(info: &RequestInfo, resource: &Resource) -> Response {
    let is_elsewhere = resource.namespaced == info.namespace.is_empty();
    match info
        .parts
        .get(1)
        .filter(|_| info.parts.len() > 2 && !is_elsewhere)
    {
        Some(name) => status_response(&Status::not_found(&resource.group, &resource.resource, name)),
        None => page_not_found(),
    }
}

/// A verb that a path has not.
pub fn no_verb(place: Place, info: &RequestInfo, resource: &Resource) -> Response {
    match place {
        Place::AllNamespaces => page_not_found(),
        _ => status_response(&not_supported(resource, &info.verb)),
    }
}

/// Nothing is created any more when the definition is going.
pub fn check(verb: Verb, place: Place, resource: &Resource) -> Result<(), Status> {
    let is_ending = Known::of(resource).is_some_and(|known| known.definition().is_terminating);
    if !is_ending || verb != Verb::Create || place == Place::Subresource {
        return Ok(());
    }
    let message = "create not allowed while custom resource definition is terminating";
    Err(Status {
        message: message.to_owned(),
        ..not_supported(resource, "create")
    })
}

fn not_supported(resource: &Resource, verb: &str) -> Status {
    let message = format!(
        "{verb} is not supported on resources of kind {:?}",
        resource.qualified_name()
    );
    let details = Details {
        group: resource.group.to_string(),
        kind: resource.resource.to_string(),
        ..Details::default()
    };
    Status::failure(405, reason::METHOD_NOT_ALLOWED, message).with_details(details)
}
