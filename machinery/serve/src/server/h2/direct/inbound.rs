//! What the client grants and takes, read off its frames on their way to h2: of window updates h2 is told its part, all else passes as it is.

use super::windows::Windows;
use crate::frame::{self, HEAD_BYTES, Head, Kind, WINDOW_UPDATE_BYTES};

/// What a client sends before its first frame (RFC 9113, 3.4).
const PREFACE_BYTES: usize = 24;
/// An entry of a frame of settings, and the one for what streams begin with.
const SETTING_BYTES: usize = 6;
const INITIAL_WINDOW_SIZE: u16 = 0x4;
/// Where a head has its frame's kind.
const KIND_AT: usize = 3;

/// The place in the client's stream of frames.
#[derive(Debug)]
pub(super) struct Inbound {
    /// Of the preface, or of what follows the head of the frame that it is in.
    left: usize,
    /// Its bytes are settings.
    is_in_settings: bool,
    setting: [u8; SETTING_BYTES],
    setting_len: usize,
    /// The beginning of a frame of which too little is there.
    held: [u8; WINDOW_UPDATE_BYTES],
    held_len: usize,
}

impl Inbound {
    pub(super) fn new() -> Self {
        Self {
            left: PREFACE_BYTES,
            is_in_settings: false,
            setting: [0; SETTING_BYTES],
            setting_len: 0,
            held: [0; WINDOW_UPDATE_BYTES],
            held_len: 0,
        }
    }

    /// Looks at bytes that came, with nothing held, and changes what h2 is to see otherwise. So many of them are for h2 now; the rest is held.
    pub(super) fn pass(&mut self, bytes: &mut [u8], windows: &mut Windows) -> usize {
        let mut at = 0;
        loop {
            at += self.skip(&bytes[at..], windows);
            let rest = &mut bytes[at..];
            match wanting(rest) {
                0 => {
                    self.begin(rest, windows);
                    at += HEAD_BYTES;
                }
                _ => {
                    self.held[..rest.len()].copy_from_slice(rest);
                    self.held_len = rest.len();
                    return at;
                }
            }
        }
    }

    /// How many bytes more it must see before what it holds can go on; 0 if it holds nothing.
    pub(super) fn wanting(&self) -> usize {
        match self.held_len {
            0 => 0,
            len => wanting(&self.held[..len]),
        }
    }

    /// Takes bytes that are wanting. What h2 is to see, once it is whole.
    pub(super) fn complete(
        &mut self,
        bytes: &[u8],
        windows: &mut Windows,
    ) -> Option<([u8; WINDOW_UPDATE_BYTES], usize)> {
        self.held[self.held_len..][..bytes.len()].copy_from_slice(bytes);
        self.held_len += bytes.len();
        if self.wanting() > 0 {
            return None;
        }
        let (mut whole, len) = (self.held, std::mem::take(&mut self.held_len));
        self.begin(&mut whole[..len], windows);
        let passed = self.skip(&whole[HEAD_BYTES..len], windows);
        debug_assert_eq!(HEAD_BYTES + passed, len);
        Some((whole, len))
    }

    /// A frame begins, of which enough is there. What follows its head is left to [`Self::skip`].
    fn begin(&mut self, frame: &mut [u8], windows: &mut Windows) {
        let head = head(frame);
        self.left = head.length as usize;
        self.is_in_settings = head.kind == Kind::Settings && !head.is_ack();
        self.setting_len = 0;
        if head.kind == Kind::Shared {
            windows.share();
        }
        if is_window_update(head) {
            judge(head, &mut frame[..WINDOW_UPDATE_BYTES], windows);
        }
    }

    /// Passes what belongs to the preface or the present frame.
    fn skip(&mut self, bytes: &[u8], windows: &mut Windows) -> usize {
        let passed = self.left.min(bytes.len());
        self.left -= passed;
        if self.is_in_settings {
            self.read_settings(&bytes[..passed], windows);
        }
        passed
    }

    fn read_settings(&mut self, bytes: &[u8], windows: &mut Windows) {
        for byte in bytes {
            self.setting[self.setting_len] = *byte;
            self.setting_len += 1;
            if self.setting_len == SETTING_BYTES {
                self.setting_len = 0;
                let [a, b, value @ ..] = self.setting;
                if u16::from_be_bytes([a, b]) == INITIAL_WINDOW_SIZE {
                    windows.set_initial(u32::from_be_bytes(value));
                }
            }
        }
    }
}

/// The head of a frame of which at least that is there.
fn head(frame: &[u8]) -> Head {
    Head::read(
        frame
            .first_chunk()
            .expect("who asks has seen that the head is there"),
    )
}

/// Other lengths are the client's error, which h2 finds.
fn is_window_update(head: Head) -> bool {
    head.kind == Kind::WindowUpdate && HEAD_BYTES + head.length as usize == WINDOW_UPDATE_BYTES
}

/// How many bytes more of a frame must be there before it can be judged.
fn wanting(frame: &[u8]) -> usize {
    match frame.len().checked_sub(HEAD_BYTES) {
        None => HEAD_BYTES - frame.len(),
        Some(_) if is_window_update(head(frame)) => WINDOW_UPDATE_BYTES.saturating_sub(frame.len()),
        Some(_) => 0,
    }
}

