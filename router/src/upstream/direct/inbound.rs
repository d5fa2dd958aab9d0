//! A member's stream of frames, cut in two: the data of lanes, and all else, which h2 reads. It knows no sockets; frames may be cut anywhere.

use std::sync::Arc;

use bytes::Bytes;
use serve::frame::{self, HEAD_BYTES, Head, Kind, PAYLOAD_BYTES_MAX, Shared};
use tokio::io::ReadBuf;

use super::lane::Lane;
use super::lanes::Table;
use crate::limits::{CONNECTION_UNRELEASED_BYTES_MAX, STREAM_WINDOW_BYTES};

/// The place in a member's stream of frames.
pub(super) struct Inbound {
    head: [u8; HEAD_BYTES],
    place: Place,
    /// Of a frame of shared data, what is there.
    content: Vec<u8>,
    /// What went into lanes and the member was not let send again yet on the connection.
    unreleased: usize,
}

enum Place {
    /// In a head, of which so much is there.
    Head(usize),
    /// In a frame that is h2's: it has so much of the head, and so much of the content is still to come.
    Passed { of_head: usize, left: usize },
    /// In a frame of a lane, of which so much is still to come.
    Diverted { lane: Arc<Lane>, left: usize },
    /// In a frame of shared data, of which so much is still to come.
    Gathered { left: usize },
    /// Behind it: its data, which is here once for all, goes to one of its streams after the other, next to this one.
    Shared { data: Bytes, at: usize },
    /// The same, where that stream's data is h2's, which has so much of a frame.
    SharedPassed { data: Bytes, at: usize, of_frame: usize },
}

/// A member sends what it may not.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub(super) enum Violation {
    /// More than a stream may have.
    #[error("stream {0} has more than the {STREAM_WINDOW_BYTES} bytes that it may have")]
    Overrun(u32),
    /// Shared data that is cut short or too long.
    #[error("shared data is not as it should be")]
    Shared,
}

impl Inbound {
    pub(super) fn new() -> Self {
        Self {
            head: [0; HEAD_BYTES],
            place: Place::Head(0),
            content: Vec::new(),
            unreleased: 0,
        }
    }

    /// Whether no frame is begun: the stream may end here.
    pub(super) fn is_between_frames(&self) -> bool {
        matches!(self.place, Place::Head(0))
    }

    /// Cuts bytes that came, as far as h2 has room for its part. So many of them are done with.
    pub(super) fn pass(
        &mut self,
        bytes: &[u8],
        for_h2: &mut ReadBuf<'_>,
        table: &mut Table,
    ) -> Result<usize, Violation> {
        let mut rest = bytes;
        loop {
            match &mut self.place {
                Place::Head(len) => {
                    let part = take(&mut rest, HEAD_BYTES - *len);
                    self.head[*len..][..part.len()].copy_from_slice(part);
                    *len += part.len();
                    if *len < HEAD_BYTES {
                        break;
                    }
                    self.place = self.begin(table)?;
                }
                Place::Passed { of_head, left } => {
                    *of_head += put(&mut &self.head[*of_head..], HEAD_BYTES, for_h2);
                    if *of_head < HEAD_BYTES {
                        break;
                    }
                    *left -= put(&mut rest, *left, for_h2);
                    if *left > 0 {
                        break;
                    }
                    self.place = Place::Head(0);
                }
                Place::Diverted { lane, left } => {
                    let part = take(&mut rest, *left);
                    lane.put(part);
                    *left -= part.len();
                    if *left > 0 {
                        break;
                    }
                    self.place = Place::Head(0);
                }
                Place::Gathered { left } => {
                    let part = take(&mut rest, *left);
                    self.content.extend_from_slice(part);
                    *left -= part.len();
                    if *left > 0 {
                        break;
                    }
                    let shared = Shared::read(&self.content).ok_or(Violation::Shared)?;
                    let data = Bytes::copy_from_slice(shared.data);
                    self.place = Place::Shared { data, at: 0 };
                }
                Place::Shared { data, at } => {
                    let (data, at) = (std::mem::take(data), *at);
                    self.place = self.share(data, at, table)?;
                }
                Place::SharedPassed { data, at, of_frame } => {
                    let stream = shared_stream(&self.content, *at).ok_or(Violation::Shared)?;
                    *of_frame += put_frame(stream, data, *of_frame, for_h2);
                    if *of_frame < HEAD_BYTES + data.len() {
                        break;
                    }
                    let (data, at) = (std::mem::take(data), *at + 1);
                    self.place = Place::Shared { data, at };
                }
            }
        }
        Ok(bytes.len() - rest.len())
    }

