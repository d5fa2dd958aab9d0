//! What the words of a rule say of a field, as changes that break it, each with the kind of error that must answer it.
//!
//! Only words that speak of the one field are understood: required, a form of text, bounds, known values, unique,
//! immutable. Words with a condition on another field are not; rules of such words are in `open.txt` or led to otherwise.

use schema::{FieldType, Map, Value};

use super::battery::Wrong;
use super::rules::Rule;
use super::{bounds, filled, forms};

/// A change of a field that its rule forbids.
pub struct Break {
    /// What the change is: `missing`, `form`, `long`, `below`, `above`, `unknown`, `twice`, `changed`.
    pub name: &'static str,
    pub how: How,
    /// The kind of error that answers it.
    pub kind: String,
}

pub enum How {
    /// The field has a value that it may never have.
    Wrong(Wrong),
    /// An item of the list occurs twice.
    Twice,
    /// The field has another value than before.
    Changed,
}

/// The changes of a field of this type that a rule forbids.
pub fn breaks(rule: &Rule, ty: &FieldType) -> Vec<Break> {
    let text = without_parentheses(&rule.text);
    let mut reader = Reader {
        rule,
        ty,
        found: Vec::new(),
    };
    for clause in text.split("; ") {
        reader.clause(clause.trim());
    }
    reader.found
}

/// What stands in parentheses explains; it is not part of the rule.
fn without_parentheses(text: &str) -> String {
    let mut out = String::new();
    let mut depth = 0usize;
    for char in text.chars() {
        match char {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ if depth == 0 => out.push(char),
            _ => {}
        }
    }
    out.trim().to_owned()
}

struct Reader<'a> {
    rule: &'a Rule,
    ty: &'a FieldType,
    found: Vec<Break>,
}

