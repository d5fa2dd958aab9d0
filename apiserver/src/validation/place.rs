//! A field while it is checked: its value, where it is, and the errors that can be said of it.
//! Which fields are checked for what is with the kinds.

mod lazy_path;

use std::ops::RangeInclusive;

use object::field::{Error, Path, Printed};
use object::meta_validation::IMMUTABLE;
use object::names::Problems;
use schema::{SmolStr, Value};

use crate::strategy::Errors;
use lazy_path::{LazyPath, Step};

static ABSENT: Value = Value::Null;

/// A field of an object, perhaps absent. Absent values read as empty.
///
/// Most fields are fine, and no error tells their paths: those are made when they are asked for.
#[derive(Clone, Debug)]
pub struct Place<'a> {
    value: Option<&'a Value>,
    path: LazyPath,
}

impl<'a> Place<'a> {
    /// A value at a path.
    pub fn new(value: Option<&'a Value>, path: Path) -> Self {
        Self::at(value, path.into())
    }

    fn at(value: Option<&'a Value>, path: LazyPath) -> Self {
        let value = value.filter(|value| !value.is_null());
        Self { value, path }
    }

    fn below(&self, value: Option<&'a Value>, step: Step) -> Self {
        Self::at(value, LazyPath::below(self.path(), step))
    }

    /// A field of an object, as `spec`.
    pub fn root(object: &'a Value, name: &'static str) -> Self {
        Self::new(object.get(name), Path::root(SmolStr::new_static(name)))
    }

    /// A field of this one.
    pub fn field(&self, name: &'static str) -> Self {
        self.aliased(name, name)
    }

    /// A field of this one that errors call otherwise.
    pub fn aliased(&self, name: &str, shown: &'static str) -> Self {
        let value = self.value.and_then(|value| value.get(name));
        self.below(value, Step::Field(shown))
    }

    /// An entry of this map: `capacity[storage]`.
    pub fn key(&self, key: &str) -> Self {
        let value = self.value.and_then(|value| value.get(key));
        self.below(value, Step::Key(key.into()))
    }

    /// The items of this list.
    pub fn items(&self) -> impl Iterator<Item = Place<'a>> + use<'a> {
        let list = self.list().iter().enumerate();
        let path = match list.len() {
            0 => Path::none(),
            _ => self.path().clone(),
        };
        list.map(move |(at, item)| Self::at(Some(item), LazyPath::below(&path, Step::Index(at))))
    }

