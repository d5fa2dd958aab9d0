//! Frames of data that are written past h2, for the feeds of a connection: h2 takes thousands of instructions for a frame, and here it
//! is a head and a copy. h2 keeps all else: the heads of answers, their ends, resets, settings, and the frames of ordinary bodies.
//!
//! How both share a connection: h2's bytes and ours go into one buffer, ours only where h2 is between two frames ([`outbound`]); and
//! of what the client grants ([`inbound`]), each has its part ([`windows`]), so that together they never send more than they may.

mod inbound;
mod outbound;
mod windows;

use crate::frame::{self, HEAD_BYTES, PAYLOAD_BYTES_MAX, WINDOW_UPDATE_BYTES};
use inbound::Inbound;
use outbound::Outbound;
use windows::Windows;

pub(super) use windows::Lane;
#[cfg(test)]
pub(super) use windows::test_lane;

/// The most bytes that are wanting at a time.
pub(super) const PIECE_BYTES_MAX: usize = WINDOW_UPDATE_BYTES;

/// What is known of a connection's frames in both directions.
#[derive(Debug)]
pub(super) struct Direct {
    inbound: Inbound,
    outbound: Outbound,
    windows: Windows,
    /// What h2 has not read yet of what came in pieces.
    whole: ([u8; WINDOW_UPDATE_BYTES], usize),
    read: usize,
}

impl Direct {
    /// Of a connection that just began, with so many streams at most.
    pub(super) fn new(streams_max: u32) -> Self {
        Self {
            inbound: Inbound::new(),
            outbound: Outbound::default(),
            windows: Windows::new(streams_max),
            whole: ([0; WINDOW_UPDATE_BYTES], 0),
            read: 0,
        }
    }

    /// A lane for a stream whose head is not sent yet; `None` if its frames must go through h2.
    pub(super) fn open(&mut self, stream: u32) -> Option<Lane> {
        self.windows.open(stream)
    }

    /// Its stream has ended.
    pub(super) fn close(&mut self, lane: Lane) {
        self.windows.close(lane);
    }

    /// Whether some lane may have got more room since the last call.
    pub(super) fn take_has_opened(&mut self) -> bool {
        self.windows.take_has_opened()
    }

    /// Whether a frame may be put where h2 stands now.
    pub(super) fn is_between_frames(&self) -> bool {
        self.outbound.is_between_frames()
    }

    /// How many bytes the client lets a lane send now.
    pub(super) fn room(&self, lane: Lane) -> usize {
        self.windows.room(lane)
    }

    /// Puts a frame into a buffer, with as much of the bytes as one frame, the buffer and the window take; how much that is.
    pub(super) fn put(
        &mut self,
        lane: Lane,
        bytes: &[u8],
        buffer: &mut Vec<u8>,
        buffer_bytes_max: usize,
    ) -> usize {
        let space = buffer_bytes_max.saturating_sub(buffer.len() + HEAD_BYTES);
        let length = bytes.len().min(space).min(PAYLOAD_BYTES_MAX).min(self.room(lane));
        if length > 0 {
            buffer.extend_from_slice(&frame::data_head(self.windows.id(lane), length));
            buffer.extend_from_slice(&bytes[..length]);
            self.windows.spend(lane, length);
        }
        length
    }

    /// Puts one frame into a buffer for as many of the first lanes as have room for all of the bytes, if the client takes such frames; how many
    /// lanes those are.
    pub(super) fn put_shared(
        &mut self,
        lanes: impl Iterator<Item = Lane>,
        bytes: &[u8],
        buffer: &mut Vec<u8>,
        buffer_bytes_max: usize,
    ) -> usize {
        if !self.windows.takes_shared() {
            return 0;
        }
        let windows = &mut self.windows;
        let streams = lanes.map_while(|lane| {
            let has_room = windows.room(lane) >= bytes.len();
            has_room.then(|| {
                windows.spend(lane, bytes.len());
                windows.id(lane)
            })
        });
        let frame_bytes_max = buffer_bytes_max.saturating_sub(buffer.len());
        frame::put_shared(streams, bytes, frame_bytes_max, buffer)
    }

    /// h2 writes these bytes.
    pub(super) fn pass_outbound(&mut self, bytes: &[u8]) {
        self.outbound.pass(bytes, &mut self.windows);
    }

