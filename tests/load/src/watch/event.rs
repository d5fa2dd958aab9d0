//! What the tool needs of one watch event, found by a light scan of its bytes: the kind, the revision and the object's number. It
//! decodes nothing else, so that the tool costs less than the server that it measures.

use std::sync::LazyLock;

use memchr::memmem::Finder;

use super::Media;

/// The type of a watch event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// ADDED, MODIFIED or DELETED.
    Change,
    /// BOOKMARK.
    Bookmark,
    /// The bookmark that ends the initial events of a watch list.
    InitialEnd,
    /// ERROR, with the code of its status.
    Error(u16),
}

/// One event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event {
    /// Its type.
    pub kind: Kind,
    /// The object's resource version; 0 where there is none.
    pub revision: u64,
    /// The number at the end of the object's name.
    pub object: u32,
}

static REVISION: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("\"resourceVersion\":\""));
static NAME: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("\"name\":\""));
/// The annotation of that bookmark, whose value is `true`.
static INITIAL_END: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("k8s.io/initial-events-end"));
static CODE: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("\"code\":"));

impl Event {
    /// Reads one event, without the framing around it. `None` for bytes that are not a watch event.
    pub fn scan(media: Media, bytes: &[u8]) -> Option<Self> {
        match media {
            Media::Json => Self::scan_json(bytes),
            Media::Protobuf => Self::scan_protobuf(bytes),
        }
    }

    /// An event as servers write it begins with its type, and its object's metadata comes before the rest; quotes inside of values
    /// are escaped, so that the first match is the metadata's.
    fn scan_json(bytes: &[u8]) -> Option<Self> {
        let kind = bytes.strip_prefix(b"{\"type\":\"")?;
        let after =
            |finder: &Finder<'static>| finder.find(bytes).map(|at| &bytes[at + finder.needle().len()..]);
        let number_after = |finder| after(finder).map_or(0, leading_number);
        let kind = match kind.first()? {
            b'A' | b'M' | b'D' => Kind::Change,
            b'B' => bookmark(bytes),
            b'E' => Kind::Error(u16::try_from(number_after(&CODE)).unwrap_or(0)),
            _ => return None,
        };
        let object = match kind {
            Kind::Change => after(&NAME).map_or(0, number_of_name),
            _ => 0,
        };
        Some(Self {
            kind,
            revision: number_after(&REVISION),
            object,
        })
    }

    /// `WatchEvent{type=1, object=2: RawExtension{raw=1}}`; raw is `k8s\0` and `Unknown{typeMeta=1, raw=2}`; that raw is the object,
    /// whose field 1 is its `ObjectMeta{name=1, resourceVersion=6}` (or, of a Status, `code=6`).
    fn scan_protobuf(bytes: &[u8]) -> Option<Self> {
        let kind = field(bytes, 1)?;
        let object = field(field(field(bytes, 2)?, 1)?.strip_prefix(b"k8s\0")?, 2)?;
        let kind = match kind.first()? {
            b'A' | b'M' | b'D' => Kind::Change,
            b'B' => bookmark(bytes),
            b'E' => Kind::Error(
                varint_field(object, 6)
                    .and_then(|code| u16::try_from(code).ok())
                    .unwrap_or(0),
            ),
            _ => return None,
        };
        let metadata = field(object, 1).unwrap_or_default();
        Some(Self {
            kind,
            revision: field(metadata, 6).map_or(0, leading_number),
            object: field(metadata, 1).map_or(0, number_of_name),
        })
    }
}

fn bookmark(bytes: &[u8]) -> Kind {
    match INITIAL_END.find(bytes) {
        Some(_) => Kind::InitialEnd,
        None => Kind::Bookmark,
    }
}

