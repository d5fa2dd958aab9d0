//! The frames of HTTP/2 (RFC 9113) that a client of watches sends and gets. It cuts bytes and knows no streams' state. Watches are
//! read without a general library, because what it spends for each frame is more than all else that reading an event takes.

mod sent;

pub use sent::{begin, cancel, pong, request, settings_seen, window};

const HEAD_BYTES: usize = 9;
/// The largest frame while the client announces nothing else.
const PAYLOAD_BYTES_MAX: usize = 16_384;

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const PUSH_PROMISE: u8 = 5;
const PING: u8 = 6;
const GOAWAY: u8 = 7;
const CONTINUATION: u8 = 9;

const END_STREAM: u8 = 0x1;
const ACK: u8 = 0x1;
const END_HEADERS: u8 = 0x4;
const PADDED: u8 = 0x8;
const PRIORITY: u8 = 0x20;

const MAX_CONCURRENT_STREAMS: u16 = 3;

/// What the server sent that cannot be read or is not allowed.
#[derive(Debug, PartialEq, Eq)]
pub struct Malformed(pub &'static str);

/// A frame of the server.
#[derive(Debug, PartialEq, Eq)]
pub enum Frame<'a> {
    /// A piece of an answer's body. `length` is what it takes of the windows, padding included.
    Data {
        stream: u32,
        bytes: &'a [u8],
        length: u32,
        end: bool,
    },
    /// The head of an answer, or trailers; `complete` unless continuations follow.
    Headers {
        stream: u32,
        block: &'a [u8],
        complete: bool,
        end: bool,
    },
    /// The stream is over.
    Reset { stream: u32, code: u32 },
    /// The server's settings, to be acknowledged; nothing of a limit where it says nothing.
    Settings { streams_max: Option<u32> },
    /// To be answered.
    Ping([u8; 8]),
    /// No new streams.
    GoAway,
    /// Nothing that this client must act on.
    Other,
}

/// The first frame of `input` and how long it is, when it is complete.
pub fn first(input: &[u8]) -> Result<Option<(Frame<'_>, usize)>, Malformed> {
    let Some(head) = input.first_chunk::<HEAD_BYTES>() else {
        return Ok(None);
    };
    let [_, _, _, kind, flags, stream @ ..] = *head;
    let length = length_of(head)?;
    let Some(payload) = input.get(HEAD_BYTES..HEAD_BYTES + length) else {
        return Ok(None);
    };
    let stream = u32::from_be_bytes(stream) & 0x7fff_ffff;
    Ok(Some((frame(kind, flags, stream, payload)?, HEAD_BYTES + length)))
}

/// How many bytes are missing until the first frame of `input` is complete, as far as is known yet: those of its head first.
pub fn missing_bytes(input: &[u8]) -> Result<usize, Malformed> {
    match input.first_chunk::<HEAD_BYTES>() {
        Some(head) => Ok((HEAD_BYTES + length_of(head)?).saturating_sub(input.len())),
        None => Ok(HEAD_BYTES - input.len()),
    }
}

fn length_of(head: &[u8; HEAD_BYTES]) -> Result<usize, Malformed> {
    let [a, b, c, ..] = *head;
    match u32::from_be_bytes([0, a, b, c]) as usize {
        length if length > PAYLOAD_BYTES_MAX => Err(Malformed("a frame is too large")),
        length => Ok(length),
    }
}

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Result<Frame<'_>, Malformed> {
    let end = flags & END_STREAM != 0;
    Ok(match kind {
        DATA => Frame::Data {
            stream,
            bytes: unpadded(flags, payload)?,
            length: payload.len() as u32,
            end,
        },
        HEADERS => Frame::Headers {
            stream,
            block: without_priority(flags, unpadded(flags, payload)?)?,
            complete: flags & END_HEADERS != 0,
            end,
        },
        // All that is wanted of a head is its first field, which the first piece of it holds.
        CONTINUATION => Frame::Other,
        RST_STREAM => Frame::Reset {
            stream,
            code: number(payload)?,
        },
        SETTINGS if flags & ACK == 0 => Frame::Settings {
            streams_max: streams_max(payload),
        },
        PING if flags & ACK == 0 => Frame::Ping(
            payload
                .try_into()
                .map_err(|_| Malformed("a ping has another length"))?,
        ),
        GOAWAY => Frame::GoAway,
        PUSH_PROMISE => return Err(Malformed("the server pushes, which it was told not to")),
        _ => Frame::Other,
    })
}

