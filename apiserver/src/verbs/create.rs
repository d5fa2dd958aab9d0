//! POST of a new object.

use render::negotiate::{self, Output};
use render::{Call, Shape};
use serve::http::{Body, Response};
use serve::status::Status;

use crate::api::Api;
use crate::options::{WriteKind, WriteOptions};
use crate::{body, write};

/// Creates the object in the body.
pub async fn create(api: &Api, call: &mut Call, content: Body) -> Result<Response, Status> {
    let output = Output::of(&call.headers, &call.query)?;
    let media = negotiate::body_media(&call.headers)?;
    let bytes = super::body(content).await?;
    let options = WriteOptions::read(&call.query, WriteKind::Create)?;
    let shape = Shape::of(&call.resource);
    let object = body::decode(call, &shape, media, &bytes, options.field_validation)?;
    let object = body::to_hub(call, object)?;
    let stored = write::create::create(api, call, object, options.dry_run).await?;
    render::object(&api.descriptions, call, output, &shape, stored.object, 201)
}
