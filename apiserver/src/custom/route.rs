//! What custom resources refuse before a request is looked at, in the words of the server that the reference has for them.

use ::custom::Known;
use kinds::{Resource, Verb};
use render::Place;
use render::missing::not_supported;
use serve::status::Status;

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
