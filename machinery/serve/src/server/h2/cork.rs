//! A corked socket: what h2 writes and flushes gathers in a buffer, and leaves in as few writes as possible when the connection's
//! task drains it after its turn.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::buffers::Buffers;
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
}

pub(super) fn new<S>(stream: S, buffers: Arc<Buffers>) -> (Cork<S>, Socket<S>) {
    let shared = Arc::new(Mutex::new(Corked {
        stream,
        buffers,
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
        count
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for Cork<S> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let mut corked = lock(&self.0);
        let before = into.filled().len();
        let done = ready!(Pin::new(&mut corked.stream).poll_read(cx, into));
        corked.has_read |= into.filled().len() > before;
        Poll::Ready(done)
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
        let (mut cork, socket) = new(near, Arc::clone(&buffers));
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
        let (mut cork, socket) = new(near, Buffers::new());
        let writing = tokio::spawn(async move { cork.write_all(&vec![b'x'; 3 * CORK_BYTES]).await });
        let mut read = vec![0; 2 * CORK_BYTES];
        far.read_exact(&mut read).await.expect("open");
        writing.await.expect("no panic").expect("open");
        assert!(socket.take_has_refused());
        assert!(socket.is_behind());
    }
}
