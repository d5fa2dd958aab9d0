//! One thing that is wrong with a value, and how a field error tells it.

use object::field::{Error, Path, Printed};
use schema::{Value, json};

/// A problem: where it is, relative to the value that was checked, and what.
#[derive(Clone, Debug)]
pub struct Problem {
    path: String,
    kind: Kind,
    pub(super) message: String,
}

#[derive(Clone, Debug)]
enum Kind {
    Required,
    Type(Printed),
    TooLong(usize),
    TooMany(usize, usize),
    Listed(Printed, Vec<String>),
    Invalid(Printed),
    /// The whole value, whatever the path.
    Whole,
}

impl Problem {
    pub(super) fn required(path: &str) -> Self {
        Self::new(path, Kind::Required, format!("{path} in body is required"))
    }

    pub(super) fn of_type(path: &str, shown: &str, message: String) -> Self {
        Self::new(path, Kind::Type(shown.into()), message)
    }

    pub(super) fn too_long(path: &str, max: i64) -> Self {
        let message = format!("{path} in body should be at most {max} chars long");
        Self::new(path, Kind::TooLong(size(max)), message)
    }

    pub(super) fn too_many(path: &str, count: i64, max: i64, what: &str) -> Self {
        let message = format!("{path} in body should have at most {max} {what}");
        Self::new(path, Kind::TooMany(size(count), size(max)), message)
    }

    pub(super) fn not_listed(path: &str, value: &Value, listed: &[Value]) -> Self {
        let shown = |one: &Value| one.as_str().map_or_else(|| json::to_string(one), str::to_owned);
        let texts: Vec<String> = listed.iter().map(shown).collect();
        let message = format!("{path} in body should be one of [{}]", texts.join(" "));
        Self::new(path, Kind::Listed(value.into(), texts), message)
    }

    pub(super) fn invalid(path: &str, shown: impl Into<Printed>, message: String) -> Self {
        Self::new(path, Kind::Invalid(shown.into()), message)
    }

    pub(super) fn whole(message: String) -> Self {
        Self::new("", Kind::Whole, message)
    }

    fn new(path: &str, kind: Kind, message: String) -> Self {
        Self {
            path: path.to_owned(),
            kind,
            message,
        }
    }

    /// As an error of a field, of which `base` is the value's own path.
    pub fn at(&self, base: &Path) -> Error {
        let path = match self.path.trim_start_matches('.') {
            "" => base.clone(),
            below => base.child(below),
        };
        match &self.kind {
            Kind::Required => Error::required(&path, ""),
            Kind::Type(shown) => Error::type_invalid(&path, shown.clone(), self.message.clone()),
            Kind::TooLong(max) => Error::too_long(&path, *max),
            Kind::TooMany(count, max) => Error::too_many(&path, *count, *max),
            Kind::Listed(shown, listed) => Error::not_supported(&path, shown.clone(), listed),
            Kind::Invalid(shown) => Error::invalid(&path, shown.clone(), self.message.clone()),
            Kind::Whole => Error::invalid(base, "", self.message.clone()),
        }
    }
}

fn size(number: i64) -> usize {
    usize::try_from(number).unwrap_or_default()
}
