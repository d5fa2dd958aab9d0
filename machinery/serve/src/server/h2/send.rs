//! Sends bytes on a stream only as its window has room, so that h2 keeps no backlog for a client that does not read.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use h2::{Reason, SendStream};
use http_body::Body as _;

use crate::http::Body;

/// How much of `wanted` may be sent now. If it is nothing, h2 wakes who polled the stream for a reset.
pub(super) fn room(stream: &mut SendStream<Bytes>, wanted: usize) -> usize {
    stream.reserve_capacity(wanted);
    stream.capacity()
}

/// Sends as much of `rest` as there is room for; false if that is nothing.
pub(super) fn send_some(
    stream: &mut SendStream<Bytes>,
    rest: &mut Bytes,
    is_last: bool,
) -> Result<bool, h2::Error> {
    let room = room(stream, rest.len());
    if room == 0 {
        return Ok(false);
    }
    let part = rest.split_to(room.min(rest.len()));
    stream.send_data(part, is_last && rest.is_empty())?;
    Ok(true)
}

/// Sends a body to its end, pulling a chunk only when the last one is gone; stops when the client resets the stream.
pub(super) async fn pipe(body: Body, stream: SendStream<Bytes>) {
    let mut pipe = Pipe {
        body,
        stream,
        rest: Bytes::new(),
    };
    if let Err(error) = poll_fn(|cx| pipe.poll(cx)).await {
        tracing::debug!(%error, "an answer was not sent to its end");
    }
}

struct Pipe {
    body: Body,
    stream: SendStream<Bytes>,
    /// Of the last chunk.
    rest: Bytes,
}

impl Pipe {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), h2::Error>> {
        // Also registers for room: h2 has one waker for a stream's sender.
        if let Poll::Ready(reset) = self.stream.poll_reset(cx) {
            return Poll::Ready(reset.and_then(|reason| Err(reason.into())));
        }
        loop {
            if self.rest.is_empty() {
                // Nothing is pulled that could not leave.
                if room(&mut self.stream, 1) == 0 {
                    return Poll::Pending;
                }
                match ready!(Pin::new(&mut self.body).poll_frame(cx)) {
                    Some(Ok(frame)) => self.rest = frame.into_data().unwrap_or_default(),
                    Some(Err(error)) => {
                        tracing::debug!(%error, "a body broke off");
                        self.stream.send_reset(Reason::INTERNAL_ERROR);
                        return Poll::Ready(Ok(()));
                    }
                    None => return Poll::Ready(self.stream.send_data(Bytes::new(), true)),
                }
                continue;
            }
            let is_last = self.body.is_end_stream();
            if !send_some(&mut self.stream, &mut self.rest, is_last)? {
                return Poll::Pending;
            }
            if is_last && self.rest.is_empty() {
                return Poll::Ready(Ok(()));
            }
        }
    }
}
