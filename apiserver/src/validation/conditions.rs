//! Conditions of the common form (`metav1.Condition`), wherever a status has them.
//! What a condition says is its controller's.

use std::collections::HashSet;

use object::names::qualified_name;

use super::place::Place;
use crate::limits::{CONDITION_MESSAGE_BYTES_MAX, CONDITION_REASON_BYTES_MAX};
use crate::strategy::Errors;

const REASON: &str = "a condition reason must start with alphabetic character, optionally followed by a string of alphanumeric characters or '_,:', and must end with an alphanumeric character or '_' (e.g. 'my_name',  or 'MY_NAME',  or 'MyName',  or 'ReasonA,ReasonB',  or 'ReasonA:ReasonB', regex used for validation is '[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?')";

/// Checks a list of conditions: each type occurs once.
pub fn check(conditions: &Place<'_>, errors: &mut Errors) {
    let mut types = HashSet::new();
    for condition in conditions.items() {
        let kind = condition.field("type");
        if !types.insert(kind.text()) {
            errors.push(object::field::Error::duplicate(kind.path(), kind.text()));
        }
        one(&condition, errors);
    }
}

/// Checks one condition.
pub fn one(condition: &Place<'_>, errors: &mut Errors) {
    condition.field("type").format(qualified_name, errors);
    condition
        .field("status")
        .one_of(&["False", "True", "Unknown"], errors);
    let generation = condition.field("observedGeneration");
    if generation.int() < 0 {
        errors.push(generation.invalid_int("must be greater than or equal to zero"));
    }
    let time = condition.field("lastTransitionTime");
    if time.is_empty() {
        errors.push(time.required("must be set"));
    }
    let reason = condition.field("reason");
    if reason.is_empty() {
        errors.push(reason.required("must be set"));
    } else {
        if !is_reason(reason.text()) {
            errors.push(reason.invalid_text(REASON));
        }
        reason.at_most_bytes(CONDITION_REASON_BYTES_MAX, errors);
    }
    condition
        .field("message")
        .at_most_bytes(CONDITION_MESSAGE_BYTES_MAX, errors);
}

fn is_reason(text: &str) -> bool {
    let is_word = |byte: u8| byte == b'_' || byte.is_ascii_alphanumeric();
    let (first, last) = (text.bytes().next(), text.bytes().last());
    first.is_some_and(|first| first.is_ascii_alphabetic())
        && last.is_some_and(is_word)
        && text.bytes().all(|byte| is_word(byte) || b",:".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;
    use schema::{Value, tree};

    fn told(change: &'static str, value: Value) -> Vec<String> {
        let mut condition = tree!({"type": "Ready", "status": "True", "reason": "Fine",
            "lastTransitionTime": "2026-01-02T03:04:05Z", "message": ""});
        condition.as_map_mut().expect("a map").insert(change, value);
        let object = tree!({"conditions": [condition]});
        let mut errors = Errors::new();
        check(&Place::root(&object, "conditions"), &mut errors);
        errors.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_good_condition_is_good() {
        assert_eq!(told("message", tree!("")), [""; 0]);
        assert_eq!(told("reason", tree!("A,b:c_")), [""; 0]);
    }

    #[test]
    fn each_field_has_its_form() {
        for (field, bad) in [
            ("type", tree!("a b")),
            ("status", tree!("Maybe")),
            ("observedGeneration", tree!(-1i64)),
            ("lastTransitionTime", Value::Null),
            ("reason", tree!("")),
            ("reason", tree!("1")),
            ("reason", tree!("a:")),
            ("message", tree!("m".repeat(32 * 1024 + 1))),
        ] {
            let told = told(field, bad);
            assert_eq!(told.len(), 1, "{told:?}");
            assert!(
                told[0].starts_with(&format!("conditions[0].{field}: ")),
                "{told:?}"
            );
        }
    }

    #[test]
    fn types_occur_once() {
        let condition = tree!({"type": "A", "status": "True", "reason": "A", "lastTransitionTime": "t"});
        let object = tree!({"conditions": [(condition.clone()), condition]});
        let mut errors = Errors::new();
        check(&Place::root(&object, "conditions"), &mut errors);
        assert_eq!(errors.len(), 1);
    }
}
