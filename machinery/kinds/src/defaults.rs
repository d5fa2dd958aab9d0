//! Defaults: what a server fills in right after it decoded an object, in the version that it was written in.
//! Strategies (what a write resets) and admission are not here; neither is what only reads add, see [`crate::decorate`].
//!
//! The rules are small functions and fixed values by message name, one file per API family. A [`plan::Plan`] joins
//! them with the defaults that the type tables declare, and leaves out every subtree that has no rule, so that a
//! walk touches only what it may change. Source of the rules: the Kubernetes API reference and recordings of 1.36.

mod admissionregistration;
mod apiextensions;
mod apps;
mod autoscaling;
mod batch;
mod core;
mod devices;
mod fill;
mod flowcontrol;
mod image;
mod limits;

mod networking;
mod plan;
mod pod;
mod pod_resources;
mod rbac;
mod resources;
mod service;
mod single;
mod storage;
#[cfg(test)]
mod tests;

use std::sync::OnceLock;

use schema::{Map, TypeId, Types, Value};

use plan::Plan;

/// The time of a request, for the few defaults that are "now"; whole seconds, as RFC 3339 text.
#[derive(Clone, Copy, Debug)]
pub struct Now<'a>(pub &'a str);

/// One rule: changes the object of its message, knowing nothing of what is around it.
type Rule = fn(&mut Map, Now<'_>);

/// A value set where a field is absent (or is Go's empty value).
type Fixed = (&'static str, &'static str, Fill);

/// What a [`Fixed`] sets.
#[derive(Clone, Copy, Debug)]
enum Fill {
    Text(&'static str),
    Int(i64),
    Bool(bool),
    /// An empty object.
    Object,
}

/// The rules of one API family.
struct Family {
    /// OpenAPI name prefix of its messages, with the final dot.
    prefix: &'static str,
    rules: &'static [(&'static str, Rule)],
    /// Pointer fields: set when nil.
    nil: &'static [Fixed],
    /// Plain fields: set when empty.
    empty: &'static [Fixed],
}

/// All families, in no particular order: a message has its rules in one family only.
const FAMILIES: &[&[Family]] = &[
    core::FAMILIES,
    pod::FAMILIES,
    service::FAMILIES,
    storage::FAMILIES,
    limits::FAMILIES,
    apps::FAMILIES,
    batch::FAMILIES,
    autoscaling::FAMILIES,
    admissionregistration::FAMILIES,
    apiextensions::FAMILIES,
    devices::FAMILIES,
    flowcontrol::FAMILIES,
    networking::FAMILIES,
    rbac::FAMILIES,
    single::FAMILIES,
];

/// Fills the defaults of a built-in type into `object`, in place; `id` is a type of [`Types::builtin`].
///
/// A parent's rules run before those of the messages inside it. Running it twice changes nothing more.
/// Needs the canonical tree of a typed decode; a tree of other shape is left alone where it does not fit.
pub fn apply(id: TypeId, object: &mut Value, now: Now<'_>) {
    if let Value::Map(map) = object {
        plan().walk(id, map, now);
    }
}

/// Whether a built-in type has any default, in it or below it.
pub fn has_any(id: TypeId) -> bool {
    plan().has_work(id)
}

fn plan() -> &'static Plan {
    static BUILTIN: OnceLock<Plan> = OnceLock::new();
    BUILTIN.get_or_init(|| Plan::new(Types::builtin()))
}
