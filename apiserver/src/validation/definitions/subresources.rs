//! The subresources of a custom resource: where `scale` finds its numbers.

use super::super::place::Place;
use crate::strategy::Errors;

/// Checks subresources.
pub fn check(subresources: &Place<'_>, errors: &mut Errors) {
    let scale = subresources.field("scale");
    if !scale.is_set() {
        return;
    }
    for (field, parent) in [("specReplicasPath", ".spec"), ("statusReplicasPath", ".status")] {
        let path = scale.field(field);
        let is_simple = path.require(errors) && simple_path(&path, errors);
        if is_simple && !path.text().starts_with(&format!("{parent}.")) {
            errors.push(path.invalid_text(format!("should be a json path under {parent}")));
        }
    }
    let selector = scale.field("labelSelectorPath");
    let is_simple = !selector.is_empty() && simple_path(&selector, errors);
    if is_simple
        && ![".spec.", ".status."]
            .iter()
            .any(|parent| selector.text().starts_with(parent))
    {
        errors.push(selector.invalid_text("should be a json path under either .spec or .status"));
    }
}

/// Requires a path that begins with a dot; whether it does.
pub fn simple_path(path: &Place<'_>, errors: &mut Errors) -> bool {
    let is_simple = path.text().starts_with('.');
    if !is_simple {
        errors.push(path.invalid_text("must be a simple json path starting with ."));
    }
    is_simple
}
