//! Events: what those of the newer form must say, whichever group they come through.
//! Of the older form only the namespace is checked, as by the reference.

use object::names::qualified_name;
use schema::Value;

use super::place::Place;
use crate::strategy::Errors;

const NAME_CHARACTERS_MAX: usize = 128;
const NOTE_CHARACTERS_MAX: usize = 1_024;
const SERIES_COUNT_MIN: i64 = 2;

/// An event of the core group: the newer rules hold if it has an event time.
pub fn create(object: &Value, errors: &mut Errors) {
    involved(object, errors);
    if Place::root(object, "eventTime").is_set() {
        reported(object, "reportingComponent", errors);
    }
}

/// An event of the group events.k8s.io.
pub fn create_of_group(object: &Value, errors: &mut Errors) {
    let time = Place::root(object, "eventTime");
    if !time.is_set() {
        errors.push(time.required(""));
        return;
    }
    reported(object, "reportingController", errors);
    series(object, errors);
    let kind = Place::root(object, "type");
    if !["Normal", "Warning"].contains(&kind.text()) {
        errors.push(kind.invalid_as("", format!("has invalid value: {}", kind.text())));
    }
    for field in ["firstTimestamp", "lastTimestamp", "count", "source"] {
        let place = Place::root(object, field);
        if !place.is_empty() {
            errors.push(place.invalid_as("", "needs to be unset"));
        }
    }
}

/// An event is where the object that it is of is. One of an object without a namespace is in the default one, a newer one may also be
/// in the system's.
fn involved(object: &Value, errors: &mut Errors) {
    let own = Place::root(object, "metadata").field("namespace");
    let of = Place::root(object, "involvedObject").field("namespace");
    let is_new = Place::root(object, "eventTime").is_set();
    let agrees = match (of.text(), own.text()) {
        ("", "default") => true,
        ("", "kube-system") => is_new,
        ("", own) => own.is_empty() && !is_new,
        (of, own) => is_new || of == own,
    };
    if !agrees {
        errors.push(of.invalid_text("does not match event.namespace"));
    }
}

/// Who reports what; errors call the reporter by its name in the group of the request.
fn reported(object: &Value, reporter: &'static str, errors: &mut Errors) {
    let component = Place::new(
        object.get("reportingComponent"),
        object::field::Path::root(reporter),
    );
    component.require(errors);
    component.format(qualified_name, errors);
    for field in ["reportingInstance", "action", "reason"] {
        let place = Place::root(object, field);
        if place.require(errors) {
            at_most(&place, NAME_CHARACTERS_MAX, errors);
        }
    }
    at_most(&Place::root(object, "message"), NOTE_CHARACTERS_MAX, errors);
}

/// The error does not repeat what is too long.
fn at_most(place: &Place<'_>, max: usize, errors: &mut Errors) {
    if place.text().len() > max {
        errors.push(place.invalid_as("", format!("can have at most {max} characters")));
    }
}

fn series(object: &Value, errors: &mut Errors) {
    let series = Place::root(object, "series");
    if !series.is_set() {
        return;
    }
    if series.field("count").int() < SERIES_COUNT_MIN {
        errors.push(series.field("count").invalid_as("", "should be at least 2"));
    }
    series.field("lastObservedTime").require(errors);
}

#[cfg(test)]
mod tests {
    use super::*;
    use schema::tree;

    fn texts(check: fn(&Value, &mut Errors), object: Value) -> Vec<String> {
        let mut errors = Errors::new();
        check(&object, &mut errors);
        errors.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn events_without_a_time_are_of_the_older_form() {
        let of = |own: &str, of: &str| {
            texts(
                create,
                tree!({"metadata": {"namespace": own}, "involvedObject": {"namespace": of}}),
            )
        };
        for (own, involved) in [("", ""), ("default", ""), ("a", "a")] {
            assert_eq!(of(own, involved), [""; 0], "{own} {involved}");
        }
        for (own, involved) in [("a", ""), ("kube-system", ""), ("a", "b")] {
            let text = format!(
                "involvedObject.namespace: Invalid value: {involved:?}: does not match event.namespace"
            );
            assert_eq!(of(own, involved), [text]);
        }
        assert_eq!(texts(create_of_group, tree!({})), ["eventTime: Required value"]);
    }

    #[test]
    fn events_with_a_time_tell_who_reports_what() {
        let time = "2020-01-01T00:00:00.000000Z";
        let found = texts(
            create,
            tree!({"metadata": {"namespace": "kube-system"}, "eventTime": time}),
        );
        assert_eq!(found.len(), 6);
        assert_eq!(found[0], "reportingComponent: Required value");
        let whole = tree!({"metadata": {"namespace": "default"}, "eventTime": time, "reportingComponent": "c", "reportingInstance": "i", "action": "a", "reason": "r", "type": "Normal"});
        assert_eq!(texts(create, whole.clone()), [""; 0]);
        assert_eq!(texts(create_of_group, whole), [""; 0]);
    }

    #[test]
    fn what_is_too_long_is_not_repeated() {
        let object = tree!({"metadata": {"namespace": "default"}, "eventTime": "t", "reportingComponent": "c", "reportingInstance": "i", "action": "a", "reason": "r", "message": ("x".repeat(1_025))});
        let text = r#"message: Invalid value: "": can have at most 1024 characters"#;
        assert_eq!(texts(create, object), [text]);
    }
}