    /// Gives shared data to its streams from one on, up to the first whose data is h2's.
    fn share(&mut self, data: Bytes, mut at: usize, table: &mut Table) -> Result<Place, Violation> {
        while let Some(stream) = shared_stream(&self.content, at) {
            let Some(lane) = table.data(stream, data.len()).cloned() else {
                return Ok(Place::SharedPassed {
                    data,
                    at,
                    of_frame: 0,
                });
            };
            if !lane.put_shared(&data) {
                return Err(Violation::Overrun(stream));
            }
            count(&mut self.unreleased, data.len(), table);
            at += 1;
        }
        self.content.clear();
        Ok(Place::Head(0))
    }

    /// A frame begins, whose head is there.
    fn begin(&mut self, table: &mut Table) -> Result<Place, Violation> {
        let Head {
            length, kind, stream, ..
        } = Head::read(&self.head);
        let left = length as usize;
        let passed = Place::Passed { of_head: 0, left };
        if kind == Kind::Shared {
            return match left <= PAYLOAD_BYTES_MAX {
                true => Ok(Place::Gathered { left }),
                false => Err(Violation::Shared),
            };
        }
        // What is too long is the member's error, which h2 finds.
        if !Head::read(&self.head).is_plain_data() || left > PAYLOAD_BYTES_MAX {
            // An answer's first headers end nothing: there is no lane yet.
            let ends_lane = match kind {
                Kind::Headers => table.is_diverted(stream),
                Kind::Data | Kind::Reset => true,
                _ => false,
            };
            if ends_lane {
                table.remove(stream);
            }
            return Ok(passed);
        }
        let Some(lane) = table.data(stream, left).cloned() else {
            return Ok(passed);
        };
        if !lane.begin(left) {
            return Err(Violation::Overrun(stream));
        }
        count(&mut self.unreleased, left, table);
        Ok(Place::Diverted { lane, left })
    }
}

/// Counts what went into a lane; now and then the member is let send as much again on the connection.
fn count(unreleased: &mut usize, length: usize, table: &mut Table) {
    *unreleased += length;
    if *unreleased >= CONNECTION_UNRELEASED_BYTES_MAX {
        table.grant(0, std::mem::take(unreleased));
    }
}

/// One of the streams of a frame of shared data.
fn shared_stream(content: &[u8], at: usize) -> Option<u32> {
    Shared::read(content)?.stream(at)
}

/// Puts what h2 has not yet of a frame of data, which is so much, as far as there is room; how much that is.
fn put_frame(stream: u32, data: &[u8], before: usize, into: &mut ReadBuf<'_>) -> usize {
    let head = frame::data_head(stream, data.len());
    let mut count = put(&mut head.get(before..).unwrap_or_default(), HEAD_BYTES, into);
    if let Some(at) = (before + count).checked_sub(HEAD_BYTES) {
        count += put(&mut &data[at..], data.len(), into);
    }
    count
}

/// Takes up to so many bytes off.
fn take<'a>(bytes: &mut &'a [u8], count_max: usize) -> &'a [u8] {
    let (part, rest) = bytes.split_at(count_max.min(bytes.len()));
    *bytes = rest;
    part
}

/// Puts up to so many bytes where h2 reads, as far as there is room; how many.
fn put(bytes: &mut &[u8], count_max: usize, into: &mut ReadBuf<'_>) -> usize {
    let part = take(bytes, count_max.min(into.remaining()));
    into.put_slice(part);
    part.len()
}

