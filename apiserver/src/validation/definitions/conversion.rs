//! How objects of one version become objects of another: not at all but for the version, or by a webhook.

use super::super::place::Place;
use super::super::webhooks::{client, review_versions};
use super::strictness::Strictness;
use crate::strategy::Errors;

const NOT_SET: &str = "should not be set when strategy is not set to Webhook";

/// Checks a definition's conversion.
pub fn check(spec: &Place<'_>, strict: &Strictness, errors: &mut Errors) {
    let conversion = spec.field("conversion");
    if !conversion.is_set() {
        return;
    }
    let strategy = conversion.field("strategy");
    if strategy.text() != "None" && spec.field("preserveUnknownFields").is_true() {
        errors.push(strategy.invalid_text("must be None if spec.preserveUnknownFields is true"));
    }
    strategy.require_one_of(&["None", "Webhook"], errors);
    let [config, versions] =
        ["webhookClientConfig", "conversionReviewVersions"].map(|field| conversion.field(field));
    if strategy.text() != "Webhook" {
        if config.is_set() {
            errors.push(config.forbidden(NOT_SET));
        }
        if !versions.list().is_empty() {
            errors.push(versions.forbidden(NOT_SET));
        }
        return;
    }
    if config.is_set() {
        client::check(&config, errors);
        let bundle = config.field("caBundle");
        if strict.bundle && !bundle.is_empty() {
            client::bundle(&bundle, errors);
        }
    } else {
        errors.push(config.required("required when strategy is set to Webhook"));
    }
    review_versions::check_conversion(&versions, strict.review_versions, errors);
}
