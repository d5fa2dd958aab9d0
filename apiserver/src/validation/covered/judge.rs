//! Sample objects, and what validation says of them when they are changed.

use std::collections::BTreeSet;

use auth::User;
use kinds::{Catalog, Resource};
use object::field::{Error, ErrorKind};
use schema::{SmolStr, TypeId, Value};

use super::rules::plain;
use crate::strategy::{WriteContext, of};
use crate::validation::recorded::{self, NOW};
use crate::write::metadata;

const STUBS: &str = include_str!("../../../../machinery/kinds/tests/data/stubs.json");

/// A good object of a resource, as validation sees it.
pub struct Sample {
    resource: &'static Resource,
    pub type_id: TypeId,
    pub object: Value,
    /// Whether it is a volume without a source, for rules of sources.
    pub is_for_sources: bool,
}

/// Errors, by path and kind.
pub struct Found(BTreeSet<(String, &'static str)>);

impl Found {
    fn of(errors: &[Error]) -> Self {
        let one = |error: &Error| (as_served(&plain(&error.path)), kind(error.kind));
        Self(errors.iter().map(one).collect())
    }

    /// Strikes the kinds that were found at one of these paths, or below.
    pub fn take(&self, targets: &[String], left: &mut BTreeSet<String>) {
        for (path, kind) in &self.0 {
            let is_there = |target: &String| {
                path == target
                    || path
                        .strip_prefix(target.as_str())
                        .is_some_and(|rest| rest.starts_with('.'))
            };
            if targets.iter().any(is_there) {
                left.remove(*kind);
            }
        }
    }
}

/// Definitions are told of in their stored form, and one source of volumes under another name.
pub fn as_served(path: &str) -> String {
    let mut path = path
        .replace("JSONPath", "jsonPath")
        .replace("persistentDisk", "gcePersistentDisk");
    for (stored, served) in [
        ("spec.validation", "spec.versions.schema"),
        ("spec.subresources", "spec.versions.subresources"),
        (
            "spec.additionalPrinterColumns",
            "spec.versions.additionalPrinterColumns",
        ),
        ("spec.selectableFields", "spec.versions.selectableFields"),
        (
            "spec.conversion.webhookClientConfig",
            "spec.conversion.webhook.clientConfig",
        ),
        (
            "spec.conversion.conversionReviewVersions",
            "spec.conversion.webhook.conversionReviewVersions",
        ),
    ] {
        let rest = path.strip_prefix(stored);
        if let Some(rest) = rest.filter(|rest| rest.is_empty() || rest.starts_with('.')) {
            path = format!("{served}{rest}");
        }
    }
    path
}

/// The kind of an error, as the table of rules calls it.
pub fn kind(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::NotFound => "NotFound",
        ErrorKind::Required => "Required",
        ErrorKind::Duplicate => "Duplicate",
        ErrorKind::Invalid | ErrorKind::TypeInvalid => "Invalid",
        ErrorKind::NotSupported => "NotSupported",
        ErrorKind::Forbidden => "Forbidden",
        ErrorKind::TooLong => "TooLong",
        ErrorKind::TooMany => "TooMany",
        ErrorKind::Internal => "Internal",
    }
}

impl Sample {
    /// Its version and kind: `apps/v1 DaemonSet`, `v1 Pod`.
    pub fn kind(&self) -> String {
        let Resource {
            group, version, kind, ..
        } = self.resource;
        if group.is_empty() {
            format!("{version} {kind}")
        } else {
            format!("{group}/{version} {kind}")
        }
    }

    /// Its group, version and resource.
    pub fn name(&self) -> String {
        name(self.resource)
    }

    /// What is said of a changed object, on create, on update and on writes of its subresources, as far as a rule asks.
    pub fn judge(&self, changed: &Value, on: &str) -> Vec<Found> {
        let mut all = Vec::new();
        if matches!(on, "always" | "create") {
            all.push(Found::of(&self.created(changed)));
        }
        if matches!(on, "always" | "update") {
            all.push(Found::of(&self.updated(changed, &self.object, "")));
            all.push(Found::of(&self.updated(&self.object, changed, "")));
        }
        if on == "status" {
            for subresource in &self.resource.subresources {
                all.push(Found::of(&self.updated(changed, &self.object, &subresource.name)));
                all.push(Found::of(&self.updated(&self.object, changed, &subresource.name)));
            }
        }
        all
    }

    /// What is said of a create of this object.
    pub fn created(&self, object: &Value) -> Vec<Error> {
        let hub = recorded::hub(self.resource).expect("a sample has a hub");
        let mut errors = metadata::create_errors(hub, object);
        with_context(self.resource, hub, "", |cx| {
            of(&hub.group, &hub.resource).validate_create(cx, object, &mut errors);
        });
        errors
    }

    /// What is said of an update of the status, through the subresources that can.
    pub fn status_updated(&self, object: &Value, old: &Value) -> Vec<Error> {
        let subresources = self.resource.subresources.iter();
        let found = subresources.map(|subresource| self.updated(object, old, &subresource.name));
        found.flatten().collect()
    }

    /// What is said of an update, through the object itself or a subresource.
    pub fn updated(&self, object: &Value, old: &Value, subresource: &str) -> Vec<Error> {
        let hub = recorded::hub(self.resource).expect("a sample has a hub");
        let mut errors = metadata::update_errors(hub, object, old);
        with_context(self.resource, hub, subresource, |cx| {
            of(&hub.group, &hub.resource).validate_update(cx, object, old, &mut errors);
        });
        errors
    }
}

fn name(resource: &Resource) -> String {
    format!("{}/{}/{}", resource.group, resource.version, resource.resource)
}

fn with_context(resource: &Resource, hub: &Resource, subresource: &str, run: impl FnOnce(&WriteContext<'_>)) {
    let user = User {
        name: "admin".into(),
        uid: SmolStr::default(),
        groups: Vec::new(),
        extra: Default::default(),
    };
    run(&WriteContext {
        resource: hub,
        group: &resource.group,
        subresource,
        user: &user,
        now: NOW,
    });
}

/// Sample objects of all stored resources, one of each; each is good. A volume without a source comes with them.
pub fn samples() -> Vec<Sample> {
    let mut samples: Vec<Sample> = Vec::new();
    for sample in all_samples() {
        let same =
            |known: &Sample| known.name() == sample.name() && known.is_for_sources == sample.is_for_sources;
        if !samples.iter().any(same) {
            samples.push(sample);
        }
    }
    samples
}

/// All sample objects of all stored resources, and a volume without a source.
pub fn all_samples() -> Vec<Sample> {
    let stubs: serde_json::Value = serde_json::from_str(STUBS).expect("JSON");
    let stubs = stubs.as_array().cloned().unwrap_or_default();
    let stubs = stubs.into_iter().filter_map(|stub| {
        let text = |name: &str| stub[name].as_str().unwrap_or_default();
        let found = Catalog::builtin().resource(text("group"), text("version"), text("resource"));
        Some((&**found?, stub["object"].clone()))
    });
    let prepared = stubs
        .chain(recorded::good_bodies())
        .filter_map(|(resource, body)| {
            Some(Sample {
                resource,
                type_id: resource.type_id,
                object: recorded::prepared(resource, &body)?,
                is_for_sources: false,
            })
        });
    let mut samples: Vec<Sample> = prepared.collect();
    let volume = samples
        .iter()
        .find(|sample| sample.name() == "/v1/persistentvolumes");
    if let Some(volume) = volume {
        let mut object = volume.object.clone();
        if let Some(spec) = object.get_mut("spec").and_then(Value::as_map_mut) {
            spec.retain(|field, _| field != "hostPath");
        }
        let (resource, type_id) = (volume.resource, volume.type_id);
        samples.push(Sample {
            resource,
            type_id,
            object,
            is_for_sources: true,
        });
    }
    samples
}

/// What is said of the objects of the recorded behaviour.
pub fn recorded() -> Vec<(String, Found)> {
    recorded::bodies()
        .filter_map(|(resource, body)| {
            let errors = recorded::errors_of(resource, &body)?;
            Some((name(resource), Found::of(&errors)))
        })
        .collect()
}
