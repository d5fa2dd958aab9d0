//! What is answered where a resource has no such path or verb. Custom resources have another server in the reference than built-in ones,
//! with words of its own; each tier answers alike.

use kinds::Resource;
use serve::http::{Response, page_not_found, status_response};
use serve::request_info::RequestInfo;
use serve::status::{Details, Status, reason};

use crate::Place;

/// A path that a resource has not: of a subresource of a custom object it is the object that is missed.
pub fn no_place(info: &RequestInfo, resource: &Resource) -> Response {
    if resource.custom.is_none() {
        return status_response(&Status::unknown_resource());
    }
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
    match (&resource.custom, place) {
        (None, _) => status_response(&Status::method_not_allowed()),
        (Some(_), Place::AllNamespaces) => page_not_found(),
        (Some(_), _) => status_response(&not_supported(resource, info.verb)),
    }
}

/// 405 of a verb that a custom resource has not.
pub fn not_supported(resource: &Resource, verb: &str) -> Status {
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
