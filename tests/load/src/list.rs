//! Reads a list as its bytes pass by: how many objects, how many bytes, and the token of the next page. It keeps only the beginning.

use memchr::memmem;

use crate::limits;
use crate::watch::Media;

const REVISION: &[u8] = b"\"resourceVersion\":\"";

/// One list that is being read.
#[derive(Debug)]
pub struct Reader {
    media: Media,
    /// All bytes so far.
    pub bytes: u64,
    head: Vec<u8>,
    /// JSON: what may be the beginning of a match. Protobuf: the beginning of a field.
    kept: Vec<u8>,
    found: u64,
    skip: u64,
    inside: bool,
}

impl Reader {
    /// A list of that form.
    pub fn new(media: Media) -> Self {
        Self {
            media,
            bytes: 0,
            head: Vec::new(),
            kept: Vec::new(),
            found: 0,
            skip: 0,
            inside: false,
        }
    }

    /// Takes the next bytes.
    pub fn take(&mut self, bytes: &[u8]) -> Result<(), &'static str> {
        self.bytes += bytes.len() as u64;
        let missing = limits::LIST_HEAD_BYTES.saturating_sub(self.head.len());
        self.head.extend_from_slice(&bytes[..bytes.len().min(missing)]);
        match self.media {
            Media::Json => self.take_json(bytes),
            Media::Protobuf => self.take_protobuf(bytes)?,
        }
        Ok(())
    }

    /// How many objects were in it. In JSON the list and each object have one resource version.
    pub fn objects(&self) -> u64 {
        match self.media {
            Media::Json => self.found.saturating_sub(1),
            Media::Protobuf => self.found,
        }
    }

    /// The token of the next page.
    pub fn next(&self) -> Option<String> {
        let token = match self.media {
            Media::Json => {
                let rest = crate::api::after(&self.head, b"\"continue\":\"")?;
                &rest[..memchr::memchr(b'"', rest)?]
            }
            Media::Protobuf => protobuf_token(&self.head)?,
        };
        (!token.is_empty()).then(|| String::from_utf8_lossy(token).into_owned())
    }

    /// Matches may lie across the border of two pieces: what is shorter than one is kept for the next piece.
    fn take_json(&mut self, bytes: &[u8]) {
        let border = REVISION.len() - 1;
        if !self.kept.is_empty() {
            let both = [&self.kept, &bytes[..bytes.len().min(border)]].concat();
            self.found += memmem::find_iter(&both, REVISION).count() as u64;
        }
        self.found += memmem::find_iter(bytes, REVISION).count() as u64;
        self.kept.extend_from_slice(bytes);
        self.kept.drain(..self.kept.len().saturating_sub(border));
    }

    /// `k8s\0`, then `Unknown{typeMeta=1, raw=2}`; raw is the list with `metadata=1` and `items=2`, all of which have a length.
    fn take_protobuf(&mut self, mut bytes: &[u8]) -> Result<(), &'static str> {
        if self.bytes == bytes.len() as u64 {
            bytes = bytes.strip_prefix(b"k8s\0").ok_or("the list is not protobuf")?;
        }
        while !bytes.is_empty() {
            if self.skip > 0 {
                let skipped = self.skip.min(bytes.len() as u64);
                self.skip -= skipped;
                bytes = &bytes[skipped as usize..];
                continue;
            }
            self.kept.push(bytes[0]);
            bytes = &bytes[1..];
            self.field()?;
        }
        Ok(())
    }

    /// Looks whether tag and length of a field are complete.
    fn field(&mut self) -> Result<(), &'static str> {
        let mut rest = self.kept.as_slice();
        let header = crate::watch::varint(&mut rest).zip(crate::watch::varint(&mut rest));
        let Some((tag, length)) = header else {
            return match self.kept.len() > 20 {
                true => Err("a field of the list cannot be read"),
                false => Ok(()),
            };
        };
        self.kept.clear();
        if tag & 7 != 2 {
            return Err("a field of the list has another form than is known");
        }
        match (tag >> 3, self.inside) {
            (2, false) => self.inside = true,
            (number, inside) => {
                self.found += u64::from(inside && number == 2);
                self.skip = length;
            }
        }
        Ok(())
    }
}

/// The token (`ListMeta.continue`, field 3) in the beginning of a protobuf list, whose end is not there.
fn protobuf_token(head: &[u8]) -> Option<&[u8]> {
    let mut rest = head.strip_prefix(b"k8s\0")?;
    let mut inside = false;
    loop {
        let (tag, length) = (crate::watch::varint(&mut rest)?, crate::watch::varint(&mut rest)?);
        match (tag >> 3, inside) {
            (2, false) => inside = true,
            (1, true) => return crate::watch::field(rest.get(..usize::try_from(length).ok()?)?, 3),
            _ => rest = rest.get(usize::try_from(length).ok()?..)?,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const JSON: &[u8] = br#"{"kind":"PodList","metadata":{"resourceVersion":"9","continue":"abc"},"items":[{"metadata":{"resourceVersion":"1"}},{"metadata":{"resourceVersion":"2"}}]}"#;

    fn protobuf() -> Vec<u8> {
        let message =
            |number: u8, content: &[u8]| [&[number << 3 | 2, content.len() as u8], content].concat();
        let list = [
            message(1, &[message(2, b"9"), message(3, b"abc")].concat()),
            message(2, b"one"),
            message(2, b"two"),
        ]
        .concat();
        [
            b"k8s\0".to_vec(),
            message(1, b"typemeta"),
            message(2, &list),
            message(4, b""),
        ]
        .concat()
    }

    #[test]
    fn counts_objects_and_finds_the_token_however_the_bytes_are_cut() {
        for (media, content) in [(Media::Json, JSON.to_vec()), (Media::Protobuf, protobuf())] {
            for piece in 4..content.len() {
                let mut reader = Reader::new(media);
                content
                    .chunks(piece)
                    .for_each(|bytes| reader.take(bytes).expect("a list"));
                assert_eq!(reader.objects(), 2, "{media:?} in pieces of {piece}");
                assert_eq!(
                    reader.next().as_deref(),
                    Some("abc"),
                    "{media:?} in pieces of {piece}"
                );
            }
        }
    }
}
