//! Conversion of built-in objects between the versions of their API, and what every object undergoes on its way.
//! Custom resources convert as their definition says; defaults come before, in the version that was written.
//!
//! The reference converts through an unversioned form. Here the stored version is the hub, and the few marks that the
//! detour leaves on an object are made by [`settle`].

mod definitions;
mod devices;
mod error;
mod events;
mod hpa;
mod metrics;
mod rename;
mod settle;

use schema::{SmolStr, Value};

pub use definitions::{
    STORED_VERSION as DEFINITION_VERSION, from_stored as definition_from_stored,
    to_stored as definition_to_stored,
};
pub use error::Error;
pub use settle::settle;

use crate::Resource;

/// Turns an object of `resource`'s version, defaults applied, into the form that is stored, and settles it.
///
/// Definitions of custom resources stay in v1, which is their hub; their stored form is made when they are encoded.
pub fn to_storage(resource: &Resource, object: Value) -> Result<Value, Error> {
    if resource.custom.is_some() {
        // Writes see a custom object in the version that they are of.
        return Ok(object);
    }
    let mut object = between(
        &resource.kind,
        &resource.api_version(),
        &hub_version(resource),
        object,
    )?;
    settle(&resource.kind, &mut object)?;
    Ok(object)
}

/// Turns an object in its hub form into `resource`'s version.
pub fn from_storage(resource: &Resource, object: Value) -> Result<Value, Error> {
    if let Some(kind) = &resource.custom {
        return kind.converted(object, &resource.api_version());
    }
    between(
        &resource.kind,
        &hub_version(resource),
        &resource.api_version(),
        object,
    )
}

/// Turns an object of one version into another of the same kind; versions that differ in nothing else only change
/// `apiVersion`. Both versions must be of the kind's API, which the caller has looked up.
pub fn between(kind: &str, from: &str, to: &str, mut object: Value) -> Result<Value, Error> {
    if from == to {
        return Ok(object);
    }
    match (kind, from, to) {
        ("HorizontalPodAutoscaler", "autoscaling/v1", _) => hpa::from_v1(&mut object)?,
        ("HorizontalPodAutoscaler", _, "autoscaling/v1") => hpa::to_v1(&mut object)?,
        ("Event", "v1", _) => events::from_core(&mut object),
        ("Event", _, "v1") => events::to_core(&mut object),
        (_, "resource.k8s.io/v1beta1", _) => devices::from_v1beta1(kind, &mut object),
        (_, _, "resource.k8s.io/v1beta1") => devices::to_v1beta1(kind, &mut object),
        _ => {}
    }
    if let Value::Map(map) = &mut object {
        map.insert("apiVersion", SmolStr::new(to));
    }
    Ok(object)
}

/// The version in which the pipeline sees objects of a resource.
fn hub_version(resource: &Resource) -> SmolStr {
    match &resource.storage {
        Some(_) if resource.kind == "CustomResourceDefinition" => resource.api_version(),
        Some(storage) => storage.api_version(),
        None => resource.api_version(),
    }
}
