//! Values of devices: attributes, and capacities with the policy by which they are shared.

use std::cmp::Ordering;
use std::collections::HashSet;

use object::field::Error;
use schema::quantity::Quantity;

use super::super::internal_form;
use super::super::place::Place;
use super::super::quantities::{compare, quantity};
use crate::limits::{DEVICE_CAPACITY_OPTIONS_MAX, DEVICE_VALUE_BYTES_MAX};
use crate::strategy::Errors;

/// An attribute has one value.
pub fn attribute(place: &Place<'_>, errors: &mut Errors) {
    let [text, version] = ["string", "version"].map(|field| place.field(field));
    text.at_most_bytes(DEVICE_VALUE_BYTES_MAX, errors);
    if version.is_set() {
        if !is_semantic_version(version.text()) {
            errors.push(version.invalid_text("must be a string compatible with semver.org spec 2.0.0"));
        }
        version.at_most_bytes(DEVICE_VALUE_BYTES_MAX, errors);
    }
    let values = ["int", "bool", "string", "version"];
    match values.iter().filter(|field| place.field(field).is_set()).count() {
        0 => errors.push(place.invalid_as("", "exactly one value must be specified")),
        1 => {}
        _ => {
            let shown = internal_form::compact("DeviceAttribute", place.value());
            errors.push(place.invalid_as(shown, "exactly one value must be specified"));
        }
    }
}

/// `major.minor.patch`, perhaps with `-pre.release` and `+build`, as semver.org 2.0.0 has it.
fn is_semantic_version(text: &str) -> bool {
    let (rest, build) = match text.split_once('+') {
        Some((rest, build)) => (rest, Some(build)),
        None => (text, None),
    };
    let (core, pre) = match rest.split_once('-') {
        Some((core, pre)) => (core, Some(pre)),
        None => (rest, None),
    };
    let is_part = |part: &str| {
        !part.is_empty()
            && part
                .bytes()
                .all(|byte| byte == b'-' || byte.is_ascii_alphanumeric())
    };
    let is_number = |part: &str| {
        !part.is_empty()
            && part.bytes().all(|byte| byte.is_ascii_digit())
            && (part == "0" || !part.starts_with('0'))
    };
    let is_pre_part =
        |part: &str| is_part(part) && (is_number(part) || part.bytes().any(|byte| !byte.is_ascii_digit()));
    core.split('.').count() == 3
        && core.split('.').all(is_number)
        && pre.is_none_or(|pre| pre.split('.').all(is_pre_part))
        && build.is_none_or(|build| build.split('.').all(is_part))
}

/// A capacity. Only one of a device that several may share has a policy.
pub fn capacity(place: &Place<'_>, shared: bool, errors: &mut Errors) {
    let policy = place.field("requestPolicy");
    if !policy.is_set() {
        return;
    }
    if !shared {
        errors.push(policy.forbidden("allowMultipleAllocations must be true"));
        return;
    }
    let [options, range, default] = ["validValues", "validRange", "default"].map(|field| policy.field(field));
    let all = quantity(&place.field("value"));
    let by_options = !options.list().is_empty();
    match (by_options, range.is_set()) {
        (true, true) => errors.push(policy.forbidden(
            "exactly one policy can be specified, cannot specify \"validValues\" and \"validRange\" at the same time",
        )),
        (false, false) => {}
        _ if !default.is_set() => {
            let what = if by_options { "validValues" } else { "validRange" };
            errors.push(default.required(&format!("required when {what} is defined")));
        }
        (true, false) => check_options(&options, &quantity(&default), &all, errors),
        (false, true) => check_range(&range, &quantity(&default), &all, errors),
    }
}

