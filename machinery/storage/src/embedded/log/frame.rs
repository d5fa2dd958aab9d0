//! One frame: a header with checksums, a body, zeros up to a multiple of eight.
//! It does not touch files.

use std::ops::Range;

/// Bytes before the body.
pub const HEADER_BYTES: usize = 32;
const MAGIC: u32 = u32::from_le_bytes(*b"SPfr");

/// A frame that is being filled. One buffer serves all frames in turn.
pub struct Frame {
    bytes: Vec<u8>,
}

impl Default for Frame {
    fn default() -> Self {
        Self { bytes: vec![0; HEADER_BYTES] }
    }
}

impl Frame {
    /// Where records are appended.
    pub fn body(&mut self) -> &mut Vec<u8> {
        &mut self.bytes
    }

    /// Bytes of the body.
    pub fn body_len(&self) -> usize {
        self.bytes.len() - HEADER_BYTES
    }

    /// Empties it; keeps at most `keep` bytes of room.
    pub fn clear(&mut self, keep: usize) {
        self.bytes.truncate(HEADER_BYTES);
        self.bytes.shrink_to(keep.max(HEADER_BYTES));
    }

    /// The finished bytes. The salt is the segment's: nobody who writes values can make a body that looks like a frame.
    pub fn seal(&mut self, salt: u64, sequence: u64) -> &[u8] {
        let len = self.body_len() as u64;
        let body_sum = checksum(salt, &[&self.bytes[HEADER_BYTES..]]);
        let mut header = [0; HEADER_BYTES];
        header[0..4].copy_from_slice(&MAGIC.to_le_bytes());
        header[8..16].copy_from_slice(&len.to_le_bytes());
        header[16..24].copy_from_slice(&sequence.to_le_bytes());
        header[24..28].copy_from_slice(&body_sum.to_le_bytes());
        let header_sum = checksum(salt, &[&header[8..]]);
        header[4..8].copy_from_slice(&header_sum.to_le_bytes());
        self.bytes[..HEADER_BYTES].copy_from_slice(&header);
        self.bytes.resize(self.bytes.len().next_multiple_of(8), 0);
        &self.bytes
    }
}

/// What a header says.
#[derive(Clone, Copy, Debug)]
pub struct Header {
    pub len: u64,
    pub sequence: u64,
    body_sum: u32,
}

impl Header {
    /// A header from the first bytes of `bytes`, if there is a good one.
    pub fn parse(bytes: &[u8], salt: u64) -> Option<Self> {
        let header = bytes.first_chunk::<HEADER_BYTES>()?;
        let number = |range: Range<usize>| header[range].iter().rev().fold(0u64, |all, byte| all << 8 | u64::from(*byte));
        let good = number(0..4) == u64::from(MAGIC) && number(4..8) == u64::from(checksum(salt, &[&header[8..]]));
        good.then(|| Self { len: number(8..16), sequence: number(16..24), body_sum: number(24..28) as u32 })
    }

    /// Whether it is this header's body.
    pub fn fits(&self, salt: u64, body: &[u8]) -> bool {
        body.len() as u64 == self.len && checksum(salt, &[body]) == self.body_sum
    }

    /// Bytes of the whole frame.
    pub fn frame_len(&self) -> Option<u64> {
        self.len.checked_add(HEADER_BYTES as u64)?.checked_next_multiple_of(8)
    }
}

/// CRC-32 of the salt and the parts.
pub fn checksum(salt: u64, parts: &[&[u8]]) -> u32 {
    let mut sum = crc32fast::Hasher::new();
    sum.update(&salt.to_le_bytes());
    parts.iter().for_each(|part| sum.update(part));
    sum.finalize()
}
