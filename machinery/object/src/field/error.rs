//! One field error and lists of them, with their texts.
//! How the offending value prints is in [`super::Printed`].

use std::collections::HashSet;
use std::fmt;

use super::{Path, Printed, quote};

/// What kind of thing is wrong. The reason of a cause in a `Status`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// A value that is referred to is not there.
    NotFound,
    /// A value must be given.
    Required,
    /// A value occurs twice.
    Duplicate,
    /// A value is malformed or out of range.
    Invalid,
    /// A value is none of the known ones.
    NotSupported,
    /// A value is well formed but not allowed here.
    Forbidden,
    /// Text is too long.
    TooLong,
    /// A list has too many items.
    TooMany,
    /// Not the client's fault.
    Internal,
    /// A value is of the wrong type.
    TypeInvalid,
}

impl ErrorKind {
    /// The reason of the cause: `FieldValueInvalid`, ...
    pub const fn reason(self) -> &'static str {
        match self {
            Self::NotFound => "FieldValueNotFound",
            Self::Required => "FieldValueRequired",
            Self::Duplicate => "FieldValueDuplicate",
            Self::Invalid => "FieldValueInvalid",
            Self::NotSupported => "FieldValueNotSupported",
            Self::Forbidden => "FieldValueForbidden",
            Self::TooLong => "FieldValueTooLong",
            Self::TooMany => "FieldValueTooMany",
            Self::Internal => "InternalError",
            Self::TypeInvalid => "FieldValueTypeInvalid",
        }
    }

    /// The words that a message begins with.
    pub const fn text(self) -> &'static str {
        match self {
            Self::NotFound => "Not found",
            Self::Required => "Required value",
            Self::Duplicate => "Duplicate value",
            Self::Invalid | Self::TypeInvalid => "Invalid value",
            Self::NotSupported => "Unsupported value",
            Self::Forbidden => "Forbidden",
            Self::TooLong => "Too long",
            Self::TooMany => "Too many",
            Self::Internal => "Internal error",
        }
    }
}

/// Something wrong with one field. Displays as `path: body`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    /// What kind of thing is wrong.
    pub kind: ErrorKind,
    /// Where, as printed.
    pub path: String,
    /// The offending value, as printed; none where the message does not show it.
    pub bad_value: Option<Printed>,
    /// What is wrong with it; may be empty.
    pub detail: String,
}

impl Error {
    /// A value that is referred to is not there.
    pub fn not_found(path: &Path, value: impl Into<Printed>) -> Self {
        Self::new(ErrorKind::NotFound, path, Some(value.into()), String::new())
    }

    /// A value must be given; `detail` may be empty.
    pub fn required(path: &Path, detail: impl Into<String>) -> Self {
        Self::new(ErrorKind::Required, path, None, detail)
    }

    /// A value occurs twice.
    pub fn duplicate(path: &Path, value: impl Into<Printed>) -> Self {
        Self::new(ErrorKind::Duplicate, path, Some(value.into()), String::new())
    }

    /// A value is malformed or out of range.
    pub fn invalid(path: &Path, value: impl Into<Printed>, detail: impl Into<String>) -> Self {
        Self::new(ErrorKind::Invalid, path, Some(value.into()), detail)
    }

    /// Something is malformed, and the message does not show the value.
    pub fn invalid_unshown(path: &Path, detail: impl Into<String>) -> Self {
        Self::new(ErrorKind::Invalid, path, None, detail)
    }

    /// A value is of the wrong type.
    pub fn type_invalid(path: &Path, value: impl Into<Printed>, detail: impl Into<String>) -> Self {
        Self::new(ErrorKind::TypeInvalid, path, Some(value.into()), detail)
    }

    /// A value is none of `supported`, which are listed in this order.
    pub fn not_supported<S: AsRef<str>>(path: &Path, value: impl Into<Printed>, supported: &[S]) -> Self {
        let mut detail = String::new();
        for (at, value) in supported.iter().enumerate() {
            detail.push_str(if at == 0 { "supported values: " } else { ", " });
            detail.push_str(&quote(value.as_ref()));
        }
        Self::new(ErrorKind::NotSupported, path, Some(value.into()), detail)
    }

    /// A value is well formed but not allowed here.
    pub fn forbidden(path: &Path, detail: impl Into<String>) -> Self {
        Self::new(ErrorKind::Forbidden, path, None, detail)
    }

    /// Text is longer than `bytes_max`.
    pub fn too_long(path: &Path, bytes_max: usize) -> Self {
        let unit = if bytes_max == 1 { "byte" } else { "bytes" };
        Self::new(
            ErrorKind::TooLong,
            path,
            None,
            format!("may not be more than {bytes_max} {unit}"),
        )
    }

