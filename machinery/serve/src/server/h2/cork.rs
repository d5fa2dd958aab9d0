//! A corked socket: what h2 writes and flushes gathers in a buffer, with the frames that are put past it, and leaves in as few writes as
//! possible when the connection's task drains it after its turn.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::buffers::Buffers;
use super::direct::{Direct, Lane, PIECE_BYTES_MAX};
use crate::limits::CORK_BYTES;

/// The end that h2 has.
pub(super) struct Cork<S>(Arc<Mutex<Corked<S>>>);

/// The end that the connection's task has. Both are used in that task only, so the lock is never waited for.
pub(super) struct Socket<S>(Arc<Mutex<Corked<S>>>);

struct Corked<S> {
    stream: S,
    buffers: Arc<Buffers>,
    /// Without memory of its own when there is nothing to write.
    buffer: Vec<u8>,
    written: usize,
    /// Whether bytes came in since this was asked.
    has_read: bool,
    /// Whether h2 had to stop because the buffer was full.
    has_refused: bool,
    direct: Direct,
}

/// A frame that is put past h2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Put {
    /// So much of it is on its way.
    Some(usize),
    /// The client does not let it be sent.
    NoWindow,
    /// It must wait until the socket has taken more, or h2 has written the rest of a frame.
    NoSpace,
}

pub(super) fn new<S>(stream: S, buffers: Arc<Buffers>, streams_max: u32) -> (Cork<S>, Socket<S>) {
    let shared = Arc::new(Mutex::new(Corked {
        stream,
        buffers,
        direct: Direct::new(streams_max),
        buffer: Vec::new(),
        written: 0,
        has_read: false,
        has_refused: false,
    }));
    (Cork(Arc::clone(&shared)), Socket(shared))
}

impl<S: AsyncRead + AsyncWrite + Unpin> Socket<S> {
    /// Writes what has gathered; ready when all of it is with the system.
    pub(super) fn poll_drain(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        lock(&self.0).poll_drain(cx)
    }

    /// Whether something waits for the socket to take more.
    pub(super) fn is_behind(&self) -> bool {
        lock(&self.0).is_behind()
    }

    /// Whether bytes came in since the last call.
    pub(super) fn take_has_read(&self) -> bool {
        std::mem::take(&mut lock(&self.0).has_read)
    }

    /// Whether h2 was stopped since the last call and has more to write.
    pub(super) fn take_has_refused(&self) -> bool {
        std::mem::take(&mut lock(&self.0).has_refused)
    }

    /// Whether some lane may have got more room since the last call.
    pub(super) fn take_has_opened(&self) -> bool {
        lock(&self.0).direct.take_has_opened()
    }

    /// The way past h2. h2 must not be polled as long as it is held.
    pub(super) fn lanes(&self) -> Lanes<'_, S> {
        Lanes(lock(&self.0))
    }
}

/// The way past h2, for a turn of the connection's feeds.
pub(super) struct Lanes<'a, S>(MutexGuard<'a, Corked<S>>);

impl<S: AsyncRead + AsyncWrite + Unpin> Lanes<'_, S> {
    /// A lane for a stream whose head is not sent yet; `None` if its frames must go through h2.
    pub(super) fn open(&mut self, stream: u32) -> Option<Lane> {
        self.0.direct.open(stream)
    }

    /// A lane's stream has ended.
    pub(super) fn close(&mut self, lane: Lane) {
        self.0.direct.close(lane);
    }

    /// Whether the client lets a lane send something now.
    pub(super) fn has_window(&self, lane: Lane) -> bool {
        self.0.direct.room(lane) > 0
    }

    /// Puts a frame with as much of some bytes, at least one, as it takes.
    pub(super) fn put(&mut self, cx: &mut Context<'_>, lane: Lane, bytes: &[u8]) -> io::Result<Put> {
        self.0.put_frame(cx, lane, bytes)
    }

    /// Puts one frame with all of some bytes for as many of the first lanes as take it so; how many those are.
    pub(super) fn put_shared(&mut self, lanes: impl Iterator<Item = Lane>, bytes: &[u8]) -> usize {
        self.0.put_shared(lanes, bytes)
    }
}

