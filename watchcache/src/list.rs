//! Lists: a page of picked objects, or all of a snapshot, written piece by piece from the bytes that the cache holds.

mod chunks;
mod left;
pub(crate) mod pick;
mod plan;

use std::sync::Arc;

use bytes::Bytes;
use futures_util::{StreamExt, stream};
use render::list::{ListMeta, ListWriter};
use render::negotiate::Output;
use render::options::{Continue, ListOptions};
use render::{Call, Descriptions, Selection, respond};
use serve::http::{Body, Compressible, Response};
use serve::status::Status;

use crate::selected;
use crate::snapshot::{Scope, Snapshot};
use crate::unit::Unit;
pub use left::Left;

use chunks::{Chunks, Source};
use pick::{Page, Wanted};
use plan::State;

/// Answers with the selected objects of a call's resource.
pub async fn list(unit: &Arc<Unit>, call: &Call, texts: &Arc<Descriptions>) -> Result<Response, Status> {
    let output = Output::of(&call.headers, &call.query)?;
    let options = ListOptions::of_list(&call.query)?;
    let selection = selected::by(unit, call, &options)?;
    let writer = ListWriter::new(call, output)?;
    let scope = Scope::new(unit.hub().namespaced, call.namespace(), selection.name());
    let plan = plan::plan(unit, &scope, &options).await?;
    if let (State::Cached(snapshot), 0) = (&plan.state, plan.limit) {
        let (meta, source) = whole(snapshot.clone(), scope, selection, plan.after)?;
        return answer(writer, texts, &meta, source).await;
    }
    let shards = selection.shards().map(ToString::to_string);
    let wanted = Wanted {
        scope: &scope,
        selection: &selection,
        after: plan.after,
        limit: plan.limit,
    };
    let page = match plan.state {
        State::Cached(snapshot) => pick::from_snapshot(unit, &snapshot, &wanted).await,
        State::Stored(at) => pick::from_store(unit, at, &wanted).await,
    };
    let page = page.map_err(|status| aged(status, &options))?;
    let meta = ListMeta {
        resource_version: page.revision.0.to_string(),
        continue_token: token(&page, &scope),
        remaining: page.remaining,
        shards,
    };
    answer(writer, texts, &meta, Source::Items(page.items.into_iter())).await
}

/// All of a snapshot. It is held until the client has read it, its replaced objects too.
fn whole(
    snapshot: Snapshot,
    scope: Scope,
    selection: Selection,
    after: Option<Vec<u8>>,
) -> Result<(ListMeta, Source), Status> {
    if let Some(Err(why)) = snapshot.broken(&scope).map(|item| item.content()) {
        return Err(Status::internal(why));
    }
    let meta = ListMeta {
        resource_version: snapshot.revision().0.to_string(),
        shards: selection.shards().map(ToString::to_string),
        ..ListMeta::default()
    };
    let source = Source::Snapshot {
        snapshot,
        scope,
        selection: (!selection.is_everything()).then(|| Box::new(selection)),
        after: after.map(Vec::into_boxed_slice),
    };
    Ok((meta, source))
}

/// A short list is sent whole, a long one as the client reads it.
async fn answer(
    mut writer: ListWriter,
    texts: &Descriptions,
    meta: &ListMeta,
    mut source: Source,
) -> Result<Response, Status> {
    let length = match writer.wants_length() {
        true => chunks::length(&writer, &source).await?,
        false => Some(0),
    };
    let (Some(length), true) = (length, writer.streams()) else {
        let items = chunks::collect(&mut writer, &mut source).await?;
        return writer.finish(texts, meta, &items);
    };
    let head = writer.head(texts, meta, length);
    let media = writer.media();
    let mut chunks = Chunks::new(writer, source, head);
    let first = chunks.next().await?.unwrap_or_default();
    if chunks.is_done() {
        return Ok(respond(200, media, first));
    }
    let rest = stream::unfold(chunks, |mut chunks| async move {
        let chunk = chunks.next().await.transpose()?;
        Some((chunk.map_err(Failure), chunks))
    });
    let begin = stream::once(async move { Ok(first) });
    let mut response = respond(200, media, Bytes::new()).map(|_| Body::stream(begin.chain(rest)));
    response.extensions_mut().insert(Compressible);
    Ok(response)
}

/// Why a list breaks off.
#[derive(Debug)]
struct Failure(Status);

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl std::error::Error for Failure {}

/// The words for a revision that is no longer held depend on who named it.
fn aged(status: Status, options: &ListOptions) -> Status {
    if status.code != 410 || !options.continue_token.is_empty() {
        return status;
    }
    Status::expired("The resourceVersion for the provided list is too old.")
}

fn token(page: &Page, scope: &Scope) -> String {
    let Some(last) = &page.last_key else {
        return String::new();
    };
    let prefix = scope.prefix();
    let below = last.strip_prefix(prefix.as_slice()).unwrap_or(last);
    Continue {
        start: format!("{}\0", String::from_utf8_lossy(below)),
        revision: Some(page.revision),
    }
    .encode()
}
