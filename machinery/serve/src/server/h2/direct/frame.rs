//! The heads of HTTP/2 frames (RFC 9113, 4.1), as far as they are looked at.

/// How long a head is.
pub(super) const HEAD_BYTES: usize = 9;
/// The longest frame that any client takes.
pub(super) const PAYLOAD_BYTES_MAX: usize = 16_384;
/// A head and a window's increment.
pub(super) const WINDOW_UPDATE_BYTES: usize = HEAD_BYTES + 4;
/// A kind that nobody knows, so that it is ignored (RFC 9113, 5.5).
pub(super) const IGNORED: u8 = 0xfe;

const END_HEADERS: u8 = 0x4;
const ACK: u8 = 0x1;

/// What a frame is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Data,
    Headers,
    Settings,
    WindowUpdate,
    Continuation,
    Other,
}

/// A frame's head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Head {
    /// Of what follows, in bytes.
    pub(super) length: u32,
    pub(super) kind: Kind,
    flags: u8,
    /// 0 is the connection.
    pub(super) stream: u32,
}

impl Head {
    pub(super) fn read(bytes: &[u8; HEAD_BYTES]) -> Self {
        let [a, b, c, kind, flags, stream @ ..] = *bytes;
        Self {
            length: u32::from_be_bytes([0, a, b, c]),
            kind: match kind {
                0x0 => Kind::Data,
                0x1 => Kind::Headers,
                0x4 => Kind::Settings,
                0x8 => Kind::WindowUpdate,
                0x9 => Kind::Continuation,
                _ => Kind::Other,
            },
            flags,
            // The highest bit means nothing.
            stream: u32::from_be_bytes(stream) & (u32::MAX >> 1),
        }
    }

    /// Whether a block of headers ends with it.
    pub(super) fn ends_headers(&self) -> bool {
        self.flags & END_HEADERS != 0
    }

    /// Whether settings are only acknowledged.
    pub(super) fn is_ack(&self) -> bool {
        self.flags & ACK != 0
    }
}

/// The head of a frame of data that does not end its stream.
pub(super) fn data_head(stream: u32, length: usize) -> [u8; HEAD_BYTES] {
    debug_assert!(length <= PAYLOAD_BYTES_MAX);
    let [_, _, b, c] = (length as u32).to_be_bytes();
    let [d, e, f, g] = stream.to_be_bytes();
    [0, b, c, 0, 0, d, e, f, g]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_of_data_is_read_as_it_is_written() {
        let head = Head::read(&data_head(0x1234_5678, PAYLOAD_BYTES_MAX));
        assert_eq!(
            (head.length, head.kind, head.stream),
            (16_384, Kind::Data, 0x1234_5678)
        );
        assert!(!head.ends_headers() && !head.is_ack());
    }
}
