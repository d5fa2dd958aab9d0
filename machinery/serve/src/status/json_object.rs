//! A JSON object written field by field in the order given, empty fields left out as Go's `omitempty` does.
//! It knows no type; what is written where is the caller's.

use schema::{Value, json};

/// One object being written.
pub(super) struct Writer {
    bytes: Vec<u8>,
}

impl Writer {
    pub(super) fn new() -> Self {
        Self { bytes: vec![b'{'] }
    }

    /// A text, unless it is empty.
    pub(super) fn text(&mut self, key: &str, text: &str) -> &mut Self {
        if !text.is_empty() {
            self.key(key);
            json::write(&Value::from(text), &mut self.bytes);
        }
        self
    }

    /// A number, unless it is zero.
    pub(super) fn number(&mut self, key: &str, number: u32) -> &mut Self {
        if number != 0 {
            self.raw(key, number.to_string().as_bytes());
        }
        self
    }

    /// JSON that is there already.
    pub(super) fn raw(&mut self, key: &str, value: &[u8]) -> &mut Self {
        self.key(key);
        self.bytes.extend_from_slice(value);
        self
    }

    /// A list of JSON values.
    pub(super) fn list(&mut self, key: &str, items: impl Iterator<Item = Vec<u8>>) -> &mut Self {
        self.key(key);
        self.bytes.push(b'[');
        for (at, item) in items.enumerate() {
            if at > 0 {
                self.bytes.push(b',');
            }
            self.bytes.extend_from_slice(&item);
        }
        self.bytes.push(b']');
        self
    }

    pub(super) fn finish(mut self) -> Vec<u8> {
        self.bytes.push(b'}');
        self.bytes
    }

    fn key(&mut self, key: &str) {
        if self.bytes.len() > 1 {
            self.bytes.push(b',');
        }
        json::write(&Value::from(key), &mut self.bytes);
        self.bytes.push(b':');
    }
}