/// The decimal number that bytes begin with; 0 where they begin with none.
pub(super) fn leading_number(bytes: &[u8]) -> u64 {
    let digits = bytes.iter().take_while(|byte| byte.is_ascii_digit());
    digits.fold(0, |number: u64, digit| {
        number.wrapping_mul(10).wrapping_add(u64::from(digit - b'0'))
    })
}

/// The number at the end of a name like `watchload-000042`; the name may be followed by a quote and more.
fn number_of_name(bytes: &[u8]) -> u32 {
    let mut number: u32 = 0;
    for byte in bytes.iter().take_while(|byte| **byte != b'"') {
        number = match byte {
            b'0'..=b'9' => number.wrapping_mul(10).wrapping_add(u32::from(byte - b'0')),
            _ => 0,
        };
    }
    number
}

/// The content of the first length-delimited field of that number.
pub(crate) fn field(message: &[u8], number: u64) -> Option<&[u8]> {
    fields(message).find_map(|(found, content)| match content {
        Content::Bytes(bytes) if found == number => Some(bytes),
        _ => None,
    })
}

fn varint_field(message: &[u8], number: u64) -> Option<u64> {
    fields(message).find_map(|(found, content)| match content {
        Content::Number(value) if found == number => Some(value),
        _ => None,
    })
}

enum Content<'a> {
    Bytes(&'a [u8]),
    Number(u64),
    Other,
}

/// The fields of a message, until its end or to where it cannot be read.
fn fields(mut rest: &[u8]) -> impl Iterator<Item = (u64, Content<'_>)> {
    std::iter::from_fn(move || {
        let tag = varint(&mut rest)?;
        let content = match tag & 7 {
            0 => Content::Number(varint(&mut rest)?),
            1 => rest.split_off(..8).map(|_| Content::Other)?,
            2 => {
                let length = usize::try_from(varint(&mut rest)?).ok()?;
                Content::Bytes(rest.split_off(..length)?)
            }
            5 => rest.split_off(..4).map(|_| Content::Other)?,
            _ => return None,
        };
        Some((tag >> 3, content))
    })
}

/// Takes a varint off the front.
pub(crate) fn varint(rest: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let byte = *rest.split_off_first()?;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_kind_revision_and_number_in_json() {
        let line = br#"{"type":"MODIFIED","object":{"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"watchload-000042","resourceVersion":"731"},"data":{"x":"\"resourceVersion\":\"9"}}}"#;
        let event = Event::scan(Media::Json, line).expect("an event");
        assert_eq!(
            (event.kind, event.revision, event.object),
            (Kind::Change, 731, 42)
        );
    }

    #[test]
    fn finds_the_code_of_an_error() {
        let line =
            br#"{"type":"ERROR","object":{"kind":"Status","metadata":{},"message":"too old","code":410}}"#;
        assert_eq!(
            Event::scan(Media::Json, line).expect("an event").kind,
            Kind::Error(410)
        );
    }

    #[test]
    fn finds_the_same_in_protobuf() {
        let message =
            |number: u8, content: &[u8]| [&[number << 3 | 2, content.len() as u8], content].concat();
        let metadata = [message(1, b"watchload-000042"), message(6, b"731")].concat();
        let unknown = [message(1, b"typemeta"), message(2, &message(1, &metadata))].concat();
        let raw = [b"k8s\0".as_slice(), &unknown].concat();
        let event = [message(1, b"ADDED"), message(2, &message(1, &raw))].concat();
        let event = Event::scan(Media::Protobuf, &event).expect("an event");
        assert_eq!(
            (event.kind, event.revision, event.object),
            (Kind::Change, 731, 42)
        );
    }

    #[test]
    fn bytes_that_are_no_event_are_none() {
        for bytes in [
            b"".as_slice(),
            b"{\"kind\":\"Status\"}",
            b"\x0a\xff\xff",
            b"{\"type\":\"",
        ] {
            assert_eq!(Event::scan(Media::Json, bytes), None);
            assert_eq!(Event::scan(Media::Protobuf, bytes), None);
        }
    }
}