    /// The client sent these bytes, with nothing held from before. So many of them are for h2 now.
    pub(super) fn pass_inbound(&mut self, bytes: &mut [u8]) -> usize {
        self.inbound.pass(bytes, &mut self.windows)
    }

    /// How many bytes must be read by themselves before others, since those before them are held.
    pub(super) fn wanting(&self) -> usize {
        self.inbound.wanting()
    }

    /// Takes bytes that were wanting.
    pub(super) fn complete(&mut self, bytes: &[u8]) {
        if let Some(whole) = self.inbound.complete(bytes, &mut self.windows) {
            self.whole = whole;
            self.read = 0;
        }
    }

    /// What h2 is to read next, before anything else.
    pub(super) fn unread(&self) -> &[u8] {
        &self.whole.0[self.read..self.whole.1]
    }

    /// h2 has read so much of it.
    pub(super) fn consume(&mut self, count: usize) {
        self.read += count;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lanes_share_a_frame_where_the_client_takes_it_and_all_have_room() {
        let mut direct = Direct::new(4);
        direct.windows.grant(1 << 20);
        let lanes = [1, 3, 5].map(|stream| direct.open(stream).expect("there is room"));
        for stream in [1, 3, 5] {
            direct.pass_outbound(&[0, 0, 0, 1, 4, 0, 0, 0, stream]);
        }
        let (bytes, mut buffer) = ([b'x'; 1_000], Vec::new());
        assert_eq!(
            direct.put_shared(lanes.into_iter(), &bytes, &mut buffer, 1 << 16),
            0
        );
        let mut said = [&[0; 24], &frame::TAKES_SHARED[..]].concat();
        assert_eq!(direct.pass_inbound(&mut said), said.len());
        let room = direct.room(lanes[0]);
        assert_eq!(
            direct.put_shared(lanes.into_iter(), &bytes, &mut buffer, 1 << 16),
            3
        );
        assert!(lanes.iter().all(|lane| direct.room(*lane) == room - 1_000));
        // The second has too little: the third is left to the next frame.
        let mut rest = Vec::new();
        while direct.room(lanes[1]) >= 1_000 {
            direct.put(lanes[1], &bytes, &mut rest, 1 << 20);
        }
        buffer.clear();
        assert_eq!(
            direct.put_shared(lanes.into_iter(), &bytes, &mut buffer, 1 << 16),
            1
        );
        let shared = frame::Shared::read(&buffer[HEAD_BYTES..]).expect("a frame of shared data");
        assert_eq!([0, 1].map(|at| shared.stream(at)), [Some(1), None]);
        let shared = direct.put_shared(lanes.into_iter(), &bytes, &mut rest.clone(), rest.len() + 900);
        assert_eq!(shared, 0);
    }

    #[test]
    fn a_frame_has_what_the_window_and_the_buffer_take() {
        let mut direct = Direct::new(4);
        direct.windows.grant(1 << 20);
        direct.windows.set_initial(20_000);
        let lane = direct.open(1).expect("there is room");
        let (bytes, mut buffer) = ([b'x'; 30_000], Vec::new());
        assert_eq!(direct.put(lane, &bytes, &mut buffer, 1 << 16), 0);
        direct.pass_outbound(&[0, 0, 0, 1, 4, 0, 0, 0, 1]);
        assert!(direct.take_has_opened());
        assert_eq!(direct.put(lane, &bytes, &mut buffer, 1 << 16), PAYLOAD_BYTES_MAX);
        assert_eq!(buffer.len(), HEAD_BYTES + PAYLOAD_BYTES_MAX);
        let full = buffer.len() + HEAD_BYTES;
        assert_eq!(direct.put(lane, &bytes, &mut buffer, full), 0);
        let left = 20_000 - PAYLOAD_BYTES_MAX;
        assert_eq!(direct.put(lane, &bytes, &mut buffer, 1 << 16), left);
        assert_eq!(direct.put(lane, &bytes, &mut buffer, 1 << 16), 0);
        assert_eq!(buffer[..HEAD_BYTES], [0, 0x40, 0, 0, 0, 0, 0, 0, 1]);
    }
}
