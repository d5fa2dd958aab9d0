//! The names of a custom resource, those asked for and those accepted.

use object::names::{Problems, dns_1035_label};

use super::super::place::Place;
use crate::strategy::Errors;

/// Checks names; absent ones are for the caller to require.
pub fn check(names: &Place<'_>, errors: &mut Errors) {
    for name in ["plural", "singular"].map(|field| names.field(field)) {
        if !name.is_empty() {
            joined(&name, "", dns_1035_label(name.text()), errors);
        }
    }
    let [kind, list_kind] = ["kind", "listKind"].map(|field| names.field(field));
    for name in [&kind, &list_kind] {
        if !name.is_empty() {
            let problems = dns_1035_label(&name.text().to_lowercase());
            joined(
                name,
                "may have mixed case, but should otherwise match: ",
                problems,
                errors,
            );
        }
    }
    for name in names.field("shortNames").items() {
        joined(&name, "", dns_1035_label(name.text()), errors);
    }
    if !kind.is_empty() && kind.text() == list_kind.text() {
        errors.push(list_kind.invalid_text("kind and listKind may not be the same"));
    }
    for name in names.field("categories").items() {
        joined(&name, "", dns_1035_label(name.text()), errors);
    }
}

fn joined(name: &Place<'_>, before: &str, problems: Problems, errors: &mut Errors) {
    if !problems.is_empty() {
        errors.push(name.invalid_text(format!("{before}{}", problems.join(","))));
    }
}
