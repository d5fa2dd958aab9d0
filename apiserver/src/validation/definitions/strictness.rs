//! What an update of a stored definition is held to: what was let in before a rule came about may stay.

use schema::Value;

use super::super::place::Place;
use super::super::webhooks::{client, review_versions};
use super::{defaults, is_established, list_types, open_api, structural, walk};

/// Which rules hold.
#[derive(Clone, Debug)]
pub struct Strictness {
    /// Versions must have schemas.
    pub schemas: bool,
    /// Schemas must be structural.
    pub structural: bool,
    /// Types must be known.
    pub types: bool,
    /// Defaults must have no unknown fields.
    pub pruned_defaults: bool,
    /// Items of sets must be atomic.
    pub atomic_sets: bool,
    /// Keys of lists must be there, and not be null.
    pub list_keys: bool,
    /// Conversion must speak a version that this server does.
    pub review_versions: bool,
    /// The webhook's bundle must be one of certificates.
    pub bundle: bool,
}

impl Strictness {
    /// Of new definitions. They may still have any bundle.
    pub const FULL: Self = Self {
        schemas: true,
        structural: true,
        types: true,
        pruned_defaults: true,
        atomic_sets: true,
        list_keys: true,
        review_versions: true,
        bundle: false,
    };

    /// Of a definition that follows another, in its stored form.
    pub fn of_update(old: &Value) -> Self {
        let spec = Place::root(old, "spec");
        let any = |is_so: fn(&Value) -> bool| walk::any_of_spec(&spec, is_so);
        let conversion = spec.field("conversion");
        let has_schema = |holder: Place<'_>| holder.field("openAPIV3Schema").is_set();
        let mut versions = spec.field("versions").items();
        Self {
            schemas: has_schema(spec.field("validation"))
                || versions.all(|version| has_schema(version.field("schema"))),
            structural: walk::roots(&spec).all(structural::is_structural),
            types: !any(|schema| !open_api::has_known_type(schema)),
            pruned_defaults: walk::roots(&spec).all(defaults::are_pruned),
            atomic_sets: !any(list_types::is_set_of_granular),
            list_keys: !any(list_types::has_bad_keys),
            review_versions: review_versions::accepted_or_none(&conversion.field("conversionReviewVersions")),
            bundle: is_established(old) && has_good_bundle(&conversion),
        }
    }

    /// Of a spec: what prunes, has defaults or uses extensions must be structural in any case.
    pub fn for_spec(&self, spec: &Place<'_>) -> Self {
        let needs = |schema: &Value| {
            let is_given = |name: &str| schema.get(name).is_some_and(|value| !value.is_null());
            let is_true = |name: &str| schema.bool_at(&[name]) == Some(true);
            is_given("default")
                || is_true("x-kubernetes-embedded-resource")
                || is_given("x-kubernetes-preserve-unknown-fields")
                || is_true("x-kubernetes-int-or-string")
                || is_given("x-kubernetes-list-type")
                || !schema.list_at(&["x-kubernetes-list-map-keys"]).is_empty()
                || !schema.list_at(&["x-kubernetes-validations"]).is_empty()
        };
        let prunes = !spec.field("preserveUnknownFields").is_true();
        Self {
            structural: self.structural || prunes || walk::any_of_spec(spec, needs),
            ..self.clone()
        }
    }
}

fn has_good_bundle(conversion: &Place<'_>) -> bool {
    let bundle = conversion.field("webhookClientConfig").field("caBundle");
    let mut problems = Vec::new();
    if !bundle.is_empty() {
        client::bundle(&bundle, &mut problems);
    }
    problems.is_empty()
}
