//! GET of one object.

use render::Call;
use render::negotiate::Output;
use render::options::parse_revision;
use serve::http::Response;
use serve::status::Status;
use storage::Revision;

use crate::api::Api;
use crate::freshness;

/// Answers with the object.
pub async fn get(api: &Api, call: &mut Call) -> Result<Response, Status> {
    let output = Output::of(&call.headers, &call.query)?;
    let asked = call.query.first("resourceVersion").unwrap_or_default();
    let revision = parse_revision(asked).map_err(|why| Status::failure(500, "", why))?;
    if revision > Revision(0) {
        freshness::reached(api, &call.hub, revision).await?;
    }
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
