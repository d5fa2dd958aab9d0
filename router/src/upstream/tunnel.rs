//! Connections that go on with another protocol (exec, attach, port-forward, proxied WebSockets): over a connection of their own,
//! and from the member's agreement on bytes go both ways as they come.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use serve::http::{Body, Response};
use serve::upgrade::Upgradable;

use super::connection::connect;
use super::exchange::{Failed, Safety};
use super::{Counted, Error, Upstream, Upstreams};
use crate::ejection::Outcome;
use crate::limits::CONNECT_TIMEOUT;

/// Passes a request for an upgrade on. If the member agrees, what it and the client say goes on in a task of its own.
pub async fn upgrade(
    upstream: &Arc<Upstream>,
    upstreams: &Upstreams,
    head: &http::request::Parts,
    body: Body,
    client: Upgradable,
) -> Result<Response, Failed> {
    let failed = |error, safety, body| Failed { error, safety, body };
    let connected = tokio::time::timeout(
        CONNECT_TIMEOUT,
        connect(&upstream.address, upstreams, b"http/1.1"),
    );
    let connected = connected
        .await
        .unwrap_or_else(|_| Err("no connection in time".to_owned()));
    let socket = match connected {
        Ok(socket) => socket,
        Err(why) => {
            upstream.note(Outcome::Unreachable);
            let address = upstream.address.clone();
            return Err(failed(
                Error::Connect { address, why },
                Safety::Unsent,
                Some(body),
            ));
        }
    };
    let shaken = http1::handshake::<_, Body>(TokioIo::new(socket)).await;
    let (mut sender, connection) = match shaken {
        Ok(shaken) => shaken,
        Err(error) => return Err(failed(error.into(), Safety::Unsent, Some(body))),
    };
    let address = upstream.address.clone();
    tokio::spawn(async move {
        if let Err(error) = connection.with_upgrades().await {
            tracing::debug!(%address, %error, "a connection for an upgrade ended early");
        }
    });
    upstream.counts.requests.fetch_add(1, Ordering::Relaxed);
    let open = upstream.counted(|counts| &counts.open);
    let mut answer = match sender.send_request(request(head, body)).await {
        Ok(answer) => answer,
        Err(error) => {
            upstream.note(Outcome::Badly);
            return Err(failed(error.into(), Safety::Unknown, None));
        }
    };
    if answer.status() != http::StatusCode::SWITCHING_PROTOCOLS {
        return Ok(answer.map(|body| Body::new(body).holding(open)));
    }
    let member = hyper::upgrade::on(&mut answer);
    let upstream = upstream.clone();
    tokio::spawn(async move {
        tokio::select! {
            () = join(client, member, open) => {}
            () = upstream.lost.notified() => tracing::debug!(address = %upstream.address, "an upgraded connection is given up"),
        }
    });
    Ok(answer.map(|_| Body::empty()))
}

fn request(head: &http::request::Parts, body: Body) -> http::Request<Body> {
    let mut request = http::Request::new(body);
    *request.method_mut() = head.method.clone();
    // HTTP/1.1 has the path alone.
    let path = head.uri.path_and_query().cloned();
    *request.uri_mut() = path.map(http::Uri::from).unwrap_or_default();
    *request.headers_mut() = head.headers.clone();
    if let Some(Ok(host)) = head.uri.authority().map(|one| one.as_str().parse()) {
        request.headers_mut().insert(http::header::HOST, host);
    }
    request
}

/// Bytes both ways until both sides are done or one breaks off.
async fn join(client: Upgradable, member: hyper::upgrade::OnUpgrade, _open: Counted) {
    let joined = async {
        let mut granted = client.take().ok_or("somebody goes on with it already")?;
        let mut client = granted.stream().await?;
        let mut member = TokioIo::new(member.await?);
        tokio::io::copy_bidirectional(&mut client, &mut member).await?;
        Ok::<_, serve::http::BodyError>(())
    };
    if let Err(error) = joined.await {
        tracing::debug!(%error, "an upgraded connection broke off");
    }
}
