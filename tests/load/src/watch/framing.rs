//! Where one event of a watch ends and the next begins: lines of JSON, or protobuf with a length before each. It does not look
//! into the events.

use crate::limits;

/// In what form objects are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Media {
    /// `application/json`
    Json,
    /// `application/vnd.kubernetes.protobuf`
    Protobuf,
}

impl Media {
    /// The `Accept` header of single answers and lists.
    pub fn accept(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Protobuf => "application/vnd.kubernetes.protobuf",
        }
    }

    /// The `Accept` header of watches.
    pub fn accept_watch(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Protobuf => "application/vnd.kubernetes.protobuf;stream=watch",
        }
    }
}

/// The bytes ran out of the form that was asked for.
#[derive(Debug, PartialEq, Eq)]
pub struct TooLarge;

/// Cuts the bytes of one watch into events. Whole events are handed on where they lie; only what is cut off is kept.
#[derive(Debug)]
pub struct Framing {
    media: Media,
    kept: Vec<u8>,
}

impl Framing {
    /// The framing of a new watch.
    pub fn new(media: Media) -> Self {
        Self {
            media,
            kept: Vec::new(),
        }
    }

    /// Whether the next bytes begin an event.
    pub fn is_empty(&self) -> bool {
        self.kept.is_empty()
    }

    /// Takes the next bytes and calls `each` with every event that is complete now: with its framing, and without.
    pub fn push(&mut self, bytes: &[u8], mut each: impl FnMut(&[u8], &[u8])) -> Result<(), TooLarge> {
        if self.kept.is_empty() {
            let rest = self.split(bytes, &mut each)?;
            self.kept.extend_from_slice(rest);
        } else {
            self.kept.extend_from_slice(bytes);
            // The buffer comes back: a new one for each event that is cut would cost more than to read it.
            let mut kept = std::mem::take(&mut self.kept);
            let rest = self.split(&kept, &mut each)?.len();
            kept.drain(..kept.len() - rest);
            self.kept = kept;
        }
        match self.kept.len() > limits::EVENT_BYTES_MAX {
            true => Err(TooLarge),
            false => Ok(()),
        }
    }

    fn split<'a>(
        &self,
        mut rest: &'a [u8],
        each: &mut impl FnMut(&[u8], &[u8]),
    ) -> Result<&'a [u8], TooLarge> {
        while let Some((start, end, next)) = self.first(rest)? {
            if start < end {
                each(&rest[..next], &rest[start..end]);
            }
            rest = &rest[next..];
        }
        Ok(rest)
    }

    /// Where the first event starts and ends, and where the next begins.
    fn first(&self, bytes: &[u8]) -> Result<Option<(usize, usize, usize)>, TooLarge> {
        if self.media == Media::Json {
            return Ok(memchr::memchr(b'\n', bytes).map(|end| (0, end, end + 1)));
        }
        let Some(length) = bytes.first_chunk::<4>() else {
            return Ok(None);
        };
        let end = 4 + u32::from_be_bytes(*length) as usize;
        match end {
            _ if end > limits::EVENT_BYTES_MAX => Err(TooLarge),
            _ if end > bytes.len() => Ok(None),
            _ => Ok(Some((4, end, end))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(media: Media, bytes: &[u8], piece: usize) -> Vec<Vec<u8>> {
        let mut events = Vec::new();
        let mut framing = Framing::new(media);
        for piece in bytes.chunks(piece) {
            framing
                .push(piece, |_, event| events.push(event.to_vec()))
                .expect("small events");
        }
        events
    }

    #[test]
    fn events_are_the_same_however_the_bytes_are_cut() {
        for piece in 1..20 {
            assert_eq!(
                cut(Media::Json, b"one\ntwo\nthree\n", piece),
                [b"one".to_vec(), b"two".to_vec(), b"three".to_vec()]
            );
            assert_eq!(
                cut(Media::Protobuf, b"\0\0\0\x03one\0\0\0\x05three", piece),
                [b"one".to_vec(), b"three".to_vec()]
            );
        }
    }

    #[test]
    fn a_length_beyond_the_limit_is_refused() {
        assert_eq!(
            Framing::new(Media::Protobuf).push(b"\xff\xff\xff\xff", |_, _| ()),
            Err(TooLarge)
        );
    }
}
