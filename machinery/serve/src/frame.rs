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

/// Data that several streams have in common. Of the tiers among themselves: who does not know the kind ignores it, and none is sent to whom
/// has not said with [`TAKES_SHARED`] that it knows it.
const SHARED: u8 = 0xf5;
/// A frame that says that shared data may be sent on the connection.
pub const TAKES_SHARED: [u8; HEAD_BYTES] = [0, 0, 0, SHARED, 0, 0, 0, 0, 0];
/// How the content of shared data begins: with how many streams it is for. Their numbers follow, then the data, which each of them has as if
/// it had come in a frame of its own.
const SHARED_COUNT_BYTES: usize = 2;
/// The number of a stream.
const STREAM_BYTES: usize = 4;

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
    /// Data for several streams.
    Shared,
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
                SHARED => Kind::Shared,
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

/// Appends a frame of data for streams, as many of the first ones as it has room for within `frame_bytes_max`; how many those are. None is
/// appended for none.
pub fn put_shared(
    mut streams: impl Iterator<Item = u32>,
    data: &[u8],
    frame_bytes_max: usize,
    out: &mut Vec<u8>,
) -> usize {
    let begin = out.len();
    let content_bytes_max = frame_bytes_max.saturating_sub(HEAD_BYTES).min(PAYLOAD_BYTES_MAX);
    let room = content_bytes_max.saturating_sub(SHARED_COUNT_BYTES + data.len()) / STREAM_BYTES;
    out.extend_from_slice(&[0; HEAD_BYTES + SHARED_COUNT_BYTES]);
    let mut count = 0;
    while count < room
        && let Some(stream) = streams.next()
    {
        out.extend_from_slice(&stream.to_be_bytes());
        count += 1;
    }
    if count == 0 {
        out.truncate(begin);
        return 0;
    }
    out.extend_from_slice(data);
    let length = out.len() - begin - HEAD_BYTES;
    let [_, a, b, c] = (length as u32).to_be_bytes();
    let [d, e] = (count as u16).to_be_bytes();
    let head = [a, b, c, SHARED, 0, 0, 0, 0, 0, d, e];
    out[begin..][..head.len()].copy_from_slice(&head);
    count
}

/// The content of a frame of shared data.
#[derive(Clone, Copy, Debug)]
pub struct Shared<'a> {
    streams: &'a [[u8; STREAM_BYTES]],
    /// What each of the streams has.
    pub data: &'a [u8],
}

impl<'a> Shared<'a> {
    /// What is in these bytes; `None` if they are cut short, or the data is empty.
    pub fn read(content: &'a [u8]) -> Option<Self> {
        let (count, rest) = content.split_first_chunk::<SHARED_COUNT_BYTES>()?;
        let (streams, data) =
            rest.split_at_checked(STREAM_BYTES * usize::from(u16::from_be_bytes(*count)))?;
        let (streams, _) = streams.as_chunks();
        (!data.is_empty()).then_some(Self { streams, data })
    }

    /// One of the streams.
    pub fn stream(&self, at: usize) -> Option<u32> {
        let stream = self.streams.get(at)?;
        Some(u32::from_be_bytes(*stream) & (u32::MAX >> 1))
    }
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
    fn shared_data_is_read_as_it_is_written() {
        let mut out = b"before".to_vec();
        assert_eq!(
            put_shared([1, 0x1234_5678].into_iter(), b"text", 1_000, &mut out),
            2
        );
        let frame = &out[6..];
        let head = Head::read(frame.first_chunk().expect("a head"));
        assert_eq!((head.length, head.kind, head.stream), (14, Kind::Shared, 0));
        let shared = Shared::read(&frame[HEAD_BYTES..]).expect("it is whole");
        assert_eq!(shared.data, b"text");
        let streams = [0, 1, 2].map(|at| shared.stream(at));
        assert_eq!(streams, [Some(1), Some(0x1234_5678), None]);
        for len in 0..11 {
            assert!(Shared::read(&frame[HEAD_BYTES..][..len]).is_none(), "{len}");
        }
        assert_eq!(Head::read(&TAKES_SHARED).kind, Kind::Shared);
    }

    #[test]
    fn shared_data_is_for_as_many_streams_as_a_frame_takes() {
        let (data, mut out) = ([7; 16_000], Vec::new());
        // 16,384 less 16,000 and the count.
        assert_eq!(put_shared(1.., &data, 1 << 20, &mut out), 95);
        assert_eq!(out.len(), HEAD_BYTES + 2 + 95 * 4 + 16_000);
        out.clear();
        let two = HEAD_BYTES + 2 + 2 * 4 + 100;
        assert_eq!(put_shared(1.., &data[..100], two + 3, &mut out), 2);
        assert_eq!(out.len(), two);
        out.clear();
        assert_eq!(put_shared(1.., &data[..100], two - 5, &mut out), 0);
        assert_eq!(put_shared(1.., &[7; 16_383], 1 << 20, &mut out), 0);
        assert_eq!(put_shared(std::iter::empty(), b"text", 1 << 20, &mut out), 0);
        assert!(out.is_empty());
    }

    #[test]
    fn a_window_update_is_read_as_it_is_written() {
        let update = window_update(7, 300);
        let head = Head::read(update.first_chunk().expect("a head"));
        assert_eq!((head.length, head.kind, head.stream), (4, Kind::WindowUpdate, 7));
        assert_eq!(update[HEAD_BYTES..], [0, 0, 1, 44]);
    }
}
