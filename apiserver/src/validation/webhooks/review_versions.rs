//! The versions of the review objects that a webhook understands, of admission or of conversion.

use std::collections::HashSet;

use object::names::dns_1035_label;

use super::super::place::Place;
use crate::strategy::Errors;

/// The versions that this server can send.
const ACCEPTED: [&str; 2] = ["v1", "v1beta1"];

/// Admission's: versions must be given.
pub fn check(versions: &Place<'_>, accepted_required: bool, errors: &mut Errors) {
    if versions.list().is_empty() {
        errors.push(versions.required(&format!("must specify one of {}", ACCEPTED.join(", "))));
    } else {
        items(versions, accepted_required, errors);
    }
}

/// Conversion's: the same, told in fewer words.
pub fn check_conversion(versions: &Place<'_>, accepted_required: bool, errors: &mut Errors) {
    if versions.list().is_empty() {
        errors.push(versions.required(""));
    } else {
        items(versions, accepted_required, errors);
    }
}

/// Whether the list is empty or has a version that this server can send.
pub fn accepted_or_none(versions: &Place<'_>) -> bool {
    versions.list().is_empty() || versions.texts().iter().any(|version| ACCEPTED.contains(version))
}

fn items(versions: &Place<'_>, accepted_required: bool, errors: &mut Errors) {
    let mut seen = HashSet::new();
    for version in versions.items() {
        if seen.insert(version.text()) {
            version.format(dns_1035_label, errors);
        } else {
            errors.push(version.invalid_text("duplicate version"));
        }
    }
    if accepted_required && !accepted_or_none(versions) {
        errors.push(versions.invalid(format!("must include at least one of {}", ACCEPTED.join(", "))));
    }
}