impl Reader<'_> {
    fn clause(&mut self, clause: &str) {
        if matches!(clause, "immutable" | "immutable once set") {
            self.push("changed", How::Changed, &["Invalid", "Forbidden"]);
        } else if self.lists_known_values(clause) {
            self.unknown();
        } else {
            for words in clause.split(", ") {
                self.words(words.trim());
            }
        }
    }

    /// Whether the clause is the list of the values that a field may have.
    fn lists_known_values(&self, clause: &str) -> bool {
        let may_be_small = self.has("NotSupported");
        let is_value = |word: &str| {
            let text = word.trim_matches('"');
            let starts = |first: char| may_be_small || first.is_ascii_uppercase() || first == '*';
            text.chars().next().is_none_or(starts)
                && text
                    .chars()
                    .all(|char| char.is_ascii_alphanumeric() || "*.-/".contains(char))
                && forms::named(word).is_none()
                && bounds::read(word).is_none()
                && !matches!(word, "required" | "unique" | "immutable" | "non-empty" | "unset")
        };
        (may_be_small || self.has("Invalid")) && clause.split(", ").all(is_value)
    }

    fn unknown(&mut self) {
        if let Some(wrong) = self.text("Bogus") {
            self.push("unknown", How::Wrong(wrong), &["NotSupported", "Invalid"]);
        }
        if self.has("Required") {
            self.missing();
        }
    }

    fn words(&mut self, words: &str) {
        let words = words.trim_start_matches("when set: ").trim_start_matches("each ");
        let words = words
            .trim_end_matches(" when set")
            .trim_end_matches(" when non-empty");
        for (start, is_required) in [("required", true), ("non-empty", false)] {
            let Some(rest) = words.strip_prefix(start) else {
                continue;
            };
            let rest = rest.trim_start();
            let before = self.found.len();
            if !rest.is_empty() {
                self.words(rest);
            }
            if rest.is_empty() || self.found.len() > before {
                if is_required {
                    self.missing();
                } else {
                    self.empty();
                }
            }
            return;
        }
        if words == "unique" || words.starts_with("unique in the ") {
            self.push("twice", How::Twice, &["Duplicate", "Invalid"]);
        } else if let Some(rest) = words.strip_prefix("unique ") {
            self.push("twice", How::Twice, &["Duplicate"]);
            self.words(rest);
        } else if let Some(bounds) = bounds::read(words) {
            self.bounds(&bounds);
        } else if let Some(form) = words.strip_prefix("keys ").and_then(forms::named) {
            self.entry(form.wrong, None);
        } else if let Some(form) = words.strip_prefix("values ").and_then(forms::named) {
            self.entry("k", Some(form.wrong));
        } else if let Some(form) = forms::named(words) {
            self.form(form);
        }
    }

    fn form(&mut self, form: &forms::Form) {
        if let Some(wrong) = self.text(form.wrong) {
            self.push("form", How::Wrong(wrong), &["Invalid"]);
        }
        let long = form.longest.map(|longest| "a".repeat(longest + 1));
        if let Some(wrong) = long.and_then(|long| self.text(&long)) {
            self.push("long", How::Wrong(wrong), &["Invalid", "TooLong"]);
        }
    }

    /// A map with one wrong entry.
    fn entry(&mut self, key: &str, value: Option<&str>) {
        let FieldType::Map(item) = self.ty else { return };
        let mut map = Map::new();
        map.insert(key, value.map_or_else(|| filled::some(item), Value::from));
        let name = if value.is_some() { "value" } else { "key" };
        self.push(name, How::Wrong(Wrong::Value(map.into())), &["Invalid"]);
    }

    fn bounds(&mut self, bounds: &bounds::Bounds) {
        match self.ty {
            FieldType::Int32 | FieldType::Int64 | FieldType::IntOrString | FieldType::Quantity => {
                let fits = |number: &i64| *self.ty != FieldType::Int32 || i32::try_from(*number).is_ok();
                let below = bounds.least.map(|least| ("below", least - 1));
                let above = bounds.greatest.map(|greatest| ("above", greatest + 1));
                for (name, number) in below.into_iter().chain(above) {
                    if fits(&number) {
                        self.push(
                            name,
                            How::Wrong(Wrong::Value(self.number(number))),
                            &["Invalid", "Forbidden"],
                        );
                    }
                }
            }
            _ => self.size(bounds),
        }
    }

    fn number(&self, number: i64) -> Value {
        match self.ty {
            FieldType::Quantity => number.to_string().into(),
            _ => Value::Int(number),
        }
    }

    /// Bounds of what has a size.
    fn size(&mut self, bounds: &bounds::Bounds) {
        if bounds.least == Some(1) && !matches!(self.ty, FieldType::Map(_)) {
            self.missing();
        }
        let Some(size) = bounds.greatest.and_then(|size| usize::try_from(size).ok()) else {
            return;
        };
        match self.ty {
            FieldType::List(_) => {
                let many = How::Wrong(Wrong::Many(size + 1));
                self.push("many", many, &["TooMany", "Invalid", "TooLong"]);
            }
            FieldType::String => {
                let long = How::Wrong(Wrong::Value("a".repeat(size + 1).into()));
                self.push("long", long, &["TooLong", "Invalid", "Required"]);
            }
            FieldType::Bytes => {
                let long = How::Wrong(Wrong::Value("AAAA".repeat(size / 3 + 1).into()));
                self.push("long", long, &["TooLong", "Invalid"]);
            }
            FieldType::Map(item) if **item == FieldType::String && bounds.is_bytes => {
                let mut map = Map::new();
                map.insert("k", "a".repeat(size + 1));
                self.push("long", How::Wrong(Wrong::Value(map.into())), &["TooLong"]);
            }
            _ => {}
        }
    }

    fn missing(&mut self) {
        self.push("missing", How::Wrong(Wrong::Missing), &["Required", "Invalid"]);
    }

    /// The field is there and has no content.
    fn empty(&mut self) {
        let value = match self.ty {
            FieldType::List(_) => Value::List(Vec::new()),
            FieldType::Map(_) | FieldType::Message(_) => Map::new().into(),
            _ => "".into(),
        };
        self.push("empty", How::Wrong(Wrong::Value(value)), &["Required", "Invalid"]);
    }

    /// Text for the field, if it holds text.
    fn text(&self, text: &str) -> Option<Wrong> {
        match self.ty {
            FieldType::String | FieldType::IntOrString => Some(Wrong::Value(text.into())),
            FieldType::List(item) if **item == FieldType::String => {
                Some(Wrong::Value(Value::List(vec![text.into()])))
            }
            _ => None,
        }
    }

    fn has(&self, kind: &str) -> bool {
        self.rule.kinds.iter().any(|known| known == kind)
    }

    /// Adds a change, answered by the first of these kinds that the rule has.
    fn push(&mut self, name: &'static str, how: How, kinds: &[&str]) {
        let known = |kind: &&&str| self.has(kind);
        let Some(kind) = kinds.iter().find(known) else {
            return;
        };
        if !self.found.iter().any(|known| known.name == name) {
            self.found.push(Break {
                name,
                how,
                kind: (*kind).to_owned(),
            });
        }
    }
}
