//! Conditions under which a webhook is asked: expressions on what would be asked.

use object::field::{Error, Path};
use schema::Value;

use crate::expressions::{Expression, Subject};
use crate::limits::MATCH_CONDITIONS_MAX;

/// The conditions of a webhook; without any it is always asked.
#[derive(Debug, Default)]
pub struct Conditions(Vec<Expression>);

impl Conditions {
    /// Reads `matchConditions`.
    pub fn read(entries: &[Value]) -> Result<Self, String> {
        let root = Path::root("matchConditions");
        if entries.len() > MATCH_CONDITIONS_MAX {
            return Err(Error::too_many(&root, entries.len(), MATCH_CONDITIONS_MAX).to_string());
        }
        let mut conditions: Vec<Expression> = Vec::new();
        for (at, entry) in entries.iter().enumerate() {
            let path = root.index(at).child("expression");
            let text = entry.str_at(&["expression"]).unwrap_or_default();
            if text.trim().is_empty() {
                return Err(Error::required(&path, "").to_string());
            }
            if conditions.iter().any(|other| other.text() == text) {
                return Err(Error::duplicate(&path, text).to_string());
            }
            conditions.push(Expression::condition(Subject::Request, text, &path)?);
        }
        Ok(Self(conditions))
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether all hold for the spec of a SubjectAccessReview. One that does not decides, whatever went wrong with others.
    pub fn hold(&self, spec: &Value) -> Result<bool, String> {
        if self.0.is_empty() {
            return Ok(true);
        }
        let subject = self.subject(spec);
        let mut errors = Vec::new();
        for condition in &self.0 {
            match condition.evaluate(&subject).map(|value| value.as_bool()) {
                Ok(Some(true)) => {}
                Ok(Some(false)) => return Ok(false),
                Ok(None) => errors.push(format!(
                    "cel evaluation error: expression '{}' eval result type should be bool",
                    condition.text()
                )),
                Err(error) => errors.push(format!("cel evaluation error: {error}")),
            }
        }
        match errors.as_slice() {
            [] => Ok(true),
            [one] => Err(one.clone()),
            many => Err(format!("[{}]", many.join(", "))),
        }
    }

    /// The spec with all texts, also empty ones; selectors only if a condition looks at them.
    fn subject(&self, spec: &Value) -> Value {
        let mut subject = spec.clone();
        complete(&mut subject, &["user", "uid"]);
        let empty = [
            ("groups", Value::List(Vec::new())),
            ("extra", Value::Map(schema::Map::new())),
        ];
        if let Some(map) = subject.as_map_mut() {
            for (field, value) in empty {
                map.entry_or_insert_with(field, || value);
            }
        }
        if let Some(resource) = subject.get_mut("resourceAttributes") {
            complete(
                resource,
                &[
                    "namespace",
                    "verb",
                    "group",
                    "version",
                    "resource",
                    "subresource",
                    "name",
                ],
            );
            for selector in ["fieldSelector", "labelSelector"] {
                let is_used = self.0.iter().any(|condition| condition.selects(selector));
                if let Some(map) = resource.as_map_mut().filter(|_| !is_used) {
                    map.remove(selector);
                }
            }
        }
        if let Some(path) = subject.get_mut("nonResourceAttributes") {
            complete(path, &["path", "verb"]);
        }
        subject
    }
}

fn complete(object: &mut Value, texts: &[&str]) {
    if let Some(map) = object.as_map_mut() {
        for field in texts {
            map.entry_or_insert_with(field, || Value::from(""));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use schema::tree;

    fn conditions(texts: &[&'static str]) -> Conditions {
        let entries: Vec<Value> = texts.iter().map(|text| tree!({"expression": (*text)})).collect();
        Conditions::read(&entries).expect("good conditions")
    }

    fn asks(verb: &'static str) -> Value {
        tree!({"user": "jane", "resourceAttributes": {"verb": verb, "resource": "pods",
            "fieldSelector": {"requirements": [{"key": "spec.nodeName", "operator": "In", "values": ["a"]}]}}})
    }

    #[test]
    fn a_webhook_is_asked_if_all_hold() {
        let some = conditions(&[
            "has(request.resourceAttributes)",
            "request.resourceAttributes.namespace == '' && request.resourceAttributes.verb != 'get'",
            "!('system:nodes' in request.groups) && request.uid == '' && !has(request.resourceAttributes.labelSelector)",
            "request.resourceAttributes.fieldSelector.requirements[0].values[0] == 'a'",
        ]);
        assert_eq!(some.hold(&asks("list")), Ok(true));
        assert_eq!(some.hold(&asks("get")), Ok(false));
        assert_eq!(
            some.hold(&tree!({"nonResourceAttributes": {"path": "/x"}})),
            Ok(false)
        );
        assert_eq!(Conditions::default().hold(&asks("get")), Ok(true));
    }

    #[test]
    fn selectors_are_there_only_if_something_looks_at_them() {
        let unused = conditions(&["request.resourceAttributes.verb == 'list'"]);
        let subject = unused.subject(&asks("list"));
        assert_eq!(subject.at(&["resourceAttributes", "fieldSelector"]), None);
    }

    #[test]
    fn what_goes_wrong_is_told_unless_another_decides() {
        let wrong = "request.resourceAttributes.subresource.matches(request.user + '[')";
        let told = conditions(&[wrong])
            .hold(&asks("get"))
            .expect_err("a bad pattern");
        assert!(
            told.starts_with(&format!(
                "cel evaluation error: expression '{wrong}' resulted in error: "
            )),
            "{told}"
        );
        assert_eq!(
            conditions(&[wrong, "request.user == 'other'"]).hold(&asks("get")),
            Ok(false)
        );
    }

    #[test]
    fn conditions_are_checked_when_they_are_read() {
        let told = |entries: Vec<Value>| Conditions::read(&entries).expect_err("wrong");
        assert_eq!(
            told(vec![tree!({"expression": " "})]),
            "matchConditions[0].expression: Required value"
        );
        let twice = vec![tree!({"expression": "true"}), tree!({"expression": "true"})];
        assert_eq!(
            told(twice),
            "matchConditions[1].expression: Duplicate value: \"true\""
        );
        assert!(told(vec![tree!({"expression": "request.nope"})]).contains("undefined field 'nope'"));
        let many = (0..65)
            .map(|at| tree!({"expression": (format!("{at} == {at}"))}))
            .collect();
        assert_eq!(
            told(many),
            "matchConditions: Too many: 65: must have at most 64 items"
        );
    }
}
