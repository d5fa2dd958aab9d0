//! The heads of HTTP/2 frames (RFC 9113, 4.1), as far as they are looked at: by the server for what it writes past h2, by the router for what
//! it reads past h2.

/// How long a head is.
pub const HEAD_BYTES: usize = 9;
/// The longest frame that any client takes.
pub const PAYLOAD_BYTES_MAX: usize = 16_384;
/// A head and a window's increment.
pub const WINDOW_UPDATE_BYTES: usize = HEAD_BYTES + 4;
/// A kind that nobody knows, so that it is ignored (RFC 9113, 5.5).
pub const IGNORED: u8 = 0xfe;

const END_STREAM: u8 = 0x1;
const END_HEADERS: u8 = 0x4;
const PADDED: u8 = 0x8;
const ACK: u8 = 0x1;

/// What a frame is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// DATA.
    Data,
    /// HEADERS.
    Headers,
    /// RST_STREAM.
    Reset,
    /// SETTINGS.
    Settings,
    /// WINDOW_UPDATE.
    WindowUpdate,
    /// CONTINUATION.
    Continuation,
    /// Any other.
    Other,
}

/// A frame's head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// Of what follows, in bytes.
    pub length: u32,
    /// What it is.
    pub kind: Kind,
    flags: u8,
    /// 0 is the connection.
    pub stream: u32,
}

impl Head {
    /// The head that is in these bytes.
    pub fn read(bytes: &[u8; HEAD_BYTES]) -> Self {
        let [a, b, c, kind, flags, stream @ ..] = *bytes;
        Self {
            length: u32::from_be_bytes([0, a, b, c]),
            kind: match kind {
                0x0 => Kind::Data,
                0x1 => Kind::Headers,
                0x3 => Kind::Reset,
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

    /// Whether it is data and nothing else: no padding, and not the stream's end.
    pub fn is_plain_data(&self) -> bool {
        self.kind == Kind::Data && self.flags & (END_STREAM | PADDED) == 0
    }

    /// Whether a block of headers ends with it.
    pub fn ends_headers(&self) -> bool {
        self.flags & END_HEADERS != 0
    }

    /// Whether settings are only acknowledged.
    pub fn is_ack(&self) -> bool {
        self.flags & ACK != 0
    }
}

/// The head of a frame of data that does not end its stream.
pub fn data_head(stream: u32, length: usize) -> [u8; HEAD_BYTES] {
    debug_assert!(length <= PAYLOAD_BYTES_MAX);
    let [_, _, b, c] = (length as u32).to_be_bytes();
    let [d, e, f, g] = stream.to_be_bytes();
    [0, b, c, 0, 0, d, e, f, g]
}

/// A frame that lets the other side send more, at least one byte and at most 2^31-1: on a stream, or on all of them together where that
/// is 0.
pub fn window_update(stream: u32, bytes: u32) -> [u8; WINDOW_UPDATE_BYTES] {
    debug_assert!(bytes > 0 && bytes <= u32::MAX >> 1);
    let [a, b, c, d] = stream.to_be_bytes();
    let [e, f, g, h] = bytes.to_be_bytes();
    [0, 0, 4, 8, 0, a, b, c, d, e, f, g, h]
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
        assert!(head.is_plain_data());
    }

    #[test]
    fn padded_data_and_a_streams_end_are_not_plain() {
        for flags in [END_STREAM, PADDED, END_STREAM | PADDED] {
            assert!(!Head::read(&[0, 0, 1, 0, flags, 0, 0, 0, 1]).is_plain_data());
        }
        assert!(!Head::read(&[0, 0, 1, 1, 0, 0, 0, 0, 1]).is_plain_data());
    }

    #[test]
    fn a_window_update_is_read_as_it_is_written() {
        let update = window_update(7, 300);
        let head = Head::read(update.first_chunk().expect("a head"));
        assert_eq!((head.length, head.kind, head.stream), (4, Kind::WindowUpdate, 7));
        assert_eq!(update[HEAD_BYTES..], [0, 0, 1, 44]);
    }
}