    /// The entries of this map.
    pub fn entries(&self) -> impl Iterator<Item = (&'a SmolStr, Place<'a>)> + use<'a> {
        let path = self.path().clone();
        let map = self.value().as_map().into_iter().flat_map(|map| map.iter());
        map.map(move |(key, value)| {
            let step = Step::Key(key.clone());
            (key, Self::at(Some(value), LazyPath::below(&path, step)))
        })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        self.path.get()
    }

    /// Its value; null when absent.
    pub fn value(&self) -> &'a Value {
        self.value.unwrap_or(&ABSENT)
    }

    /// Whether it has a field. It costs less than to ask [`Place::field`], where most are absent.
    pub fn has(&self, name: &str) -> bool {
        let value = self.value.and_then(|value| value.get(name));
        value.is_some_and(|value| !value.is_null())
    }

    /// Whether it is there.
    pub fn is_set(&self) -> bool {
        self.value.is_some()
    }

    /// Whether it is absent or has no content.
    pub fn is_empty(&self) -> bool {
        self.value().is_zero()
    }

    /// Its text.
    pub fn text(&self) -> &'a str {
        self.value().as_str().unwrap_or_default()
    }

    /// Its number.
    pub fn int(&self) -> i64 {
        self.value().as_int().unwrap_or_default()
    }

    /// Whether it is true.
    pub fn is_true(&self) -> bool {
        self.value().as_bool().unwrap_or_default()
    }

    /// Its items.
    pub fn list(&self) -> &'a [Value] {
        self.value().as_list().unwrap_or_default()
    }

    /// Its items that are text.
    pub fn texts(&self) -> Vec<&'a str> {
        self.list().iter().filter_map(Value::as_str).collect()
    }

    /// Its value, said to be wrong.
    pub fn invalid(&self, detail: impl Into<String>) -> Error {
        Error::invalid(self.path(), self.value(), detail)
    }

    /// Its text, said to be wrong; absent text shows as `""`.
    pub fn invalid_text(&self, detail: impl Into<String>) -> Error {
        Error::invalid(self.path(), self.text(), detail)
    }

    /// Its number, said to be wrong; an absent number shows as 0.
    pub fn invalid_int(&self, detail: impl Into<String>) -> Error {
        Error::invalid(self.path(), self.int(), detail)
    }

    /// It is wrong, in a form that is not the value's.
    pub fn invalid_as(&self, shown: impl Into<Printed>, detail: impl Into<String>) -> Error {
        Error::invalid(self.path(), shown, detail)
    }

    /// It must be given; `detail` may be empty.
    pub fn required(&self, detail: &str) -> Error {
        Error::required(self.path(), detail)
    }

    /// It must not be given.
    pub fn forbidden(&self, detail: impl Into<String>) -> Error {
        Error::forbidden(self.path(), detail)
    }

    /// It occurs twice.
    pub fn duplicate(&self) -> Error {
        Error::duplicate(self.path(), self.value())
    }

    /// Text that is none of the known ones.
    pub fn not_supported(&self, supported: &[&str]) -> Error {
        Error::not_supported(self.path(), self.text(), supported)
    }

    /// Requires content.
    pub fn require(&self, errors: &mut Errors) -> bool {
        if self.is_empty() {
            errors.push(self.required(""));
        }
        !self.is_empty()
    }

    /// Requires one of the known texts; empty text is not one.
    pub fn one_of(&self, supported: &[&str], errors: &mut Errors) {
        if !supported.contains(&self.text()) {
            errors.push(self.not_supported(supported));
        }
    }

    /// Requires one of the known texts; empty text is missing.
    pub fn require_one_of(&self, supported: &[&str], errors: &mut Errors) {
        if self.require(errors) {
            self.one_of(supported, errors);
        }
    }

    /// Requires one of the known texts, if there is one.
    pub fn one_of_if_set(&self, supported: &[&str], errors: &mut Errors) {
        if self.is_set() {
            self.one_of(supported, errors);
        }
    }

    /// Requires text of a format.
    pub fn format(&self, check: impl Fn(&str) -> Problems, errors: &mut Errors) {
        self.text_format(self.text(), check, errors);
    }

    /// Requires a text that belongs to this place to be of a format.
    pub fn text_format(&self, text: &str, check: impl Fn(&str) -> Problems, errors: &mut Errors) {
        for problem in check(text) {
            errors.push(Error::invalid(self.path(), text, problem));
        }
    }

    /// Requires a number of at least 0.
    pub fn not_negative(&self, errors: &mut Errors) {
        if self.int() < 0 {
            errors.push(self.invalid_int("must be greater than or equal to 0"));
        }
    }

    /// Requires a number within bounds.
    pub fn within(&self, range: RangeInclusive<i64>, errors: &mut Errors) {
        if !range.contains(&self.int()) {
            let detail = format!("must be between {} and {}, inclusive", range.start(), range.end());
            errors.push(self.invalid_int(detail));
        }
    }

    /// Requires a port number.
    pub fn port(&self, errors: &mut Errors) {
        self.within(1..=65_535, errors);
    }

    /// Requires text of at most so many bytes, in the words for object fields.
    pub fn at_most_bytes(&self, max: usize, errors: &mut Errors) {
        if self.text().len() > max {
            errors.push(Error::too_long(self.path(), max));
        }
    }

    /// Requires what the old object has at the same place.
    pub fn immutable(&self, old: &Place<'_>, errors: &mut Errors) {
        if self.value() != old.value() {
            errors.push(self.invalid(IMMUTABLE));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use schema::tree;

    #[test]
    fn places_know_their_paths_and_read_absent_values_as_empty() {
        let object = tree!({"spec": {"ports": [{"port": 80i64}, {"port": 0i64}]}});
        let mut errors = Errors::new();
        for port in Place::root(&object, "spec").field("ports").items() {
            port.field("port").port(&mut errors);
            port.field("name").require(&mut errors);
        }
        let texts: Vec<_> = errors.iter().map(ToString::to_string).collect();
        assert_eq!(
            texts,
            [
                "spec.ports[0].name: Required value",
                "spec.ports[1].port: Invalid value: 0: must be between 1 and 65535, inclusive",
                "spec.ports[1].name: Required value",
            ]
        );
    }
}
