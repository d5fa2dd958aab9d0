//! Rules of the resource claims that a pod refers to.

use object::field::Error;
use object::names;

use super::super::internal_form;
use super::super::place::Place;
use crate::strategy::Errors;

/// Checks `resourceClaims`.
pub fn check(claims: &Place<'_>, errors: &mut Errors) {
    let mut seen = Vec::new();
    for claim in claims.items() {
        let name = claim.field("name");
        if seen.contains(&name.text()) {
            errors.push(name.duplicate());
        } else if name.require(errors) {
            name.format(names::dns_label, errors);
            seen.push(name.text());
        }
        let (by_name, by_template) = (
            claim.field("resourceClaimName"),
            claim.field("resourceClaimTemplateName"),
        );
        let problem = match (by_name.is_set(), by_template.is_set()) {
            (true, true) => {
                Some("at most one of `resourceClaimName` or `resourceClaimTemplateName` may be specified")
            }
            (false, false) => Some("must specify one of: `resourceClaimName`, `resourceClaimTemplateName`"),
            _ => None,
        };
        if let Some(problem) = problem {
            let shown = internal_form::compact("PodResourceClaim", claim.value());
            errors.push(Error::invalid(claim.path(), shown, problem));
        }
        for reference in [by_name, by_template] {
            if reference.is_set() {
                reference.format(names::dns_subdomain, errors);
            }
        }
    }
}
