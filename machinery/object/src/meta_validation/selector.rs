//! The `LabelSelector` object, wherever a kind has one.

use schema::Value;

use super::{invalid_each, labels};
use crate::field::{Error, Path};
use crate::names;

/// Checks a label selector: keys, operators, and whether values fit the operator.
///
/// `values_checked` is false where an update may keep bad values that the stored object has.
pub fn label_selector(selector: &Value, values_checked: bool, path: &Path) -> Vec<Error> {
    let mut errors = labels(selector.map_at(&["matchLabels"]), &path.child("matchLabels"));
    let path = path.child("matchExpressions");
    for (at, requirement) in selector.list_at(&["matchExpressions"]).iter().enumerate() {
        errors.extend(self::requirement(requirement, values_checked, &path.index(at)));
    }
    errors
}

fn requirement(requirement: &Value, values_checked: bool, path: &Path) -> Vec<Error> {
    let mut errors = Vec::new();
    let values = requirement.list_at(&["values"]);
    let at_values = path.child("values");
    match requirement.str_at(&["operator"]).unwrap_or_default() {
        "In" | "NotIn" if values.is_empty() => {
            errors.push(Error::required(
                &at_values,
                "must be specified when `operator` is 'In' or 'NotIn'",
            ));
        }
        "Exists" | "DoesNotExist" if !values.is_empty() => {
            let problem = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'";
            errors.push(Error::forbidden(&at_values, problem));
        }
        "In" | "NotIn" | "Exists" | "DoesNotExist" => {}
        other => errors.push(Error::invalid(
            &path.child("operator"),
            other,
            "not a valid selector operator",
        )),
    }
    let key = requirement.str_at(&["key"]).unwrap_or_default();
    errors.extend(invalid_each(&path.child("key"), key, names::qualified_name(key)));
    for (at, value) in values.iter().enumerate().filter(|_| values_checked) {
        let value = value.as_str().unwrap_or_default();
        errors.extend(invalid_each(
            &at_values.index(at),
            value,
            names::label_value(value),
        ));
    }
    errors
}
