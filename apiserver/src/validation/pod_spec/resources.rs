//! Rules of the resources that a container asks for: names, amounts, and how requests relate to limits.

use object::field::Error;
use object::names;
use schema::quantity::Quantity;

use super::super::place::Place;
use crate::strategy::Errors;

const STANDARD: [&str; 3] = ["cpu", "memory", "ephemeral-storage"];
const HUGE: &str = "hugepages-";

/// Checks `resources`; `claims` are the names of the pod's resource claims.
pub fn check(resources: &Place<'_>, claims: &[&str], errors: &mut Errors) {
    let (limits, requests) = (resources.field("limits"), resources.field("requests"));
    let mut huge = false;
    for (name, amount) in limits.entries() {
        check_amount(name, &amount, errors);
        huge |= name.starts_with(HUGE);
    }
    for (name, amount) in requests.entries() {
        check_amount(name, &amount, errors);
        huge |= name.starts_with(HUGE);
        check_against_limit(name, &amount, &limits, &requests, errors);
    }
    let with_huge = |list: &Place<'_>| {
        list.entries()
            .any(|(name, _)| matches!(name.as_str(), "cpu" | "memory"))
    };
    if huge && !with_huge(&limits) && !with_huge(&requests) {
        errors.push(resources.forbidden("HugePages require cpu or memory"));
    }
    check_claims(&resources.field("claims"), claims, errors);
}

/// Checks the name and the amount of one resource.
pub fn check_amount(name: &str, amount: &Place<'_>, errors: &mut Errors) {
    let native = !name.contains('/')
        || name
            .split('/')
            .next()
            .is_some_and(|domain| domain.contains("kubernetes.io"));
    check_name(name, amount, errors);
    let Ok(quantity) = Quantity::parse(amount.text()) else {
        return;
    };
    if quantity.signum() < 0 {
        errors.push(amount.invalid_text("must be greater than or equal to 0"));
    }
    if !native && !quantity.is_multiple_of(0) {
        errors.push(amount.invalid_text("must be an integer"));
    }
}

/// Checks that a name is one of a resource of containers; `place` is where it is told.
pub fn check_name(name: &str, place: &Place<'_>, errors: &mut Errors) {
    let problems = names::qualified_name(name);
    let is_well_formed = problems.is_empty();
    for problem in problems {
        errors.push(place.invalid_as(name, problem));
    }
    if !name.contains('/') && !STANDARD.contains(&name) && !name.starts_with(HUGE) {
        if is_well_formed {
            errors.push(place.invalid_as(name, "must be a standard resource type or fully qualified"));
        }
        errors.push(place.invalid_as(name, "must be a standard resource for containers"));
    }
}

/// Only standard resources may be promised beyond what was asked for.
fn overcommits(name: &str) -> bool {
    STANDARD.contains(&name) || (name.contains("kubernetes.io/") && !name.starts_with(HUGE))
}

fn check_against_limit(
    name: &str,
    amount: &Place<'_>,
    limits: &Place<'_>,
    requests: &Place<'_>,
    errors: &mut Errors,
) {
    let limit = limits.key(name);
    let Ok(asked) = Quantity::parse(amount.text()) else {
        return;
    };
    let Some(most) = limit
        .is_set()
        .then(|| Quantity::parse(limit.text()).ok())
        .flatten()
    else {
        if !overcommits(name) {
            errors.push(limits.required("Limit must be set for non overcommitable resources"));
        }
        return;
    };
    let problem = if asked != most && !overcommits(name) {
        format!("must be equal to {name} limit of {}", limit.text())
    } else if asked > most {
        format!("must be less than or equal to {name} limit of {}", limit.text())
    } else {
        return;
    };
    errors.push(Error::invalid(requests.path(), amount.text(), problem));
}

fn check_claims(list: &Place<'_>, known: &[&str], errors: &mut Errors) {
    let mut seen = Vec::new();
    for claim in list.items() {
        let (name, request) = (claim.field("name"), claim.field("request"));
        if !name.require(errors) {
            continue;
        }
        if !request.is_empty() {
            request.format(names::dns_label, errors);
        }
        let key = (name.text(), request.text());
        let whole = (name.text(), "");
        if seen.contains(&key) || seen.contains(&whole) {
            errors.push(Error::duplicate(claim.path(), name.text()));
        }
        seen.push(key);
        if !known.contains(&name.text()) {
            errors.push(Error::not_found(name.path(), name.text()));
        }
    }
}