#[cfg(test)]
mod tests {
    use super::super::lanes::tests::opened;
    use super::super::{Lanes, Opened};
    use super::*;
    use crate::limits::STREAM_WINDOW_BYTES;
    use proptest::prelude::*;

    const DATA: u8 = 0;
    const HEADERS: u8 = 1;
    const RESET: u8 = 3;
    const SETTINGS: u8 = 4;
    const END_STREAM: u8 = 1;
    const PADDED: u8 = 8;

    fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
        let mut frame = (payload.len() as u32).to_be_bytes()[1..].to_vec();
        frame.extend([kind, flags]);
        frame.extend(stream.to_be_bytes());
        frame.extend(payload);
        frame
    }

    /// Lanes of streams 1 and 3 of a connection.
    fn lanes() -> (Arc<Lanes>, [Opened; 2], [Arc<Lane>; 2]) {
        let lanes = Arc::new(Lanes::default());
        let opened = [1, 3].map(|stream| opened(&lanes, stream));
        let diverted = [0, 1].map(|at: usize| opened[at].divert().expect("open").0);
        (lanes, opened, diverted)
    }

    /// What h2 gets of bytes that come in parts, and reads in parts.
    fn seen(bytes: &[u8], lanes: &Lanes, parts: &[usize], rooms: &[usize]) -> Result<Vec<u8>, Violation> {
        let (mut inbound, mut seen, mut rest) = (Inbound::new(), Vec::new(), bytes);
        let mut parts = parts.iter().copied().cycle();
        let mut rooms = rooms.iter().copied().cycle();
        loop {
            let mut part = take(&mut rest, parts.next().expect("it cycles"));
            let is_end = part.is_empty();
            loop {
                let mut room = vec![0; rooms.next().expect("it cycles")];
                let mut for_h2 = ReadBuf::new(&mut room);
                let passed = inbound.pass(part, &mut for_h2, &mut lanes.lock())?;
                seen.extend(for_h2.filled());
                part = &part[passed..];
                if part.is_empty() && for_h2.filled().is_empty() {
                    break;
                }
            }
            if is_end {
                assert!(inbound.is_between_frames());
                return Ok(seen);
            }
        }
    }

    fn taken(lane: &Lane) -> Vec<u8> {
        lane.take().map(Vec::from).unwrap_or_default()
    }

    /// After the first of these the lane is h2's, with all that follows.
    #[test]
    fn what_is_not_data_alone_ends_a_lane() {
        let ends = [
            frame(DATA, END_STREAM, 1, b"end"),
            frame(DATA, PADDED, 1, b"\x01 "),
            frame(HEADERS, 5, 1, b"trailers"),
            frame(RESET, 0, 1, &[0, 0, 0, 8]),
        ];
        for end in ends {
            let (lanes, _opened, [lane, other]) = lanes();
            let late = frame(DATA, 0, 1, b"late");
            let bytes = [
                frame(DATA, 0, 1, b"one"),
                frame(SETTINGS, 1, 0, b""),
                end.clone(),
                late.clone(),
                frame(DATA, 0, 3, b"two"),
            ];
            let seen = seen(&bytes.concat(), &lanes, &[7], &[100]);
            let wanted = [frame(SETTINGS, 1, 0, b""), end, late].concat();
            assert_eq!(seen, Ok(wanted));
            assert_eq!((taken(&lane), taken(&other)), (b"one".to_vec(), b"two".to_vec()));
        }
    }

    #[test]
    fn a_member_that_does_not_wait_for_its_client_is_cut_off() {
        let (lanes, [opened, _], [lane, _]) = lanes();
        let window = frame(DATA, 0, 1, &[7; PAYLOAD_BYTES_MAX])
            .repeat(STREAM_WINDOW_BYTES as usize / PAYLOAD_BYTES_MAX);
        assert_eq!(seen(&window, &lanes, &[4_000], &[100]), Ok(Vec::new()));
        opened.release(1);
        let one = frame(DATA, 0, 1, b"7");
        assert_eq!(seen(&one, &lanes, &[4_000], &[100]), Ok(Vec::new()));
        assert_eq!(seen(&one, &lanes, &[4_000], &[100]), Err(Violation::Overrun(1)));
        assert_eq!(taken(&lane).len(), STREAM_WINDOW_BYTES as usize + 1);
    }

    #[test]
    fn shared_data_is_checked_as_any_other() {
        let (lanes, _opened, [lane, other]) = lanes();
        let shared = |streams: &[u32], length| {
            let mut bytes = Vec::new();
            serve::frame::put_shared(streams.iter().copied(), &vec![7; length], 1 << 20, &mut bytes);
            bytes
        };
        let parts = STREAM_WINDOW_BYTES as usize / 8_192;
        let window = shared(&[1, 3], 8_192).repeat(parts);
        assert_eq!(seen(&window, &lanes, &[5_000], &[100]), Ok(Vec::new()));
        assert_eq!(taken(&lane).len(), parts * 8_192);
        let more = shared(&[3], STREAM_WINDOW_BYTES as usize - parts * 8_192 + 1);
        assert_eq!(seen(&more, &lanes, &[5_000], &[100]), Err(Violation::Overrun(3)));
        assert_eq!(taken(&other).len(), parts * 8_192);
        // For more streams than there are numbers, without data, and longer than a frame may be.
        let mut cut = shared(&[1, 3], 3);
        cut[HEAD_BYTES] = 1;
        let none = [&[0, 0, 2, 0xf5, 0, 0, 0, 0, 0][..], &[0, 0]].concat();
        let long = vec![0, 0x40, 1, 0xf5, 0, 0, 0, 0, 0];
        for bytes in [cut, none, long] {
            assert_eq!(seen(&bytes, &lanes, &[7], &[100]), Err(Violation::Shared));
        }
    }

    proptest! {
        /// Frames may be cut anywhere, and h2 may read in any steps: each side gets its own, whole and in order.
        #[test]
        fn frames_are_parted_however_they_are_cut(
            frames in proptest::collection::vec((0..8u8, 0..40usize, 0..3u32), 0..40),
            parts in proptest::collection::vec(1..60usize, 1..20),
            rooms in proptest::collection::vec(1..60usize, 1..20),
        ) {
            let (lanes, _opened, diverted) = lanes();
            let (mut bytes, mut for_h2, mut in_lanes) = (Vec::new(), Vec::new(), [Vec::new(), Vec::new()]);
            let mut is_open = [true; 2];
            for (at, (what, length, stream)) in frames.into_iter().enumerate() {
                let lane = stream as usize;
                let content = vec![at as u8; length];
                if what >= 6 {
                    let content = vec![at as u8; length + 1];
                    serve::frame::put_shared([1, 5, 3].into_iter(), &content, 1 << 20, &mut bytes);
                    for lane in [0, 2, 1] {
                        match is_open.get(lane) {
                            Some(true) => in_lanes[lane].extend(&content),
                            _ => for_h2.extend(frame(DATA, 0, 2 * lane as u32 + 1, &content)),
                        }
                    }
                    continue;
                }
                let (kind, flags) = match what {
                    0..=2 => (DATA, 0),
                    3 => (DATA, END_STREAM),
                    4 => (SETTINGS, 0),
                    _ => (RESET, 0),
                };
                let frame = frame(kind, flags, 2 * stream + 1, &content);
                bytes.extend(&frame);
                match is_open.get_mut(lane) {
                    Some(true) if what <= 2 => in_lanes[lane].extend(content),
                    Some(is_open) if kind != SETTINGS => {
                        *is_open = false;
                        for_h2.extend(frame);
                    }
                    _ => for_h2.extend(frame),
                }
            }
            prop_assert_eq!(seen(&bytes, &lanes, &parts, &rooms), Ok(for_h2));
            prop_assert_eq!([0, 1].map(|lane: usize| taken(&diverted[lane])), in_lanes);
        }
    }
}
