//! Rules of the resources of a pod as a whole, and how they bound those of its containers (KEP-2837).

use object::field::Error;
use schema::quantity::Quantity;

use super::super::place::Place;
use super::resources;
use crate::strategy::Errors;

const HUGE: &str = "hugepages-";
const SUPPORTED: [&str; 3] = ["cpu", "hugepages-", "memory"];

/// Checks `resources` of a pod spec.
pub fn check(spec: &Place<'_>, errors: &mut Errors) {
    let whole = spec.field("resources");
    if !whole.is_set() {
        return;
    }
    let claims = whole.field("claims");
    if !claims.is_empty() {
        errors.push(claims.forbidden("claims may not be set for Resources at pod-level"));
        return;
    }
    for list in [whole.field("limits"), whole.field("requests")] {
        for (name, amount) in list.entries() {
            if !matches!(name.as_str(), "cpu" | "memory") && !name.starts_with(HUGE) {
                errors.push(Error::not_supported(amount.path(), name.as_str(), &SUPPORTED));
            }
        }
    }
    resources::check(&whole, &[], errors);
    check_requests(spec, &whole, errors);
    check_limits(spec, &whole, errors);
}

fn check_requests(spec: &Place<'_>, whole: &Place<'_>, errors: &mut Errors) {
    for (name, amount) in whole.field("requests").entries() {
        let Ok(given) = Quantity::parse(amount.text()) else {
            continue;
        };
        let sum = spec
            .field("containers")
            .items()
            .filter_map(|container| amount_of(&container, "requests", name))
            .reduce(|sum, more| sum.plus(&more));
        if let Some(sum) = sum.filter(|sum| *sum > given) {
            let problem = format!("must be greater than or equal to aggregate container requests of {sum}");
            errors.push(amount.invalid_text(problem));
        }
    }
}

fn check_limits(spec: &Place<'_>, whole: &Place<'_>, errors: &mut Errors) {
    for container in spec.field("containers").items() {
        for (name, amount) in whole.field("limits").entries() {
            let Ok(most) = Quantity::parse(amount.text()) else {
                continue;
            };
            if let Some(own) = amount_of(&container, "limits", name).filter(|own| *own > most) {
                let at = container.field("resources").field("limits").key(name);
                let problem = format!("must be less than or equal to pod limits of {most}");
                errors.push(at.invalid_as(own.canonical().as_str(), problem));
            }
        }
    }
}

fn amount_of(container: &Place<'_>, list: &'static str, name: &str) -> Option<Quantity> {
    let amount = container.field("resources").field(list).key(name);
    amount
        .is_set()
        .then(|| Quantity::parse(amount.text()).ok())
        .flatten()
}
