//! DELETE of a collection: each selected object by itself, as if it were deleted alone.

use serve::http::{Body, Response};
use serve::status::Status;

use super::{Selection, delete, list};
use crate::api::Api;
use crate::call::Call;
use crate::negotiate::Output;
use crate::options::ListOptions;
use crate::render::{ListMeta, ListWriter};
use crate::write;

/// Deletes the selected objects and answers with them as they were.
pub async fn delete_collection(api: &Api, call: &mut Call, content: Body) -> Result<Response, Status> {
    let output = Output::of(&call.headers, &call.query)?;
    let options = ListOptions::of_list(&call.query)?;
    let selection = Selection::new(call, &options)?;
    let delete_options = delete::options(call, content).await?;
    let span = list::span(api, call, &options).await?;
    let mut found = Vec::new();
    let read = list::read(api, call, &options, &selection, span, |one| {
        found.push(match one.object {
            Some(object) => object,
            None => api.objects.decode(&call.hub, one.entry)?.object,
        });
        Ok(())
    })
    .await?;
    for object in &found {
        let meta = object::meta::of(object);
        let (namespace, name) = (meta.namespace().to_owned(), meta.name().to_owned());
        match write::delete::delete(api, call, &namespace, &name, &delete_options).await {
            // Somebody else was faster.
            Err(status) if status.is_not_found() => {}
            done => drop(done?),
        }
    }
    let mut writer = ListWriter::new(call, output)?;
    for object in found {
        writer.push(object)?;
    }
    writer.finish(
        api,
        &ListMeta {
            resource_version: read.revision.0.to_string(),
            ..ListMeta::default()
        },
    )
}
