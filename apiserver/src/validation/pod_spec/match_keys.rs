//! Rules of label keys whose values a pod is placed by: its own labels complete the selector that stands beside them.

use object::field::Error;
use object::names;
use schema::{Map, SmolStr, Value};

use super::super::place::Place;
use crate::strategy::Errors;

const TWICE: &str = "exists in both matchLabelKeys and labelSelector";

/// Checks `matchLabelKeys` and `mismatchLabelKeys` of an affinity term or a spread constraint.
pub fn check(term: &Place<'_>, errors: &mut Errors) {
    for name in ["matchLabelKeys", "mismatchLabelKeys"] {
        let keys = term.field(name);
        if check_selector_of(&keys, term, errors) {
            keys.items()
                .for_each(|key| key.format(names::qualified_name, errors));
        }
    }
    check_twice(term, errors);
}

/// Keys stand beside a selector; whether there are keys, and one.
fn check_selector_of(keys: &Place<'_>, owner: &Place<'_>, errors: &mut Errors) -> bool {
    let has_selector = owner.field("labelSelector").is_set();
    if !keys.is_empty() && !has_selector {
        errors.push(keys.forbidden("must not be specified when labelSelector is not set"));
    }
    !keys.is_empty() && has_selector
}

/// Matched keys have become expressions of the selector by now: one that is there a second time was given in it. That is told at
/// the term, as the reference does.
fn check_twice(term: &Place<'_>, errors: &mut Errors) {
    let (matched, mismatched) = (term.field("matchLabelKeys"), term.field("mismatchLabelKeys"));
    let selector = term.field("labelSelector").value();
    let mut seen = selected_labels(selector);
    for key in selected_expressions(selector) {
        let at = matched.list().iter().position(|one| one.as_str() == Some(key));
        if let Some(at) = at.filter(|_| seen.contains(&key)) {
            errors.push(Error::invalid(&term.path().index(at), key, TWICE));
        }
        seen.push(key);
    }
    let mismatched = mismatched.texts();
    for key in matched.items().filter(|key| mismatched.contains(&key.text())) {
        errors.push(key.invalid_text("exists in both matchLabelKeys and mismatchLabelKeys"));
    }
}

fn selected_labels(selector: &Value) -> Vec<&str> {
    let labels = selector.map_at(&["matchLabels"]).into_iter();
    labels.flat_map(Map::keys).map(SmolStr::as_str).collect()
}

fn selected_expressions(selector: &Value) -> impl Iterator<Item = &str> {
    let expressions = selector.list_at(&["matchExpressions"]).iter();
    expressions.filter_map(|expression| expression.str_at(&["key"]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::validation::pod_spec::scheduling;
    use object::field::Path;
    use schema::tree;

    fn told(constraint: Value) -> Vec<String> {
        let (list, mut errors) = (tree!([constraint]), Errors::new());
        scheduling::check_spread(&Place::new(Some(&list), Path::root("s")), &mut errors);
        errors.iter().map(ToString::to_string).collect()
    }

    fn constraint(when: &str, keys: Value, selector: Value) -> Value {
        tree!({
            "maxSkew": 1i64, "topologyKey": "zone", "whenUnsatisfiable": when, "minDomains": 1i64,
            "matchLabelKeys": keys, "labelSelector": selector,
        })
    }

    #[test]
    fn keys_of_a_spread_are_those_of_its_selector() {
        let of = |keys: Value, expressions: Value| {
            let selector = tree!({"matchLabels": {"a": "b"}, "matchExpressions": expressions});
            told(constraint("DoNotSchedule", keys, selector))
        };
        // As merged from the pod's labels.
        let made = || tree!({"key": "c", "operator": "In", "values": ["d"]});
        assert_eq!(of(tree!(["c"]), tree!([(made())])), [""; 0]);
        let twice = tree!([{"key": "c", "operator": "Exists"}, (made())]);
        assert_eq!(
            of(tree!(["c"]), twice),
            [format!("s[0][0]: Invalid value: \"c\": {TWICE}")]
        );
        assert_eq!(
            told(constraint("DoNotSchedule", tree!(["c"]), Value::Null)),
            ["s[0].matchLabelKeys: Forbidden: must not be specified when labelSelector is not set"]
        );
    }

    #[test]
    fn keys_of_a_term_are_there_once() {
        let term = |mismatched: Value, expressions: Value| {
            let term = tree!({
                "topologyKey": "zone", "matchLabelKeys": ["a"], "mismatchLabelKeys": mismatched,
                "labelSelector": {"matchLabels": {"b": "c"}, "matchExpressions": expressions},
            });
            let mut errors = Errors::new();
            scheduling::check_pod_term(&Place::new(Some(&term), Path::root("t")), &mut errors);
            errors.iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        let made = || tree!({"key": "a", "operator": "In", "values": ["x"]});
        assert_eq!(term(tree!(["d"]), tree!([(made())])), [""; 0]);
        assert_eq!(
            term(
                tree!(["d"]),
                tree!([{"key": "a", "operator": "Exists"}, (made())])
            ),
            [format!("t[0]: Invalid value: \"a\": {TWICE}")]
        );
        assert_eq!(
            term(tree!(["a"]), tree!([(made())])),
            [
                "t.matchLabelKeys[0]: Invalid value: \"a\": exists in both matchLabelKeys and mismatchLabelKeys"
            ]
        );
    }
}
