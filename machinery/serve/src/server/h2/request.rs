//! One request in a task of its own: from its head to the end of its answer, or to the feed that the connection takes over.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use h2::RecvStream;
use h2::server::SendResponse;
use http::{Method, StatusCode, header};
use http_body::{Body as _, Frame, SizeHint};

use super::handoff::{Arrival, Handoff};
use super::{head, send};
use crate::filter::answer;
use crate::http::{Body, BodyError, Response};
use crate::server::connection::{Connection, must_finish};
use crate::server::idle::UnderWay;

/// A request and where its answer goes.
pub(super) struct Incoming {
    pub(super) request: http::Request<RecvStream>,
    pub(super) respond: SendResponse<Bytes>,
    /// Kept until the answer is made, also when the connection is gone.
    pub(super) connection: Arc<Connection>,
    pub(super) handoff: Arc<Handoff>,
    pub(super) under_way: UnderWay,
}

impl Incoming {
    /// Answers it. The request itself is not kept in the task: thousands wait for their answers.
    pub(super) fn serve(self) -> impl Future<Output = ()> + Send {
        let Self {
            request,
            mut respond,
            connection,
            handoff,
            under_way,
        } = self;
        let must_finish = must_finish(&request);
        let has_content = *request.method() != Method::HEAD;
        let length = request.headers().get(header::CONTENT_LENGTH);
        let length = length.and_then(|length| length.to_str().ok()?.parse().ok());
        let mut request = request.map(|stream| Sent::body(stream, length));
        request.extensions_mut().insert(connection.peer.clone());
        let answer = Box::pin(answer(connection.handler.clone(), request));
        async move {
            let response = match must_finish {
                true => answer.await,
                false => match unless_reset(&mut respond, answer).await {
                    Some(response) => response,
                    None => return,
                },
            };
            drop(connection);
            // Boxed for the time that it takes.
            let sent = Box::pin(send_answer(respond, response, has_content, &handoff, under_way));
            if let Err(error) = sent.await {
                tracing::debug!(%error, "an answer could not be sent");
            }
        }
    }
}

/// An answer, unless the client resets its stream first or goes away.
async fn unless_reset(
    respond: &mut SendResponse<Bytes>,
    mut answer: Pin<Box<impl Future<Output = Response>>>,
) -> Option<Response> {
    poll_fn(|cx| match answer.as_mut().poll(cx) {
        Poll::Ready(response) => Poll::Ready(Some(response)),
        Poll::Pending => respond.poll_reset(cx).map(|_| None),
    })
    .await
}

async fn send_answer(
    mut respond: SendResponse<Bytes>,
    response: Response,
    has_content: bool,
    handoff: &Handoff,
    under_way: UnderWay,
) -> Result<(), h2::Error> {
    let (parts, body) = response.into_parts();
    let mut response = http::Response::from_parts(parts, ());
    *response.version_mut() = http::Version::HTTP_2;
    let is_bare = matches!(
        response.status(),
        StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED
    );
    let is_empty = body.is_end_stream();
    let length = body.size_hint().exact().filter(|_| !is_bare && !is_empty);
    head::prepare(response.headers_mut(), length);
    if is_empty || is_bare || !has_content {
        return respond.send_response(response, true).map(drop);
    }
    match body.into_feed() {
        Ok(feed) => handoff.leave(Arrival {
            respond,
            head: response,
            feed,
            under_way,
        }),
        Err(body) => send::pipe(body, respond.send_response(response, false)?).await,
    }
    Ok(())
}

/// What a client sends, read as the handler asks for it: the window opens by what was read.
struct Sent {
    stream: RecvStream,
    /// Of the content, if the client told it.
    left_bytes: Option<u64>,
}

impl Sent {
    fn body(stream: RecvStream, left_bytes: Option<u64>) -> Body {
        Body::new(Self { stream, left_bytes })
    }
}

impl http_body::Body for Sent {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let Some(read) = std::task::ready!(self.stream.poll_data(cx)) else {
            return Poll::Ready(None);
        };
        let read = read.and_then(|bytes| {
            self.stream.flow_control().release_capacity(bytes.len())?;
            Ok(bytes)
        });
        if let (Ok(bytes), Some(left)) = (&read, &mut self.left_bytes) {
            *left = left.saturating_sub(bytes.len() as u64);
        }
        Poll::Ready(Some(read.map(Frame::data).map_err(Into::into)))
    }

    fn is_end_stream(&self) -> bool {
        self.stream.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        match self.left_bytes {
            Some(left) => SizeHint::with_exact(left),
            None if self.is_end_stream() => SizeHint::with_exact(0),
            None => SizeHint::default(),
        }
    }
}
