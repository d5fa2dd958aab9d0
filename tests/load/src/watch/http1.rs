//! One watch on an HTTP/1.1 connection. It does not resume.

use std::sync::atomic::Ordering;

use bytes::Bytes;
use http_body_util::{BodyExt, Empty};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;

use super::desk::Desk;
use super::reading::Shared;
use super::stream::micros_since;
use super::{Ended, Pace, Read, Watch};
use crate::Error;
use crate::target::Protocol;

/// Opens and reads the one watch of a connection, which has that number, until it is over.
pub(super) async fn run(shared: &Shared, watches: &mut [Watch], first: u32, desk: &Desk) {
    let [watch] = watches else {
        return shared.fail(Error::Options(
            "HTTP/1.1 has one watch on a connection".to_owned(),
        ));
    };
    let body = match open(shared, watch).await {
        Ok(body) => body,
        Err(error) => return shared.fail(error),
    };
    watch.opened(shared.plan.media, micros_since(shared.begin));
    shared.opened(watch);
    if watch.wanted.pace == Pace::Stalled {
        return std::future::pending().await;
    }
    let ended = read(shared, watch, body, first, desk).await;
    watch.ended(ended);
    shared.open.fetch_sub(1, Ordering::Relaxed);
    shared.ended.fetch_add(1, Ordering::Relaxed);
}

async fn open(shared: &Shared, watch: &Watch) -> Result<Incoming, Error> {
    let path = watch.path(shared.plan.timeout_seconds);
    let wrong = |reason: &dyn std::fmt::Display| Error::request(&path, reason);
    let _permit = shared.connecting.acquire().await;
    let stream = shared.target.connect(Protocol::Http1).await?;
    let handshake = http1::handshake(TokioIo::new(stream)).await;
    let (mut sender, connection) = handshake.map_err(|error| wrong(&error))?;
    tokio::spawn(connection);
    let mut request = shared
        .target
        .request(http::Method::GET, &path)
        .header(http::header::HOST, &shared.target.authority)
        .header(http::header::ACCEPT, shared.plan.media.accept_watch())
        .body(Empty::<Bytes>::new())
        .map_err(|error| wrong(&error))?;
    *request.uri_mut() = shared
        .target
        .full_path(&path)
        .parse()
        .map_err(|error: http::uri::InvalidUri| wrong(&error))?;
    let answer = sender
        .send_request(request)
        .await
        .map_err(|error| wrong(&error))?;
    match answer.status().as_u16() {
        200 => Ok(answer.into_body()),
        status => Err(wrong(&format!("HTTP {status}"))),
    }
}

async fn read(shared: &Shared, watch: &mut Watch, mut body: Incoming, number: u32, desk: &Desk) -> Ended {
    while let Some(frame) = body.frame().await {
        let bytes = match frame.map(|frame| frame.into_data()) {
            Ok(Ok(bytes)) => bytes,
            Ok(Err(_)) => continue,
            Err(error) => return Ended::Broken(error.to_string()),
        };
        let mut scratch = desk.scratch();
        let scratch = &mut *scratch;
        let mut read = Read {
            watch: number,
            media: shared.plan.media,
            at_us: micros_since(shared.begin),
            recent: &mut scratch.recent,
            log: &mut scratch.log,
        };
        match watch.take(&bytes, &mut read) {
            Ok(changes) => shared.came(changes, bytes.len() as u64),
            Err(ended) => return ended,
        }
    }
    Ended::Closed
}
