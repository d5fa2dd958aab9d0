//! GET of one object, from the store: leader election must not hang on a cache.

use render::Call;
use render::negotiate::Output;
use serve::http::Response;
use serve::status::Status;

use crate::api::Api;

/// Answers with the object.
pub async fn get(api: &Api, call: &mut Call) -> Result<Response, Status> {
    let output = Output::of(&call.headers, &call.query)?;
    let found = api
        .objects
        .entry(&call.hub, call.namespace(), call.name())
        .await?;
    let missing = || Status::not_found(&call.resource.group, &call.resource.resource, call.name());
    render::stored_object(
        &api.descriptions,
        api.objects.decoder(),
        call,
        output,
        &found.ok_or_else(missing)?,
    )
}