/// Takes note of what a window update grants, and leaves in it what h2 is to know.
fn judge(head: Head, frame: &mut [u8], windows: &mut Windows) {
    let (head_bytes, granted) = frame.split_at_mut(HEAD_BYTES);
    let bytes = granted
        .iter()
        .fold(0, |value, byte| value << 8 | u32::from(*byte))
        & (u32::MAX >> 1);
    if bytes == 0 {
        // The client's error, which h2 finds.
        return;
    }
    let for_h2 = match head.stream {
        0 => windows.grant(bytes),
        id => windows.grant_stream(id, bytes),
    };
    match for_h2 {
        0 => head_bytes[KIND_AT] = frame::IGNORED,
        bytes => granted.copy_from_slice(&bytes.to_be_bytes()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn update(stream: u32, bytes: u32) -> Vec<u8> {
        let mut frame = vec![0, 0, 4, 8, 0];
        frame.extend(stream.to_be_bytes());
        frame.extend(bytes.to_be_bytes());
        frame
    }

    fn frame(kind: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
        let mut frame = (payload.len() as u32).to_be_bytes()[1..].to_vec();
        frame.extend([kind, 0]);
        frame.extend(stream.to_be_bytes());
        frame.extend(payload);
        frame
    }

    /// What h2 sees of a client's bytes that come in parts of these lengths.
    fn seen(bytes: &[u8], lengths: impl IntoIterator<Item = usize>, windows: &mut Windows) -> Vec<u8> {
        let (mut inbound, mut seen, mut rest) = (Inbound::new(), Vec::new(), bytes);
        for length in lengths {
            let length = length.max(1).min(rest.len());
            let length = match inbound.wanting() {
                0 => length,
                wanting => length.min(wanting),
            };
            let mut part = rest[..length].to_vec();
            rest = &rest[length..];
            if part.is_empty() {
                break;
            }
            if inbound.wanting() > 0 {
                if let Some((whole, len)) = inbound.complete(&part, windows) {
                    seen.extend(&whole[..len]);
                }
                continue;
            }
            let passed = inbound.pass(&mut part, windows);
            seen.extend(&part[..passed]);
        }
        assert!(rest.is_empty());
        seen
    }

    #[test]
    fn h2_sees_its_part_of_what_is_granted_and_all_else_as_it_came() {
        let raise = (1 << 20) - 65_535;
        let mut sent = vec![b'p'; PREFACE_BYTES];
        sent.extend(frame(4, 0, &[0, 3, 0, 0, 0, 9, 0, 4, 0, 0, 1, 0]));
        sent.extend(update(0, raise));
        sent.extend(frame(1, 1, b"headers"));
        let mut windows = Windows::new(4);
        let passed = seen(&sent, [usize::MAX], &mut windows);
        let mut wanted = vec![b'p'; PREFACE_BYTES];
        wanted.extend(frame(4, 0, &[0, 3, 0, 0, 0, 9, 0, 4, 0, 0, 1, 0]));
        wanted.extend(update(0, (1 << 19) - 65_535));
        wanted.extend(frame(1, 1, b"headers"));
        assert_eq!(passed, wanted);
        let lane = windows.open(1).expect("there is room");
        windows.begin(1);
        assert_eq!(windows.room(lane), 256);
    }

    #[test]
    fn what_is_granted_to_a_lane_is_ignored_by_h2() {
        let mut windows = Windows::new(4);
        windows.grant(1 << 20);
        let lane = windows.open(5).expect("there is room");
        windows.begin(5);
        let mut sent = vec![b'p'; PREFACE_BYTES];
        sent.extend(update(5, 3));
        let passed = seen(&sent, [usize::MAX], &mut windows);
        assert_eq!(passed[PREFACE_BYTES + KIND_AT], frame::IGNORED);
        assert_eq!(windows.room(lane), 65_538);
    }

    proptest! {
        /// How the bytes are cut changes nothing.
        #[test]
        fn parts_of_any_length_are_seen_alike(
            frames in proptest::collection::vec((0..3u8, 0..40usize, 1..5u32), 0..30),
            lengths in proptest::collection::vec(1..30usize, 400),
        ) {
            let mut sent = vec![b'p'; PREFACE_BYTES];
            for (what, length, stream) in frames {
                sent.extend(match what {
                    0 => update(stream - 1, length as u32),
                    1 => frame(0, stream, &vec![8; length]),
                    _ => frame(4, 0, &[0, 4, 0, 0, 1, 1].repeat(length % 4)),
                });
            }
            let whole = |lengths: Vec<usize>| {
                let mut windows = Windows::new(4);
                windows.grant(1 << 20);
                windows.open(3);
                let passed = seen(&sent, lengths, &mut windows);
                (passed, format!("{windows:?}"))
            };
            let lengths = lengths.into_iter().cycle().take(20_000).collect();
            prop_assert_eq!(whole(vec![usize::MAX, usize::MAX]), whole(lengths));
        }
    }
}
