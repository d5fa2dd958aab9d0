//! One connection from its opening to its end: bytes are read and written, and its watches act on them.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::{Sleep, sleep, timeout};

use super::streams::Streams;
use super::wire::Wire;
use crate::tls::Broken;
use crate::watch::Watch;
use crate::watch::desk::Scratch;
use crate::watch::reading::Shared;
use crate::watch::stream::micros_since;
use crate::{Error, limits};

/// One connection and its watches.
pub struct Session<'a> {
    wire: Wire,
    /// What the server said before its part of the handshake was read to the end.
    early: Vec<u8>,
    streams: Streams<'a>,
    timer: Pin<Box<Sleep>>,
}

impl<'a> Session<'a> {
    /// Connects. The watches are opened by [`Self::poll`].
    pub async fn open(shared: &'a Shared, watches: &'a mut [Watch], first: u32) -> Result<Self, Error> {
        let _permit = shared.connecting.acquire().await;
        let connected = timeout(limits::CONNECT_TIMEOUT, connect(shared)).await;
        let (wire, early) = connected.unwrap_or_else(|_| Err(shared.target.failed("timed out")))?;
        Ok(Self {
            wire,
            early,
            streams: Streams::new(shared, watches, first),
            timer: Box::pin(sleep(Duration::ZERO)),
        })
    }

    /// Ready when the connection is gone or all watches are over.
    pub fn poll(&mut self, context: &mut Context<'_>, scratch: &mut Scratch) -> Poll<()> {
        loop {
            match self.turn(context, scratch) {
                Ok(true) => {}
                Ok(false) => break,
                Err(_) => return Poll::Ready(()),
            }
        }
        if self.streams.are_over() {
            return Poll::Ready(());
        }
        if let Some(next) = self.streams.due() {
            self.timer.as_mut().reset(next);
            if self.timer.as_mut().poll(context).is_ready() {
                context.waker().wake_by_ref();
            }
        }
        Poll::Pending
    }

    /// Does what is due, writes, and reads once; tells whether anything was read.
    fn turn(&mut self, context: &mut Context<'_>, scratch: &mut Scratch) -> Result<bool, Broken> {
        let begin = self.streams.shared.begin;
        if !self.early.is_empty() {
            let early = std::mem::take(&mut self.early);
            self.streams.take(&early, micros_since(begin), scratch)?;
        }
        self.streams.act();
        self.wire.write(context, &mut self.streams.out)?;
        let mut input = std::mem::take(&mut scratch.input);
        let filled = self.wire.fill(context, &mut input);
        let outcome = match filled {
            Poll::Ready(Ok(0)) => Err(Broken::Text("the connection ended")),
            Poll::Ready(Ok(filled)) => {
                let at_us = micros_since(begin);
                let streams = &mut self.streams;
                let each = |text: &[u8]| Ok(streams.take(text, at_us, scratch)?);
                self.wire.open(&mut input[..filled], each).map(|()| true)
            }
            Poll::Ready(Err(error)) => Err(error.into()),
            Poll::Pending => Ok(false),
        };
        scratch.input = input;
        outcome
    }

    /// The connection is gone; by the client's wish, where it `asked`.
    pub fn close(self, asked: bool) {
        self.streams.close(asked);
    }
}

async fn connect(shared: &Shared) -> Result<(Wire, Vec<u8>), Error> {
    let target = &shared.target;
    let (socket, tls) = target.dial_http2().await?;
    let shaken = Wire::new(socket, tls).shake_hands().await;
    let (wire, early) = shaken.map_err(|error| target.failed(error))?;
    target.check_http2(wire.protocol())?;
    Ok((wire, early))
}