fn check_options(options: &Place<'_>, default: &Quantity, all: &Quantity, errors: &mut Errors) {
    let items: Vec<_> = options
        .items()
        .map(|option| (quantity(&option), option))
        .collect();
    for pair in items.windows(2) {
        if let [(one, _), (next, place)] = pair
            && compare(one, next) == Ordering::Greater
        {
            let detail = "values must be sorted in ascending order";
            errors.push(place.invalid_as(&*next.canonical(), detail));
        }
    }
    if items.len() > DEVICE_CAPACITY_OPTIONS_MAX {
        errors.push(Error::too_many(
            options.path(),
            items.len(),
            DEVICE_CAPACITY_OPTIONS_MAX,
        ));
    } else {
        each_option(&items, all, errors);
    }
    if !items
        .iter()
        .any(|(option, _)| compare(option, default) == Ordering::Equal)
    {
        let detail = "default value is not valid according to the requestPolicy";
        errors.push(options.invalid_as(&*default.canonical(), detail));
    }
}

fn each_option(items: &[(Quantity, Place<'_>)], all: &Quantity, errors: &mut Errors) {
    for (option, place) in items {
        if compare(option, all) == Ordering::Greater {
            let detail = format!("option is larger than capacity value: {}", all.canonical());
            errors.push(place.invalid_as(&*option.canonical(), detail));
        }
    }
    let mut seen = HashSet::new();
    for (option, place) in items {
        if !seen.insert(option.value()) {
            errors.push(Error::duplicate(place.path(), &*option.value().to_string()));
        }
    }
}

fn check_range(range: &Place<'_>, default: &Quantity, all: &Quantity, errors: &mut Errors) {
    let [min, max, step] = ["min", "max", "step"].map(|field| range.field(field));
    if !min.is_set() {
        errors.push(min.required("required when validRange is defined"));
        return;
    }
    let least = quantity(&min);
    let mut not_more = |small: &Quantity,
                        large: &Quantity,
                        place: &Place<'_>,
                        shown: &Quantity,
                        detail: &str,
                        than: &Quantity| {
        if compare(small, large) == Ordering::Greater {
            errors.push(place.invalid_as(&*shown.canonical(), format!("{detail}: {}", than.canonical())));
        }
    };
    not_more(
        &least,
        all,
        &min,
        &least,
        "min is larger than capacity value",
        all,
    );
    not_more(&least, default, &min, default, "default is less than min", &least);
    if max.is_set() {
        let most = quantity(&max);
        not_more(&least, &most, &max, &least, "min is larger than max", &most);
        not_more(&most, all, &max, &most, "max is larger than capacity value", all);
        not_more(default, &most, &max, default, "default is more than max", &most);
    }
    if step.is_set() {
        check_step(&step, &least, default, all, errors);
        if max.is_set() {
            multiple(&step, &quantity(&max), &least, errors);
        }
    }
}

fn check_step(step: &Place<'_>, least: &Quantity, default: &Quantity, all: &Quantity, errors: &mut Errors) {
    let size = quantity(step);
    let first = least.plus(&size);
    if compare(&first, all) == Ordering::Greater {
        let detail = format!(
            "one step {} is larger than capacity value: {}",
            first.canonical(),
            all.canonical()
        );
        errors.push(step.invalid_as(&*size.canonical(), detail));
    }
    multiple(step, default, least, errors);
}

fn multiple(step: &Place<'_>, value: &Quantity, least: &Quantity, errors: &mut Errors) {
    let size = quantity(step);
    let distance = value.value().saturating_sub(least.value());
    // A step of nothing would divide by zero in the reference.
    if distance.checked_rem(size.value()).is_none_or(|rest| rest != 0) {
        let detail = format!(
            "value is not a multiple of a given step ({}) from ({})",
            size.canonical(),
            least.canonical()
        );
        errors.push(step.invalid_as(&*value.canonical(), detail));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_semantic() {
        for good in ["1.2.3", "0.0.0", "1.2.3-alpha.1", "1.2.3+b-1", "1.2.3-0a.x+01"] {
            assert!(is_semantic_version(good), "{good}");
        }
        for bad in [
            "",
            "1",
            "1.2",
            "1.2.3.4",
            "01.2.3",
            "1.2.3-",
            "1.2.3-01",
            "1.2.3+",
            "v1.2.3",
            "1.2.3+a+b",
        ] {
            assert!(!is_semantic_version(bad), "{bad}");
        }
    }
}
