//! Label selectors: `env in (a,b),!tier`, and the `LabelSelector` object.
//! Their grammar, order and texts are those of the Kubernetes API.

mod lexer;
mod object;
mod parser;
mod requirement;

use std::fmt;

use schema::{Map, SmolStr, Value};

pub use super::ParseError;
pub use requirement::{Operator, Requirement};

/// Labels to match against.
pub trait Labels {
    /// The value of a label, if it is set.
    fn label(&self, key: &str) -> Option<&str>;
}

/// Which objects are meant, by their labels. All requirements must hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selector {
    /// In key order.
    requirements: Vec<Requirement>,
    nothing: bool,
}

impl Selector {
    /// Matches all objects.
    pub const fn everything() -> Self {
        Self {
            requirements: Vec::new(),
            nothing: false,
        }
    }

    /// Matches no object: what an absent `LabelSelector` means.
    pub const fn nothing() -> Self {
        Self {
            requirements: Vec::new(),
            nothing: true,
        }
    }

    /// Parses the query form.
    ///
    /// # Errors
    /// Bad syntax, keys or values, and text over [`crate::limits::SELECTOR_BYTES_MAX`].
    pub fn parse(text: &str) -> Result<Self, ParseError> {
        parser::parse(text).map(Self::of)
    }

    /// The selector that a `LabelSelector` object means; an absent object selects nothing, an empty one everything.
    ///
    /// # Errors
    /// An unknown operator, bad keys or values.
    pub fn of_object(object: Option<&Value>) -> Result<Self, ParseError> {
        object.map_or(Ok(Self::nothing()), |object| {
            object::requirements(object).map(Self::of)
        })
    }

    /// The selector for exactly these labels, unchecked: what a ReplicationController's or Service's selector means.
    pub fn of_labels(labels: &Map) -> Self {
        let labels = labels
            .iter()
            .filter_map(|(key, value)| Some((key, value.as_str()?)));
        Self::of(
            labels
                .map(|(key, value)| Requirement::equal(key.clone(), SmolStr::new(value)))
                .collect(),
        )
    }

    /// A selector of these requirements.
    pub fn of(mut requirements: Vec<Requirement>) -> Self {
        requirements.sort_by(|a, b| a.key().cmp(b.key()));
        Self {
            requirements,
            nothing: false,
        }
    }

    /// Whether labels match.
    pub fn matches(&self, labels: &(impl Labels + ?Sized)) -> bool {
        !self.nothing
            && self
                .requirements
                .iter()
                .all(|requirement| requirement.matches(labels))
    }

    /// Whether it matches all objects.
    pub fn is_everything(&self) -> bool {
        !self.nothing && self.requirements.is_empty()
    }

    /// Whether it is known to match no object.
    pub fn is_nothing(&self) -> bool {
        self.nothing
    }

    /// In key order.
    pub fn requirements(&self) -> &[Requirement] {
        &self.requirements
    }

    /// The one value that `key` must have, if the selector asks for exactly one.
    pub fn exact(&self, key: &str) -> Option<&str> {
        self.requirements
            .iter()
            .find(|requirement| requirement.key() == key)?
            .exact()
    }
}

impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, requirement) in self.requirements.iter().enumerate() {
            if at > 0 {
                f.write_str(",")?;
            }
            write!(f, "{requirement}")?;
        }
        Ok(())
    }
}

impl Labels for Map {
    fn label(&self, key: &str) -> Option<&str> {
        self.get(key)?.as_str()
    }
}

impl<L: Labels + ?Sized> Labels for Option<&L> {
    fn label(&self, key: &str) -> Option<&str> {
        self.as_ref()?.label(key)
    }
}

