//! The two ways of a feed's bytes to its client: past h2 on a lane, or through h2 where the client's window is too small to be shared.

use std::task::Context;

use bytes::{Buf, Bytes};
use h2::SendStream;
use tokio::io::{AsyncRead, AsyncWrite};

use crate::limits::{GUESS_BYTES_MAX, SPARE_ROOM_BYTES};
use crate::server::h2::Error;
use crate::server::h2::cork::{Lanes, Put};
use crate::server::h2::direct::Lane;
use crate::server::h2::send::room;

/// What became of bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sent {
    /// So much of them is on its way.
    Some(usize),
    /// The client does not let them be sent.
    NoWindow,
    /// They must wait for the socket.
    NoSpace,
}

/// A way to the client, for one turn.
pub(super) trait Outlet {
    /// Whether the client lets something be sent now.
    fn has_window(&mut self) -> bool;

    /// Sends as much of some bytes as there is room for, and takes it off them.
    fn send(&mut self, bytes: &mut Bytes) -> Result<Sent, Error>;

    /// There is nothing more to send now.
    fn close(&mut self) {}
}

/// Past h2.
pub(super) struct Past<'a, 'l, 'c, S> {
    pub(super) lane: Lane,
    pub(super) lanes: &'a mut Lanes<'l, S>,
    pub(super) cx: &'a mut Context<'c>,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Outlet for Past<'_, '_, '_, S> {
    fn has_window(&mut self) -> bool {
        self.lanes.has_window(self.lane)
    }

    fn send(&mut self, bytes: &mut Bytes) -> Result<Sent, Error> {
        Ok(match self.lanes.put(self.cx, self.lane, bytes)? {
            Put::Some(count) => {
                bytes.advance(count);
                Sent::Some(count)
            }
            Put::NoWindow => Sent::NoWindow,
            Put::NoSpace => Sent::NoSpace,
        })
    }
}

/// Through h2. Each question to it locks its connection: room is asked for once a chunk, where the guess is right.
pub(super) struct Through<'a> {
    stream: &'a mut SendStream<Bytes>,
    /// How much the last chunk had: as much is asked room for before the next one is known.
    guess_bytes: &'a mut usize,
    /// What was given and is not used.
    room: usize,
}

impl<'a> Through<'a> {
    pub(super) fn new(stream: &'a mut SendStream<Bytes>, guess_bytes: &'a mut usize) -> Self {
        Self {
            stream,
            guess_bytes,
            room: 0,
        }
    }
}

impl Outlet for Through<'_> {
    fn has_window(&mut self) -> bool {
        if self.room == 0 {
            self.room = room(self.stream, *self.guess_bytes);
        }
        self.room > 0
    }

    fn send(&mut self, bytes: &mut Bytes) -> Result<Sent, Error> {
        *self.guess_bytes = bytes.len().clamp(1, GUESS_BYTES_MAX);
        if self.room < bytes.len() {
            self.room = room(self.stream, bytes.len());
        }
        if self.room == 0 {
            return Ok(Sent::NoWindow);
        }
        let part = bytes.split_to(self.room.min(bytes.len()));
        let count = part.len();
        self.stream.send_data(part, false)?;
        self.room -= count;
        Ok(Sent::Some(count))
    }

    /// Room that it was given and does not need is for the others of its connection.
    fn close(&mut self) {
        if self.room > SPARE_ROOM_BYTES {
            self.stream.reserve_capacity(0);
        }
    }
}
