//! The bytes of one connection: a buffer that is read into and cut into frames, and one that is written from. It knows no watches.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_rustls::client::TlsStream;

use crate::limits;
use crate::target::Socket;
use crate::watch::frames::{self, Frame, Malformed};

/// Reads between two looks at everything else, so that no connection holds up the others of its thread.
const READS_MAX: usize = 16;

/// One connection.
pub struct Wire {
    stream: TlsStream<Socket>,
    input: Box<[u8]>,
    /// What of the input is read and not yet taken.
    filled: std::ops::Range<usize>,
    /// What is to be written.
    pub out: Vec<u8>,
    written: usize,
    reads: usize,
    taken_bytes: u32,
}

impl Wire {
    /// A connection that begins now.
    pub fn new(stream: TlsStream<Socket>, stream_window_bytes: u32) -> Self {
        let mut out = Vec::new();
        frames::begin(&mut out, stream_window_bytes, limits::CONNECTION_WINDOW_BYTES);
        Self {
            stream,
            input: vec![0; limits::READ_BUFFER_BYTES].into(),
            filled: 0..0,
            out,
            written: 0,
            reads: 0,
            taken_bytes: 0,
        }
    }

    /// Writes what there is to write, as far as the socket takes it.
    pub fn write(&mut self, context: &mut Context<'_>) -> io::Result<()> {
        while self.written < self.out.len() {
            match Pin::new(&mut self.stream).poll_write(context, &self.out[self.written..])? {
                Poll::Ready(0) => return Err(io::ErrorKind::WriteZero.into()),
                Poll::Ready(count) => self.written += count,
                Poll::Pending => return Ok(()),
            }
        }
        self.out.clear();
        self.written = 0;
        // What waits in TLS is told by the next poll.
        let _ = Pin::new(&mut self.stream).poll_flush(context)?;
        Ok(())
    }

    /// Reads once: how many bytes came, 0 at the end; pending too when it is the others' turn.
    pub fn read(&mut self, context: &mut Context<'_>) -> Poll<io::Result<usize>> {
        if self.reads == READS_MAX {
            self.reads = 0;
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        if self.filled.is_empty() {
            self.filled = 0..0;
        } else if self.filled.start > 0 {
            // What is left is the beginning of one frame, mostly.
            self.input.copy_within(self.filled.clone(), 0);
            self.filled = 0..self.filled.len();
        }
        let mut buffer = ReadBuf::new(&mut self.input[self.filled.end..]);
        match Pin::new(&mut self.stream).poll_read(context, &mut buffer) {
            Poll::Pending => {
                self.reads = 0;
                Poll::Pending
            }
            Poll::Ready(outcome) => {
                let count = buffer.filled().len();
                self.filled.end += count;
                self.reads += 1;
                Poll::Ready(outcome.map(|()| count))
            }
        }
    }

    /// The next complete frame; the connection's own needs are met on the way.
    pub fn frame(&mut self) -> Result<Option<Frame<'_>>, Malformed> {
        let Some((frame, length)) = frames::first(&self.input[self.filled.clone()])? else {
            return Ok(None);
        };
        self.filled.start += length;
        match &frame {
            Frame::Settings { .. } => frames::settings_seen(&mut self.out),
            Frame::Ping(payload) => frames::pong(&mut self.out, *payload),
            Frame::Data { length, .. } => {
                self.taken_bytes += length;
                if self.taken_bytes > limits::CONNECTION_WINDOW_BYTES / 4 {
                    frames::window(&mut self.out, 0, std::mem::take(&mut self.taken_bytes));
                }
            }
            _ => {}
        }
        Ok(Some(frame))
    }
}
