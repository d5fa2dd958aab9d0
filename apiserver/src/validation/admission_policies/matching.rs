//! Which requests a policy or a binding is for.

use object::field::Error;
use object::meta_validation::label_selector;

use super::super::place::Place;
use super::super::webhooks::{MATCH_POLICIES, rules};
use crate::strategy::Errors;

/// The operations that a mutating policy can match: what is deleted cannot be changed.
pub const MUTABLE_OPERATIONS: [&str; 4] = ["*", "CONNECT", "CREATE", "UPDATE"];

/// A policy's constraints: they must be given, with rules. `operations` are those that can be matched; all when it is empty.
pub fn constraints(place: &Place<'_>, operations: &[&str], errors: &mut Errors) {
    if !place.is_set() {
        errors.push(place.required(""));
        return;
    }
    resources(place, errors);
    // At least one rule tells the types that expressions are about.
    place.field("resourceRules").require(errors);
    operations_of(place, operations, errors);
}

/// What a binding narrows its policy to, if it does.
pub fn resources(place: &Place<'_>, errors: &mut Errors) {
    let policy = place.field("matchPolicy");
    if policy.is_set() {
        policy.one_of(&MATCH_POLICIES, errors);
    } else {
        errors.push(policy.required(""));
    }
    for selector in ["namespaceSelector", "objectSelector"].map(|field| place.field(field)) {
        if selector.is_set() {
            errors.extend(label_selector(selector.value(), true, selector.path()));
        } else {
            errors.push(selector.required(""));
        }
    }
    for field in ["resourceRules", "excludeResourceRules"] {
        place
            .field(field)
            .items()
            .for_each(|rule| rules::named(&rule, errors));
    }
}

/// Requires every operation to be one of these. The reference does not say which rule has it.
pub fn operations_of(place: &Place<'_>, operations: &[&str], errors: &mut Errors) {
    let all_rules = place.field("resourceRules");
    let path = all_rules.path().child("operations");
    let found = all_rules
        .items()
        .flat_map(|rule| rule.field("operations").texts());
    for operation in found.filter(|found| !operations.is_empty() && !operations.contains(found)) {
        errors.push(Error::not_supported(&path, operation, operations));
    }
}
