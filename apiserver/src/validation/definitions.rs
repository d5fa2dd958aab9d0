//! Custom resource definitions: that their names fit their group, and that protected groups were asked for.
//! Schemas and versions are checked where custom resources are served.

use schema::Value;

use super::place::Place;
use crate::strategy::Errors;

/// The groups whose APIs are the project's own: definitions there need a reviewer's word.
const PROTECTED: [&str; 2] = ["k8s.io", "kubernetes.io"];
const APPROVED: &str = "api-approved.kubernetes.io";

/// A new definition.
pub fn create(object: &Value, errors: &mut Errors) {
    let spec = Place::root(object, "spec");
    let (group, plural) = (spec.field("group"), spec.field("names").field("plural"));
    let metadata = Place::root(object, "metadata");
    let name = metadata.field("name");
    if name.text() != format!("{}.{}", plural.text(), group.text()) {
        errors.push(name.invalid_text("must be spec.names.plural+\".\"+spec.group"));
    }
    approval(group.text(), &metadata.field("annotations").key(APPROVED), errors);
}

fn approval(group: &str, annotation: &Place<'_>, errors: &mut Errors) {
    const SEE: &str = "see https://github.com/kubernetes/enhancements/pull/1111";
    let is_protected = PROTECTED.iter().any(|domain| {
        group == *domain
            || group
                .strip_suffix(domain)
                .is_some_and(|before| before.ends_with('.'))
    });
    let text = annotation.text();
    if !is_protected || text.starts_with("unapproved") || text.starts_with("https://") {
        return;
    }
    errors.push(match text {
        "" => annotation.required(&format!(
            "protected groups must have approval annotation {APPROVED:?}, {SEE}"
        )),
        _ => annotation.invalid(format!(
            "protected groups must have approval annotation {APPROVED:?} with either a URL or a reason starting with \"unapproved\", {SEE}"
        )),
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use schema::tree;

    fn count(name: &str, group: &str, approval: &str) -> usize {
        let object = tree!({"metadata": {"name": name, "annotations": {"api-approved.kubernetes.io": approval}},
            "spec": {"group": group, "names": {"plural": "things"}}});
        let mut errors = Errors::new();
        create(&object, &mut errors);
        errors.len()
    }

    #[test]
    fn names_are_plural_and_group() {
        assert_eq!(count("things.example.com", "example.com", ""), 0);
        assert_eq!(count("others.example.com", "example.com", ""), 1);
    }

    #[test]
    fn protected_groups_need_approval() {
        assert_eq!(count("things.a.k8s.io", "a.k8s.io", ""), 1);
        assert_eq!(count("things.a.k8s.io", "a.k8s.io", "maybe"), 1);
        assert_eq!(count("things.a.k8s.io", "a.k8s.io", "unapproved, a test"), 0);
        assert_eq!(count("things.ak8s.io", "ak8s.io", ""), 0);
    }
}
