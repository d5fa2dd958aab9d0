//! The names of a claim's requests, which other parts of it refer to: `request`, or `request/subrequest`.

use std::collections::HashMap;

use object::names::dns_label;

use super::super::place::Place;
use super::{each_once, itself};
use crate::limits::DEVICE_REQUESTS_MAX;
use crate::strategy::Errors;

const NONE: &str =
    "must be the name of a request in the claim or the name of a request and a subrequest separated by '/'";

/// Requests by name, with the names of their alternatives.
pub struct RequestNames<'a>(HashMap<&'a str, Vec<&'a str>>);

impl<'a> RequestNames<'a> {
    /// Those of a device claim.
    pub fn of(claim: &Place<'a>) -> Self {
        let alternatives = |request: &Place<'a>| {
            let alternatives = request.field("firstAvailable");
            alternatives.items().map(|one| one.field("name").text()).collect()
        };
        let requests = claim.field("requests").items();
        Self(
            requests
                .map(|request| (request.field("name").text(), alternatives(&request)))
                .collect(),
        )
    }

    /// Checks a list of references.
    pub fn check(&self, references: &Place<'_>, errors: &mut Errors) {
        let check = |one: &Place<'_>, errors: &mut Errors| self.check_one(one, errors);
        each_once(references, DEVICE_REQUESTS_MAX, errors, check, itself);
    }

    /// Checks one reference.
    pub fn check_one(&self, reference: &Place<'_>, errors: &mut Errors) {
        let text = reference.text();
        let (request, alternative) = match text.split('/').collect::<Vec<_>>().as_slice() {
            [request] => (*request, None),
            [request, alternative] => (*request, Some(*alternative)),
            _ => {
                errors.push(reference.invalid_text(NONE));
                return;
            }
        };
        for part in std::iter::once(request).chain(alternative) {
            reference.text_format(part, dns_label, errors);
        }
        let is_known = self
            .0
            .get(request)
            .is_some_and(|known| alternative.is_none_or(|one| known.contains(&one)));
        if !is_known {
            errors.push(reference.invalid_text(NONE));
        }
    }
}