fn unpadded(flags: u8, payload: &[u8]) -> Result<&[u8], Malformed> {
    if flags & PADDED == 0 {
        return Ok(payload);
    }
    let wrong = Malformed("the padding is longer than the frame");
    let Some((padding, rest)) = payload.split_first() else {
        return Err(wrong);
    };
    let length = rest.len().checked_sub(usize::from(*padding)).ok_or(wrong)?;
    Ok(&rest[..length])
}

fn without_priority(flags: u8, block: &[u8]) -> Result<&[u8], Malformed> {
    match flags & PRIORITY {
        0 => Ok(block),
        _ => block
            .get(5..)
            .ok_or(Malformed("a head is shorter than its priority")),
    }
}

fn number(payload: &[u8]) -> Result<u32, Malformed> {
    let bytes = payload.first_chunk().ok_or(Malformed("a frame is too short"))?;
    Ok(u32::from_be_bytes(*bytes))
}

fn streams_max(settings: &[u8]) -> Option<u32> {
    let of = |setting: &[u8]| match setting {
        [a, b, rest @ ..] if u16::from_be_bytes([*a, *b]) == MAX_CONCURRENT_STREAMS => number(rest).ok(),
        _ => None,
    };
    settings.chunks_exact(6).filter_map(of).next_back()
}

#[cfg(test)]
mod tests {
    use super::sent::head;
    use super::*;

    #[test]
    fn waits_until_a_frame_is_complete() {
        let mut bytes = Vec::new();
        head(&mut bytes, 3, DATA, END_STREAM, 7);
        bytes.extend_from_slice(b"abc");
        for length in 0..bytes.len() {
            assert_eq!(first(&bytes[..length]), Ok(None));
            let known = if length < HEAD_BYTES {
                HEAD_BYTES
            } else {
                bytes.len()
            };
            assert_eq!(missing_bytes(&bytes[..length]), Ok(known - length));
        }
        let data = Frame::Data {
            stream: 7,
            bytes: b"abc",
            length: 3,
            end: true,
        };
        assert_eq!(first(&bytes), Ok(Some((data, 12))));
    }

    #[test]
    fn takes_padding_and_priority_off_and_counts_them_for_the_window() {
        let mut bytes = Vec::new();
        head(&mut bytes, 6, DATA, PADDED, 1);
        bytes.extend_from_slice(b"\x02abc\0\0");
        assert!(matches!(
            first(&bytes),
            Ok(Some((
                Frame::Data {
                    bytes: b"abc",
                    length: 6,
                    end: false,
                    ..
                },
                15
            )))
        ));
        bytes.clear();
        head(&mut bytes, 6, HEADERS, PRIORITY | END_HEADERS, 1);
        bytes.extend_from_slice(b"\0\0\0\0\x10\x88");
        assert!(matches!(
            first(&bytes),
            Ok(Some((
                Frame::Headers {
                    block: b"\x88",
                    complete: true,
                    ..
                },
                _
            )))
        ));
        bytes.clear();
        head(&mut bytes, 2, DATA, PADDED, 1);
        bytes.extend_from_slice(b"\x02a");
        assert!(first(&bytes).is_err());
    }

    #[test]
    fn reads_what_it_must_act_on() {
        let mut bytes = Vec::new();
        head(&mut bytes, 12, SETTINGS, 0, 0);
        bytes.extend_from_slice(&[0, 4, 0, 0, 1, 0, 0, 3, 0, 0, 0, 200]);
        let settings = Frame::Settings {
            streams_max: Some(200),
        };
        assert_eq!(first(&bytes), Ok(Some((settings, 21))));
        bytes.clear();
        cancel(&mut bytes, 5);
        assert_eq!(first(&bytes), Ok(Some((Frame::Reset { stream: 5, code: 8 }, 13))));
        bytes.clear();
        settings_seen(&mut bytes);
        assert_eq!(first(&bytes), Ok(Some((Frame::Other, 9))));
        assert!(first(&[0xff, 0xff, 0xff, 0, 0, 0, 0, 0, 0]).is_err());
    }
}
