//! From the bytes of a feed to messages: one for each event. In which form events are is told by the answer's media type.

use bytes::{Buf, Bytes, BytesMut};
use http::{StatusCode, header};
use tokio_tungstenite::tungstenite::protocol::{Message, frame::Utf8Bytes};

use crate::http::{BodyError, Response};

/// How events follow each other in a feed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    /// JSON, each on a line: text messages, with the line break, as the reference sends them.
    Lines,
    /// Protobuf, each behind its length in four bytes: binary messages without it.
    Lengths,
}

/// The events of a feed.
pub(super) struct Messages {
    format: Format,
    /// What has come and is not taken.
    left: Bytes,
}

impl Format {
    /// Of an answer that can be sent in messages.
    pub(super) fn of(response: &Response) -> Option<Self> {
        let media = response.headers().get(header::CONTENT_TYPE)?.to_str().ok()?;
        match media {
            _ if response.status() != StatusCode::OK => None,
            "application/json" => Some(Self::Lines),
            "application/vnd.kubernetes.protobuf;stream=watch" => Some(Self::Lengths),
            _ => None,
        }
    }
}

impl Messages {
    pub(super) fn new(format: Format) -> Self {
        Self {
            format,
            left: Bytes::new(),
        }
    }

    /// Appends a chunk. One that holds whole events, the usual case, is not copied.
    pub(super) fn push(&mut self, chunk: Bytes) {
        if self.left.is_empty() {
            self.left = chunk;
            return;
        }
        let mut both = BytesMut::from(std::mem::take(&mut self.left));
        both.extend_from_slice(&chunk);
        self.left = both.freeze();
    }

    /// The next whole event, if there is one. An error is JSON that is no text.
    pub(super) fn next(&mut self) -> Result<Option<Message>, BodyError> {
        match self.format {
            Format::Lines => {
                let Some(end) = self.left.iter().position(|byte| *byte == b'\n') else {
                    return Ok(None);
                };
                let line = Utf8Bytes::try_from(self.left.split_to(end + 1))?;
                Ok(Some(Message::Text(line)))
            }
            Format::Lengths => {
                let Some(head) = self.left.first_chunk().copied() else {
                    return Ok(None);
                };
                let length = u32::from_be_bytes(head) as usize;
                if self.left.len() - head.len() < length {
                    return Ok(None);
                }
                self.left.advance(head.len());
                Ok(Some(Message::Binary(self.left.split_to(length))))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(format: Format, chunks: &[&'static [u8]]) -> Vec<Message> {
        let mut messages = Messages::new(format);
        let mut found = Vec::new();
        for chunk in chunks {
            messages.push(Bytes::from_static(chunk));
            while let Some(message) = messages.next().expect("whole events") {
                found.push(message);
            }
        }
        found
    }

    #[test]
    fn lines_are_messages_wherever_chunks_end() {
        let wanted = ["{1}\n", "{2}\n", "{3}\n"].map(Message::text);
        assert_eq!(all(Format::Lines, &[b"{1}\n{2}\n{", b"3", b"}\n{4"]), wanted);
    }

    #[test]
    fn lengths_are_left_out() {
        let wanted = [Message::binary("abc"), Message::binary(""), Message::binary("d")];
        let chunks: [&[u8]; 4] = [b"\0\0\0\x03abc\0", b"\0\0\0\0", b"\0\0\x01", b"d\0\0"];
        assert_eq!(all(Format::Lengths, &chunks), wanted);
    }
}
