//! Where h2 stands in what it writes: between two frames, others may be put. It reads the heads of frames and changes nothing.

use serve::frame::{HEAD_BYTES, Head, Kind};

/// What a client sends before its first frame (RFC 9113, 3.4).
const PREFACE_BYTES: usize = 24;

/// The place in h2's stream of frames.
pub(super) struct Outbound {
    /// Of the preface, or of the frame that it is in.
    left: usize,
    /// The first bytes of a head.
    head: [u8; HEAD_BYTES],
    head_len: usize,
    /// A block of headers goes on in the next frame, and nothing may come between (RFC 9113, 4.3).
    is_in_block: bool,
    /// Settings come first (RFC 9113, 3.4).
    has_begun: bool,
}

impl Outbound {
    pub(super) fn new() -> Self {
        Self {
            left: PREFACE_BYTES,
            head: [0; HEAD_BYTES],
            head_len: 0,
            is_in_block: false,
            has_begun: false,
        }
    }

    /// Whether a frame may follow here.
    pub(super) fn is_between_frames(&self) -> bool {
        self.has_begun && self.left == 0 && self.head_len == 0 && !self.is_in_block
    }

    /// h2 writes these bytes.
    pub(super) fn pass(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let skipped = self.left.min(bytes.len());
            self.left -= skipped;
            bytes = &bytes[skipped..];
            let taken = (HEAD_BYTES - self.head_len).min(bytes.len());
            self.head[self.head_len..][..taken].copy_from_slice(&bytes[..taken]);
            self.head_len += taken;
            bytes = &bytes[taken..];
            if self.head_len == HEAD_BYTES {
                self.head_len = 0;
                self.begin(Head::read(&self.head));
            }
        }
    }

    fn begin(&mut self, head: Head) {
        self.has_begun = true;
        self.left = head.length as usize;
        if matches!(head.kind, Kind::Headers | Kind::Continuation) {
            self.is_in_block = !head.ends_headers();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_between_frames_after_settings_and_each_frame_but_not_within_a_block() {
        let frames: [(&[u8], bool); 5] = [
            (&[b'p'; PREFACE_BYTES], false),
            // Settings, headers that go on, their end, data.
            (&[0, 0, 6, 4, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6], true),
            (&[0, 0, 2, 1, 0, 0, 0, 0, 1, 7, 7], false),
            (&[0, 0, 1, 9, 4, 0, 0, 0, 1, 7], true),
            (&[0, 0, 3, 0, 1, 0, 0, 0, 1, 9, 9, 9], true),
        ];
        // Whole, and byte by byte.
        for step in [1, 5, 100] {
            let mut outbound = Outbound::new();
            for (bytes, is_between) in frames {
                let (last, before) = bytes.split_last().expect("not empty");
                for part in before.chunks(step) {
                    outbound.pass(part);
                    assert!(!outbound.is_between_frames());
                }
                outbound.pass(&[*last]);
                assert_eq!(outbound.is_between_frames(), is_between);
            }
        }
    }
}
