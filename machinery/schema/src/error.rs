//! What a codec reports. Texts are those of the reference where clients see them; statuses are made elsewhere.

/// Why bytes are not an object.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Error {
    /// Which stage refused.
    pub kind: ErrorKind,
    /// The text for the client.
    pub message: String,
}

/// The stage that refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// Not well-formed JSON, YAML or protobuf.
    Syntax,
    /// Well-formed, but not of the type.
    Type,
    /// The right type, but not a value that it can hold: a quantity, time or base64 text that does not parse.
    Value,
}

impl Error {
    /// Not well-formed.
    pub fn syntax(message: impl Into<String>) -> Error {
        Error {
            kind: ErrorKind::Syntax,
            message: message.into(),
        }
    }

    /// Not of the type.
    pub fn mismatch(message: impl Into<String>) -> Error {
        Error {
            kind: ErrorKind::Type,
            message: message.into(),
        }
    }

    /// Not a value of the type.
    pub fn value(message: impl Into<String>) -> Error {
        Error {
            kind: ErrorKind::Value,
            message: message.into(),
        }
    }
}
