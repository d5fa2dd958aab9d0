//! The bytes of one connection: what the socket has is read at once and decrypted, and what is to be said is encrypted and written. It
//! knows no frames and no watches.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use crate::tls::{Broken, Tls};

/// Reads between two looks at everything else, so that no connection holds up the others of its thread.
const READS_MAX: usize = 4;
/// What is read at once while hands are shaken.
const HANDSHAKE_READ_BYTES: usize = 16 * 1024;

/// One connection.
pub struct Wire {
    socket: TcpStream,
    tls: Tls,
    /// The beginning of a record whose rest is to come.
    cut: Vec<u8>,
    /// What is to be written, and how much of it was.
    sealed: Vec<u8>,
    written: usize,
    reads: usize,
}

impl Wire {
    /// A connection on which nothing was said yet.
    pub fn new(socket: TcpStream, tls: Tls) -> Self {
        Self {
            socket,
            tls,
            cut: Vec::new(),
            sealed: Vec::new(),
            written: 0,
            reads: 0,
        }
    }

    /// Does the handshake of TLS; gives what the server said already beside.
    pub async fn shake_hands(mut self) -> Result<(Self, Vec<u8>), Broken> {
        let (mut early, mut input) = (Vec::new(), Vec::new());
        loop {
            self.open(&mut input, |text| {
                early.extend_from_slice(text);
                Ok(())
            })?;
            poll_fn(|context| self.flush(context)).await?;
            if self.tls.is_ready() {
                self.tls = self.tls.settle(&self.cut)?;
                return Ok((self, early));
            }
            input.resize(self.cut.len() + HANDSHAKE_READ_BYTES, 0);
            let filled = poll_fn(|context| self.fill(context, &mut input)).await?;
            if filled == 0 {
                return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
            }
            input.truncate(filled);
        }
    }

    /// The protocol that both sides agreed on.
    pub fn protocol(&self) -> Option<&[u8]> {
        self.tls.protocol()
    }

    /// Reads once, behind what was left the last time: how much there is now to be opened, nothing at the end; pending too when it is
    /// the others' turn.
    pub fn fill(&mut self, context: &mut Context<'_>, input: &mut [u8]) -> Poll<io::Result<usize>> {
        if self.reads == READS_MAX {
            self.reads = 0;
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        if self.tls.is_closed() {
            return Poll::Ready(Ok(0));
        }
        let left = self.cut.len();
        let mut buffer = ReadBuf::new(&mut input[left..]);
        let outcome = Pin::new(&mut self.socket).poll_read(context, &mut buffer);
        if outcome.is_pending() {
            self.reads = 0;
        }
        ready!(outcome)?;
        self.reads += 1;
        let count = buffer.filled().len();
        if count == 0 {
            return Poll::Ready(Ok(0));
        }
        input[..left].copy_from_slice(&self.cut);
        self.cut.clear();
        Poll::Ready(Ok(left + count))
    }

    /// Hands the text of what was read to `each`.
    pub fn open(
        &mut self,
        input: &mut [u8],
        each: impl FnMut(&[u8]) -> Result<(), Broken>,
    ) -> Result<(), Broken> {
        let taken = self.tls.open(input, &mut self.sealed, each)?;
        self.cut.extend_from_slice(&input[taken..]);
        Ok(())
    }

    /// Writes a text, as far as the socket takes it; the rest of it is written by the next call.
    pub fn write(&mut self, context: &mut Context<'_>, text: &mut Vec<u8>) -> Result<(), Broken> {
        if !text.is_empty() {
            self.tls.seal(&mut self.cut, text, &mut self.sealed)?;
        }
        match self.flush(context) {
            Poll::Ready(outcome) => Ok(outcome?),
            Poll::Pending => Ok(()),
        }
    }

    fn flush(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        while self.written < self.sealed.len() {
            let rest = &self.sealed[self.written..];
            match ready!(Pin::new(&mut self.socket).poll_write(context, rest))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                count => self.written += count,
            }
        }
        self.sealed.clear();
        self.written = 0;
        Poll::Ready(Ok(()))
    }
}