    /// A list of `actual` items may have `max`.
    pub fn too_many(path: &Path, actual: usize, max: usize) -> Self {
        let unit = if max == 1 { "item" } else { "items" };
        let actual = Printed::raw(actual.to_string());
        Self::new(
            ErrorKind::TooMany,
            path,
            Some(actual),
            format!("must have at most {max} {unit}"),
        )
    }

    /// Not the client's fault.
    pub fn internal(path: &Path, detail: impl Into<String>) -> Self {
        Self::new(ErrorKind::Internal, path, None, detail)
    }

    /// The message without the path: the message of a cause.
    pub fn body(&self) -> String {
        let mut body = String::from(self.kind.text());
        if let Some(value) = &self.bad_value {
            body.push_str(": ");
            body.push_str(value.as_str());
        }
        if !self.detail.is_empty() {
            body.push_str(": ");
            body.push_str(&self.detail);
        }
        body
    }

    fn new(kind: ErrorKind, path: &Path, bad_value: Option<Printed>, detail: impl Into<String>) -> Self {
        Self {
            kind,
            path: path.to_string(),
            bad_value,
            detail: detail.into(),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path, self.body())
    }
}

impl std::error::Error for Error {}

/// The message for a list of errors, as [`aggregate_texts`] makes it. (Causes are not deduplicated; each error makes one.)
pub fn aggregate(errors: &[Error]) -> Option<String> {
    aggregate_texts(errors.iter().map(Error::to_string))
}

/// Several texts as one: none for an empty list, plain for one, `[a, b]` for several. Equal ones appear once. (`NewAggregate` of the
/// reference.)
pub fn aggregate_texts(all: impl IntoIterator<Item = String>) -> Option<String> {
    let mut seen = HashSet::new();
    let mut texts = Vec::new();
    for text in all {
        if seen.insert(text.clone()) {
            texts.push(text);
        }
    }
    match texts.len() {
        0 => None,
        1 => texts.pop(),
        _ => Some(format!("[{}]", texts.join(", "))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use schema::tree;

    fn x() -> Path {
        Path::root("spec").child("x")
    }

    #[test]
    fn texts_are_those_of_the_reference() {
        let cases = [
            (
                Error::invalid(&x(), "foo", "bad"),
                r#"spec.x: Invalid value: "foo": bad"#,
            ),
            (Error::required(&x(), ""), "spec.x: Required value"),
            (
                Error::required(&x(), "must be set"),
                "spec.x: Required value: must be set",
            ),
            (
                Error::not_supported(&x(), "x", &["a", "b"]),
                r#"spec.x: Unsupported value: "x": supported values: "a", "b""#,
            ),
            (
                Error::too_long(&x(), 128),
                "spec.x: Too long: may not be more than 128 bytes",
            ),
            (
                Error::too_many(&x(), 5, 3),
                "spec.x: Too many: 5: must have at most 3 items",
            ),
            (
                Error::too_many(&x(), 2, 1),
                "spec.x: Too many: 2: must have at most 1 item",
            ),
            (Error::duplicate(&x(), "v"), r#"spec.x: Duplicate value: "v""#),
            (Error::not_found(&x(), "v"), r#"spec.x: Not found: "v""#),
            (Error::forbidden(&x(), "no"), "spec.x: Forbidden: no"),
            (Error::internal(&x(), "oops"), "spec.x: Internal error: oops"),
            (
                Error::invalid_unshown(&x(), "tags must be unique"),
                "spec.x: Invalid value: tags must be unique",
            ),
            (
                Error::invalid(
                    &x(),
                    &tree!({"matchLabels": {"app": "web"}}),
                    "field is immutable",
                ),
                r#"spec.x: Invalid value: {"matchLabels":{"app":"web"}}: field is immutable"#,
            ),
        ];
        for (error, text) in cases {
            assert_eq!(error.to_string(), text);
        }
    }

    #[test]
    fn several_errors_are_bracketed_and_equal_ones_appear_once() {
        let (a, b) = (Error::required(&x(), ""), Error::forbidden(&x(), "no"));
        assert_eq!(aggregate(&[]), None);
        assert_eq!(
            aggregate(&[a.clone(), a.clone()]),
            Some("spec.x: Required value".to_owned())
        );
        assert_eq!(
            aggregate(&[a.clone(), b, a]),
            Some("[spec.x: Required value, spec.x: Forbidden: no]".to_owned())
        );
    }
}
