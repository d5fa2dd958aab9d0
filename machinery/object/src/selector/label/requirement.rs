//! One requirement: a key, an operator, values.

use std::fmt;

use schema::{SmolStr, Value};

use super::Labels;
use crate::field::{Error, Path, Printed};
use crate::names;

/// How a key's value relates to the required ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Operator {
    /// Set, to one of the values.
    In,
    /// Unset, or set to none of the values.
    NotIn,
    /// `=`.
    Equals,
    /// `==`.
    DoubleEquals,
    /// `!=`; also true when unset.
    NotEquals,
    /// Set to anything.
    Exists,
    /// Unset.
    DoesNotExist,
    /// Set to a whole number above the value.
    GreaterThan,
    /// Set to a whole number below the value.
    LessThan,
}

/// One condition on one label. Valid by construction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Requirement {
    key: SmolStr,
    operator: Operator,
    /// Sorted.
    values: Vec<SmolStr>,
    /// The value as a number, where the operator compares numbers.
    bound: i64,
}

impl Requirement {
    /// A requirement, checked. `path` is where it stands in the request, for the errors.
    ///
    /// # Errors
    /// A bad key, bad values, or a number of values that does not fit the operator.
    pub fn new(
        key: SmolStr,
        operator: Operator,
        values: Vec<SmolStr>,
        path: &Path,
    ) -> Result<Self, Vec<Error>> {
        let mut errors = Vec::new();
        let problems = names::qualified_name(&key);
        if !problems.is_empty() {
            errors.push(Error::invalid(&path.child("key"), &key, problems.join("; ")));
        }
        check_values(operator, &values, &path.child("values"), &mut errors);
        for (at, value) in values.iter().enumerate() {
            let problems = names::label_value(value);
            if !problems.is_empty() {
                let path = path.child("values").index(at).key(key.clone());
                errors.push(Error::invalid(&path, value, problems.join("; ")));
            }
        }
        if errors.is_empty() {
            Ok(Self::unchecked(key, operator, values))
        } else {
            Err(errors)
        }
    }

    /// `key=value`, unchecked.
    pub fn equal(key: SmolStr, value: SmolStr) -> Self {
        Self::unchecked(key, Operator::Equals, vec![value])
    }

    /// The label's key.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// How the value relates to [`Self::values`].
    pub fn operator(&self) -> Operator {
        self.operator
    }

    /// Sorted.
    pub fn values(&self) -> &[SmolStr] {
        &self.values
    }

    /// Whether labels fulfil it.
    pub fn matches(&self, labels: &(impl Labels + ?Sized)) -> bool {
        let value = labels.label(&self.key);
        match self.operator {
            Operator::In | Operator::Equals | Operator::DoubleEquals => {
                value.is_some_and(|value| self.has(value))
            }
            Operator::NotIn | Operator::NotEquals => !value.is_some_and(|value| self.has(value)),
            Operator::Exists => value.is_some(),
            Operator::DoesNotExist => value.is_none(),
            Operator::GreaterThan => number(value).is_some_and(|number| number > self.bound),
            Operator::LessThan => number(value).is_some_and(|number| number < self.bound),
        }
    }

    /// The one value that it asks for, if it does.
    pub fn exact(&self) -> Option<&str> {
        match (self.operator, self.values.as_slice()) {
            (Operator::Equals | Operator::DoubleEquals | Operator::In, [value]) => Some(value),
            _ => None,
        }
    }

    fn unchecked(key: SmolStr, operator: Operator, mut values: Vec<SmolStr>) -> Self {
        values.sort_unstable();
        let bound = number(values.first().map(SmolStr::as_str)).unwrap_or(0);
        Self {
            key,
            operator,
            values,
            bound,
        }
    }

    fn has(&self, value: &str) -> bool {
        match self.values.as_slice() {
            [only] => only == value,
            values => values.binary_search_by(|have| have.as_str().cmp(value)).is_ok(),
        }
    }
}

impl fmt::Display for Requirement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = &self.key;
        let values = self.values.join(",");
        match self.operator {
            Operator::In => write!(f, "{key} in ({values})"),
            Operator::NotIn => write!(f, "{key} notin ({values})"),
            Operator::Equals => write!(f, "{key}={values}"),
            Operator::DoubleEquals => write!(f, "{key}=={values}"),
            Operator::NotEquals => write!(f, "{key}!={values}"),
            Operator::Exists => write!(f, "{key}"),
            Operator::DoesNotExist => write!(f, "!{key}"),
            Operator::GreaterThan => write!(f, "{key}>{values}"),
            Operator::LessThan => write!(f, "{key}<{values}"),
        }
    }
}

fn check_values(operator: Operator, values: &[SmolStr], path: &Path, errors: &mut Vec<Error>) {
    let problem = match operator {
        Operator::In | Operator::NotIn => values
            .is_empty()
            .then_some("for 'in', 'notin' operators, values set can't be empty"),
        Operator::Equals | Operator::DoubleEquals | Operator::NotEquals => {
            (values.len() != 1).then_some("exact-match compatibility requires one single value")
        }
        Operator::Exists | Operator::DoesNotExist => {
            (!values.is_empty()).then_some("values set must be empty for exists and does not exist")
        }
        Operator::GreaterThan | Operator::LessThan => {
            (values.len() != 1).then_some("for 'Gt', 'Lt' operators, exactly one value is required")
        }
    };
    if let Some(problem) = problem {
        errors.push(Error::invalid(path, printed(values), problem));
    }
    if matches!(operator, Operator::GreaterThan | Operator::LessThan) {
        for (at, value) in values
            .iter()
            .enumerate()
            .filter(|(_, value)| number(Some(value.as_str())).is_none())
        {
            let problem = "for 'Gt', 'Lt' operators, the value must be an integer";
            errors.push(Error::invalid(&path.index(at), value, problem));
        }
    }
}

fn printed(values: &[SmolStr]) -> Printed {
    if values.is_empty() {
        return Printed::null();
    }
    Printed::from(&Value::List(values.iter().cloned().map(Value::String).collect()))
}

/// As Go reads a decimal number.
fn number(text: Option<&str>) -> Option<i64> {
    text?.parse().ok()
}
