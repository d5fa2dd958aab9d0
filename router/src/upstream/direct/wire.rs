//! The stream to a member, as h2 has it: what it reads is what lanes leave, and what it writes is followed by what the member is let send
//! again. Both happen in h2's own polls, which come whenever the connection's task is woken.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use serve::frame;
use tokio::io::{AsyncBufRead, AsyncRead, AsyncWrite, ReadBuf};

use super::Lanes;
use super::inbound::Inbound;
use super::outbound::Outbound;

/// A stream with lanes beside h2.
pub(in crate::upstream) struct Wire<S> {
    stream: S,
    lanes: Arc<Lanes>,
    inbound: Inbound,
    outbound: Outbound,
    /// Whole frames that are put between h2's, of which so much is written.
    updates: Vec<u8>,
    written: usize,
    /// Some were written and the stream was not flushed since.
    is_unflushed: bool,
}

impl<S> Wire<S> {
    /// A stream on which nothing was sent yet.
    pub(in crate::upstream) fn new(stream: S, lanes: Arc<Lanes>) -> Self {
        Self {
            stream,
            lanes,
            inbound: Inbound::new(),
            outbound: Outbound::new(),
            updates: frame::TAKES_SHARED.to_vec(),
            written: 0,
            is_unflushed: false,
        }
    }
}

impl<S: AsyncBufRead + AsyncWrite + Unpin> Wire<S> {
    /// Reads until there is something for h2.
    fn poll_fill(&mut self, cx: &mut Context<'_>, for_h2: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = for_h2.filled().len();
        // What there was no room for.
        let passed = self.inbound.pass(&[], for_h2, &mut self.lanes.lock());
        passed.map_err(io::Error::other)?;
        while for_h2.filled().len() == before {
            let bytes = ready!(Pin::new(&mut self.stream).poll_fill_buf(cx))?;
            if bytes.is_empty() {
                return Poll::Ready(match self.inbound.is_between_frames() {
                    true => Ok(()),
                    false => Err(io::ErrorKind::UnexpectedEof.into()),
                });
            }
            let passed = self.inbound.pass(bytes, for_h2, &mut self.lanes.lock());
            let passed = passed.map_err(io::Error::other)?;
            Pin::new(&mut self.stream).consume(passed);
        }
        Poll::Ready(Ok(()))
    }

    /// Writes what the member is let send again, if h2 is not in the middle of a frame.
    fn poll_update(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        for (stream, bytes) in self.lanes.take_granted(cx) {
            self.updates.extend(frame::window_update(stream, bytes));
        }
        ready!(self.poll_write_updates(cx))?;
        if self.is_unflushed {
            ready!(Pin::new(&mut self.stream).poll_flush(cx))?;
            self.is_unflushed = false;
        }
        Poll::Ready(Ok(()))
    }

    fn poll_write_updates(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if !self.outbound.is_between_frames() {
            return Poll::Ready(Ok(()));
        }
        while self.written < self.updates.len() {
            let rest = &self.updates[self.written..];
            match ready!(Pin::new(&mut self.stream).poll_write(cx, rest))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                count => self.written += count,
            }
            self.is_unflushed = true;
        }
        self.updates.clear();
        self.written = 0;
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncBufRead + AsyncWrite + Unpin> AsyncRead for Wire<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let read = self.poll_fill(cx, into)?;
        if read.is_pending() {
            // Nothing more comes in this turn. What cannot be written now is when the stream takes more, which wakes the task too.
            let _: Poll<()> = self.poll_update(cx)?;
        }
        read.map(Ok)
    }
}

impl<S: AsyncBufRead + AsyncWrite + Unpin> AsyncWrite for Wire<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        ready!(self.poll_write_updates(cx))?;
        let count = ready!(Pin::new(&mut self.stream).poll_write(cx, bytes))?;
        self.outbound.pass(&bytes[..count]);
        Poll::Ready(Ok(count))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        ready!(self.poll_write_updates(cx))?;
        let count = ready!(Pin::new(&mut self.stream).poll_write_vectored(cx, slices))?;
        let mut left = count;
        for slice in slices {
            let written = left.min(slice.len());
            self.outbound.pass(&slice[..written]);
            left -= written;
        }
        Poll::Ready(Ok(count))
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        // A frame of h2 may be whole only now.
        ready!(self.poll_write_updates(cx))?;
        ready!(Pin::new(&mut self.stream).poll_flush(cx))?;
        self.is_unflushed = false;
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
