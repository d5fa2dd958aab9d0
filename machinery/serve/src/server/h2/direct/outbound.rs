//! Where h2 stands in what it writes: between two frames, others may be put. It reads the heads of frames and changes nothing.

use super::windows::Windows;
use crate::frame::{self, Head, Kind};

/// The place in h2's stream of frames.
#[derive(Debug, Default)]
pub(super) struct Outbound {
    /// Of the frame that it is in.
    left: usize,
    /// The first bytes of a head.
    head: [u8; frame::HEAD_BYTES],
    head_len: usize,
    /// A block of headers goes on in the next frame, and nothing may come between (RFC 9113, 4.3).
    is_in_block: bool,
}

impl Outbound {
    /// Whether a frame may follow here.
    pub(super) fn is_between_frames(&self) -> bool {
        self.left == 0 && self.head_len == 0 && !self.is_in_block
    }

    /// h2 writes these bytes.
    pub(super) fn pass(&mut self, mut bytes: &[u8], windows: &mut Windows) {
        while !bytes.is_empty() {
            let skipped = self.left.min(bytes.len());
            self.left -= skipped;
            bytes = &bytes[skipped..];
            let taken = (frame::HEAD_BYTES - self.head_len).min(bytes.len());
            self.head[self.head_len..][..taken].copy_from_slice(&bytes[..taken]);
            self.head_len += taken;
            bytes = &bytes[taken..];
            if self.head_len == frame::HEAD_BYTES {
                self.head_len = 0;
                self.begin(Head::read(&self.head), windows);
            }
        }
    }

    fn begin(&mut self, head: Head, windows: &mut Windows) {
        self.left = head.length as usize;
        match head.kind {
            Kind::Data => windows.spend_theirs(head.length),
            Kind::Headers => {
                self.is_in_block = !head.ends_headers();
                windows.begin(head.stream);
            }
            Kind::Continuation => self.is_in_block = !head.ends_headers(),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_between_frames_after_each_and_not_within_a_block() {
        let frames: [(&[u8], bool); 4] = [
            // Settings, headers that go on, their end, data.
            (&[0, 0, 6, 4, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6], true),
            (&[0, 0, 2, 1, 0, 0, 0, 0, 1, 7, 7], false),
            (&[0, 0, 1, 9, 4, 0, 0, 0, 1, 7], true),
            (&[0, 0, 3, 0, 1, 0, 0, 0, 1, 9, 9, 9], true),
        ];
        // Whole, and byte by byte.
        for step in [1, 3, 100] {
            let (mut outbound, mut windows) = (Outbound::default(), Windows::new(4));
            for (bytes, is_between) in frames {
                let (last, before) = bytes.split_last().expect("not empty");
                for part in before.chunks(step) {
                    outbound.pass(part, &mut windows);
                    assert!(!outbound.is_between_frames());
                }
                outbound.pass(&[*last], &mut windows);
                assert_eq!(outbound.is_between_frames(), is_between);
            }
        }
    }
}
