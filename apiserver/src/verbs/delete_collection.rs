//! DELETE of a collection: each selected object by itself, as if it were deleted alone.

use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use futures_util::stream;
use render::list::{ListMeta, ListWriter};
use render::negotiate::Output;
use render::options::ListOptions;
use render::{Call, Selection};
use schema::Value;
use serve::http::{Body, Response};
use serve::status::Status;

use super::{collection, delete};
use crate::api::Api;
use crate::limits::DELETE_COLLECTION_WORKERS;
use crate::options::DeleteOptions;
use crate::write;

/// Deletes the selected objects and answers with them as they were.
pub async fn delete_collection(api: &Api, call: &mut Call, content: Body) -> Result<Response, Status> {
    let output = Output::of(&call.headers, &call.query)?;
    let options = ListOptions::of_list(&call.query)?;
    let selection = Selection::new(call, &options)?;
    let delete_options = delete::options(call, content).await?;
    let span = collection::span(api, call, &options).await?;
    let mut found = Vec::new();
    let read = collection::read(api, call, &options, &selection, span, |one| {
        found.push(match one.object {
            Some(object) => object,
            None => api.objects.decode(&call.hub, one.entry)?.object,
        });
        Ok(())
    })
    .await?;
    let mut deletions: Vec<BoxFuture<'_, _>> = Vec::with_capacity(found.len());
    for object in &found {
        deletions.push(Box::pin(delete_one(api, call.clone(), object, &delete_options)));
    }
    let done: Vec<_> = stream::iter(deletions)
        .buffer_unordered(DELETE_COLLECTION_WORKERS)
        .collect()
        .await;
    for warnings in done {
        warnings?.into_iter().for_each(|text| call.warn(text));
    }
    let (mut writer, mut items) = (ListWriter::new(call, output)?, Vec::new());
    for object in found {
        writer.push(object, &mut items)?;
    }
    writer.finish(
        &api.descriptions,
        &ListMeta {
            resource_version: read.revision.0.to_string(),
            shards: selection.shards().map(ToString::to_string),
            ..ListMeta::default()
        },
        &items,
    )
}

/// Deletes one of them; returns what the client is warned of.
async fn delete_one(
    api: &Api,
    mut call: Call,
    object: &Value,
    options: &DeleteOptions,
) -> Result<Vec<String>, Status> {
    let meta = object::meta::of(object);
    match write::delete::delete(api, &mut call, meta.namespace(), meta.name(), options).await {
        // Somebody else was faster.
        Err(status) if status.is_not_found() => {}
        done => drop(done?),
    }
    Ok(call.warnings().to_vec())
}
