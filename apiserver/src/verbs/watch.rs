//! GET of changes.

use std::sync::Arc;

use http::{HeaderValue, header};
use render::negotiate::{Media, Output};
use render::options::ListOptions;
use render::watch::Framer;
use render::{Call, Selection};
use serve::http::{Body, Response};
use serve::status::Status;

use crate::api::Api;
use crate::watch::Watch;

/// Answers with events, as they come.
pub async fn watch(api: &Arc<Api>, call: Call) -> Result<Response, (Status, Call)> {
    match prepare(&call) {
        Ok((output, options, selection, framer)) => {
            let call = Arc::new(call);
            match Watch::open(api.clone(), call.clone(), framer, &options, selection).await {
                Ok(watch) => Ok(respond(output, &call, watch)),
                Err(status) => Err((status, Arc::unwrap_or_clone(call))),
            }
        }
        Err(status) => Err((status, call)),
    }
}

fn prepare(call: &Call) -> Result<(Output, ListOptions, Selection, Framer), Status> {
    let options = ListOptions::of_watch(&call.query)?;
    let selection = Selection::new(call, &options)?;
    let output = Output::of_watch(&call.headers, &call.query)?;
    let framer = Framer::new(call, output)?;
    Ok((output, options, selection, framer))
}

fn respond(output: Output, call: &Call, watch: Watch) -> Response {
    let mut response = http::Response::new(Body::stream(watch.frames()));
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static(content_type(output.media)),
    );
    headers.insert(
        header::CACHE_CONTROL,
        HeaderValue::from_static("no-cache, private"),
    );
    serve::warnings::add(response.headers_mut(), call.warnings());
    response
}

const fn content_type(media: Media) -> &'static str {
    media.stream_name()
}