impl<K: AsRef<str>, V: AsRef<str>> Labels for [(K, V)] {
    fn label(&self, key: &str) -> Option<&str> {
        self.iter()
            .find(|(have, _)| have.as_ref() == key)
            .map(|(_, value)| value.as_ref())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use schema::tree;

    fn labels() -> [(&'static str, &'static str); 3] {
        [("env", "prod"), ("n", "5"), ("empty", "")]
    }

    #[test]
    fn matches_as_the_api_says() {
        for (text, expected) in [
            ("", true),
            ("env", true),
            ("!env", false),
            ("env=prod", true),
            ("env==dev", false),
            ("env!=dev", true),
            ("absent!=dev", true),
            ("env in (dev,prod)", true),
            ("env notin (dev,prod)", false),
            ("absent notin (a)", true),
            ("absent in ()", false),
            ("empty in ()", true),
            ("empty=", true),
            ("n>4", true),
            ("n<5", false),
            ("env>1", false),
            ("absent>1", false),
            ("env=prod,n=6", false),
            ("n in (5),n", true),
        ] {
            let selector = Selector::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!(selector.matches(labels().as_slice()), expected, "{text}");
        }
    }

    #[test]
    fn displays_sorted_by_key_and_value() {
        for (text, shown) in [
            ("x in (foo,,baz),y,z notin ()", "x in (,baz,foo),y,z notin ()"),
            ("b = 1 , a!= 2,!c", "a!=2,b=1,!c"),
            ("x==a,y>1,z<2", "x==a,y>1,z<2"),
            ("in in (in,notin)", "in in (in,notin)"),
        ] {
            assert_eq!(Selector::parse(text).expect(text).to_string(), shown);
        }
    }

    #[test]
    fn an_absent_object_selects_nothing_and_an_empty_one_everything() {
        let nothing = Selector::of_object(None).expect("absent");
        assert!(nothing.is_nothing() && !nothing.matches(labels().as_slice()));
        let everything = Selector::of_object(Some(&tree!({}))).expect("empty");
        assert!(everything.is_everything() && everything.matches(labels().as_slice()));
    }

    #[test]
    fn objects_become_requirements() {
        let object = tree!({
            "matchLabels": {"env": "prod"},
            "matchExpressions": [
                {"key": "n", "operator": "In", "values": ["6", "5"]},
                {"key": "gone", "operator": "DoesNotExist"}
            ]
        });
        let selector = Selector::of_object(Some(&object)).expect("valid");
        assert_eq!(selector.to_string(), "env=prod,!gone,n in (5,6)");
        assert!(selector.matches(labels().as_slice()));
        assert_eq!((selector.exact("env"), selector.exact("n")), (Some("prod"), None));
    }

    #[test]
    fn bad_objects_are_refused_in_the_references_words() {
        for (object, message) in [
            (
                tree!({"matchExpressions": [{"key": "a", "operator": "Gt", "values": ["1"]}]}),
                r#""Gt" is not a valid label selector operator"#,
            ),
            (
                tree!({"matchExpressions": [{"key": "a", "operator": "In"}]}),
                "values: Invalid value: null: for 'in', 'notin' operators, values set can't be empty",
            ),
            (
                tree!({"matchExpressions": [{"key": "a", "operator": "Exists", "values": ["b"]}]}),
                r#"values: Invalid value: ["b"]: values set must be empty for exists and does not exist"#,
            ),
        ] {
            let error = Selector::of_object(Some(&object)).expect_err(message);
            assert_eq!(error.to_string(), message);
        }
    }

    #[test]
    fn bad_text_is_refused_in_the_references_words() {
        for (text, message) in [
            ("=a", "found '=', expected: !, identifier, or 'end of string'"),
            (
                "env prod",
                "unable to parse requirement: found 'prod', expected: in, notin, =, ==, !=, gt, lt",
            ),
            ("env=bad value", "found 'value', expected: ',' or 'end of string'"),
            (",", "found ',', expected: !, identifier, or 'end of string'"),
            ("env=prod,", "found '', expected: identifier after ','"),
            ("!", "unable to parse requirement: found '', expected: identifier"),
            ("(env)", "found '(', expected: !, identifier, or 'end of string'"),
            ("a in b", "unable to parse requirement: found 'b' expected: '('"),
            (
                "a in (",
                "unable to parse requirement: found '', expected: ',', ')' or identifier",
            ),
            (
                "a in (b",
                "unable to parse requirement: found '', expected: ',' or ')'",
            ),
            (
                "a in (,",
                "unable to parse requirement: found '', expected: ',', or identifier",
            ),
            (
                "a=(",
                "unable to parse requirement: found '(', expected: identifier",
            ),
            (
                "a!b",
                "unable to parse requirement: found '!', expected: in, notin, =, ==, !=, gt, lt",
            ),
            (
                "a>x",
                "unable to parse requirement: values[0]: Invalid value: \"x\": for 'Gt', 'Lt' operators, the value \
                 must be an integer",
            ),
            (
                "a/b/c=d",
                "unable to parse requirement: <nil>: Invalid value: \"a/b/c\": a valid label key must consist of \
                 alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character \
                 (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is \
                 '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]') with an optional DNS subdomain prefix and '/' (e.g. \
                 'example.com/MyName')",
            ),
            (
                "env=vvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvv",
                "unable to parse requirement: values[0][env]: Invalid value: \
                 \"vvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvv\": must be no more than 63 bytes",
            ),
        ] {
            assert_eq!(
                Selector::parse(text).expect_err(text).to_string(),
                message,
                "{text}"
            );
        }
    }
}
