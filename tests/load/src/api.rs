//! Requests that are answered at once: reads, writes and lists over a few HTTP/2 connections. Watches are not made here.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use bytes::Bytes;
use h2::client::SendRequest;
use http::Method;

use crate::target::{Protocol, Target};
use crate::watch::Media;
use crate::{Error, limits};

/// The window of an answer: lists shall not wait for the client.
const STREAM_WINDOW_BYTES: u32 = 4 * 1024 * 1024;

/// Connections to send requests on, each in its turn.
pub struct Api {
    target: Arc<Target>,
    senders: Vec<SendRequest<Bytes>>,
    turn: AtomicUsize,
}

/// A request.
pub struct Request<'a> {
    /// GET, POST, ...
    pub method: Method,
    /// Path and query.
    pub path: &'a str,
    /// The form of the answer.
    pub accept: &'static str,
    /// The form of the body.
    pub content_type: &'static str,
    /// The body, or nothing.
    pub body: Bytes,
}

impl<'a> Request<'a> {
    /// A request without a body, answered as JSON.
    pub fn new(method: Method, path: &'a str) -> Self {
        Self {
            method,
            path,
            accept: Media::Json.accept(),
            content_type: "application/json",
            body: Bytes::new(),
        }
    }

    /// A request with a JSON body.
    pub fn with(method: Method, path: &'a str, body: String) -> Self {
        Self {
            body: body.into(),
            ..Self::new(method, path)
        }
    }

    fn name(&self) -> String {
        format!("{} {}", self.method, self.path)
    }
}

/// An answer.
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// When its head arrived.
    pub at: Instant,
    /// All of it.
    pub body: Vec<u8>,
}

impl Answer {
    /// The object's (or list's) resource version, where the answer is JSON; 0 where there is none.
    pub fn revision(&self) -> u64 {
        after(&self.body, b"\"resourceVersion\":\"").map_or(0, |rest| {
            let digits = rest.iter().take_while(|byte| byte.is_ascii_digit());
            digits.fold(0, |number, digit| number * 10 + u64::from(digit - b'0'))
        })
    }
}

/// What follows on the first `needle`.
pub fn after<'a>(bytes: &'a [u8], needle: &[u8]) -> Option<&'a [u8]> {
    memchr::memmem::find(bytes, needle).map(|at| &bytes[at + needle.len()..])
}

impl Api {
    /// Opens the connections.
    pub async fn connect(target: &Arc<Target>, connections: usize) -> Result<Self, Error> {
        let mut senders = Vec::with_capacity(connections);
        for _ in 0..connections.max(1) {
            let stream = target.connect(Protocol::Http2).await?;
            let handshake = h2::client::Builder::new()
                .initial_window_size(STREAM_WINDOW_BYTES)
                .initial_connection_window_size(limits::CONNECTION_WINDOW_BYTES)
                .enable_push(false)
                .handshake(stream);
            let (sender, connection) = handshake
                .await
                .map_err(|error| Error::request("HTTP/2 handshake", error))?;
            // How a connection ends is told to the requests on it.
            tokio::spawn(async move { connection.await.ok() });
            senders.push(sender);
        }
        Ok(Self {
            target: target.clone(),
            senders,
            turn: AtomicUsize::new(0),
        })
    }

    /// Sends a request and takes the answer, whatever its status.
    pub async fn call(&self, request: Request<'_>) -> Result<Answer, Error> {
        let mut body = Vec::new();
        let (status, at) = self
            .stream(request, |bytes| {
                match body.len() + bytes.len() > limits::EVENT_BYTES_MAX {
                    true => Err("the answer is too large"),
                    false => {
                        body.extend_from_slice(bytes);
                        Ok(())
                    }
                }
            })
            .await?;
        Ok(Answer { status, at, body })
    }

    /// The same, for requests that must succeed or may find what they make (409).
    pub async fn expect(&self, request: Request<'_>, also: &[u16]) -> Result<Answer, Error> {
        let name = request.name();
        let answer = self.call(request).await?;
        if (200..300).contains(&answer.status) || also.contains(&answer.status) {
            return Ok(answer);
        }
        let body = String::from_utf8_lossy(&answer.body[..answer.body.len().min(500)]).into_owned();
        Err(Error::Status {
            request: name,
            status: answer.status,
            body,
        })
    }

    /// Sends a request and hands the answer's bytes to `take` as they come; tells the status and when the head came.
    pub async fn stream(
        &self,
        request: Request<'_>,
        take: impl FnMut(&[u8]) -> Result<(), &'static str>,
    ) -> Result<(u16, Instant), Error> {
        let name = request.name();
        tokio::time::timeout(limits::REQUEST_TIMEOUT, self.exchange(request, take))
            .await
            .unwrap_or_else(|_| {
                Err(Error::Late(
                    format!("{name} is not answered"),
                    limits::REQUEST_TIMEOUT,
                ))
            })
    }

    async fn exchange(
        &self,
        request: Request<'_>,
        mut take: impl FnMut(&[u8]) -> Result<(), &'static str>,
    ) -> Result<(u16, Instant), Error> {
        let name = request.name();
        let wrong = |reason: &dyn std::fmt::Display| Error::request(&name, reason);
        let head = self
            .target
            .request(request.method, request.path)
            .header(http::header::ACCEPT, request.accept)
            .header(http::header::CONTENT_TYPE, request.content_type)
            .body(())
            .map_err(|error| wrong(&error))?;
        let turn = self.turn.fetch_add(1, Ordering::Relaxed) % self.senders.len();
        let mut sender = self.senders[turn]
            .clone()
            .ready()
            .await
            .map_err(|error| wrong(&error))?;
        let (answer, mut upload) = sender
            .send_request(head, request.body.is_empty())
            .map_err(|error| wrong(&error))?;
        if !request.body.is_empty() {
            upload
                .send_data(request.body, true)
                .map_err(|error| wrong(&error))?;
        }
        let answer = answer.await.map_err(|error| wrong(&error))?;
        let (status, at) = (answer.status().as_u16(), Instant::now());
        let mut body = answer.into_body();
        while let Some(bytes) = body.data().await {
            let bytes = bytes.map_err(|error| wrong(&error))?;
            // It fails only for a stream that is gone, which the next read tells.
            let _ = body.flow_control().release_capacity(bytes.len());
            take(&bytes).map_err(|error| wrong(&error))?;
        }
        Ok((status, at))
    }
}