fn lock<S>(shared: &Mutex<Corked<S>>) -> MutexGuard<'_, Corked<S>> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<S: AsyncRead + AsyncWrite + Unpin> Corked<S> {
    fn is_behind(&self) -> bool {
        self.written < self.buffer.len()
    }

    fn poll_drain(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.buffer.capacity() == 0 {
            return Poll::Ready(Ok(()));
        }
        while self.is_behind() {
            let rest = &self.buffer[self.written..];
            match ready!(Pin::new(&mut self.stream).poll_write(cx, rest))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                count => self.written += count,
            }
        }
        ready!(Pin::new(&mut self.stream).poll_flush(cx))?;
        self.written = 0;
        self.buffers.put(std::mem::take(&mut self.buffer));
        Poll::Ready(Ok(()))
    }

    /// How much more fits in, after a drain if nothing does.
    fn poll_room(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        if self.buffer.len() == CORK_BYTES {
            let drained = self.poll_drain(cx);
            self.has_refused |= drained.is_pending();
            ready!(drained)?;
        }
        if self.buffer.capacity() == 0 {
            self.buffer = self.buffers.take();
        }
        Poll::Ready(Ok(CORK_BYTES - self.buffer.len()))
    }

    fn put(&mut self, bytes: &[u8], room: usize) -> usize {
        let count = bytes.len().min(room);
        self.buffer.extend_from_slice(&bytes[..count]);
        self.direct.pass_outbound(&bytes[..count]);
        count
    }

    fn put_frame(&mut self, cx: &mut Context<'_>, lane: Lane, bytes: &[u8]) -> io::Result<Put> {
        loop {
            // What is half written waits for the socket.
            if self.written > 0 || !self.direct.is_between_frames() {
                return Ok(Put::NoSpace);
            }
            if self.direct.room(lane) == 0 || bytes.is_empty() {
                return Ok(Put::NoWindow);
            }
            if self.buffer.capacity() == 0 {
                self.buffer = self.buffers.take();
            }
            match self.direct.put(lane, bytes, &mut self.buffer, CORK_BYTES) {
                0 if self.poll_drain(cx)?.is_pending() => return Ok(Put::NoSpace),
                0 => {}
                count => return Ok(Put::Some(count)),
            }
        }
    }

    fn put_shared(&mut self, lanes: impl Iterator<Item = Lane>, bytes: &[u8]) -> usize {
        if self.written > 0 || !self.direct.is_between_frames() || bytes.is_empty() {
            return 0;
        }
        if self.buffer.capacity() == 0 {
            self.buffer = self.buffers.take();
        }
        self.direct.put_shared(lanes, bytes, &mut self.buffer, CORK_BYTES)
    }

    /// Reads for h2, which sees its part of what the client grants.
    fn poll_read(&mut self, cx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        loop {
            let unread = self.direct.unread();
            if !unread.is_empty() {
                let count = unread.len().min(into.remaining());
                into.put_slice(&unread[..count]);
                self.direct.consume(count);
                return Poll::Ready(Ok(()));
            }
            let wanting = self.direct.wanting();
            if wanting == 0 {
                return self.poll_read_into(cx, into);
            }
            let mut piece = [0; PIECE_BYTES_MAX];
            let mut piece = ReadBuf::new(&mut piece[..wanting]);
            ready!(Pin::new(&mut self.stream).poll_read(cx, &mut piece))?;
            if piece.filled().is_empty() {
                return Poll::Ready(Err(io::ErrorKind::UnexpectedEof.into()));
            }
            self.has_read = true;
            self.direct.complete(piece.filled());
        }
    }

    fn poll_read_into(&mut self, cx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = into.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(cx, into))?;
        let came = &mut into.filled_mut()[before..];
        if came.is_empty() {
            return Poll::Ready(Ok(()));
        }
        self.has_read = true;
        let passed = self.direct.pass_inbound(came);
        into.set_filled(before + passed);
        match passed {
            // Nothing would be the end.
            0 => self.poll_read(cx, into),
            _ => Poll::Ready(Ok(())),
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for Cork<S> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        lock(&self.0).poll_read(cx, into)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Cork<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let mut corked = lock(&self.0);
        let room = ready!(corked.poll_room(cx))?;
        Poll::Ready(Ok(corked.put(bytes, room)))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let mut corked = lock(&self.0);
        let room = ready!(corked.poll_room(cx))?;
        let mut count = 0;
        for slice in slices {
            count += corked.put(slice, room - count);
        }
        Poll::Ready(Ok(count))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    /// Does nothing: the connection's task drains.
    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut corked = lock(&self.0);
        ready!(corked.poll_drain(cx))?;
        Pin::new(&mut corked.stream).poll_shutdown(cx)
    }
}

impl<S> Drop for Corked<S> {
    fn drop(&mut self) {
        self.buffers.put(std::mem::take(&mut self.buffer));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    #[tokio::test]
    async fn writes_gather_until_they_are_drained() {
        let (near, mut far) = tokio::io::duplex(2 * CORK_BYTES);
        let buffers = Buffers::new();
        let (mut cork, socket) = new(near, Arc::clone(&buffers), 4);
        cork.write_all(b"one ").await.expect("open");
        cork.flush().await.expect("open");
        cork.write_all(b"two").await.expect("open");
        assert!(socket.is_behind());
        std::future::poll_fn(|cx| socket.poll_drain(cx))
            .await
            .expect("open");
        assert!(!socket.is_behind());
        let mut read = [0; 16];
        let count = far.read(&mut read).await.expect("open");
        assert_eq!(&read[..count], b"one two");
        assert_eq!(lock(&socket.0).buffer.capacity(), 0);
        assert_eq!(buffers.take().capacity(), CORK_BYTES);
    }

    #[tokio::test]
    async fn a_full_buffer_waits_for_the_socket() {
        let (near, mut far) = tokio::io::duplex(1_024);
        let (mut cork, socket) = new(near, Buffers::new(), 4);
        let writing = tokio::spawn(async move { cork.write_all(&vec![b'x'; 3 * CORK_BYTES]).await });
        let mut read = vec![0; 2 * CORK_BYTES];
        far.read_exact(&mut read).await.expect("open");
        writing.await.expect("no panic").expect("open");
        assert!(socket.take_has_refused());
        assert!(socket.is_behind());
    }
}
