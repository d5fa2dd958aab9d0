//! Whether a custom object is valid by the schema of its version. What was invalid before and has not changed is tolerated (KEP-4008).

use std::sync::Arc;

use ::custom::Known;
use object::field::{Error, ErrorKind, Path};
use schema::{ListType, SmolStr, Value};

use super::rules::Rules;
use crate::strategy::Errors;
use crate::validation::json_schema;

/// A write, as it is to be checked.
pub struct Write<'w> {
    /// What its kind is.
    pub known: &'w Known,
    /// The next state.
    pub object: &'w Value,
    /// The state before, if there was one.
    pub old: Option<&'w Value>,
    /// The subresource written through; empty for the object itself.
    pub subresource: &'w str,
}

impl Write<'_> {
    /// Checks it.
    pub fn check(&self, errors: &mut Errors) {
        let mut found = Errors::new();
        self.scale(&mut found);
        self.schema(&mut found);
        let version = self.known.version();
        lists(&version.schema, self.object, &Path::none(), &mut found);
        found.retain(|error| !self.is_tolerated(error));
        if let Some(rules) = rules(self.known) {
            match found.iter().any(is_blocking) {
                true => found.push(Error::invalid_unshown(
                    &Path::none(),
                    "some validation rules were not checked because the object was invalid; correct the existing errors to complete validation",
                )),
                false => rules.check(self.object, self.old, &mut found),
            }
        }
        errors.extend(found);
    }

    fn schema(&self, errors: &mut Errors) {
        let schema = &self.known.version().published;
        if self.subresource != "status" {
            let problems = json_schema::problems(schema, self.object);
            errors.extend(problems.iter().map(|problem| problem.at(&Path::none())));
            return;
        }
        // Through the status nothing else can change.
        if let (Some(schema), Some(status)) =
            (schema.at(&["properties", "status"]), self.object.get("status"))
        {
            let problems = json_schema::problems(schema, status);
            errors.extend(problems.iter().map(|problem| problem.at(&Path::root("status"))));
        }
    }

    /// The numbers that the scale shows.
    fn scale(&self, errors: &mut Errors) {
        let Some(scale) = &self.known.version().scale else {
            return;
        };
        let places = match self.subresource {
            "status" => [Some(&scale.status_replicas), None],
            _ => [Some(&scale.spec_replicas), Some(&scale.status_replicas)],
        };
        for place in places.into_iter().flatten() {
            let path = Path::root(format!(".{}", place.join(".")));
            let value = place.iter().try_fold(self.object, |value, key| value.get(key));
            match value {
                None | Some(Value::Null) => {}
                Some(Value::Int(number)) if *number < 0 => {
                    errors.push(Error::invalid(&path, *number, "should be a non-negative integer"));
                }
                Some(Value::Int(_)) => {}
                Some(other) => {
                    let (shown, of) = match other {
                        Value::String(text) => (text.to_string(), "string"),
                        Value::Bool(truth) => (truth.to_string(), "bool"),
                        other => (schema::json::to_string(other), "float64"),
                    };
                    let why = format!("{path} accessor error: {shown} is of the type {of}, expected int64");
                    errors.push(Error::invalid(&path, 0i64, why));
                }
            }
        }
    }

    /// Whether what is wrong was so before. What is missing is wrong with what it is missing in.
    fn is_tolerated(&self, error: &Error) -> bool {
        let Some(old) = self.old else { return false };
        let path = error.path.clone();
        let path = match error.kind {
            ErrorKind::Required => path.rsplit_once('.').map_or("", |(parent, _)| parent),
            _ => path.as_str(),
        };
        let new = at(self.object, path);
        new.is_some() && new == at(old, path)
    }
}

/// The value at a path as errors have it; `None` also for what cannot be told.
fn at<'v>(object: &'v Value, path: &str) -> Option<&'v Value> {
    let steps = ::custom::json_path::Path::parse(path)?;
    match steps.find(object).as_slice() {
        [one] => Some(one),
        _ => None,
    }
}

/// Without these there is no saying what a rule would see.
fn is_blocking(error: &Error) -> bool {
    matches!(
        error.kind,
        ErrorKind::NotSupported
            | ErrorKind::Required
            | ErrorKind::TooLong
            | ErrorKind::TooMany
            | ErrorKind::TypeInvalid
    )
}

/// The rules of a version, compiled at their first use.
fn rules(known: &Known) -> Option<Arc<Rules>> {
    let version = known.version();
    let made = version
        .of_server
        .get_or_init(|| Arc::new(Rules::of(&version.published).map(Arc::new)));
    made.downcast_ref::<Option<Arc<Rules>>>().cloned().flatten()
}

/// Each item of a set or keyed list is there once; embedded objects say what they are.
fn lists(schema: &::custom::Structural, value: &Value, path: &Path, errors: &mut Errors) {
    match value {
        Value::Map(map) => {
            for key in ["apiVersion", "kind"] {
                if schema.is_embedded && map.get(key).is_none_or(Value::is_zero) {
                    errors.push(Error::required(&path.child(key), ""));
                }
            }
            for (key, value) in map.iter() {
                match (schema.properties.get(key), &schema.additional) {
                    (Some(schema), _) => lists(schema, value, &path.child(key.clone()), errors),
                    (None, Some(schema)) => lists(schema, value, &path.key(key.clone()), errors),
                    (None, None) => {}
                }
            }
        }
        Value::List(list) => {
            for (index, item) in list.iter().enumerate() {
                if let Some(schema) = &schema.items {
                    lists(schema, item, &path.index(index), errors);
                }
            }
            duplicates(schema, list, path, errors);
        }
        _ => {}
    }
}

fn duplicates(schema: &::custom::Structural, list: &[Value], path: &Path, errors: &mut Errors) {
    let of = |item: &Value| match schema.list_type {
        ListType::Atomic => None,
        ListType::Set => Some(item.clone()),
        ListType::Map => {
            let keys = schema.list_map_keys.iter();
            let pairs = keys.filter_map(|key| Some((key.clone(), item.get(key)?.clone())));
            Some(Value::Map(
                pairs.collect::<Vec<(SmolStr, Value)>>().into_iter().collect(),
            ))
        }
    };
    let mut seen: Vec<Value> = Vec::new();
    for (index, item) in list.iter().enumerate() {
        let Some(identity) = of(item) else { return };
        match seen.contains(&identity) {
            true => errors.push(Error::duplicate(&path.index(index), &identity)),
            false => seen.push(identity),
        }
    }
}
