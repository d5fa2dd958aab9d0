//! A line for each request, at level debug: who asked what, and what became of it. No credential and no content is in it.

use std::time::Instant;

use serve::filter::{Answer, Filter, Next};
use serve::http::Request;
use serve::peer::Peer;

/// Writes the lines.
#[derive(Clone, Copy, Debug)]
pub struct AccessLog;

impl Filter for AccessLog {
    fn call<'a>(&'a self, request: Request, next: Next<'a>) -> Answer<'a> {
        if !tracing::enabled!(tracing::Level::DEBUG) {
            return next.run(request);
        }
        let begun = Instant::now();
        let client = request.extensions().get::<Peer>().map(|peer| peer.address);
        let (method, path) = (request.method().clone(), request.uri().path().to_owned());
        Box::pin(async move {
            let response = next.run(request).await;
            let (code, milliseconds) = (response.status().as_u16(), begun.elapsed().as_millis());
            tracing::debug!(?client, %method, path, code, milliseconds, "request");
            response
        })
    }
}
