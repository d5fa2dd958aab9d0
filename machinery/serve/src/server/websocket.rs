//! WebSocket watches on HTTP/1.1 (RFC 6455): where the client asks for it, an answer that is a feed of events is sent as one
//! message for each. Which requests are watches is not known here, and other answers stay what they are.

mod messages;

use std::net::SocketAddr;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use http_body_util::BodyExt;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite;
use tungstenite::handshake::derive_accept_key;
use tungstenite::protocol::frame::coding::CloseCode;
use tungstenite::protocol::{CloseFrame, Message, Role, WebSocketConfig};

use crate::feed::Owned;
use crate::http::{Body, BodyError, Response, status_response};
use crate::limits::{WEBSOCKET_BUFFER_BYTES, WEBSOCKET_INCOMING_BYTES_MAX};
use crate::status::Status;
use crate::upgrade::{Granted, Upgradable, has_token};
use messages::{Format, Messages};

/// A client's wish to go on with WebSocket.
pub(super) struct Handshake {
    upgrade: Upgradable,
    /// The headers of the answer; an error is what is wrong with the wish.
    accepted: Result<HeaderMap, Status>,
}

impl Handshake {
    /// What a request that asks for an upgrade wants, if it is this.
    pub(super) fn of<B>(request: &http::Request<B>, upgrade: &Upgradable) -> Option<Self> {
        let headers = request.headers();
        let wants =
            has_token(headers, &header::UPGRADE, "websocket") && request.method() == http::Method::GET;
        wants.then(|| Self {
            accepted: accept(headers),
            upgrade: upgrade.clone(),
        })
    }

    /// The answer to the handshake, if `response` is a feed of events, which then goes on in a task of its own. The
    /// connection's slot is kept until that ends.
    pub(super) fn answer(self, response: Response, address: SocketAddr, close_timeout: Duration) -> Response {
        let Some(format) = Format::of(&response) else {
            return response;
        };
        let (parts, body) = response.into_parts();
        let feed = match body.into_feed() {
            Ok(feed) => feed,
            Err(body) => return Response::from_parts(parts, body),
        };
        let accepted = match self.accepted {
            Ok(accepted) => accepted,
            Err(status) => return status_response(&status),
        };
        // Whoever answers with a feed has not gone on by itself.
        let Some(granted) = self.upgrade.take() else {
            return status_response(&Status::internal("the connection is in use"));
        };
        tokio::spawn(send(granted, feed, format, address, close_timeout));
        let mut response = http::Response::new(Body::empty());
        *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
        *response.headers_mut() = parts.headers;
        response.headers_mut().remove(header::CONTENT_TYPE);
        response.headers_mut().extend(accepted);
        response
    }
}

/// The server's side of the handshake.
fn accept(headers: &HeaderMap) -> Result<HeaderMap, Status> {
    if headers
        .get(header::SEC_WEBSOCKET_VERSION)
        .map(HeaderValue::as_bytes)
        != Some(b"13")
    {
        return Err(Status::bad_request("missing or bad WebSocket Version"));
    }
    let key = headers.get(header::SEC_WEBSOCKET_KEY).map(HeaderValue::as_bytes);
    let key = key.filter(|key| !key.is_empty());
    let key = key.ok_or_else(|| Status::bad_request("bad challenge: Sec-WebSocket-Key is missing"))?;
    let accept = HeaderValue::from_str(&derive_accept_key(key));
    let accept = accept.map_err(|error| Status::internal(&error.to_string()))?;
    let mut accepted = HeaderMap::new();
    accepted.insert(header::CONNECTION, HeaderValue::from_static("Upgrade"));
    accepted.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
    accepted.insert(header::SEC_WEBSOCKET_ACCEPT, accept);
    if let Some(protocol) = protocol(headers) {
        accepted.insert(header::SEC_WEBSOCKET_PROTOCOL, protocol);
    }
    Ok(accepted)
}

/// A watch is the same in all subprotocols: the first is agreed to. One that carries a bearer token is not told back.
fn protocol(headers: &HeaderMap) -> Option<HeaderValue> {
    const TOKEN: &str = "base64url.bearer.authorization.k8s.io.";
    let values = headers.get_all(header::SEC_WEBSOCKET_PROTOCOL).iter();
    let mut offered = values
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim);
    let first = offered.find(|protocol| !protocol.is_empty() && !protocol.starts_with(TOKEN))?;
    HeaderValue::from_str(first).ok()
}

/// Sends the events once the client has the answer.
async fn send(
    mut granted: Granted,
    feed: Owned,
    format: Format,
    address: SocketAddr,
    close_timeout: Duration,
) {
    let sent = async {
        let stream = granted.stream().await?;
        let socket = WebSocketStream::from_raw_socket(stream, Role::Server, Some(config())).await;
        run(
            socket,
            Body::owned_feed(feed),
            Messages::new(format),
            close_timeout,
        )
        .await
    };
    if let Err(error) = sent.await {
        tracing::debug!(%address, %error, "a WebSocket ended early");
    }
}

fn config() -> WebSocketConfig {
    WebSocketConfig::default()
        .read_buffer_size(WEBSOCKET_BUFFER_BYTES)
        .write_buffer_size(WEBSOCKET_BUFFER_BYTES)
        .max_message_size(Some(WEBSOCKET_INCOMING_BYTES_MAX))
        .max_frame_size(Some(WEBSOCKET_INCOMING_BYTES_MAX))
}

/// Sends until the events end or the client goes. What the client says is not heeded; the socket answers its pings.
async fn run<S>(
    mut socket: WebSocketStream<S>,
    mut body: Body,
    mut messages: Messages,
    close_timeout: Duration,
) -> Result<(), BodyError>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let end = loop {
        tokio::select! {
            chunk = body.frame() => match chunk.transpose() {
                Ok(None) => break CloseCode::Normal,
                Ok(Some(chunk)) => {
                    messages.push(chunk.into_data().unwrap_or_default());
                    while let Some(message) = messages.next()? {
                        socket.feed(message).await?;
                    }
                    socket.flush().await?;
                }
                Err(error) => {
                    tracing::debug!(%error, "a feed broke off");
                    break CloseCode::Error;
                }
            },
            said = socket.next() => match said {
                Some(Ok(Message::Close(_))) => break CloseCode::Normal,
                Some(said) => drop(said?),
                None => return Ok(()),
            },
        }
    };
    // A client that does not close its side is not waited for.
    tokio::time::timeout(close_timeout, close(&mut socket, end)).await??;
    Ok(())
}

async fn close<S>(socket: &mut WebSocketStream<S>, code: CloseCode) -> Result<(), tungstenite::Error>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let frame = CloseFrame {
        code,
        reason: "".into(),
    };
    socket.close(Some(frame)).await?;
    while let Some(said) = socket.next().await {
        said?;
    }
    Ok(())
}
