//! Versions that are no longer served but that a store may still hold: what they are today, and what differed in them.
//! Versions that this release serves are in the catalog.

mod apps;
mod networking;
mod others;

use schema::Map;

use crate::convert;

/// A change to an object.
type Change = fn(&mut Map);

/// One kind in one version that is no longer served.
pub(super) struct Legacy {
    pub(super) api_version: &'static str,
    pub(super) kind: &'static str,
    /// The version that it is converted to.
    pub(super) hub: &'static str,
    /// The message to decode as, if it is not that of `hub`.
    pub(super) message: Option<&'static str>,
    /// What was named otherwise in JSON (numbers in protobuf never changed their meaning).
    pub(super) untyped: Change,
    /// Whether there is such a change.
    pub(super) renamed: bool,
    /// Its own defaults, and what was built otherwise.
    pub(super) fill: Change,
    /// Whether the defaults of `hub` follow.
    pub(super) defaults: bool,
}

impl Legacy {
    /// A version whose only difference is its name.
    const fn same(api_version: &'static str, kind: &'static str, hub: &'static str) -> Self {
        Self {
            api_version,
            kind,
            hub,
            message: None,
            untyped: nothing,
            renamed: false,
            fill: nothing,
            defaults: true,
        }
    }

    const fn filled(self, fill: Change) -> Self {
        Self { fill, ..self }
    }

    const fn named(self, untyped: Change) -> Self {
        Self {
            untyped,
            renamed: true,
            ..self
        }
    }

    const fn decoded_as(self, message: &'static str) -> Self {
        Self {
            message: Some(message),
            ..self
        }
    }

    const fn without_defaults(self) -> Self {
        Self {
            defaults: false,
            ..self
        }
    }
}

fn nothing(_: &mut Map) {}

/// The kind in this version, if it is one of the past.
pub(super) fn find(api_version: &str, kind: &str) -> Option<&'static Legacy> {
    LEGACY
        .iter()
        .copied()
        .flatten()
        .find(|legacy| legacy.api_version == api_version && legacy.kind == kind)
}

const LEGACY: &[&[Legacy]] = &[apps::LEGACY, networking::LEGACY, others::LEGACY, DEFINITIONS];

const DEFINITIONS: &[Legacy] = &[Legacy::same(
    "apiextensions.k8s.io/v1beta1",
    "CustomResourceDefinition",
    "apiextensions.k8s.io/v1",
)
.named(definition)];

fn definition(map: &mut Map) {
    let mut object = schema::Value::Map(std::mem::take(map));
    convert::definition_from_stored(&mut object);
    if let schema::Value::Map(converted) = object {
        *map = converted;
    }
}
