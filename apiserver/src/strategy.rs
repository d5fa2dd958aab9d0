//! What a write to a resource does beyond the facts that `kinds` tables: the differences between resources, as code.
//! A resource that needs nothing has no strategy. Strategies see objects in their hub form, know no store and no clock.

pub mod api_objects;
mod deprecations;
pub mod parts;
pub mod pods;
pub mod services;

use auth::User;
use kinds::Resource;
use object::field;
use schema::Value;

use crate::custom::strategy::Custom;

/// What a strategy may know of a write.
#[derive(Clone, Copy, Debug)]
pub struct WriteContext<'a> {
    /// The resource, in its hub version.
    pub resource: &'a Resource,
    /// The API group of the request; some resources are served in two.
    pub group: &'a str,
    /// The subresource written through; empty for the object itself.
    pub subresource: &'a str,
    /// Who writes.
    pub user: &'a User,
    /// The time, RFC 3339, whole seconds.
    pub now: &'a str,
}

/// Errors of validation, in the order in which clients see them.
pub type Errors = Vec<field::Error>;

/// How writes to one resource differ from others. The defaults change and refuse nothing.
pub trait Strategy: Send + Sync {
    /// Warnings about a new object as it is before [`Strategy::prepare_create`]: it may not show afterwards what they are about.
    fn warnings_before(&self, _object: &Value) -> Vec<String> {
        Vec::new()
    }

    /// Sets what the server sets in a new object, after mutating admission and before validation.
    fn prepare_create(&self, _cx: &WriteContext<'_>, _object: &mut Value) {}

    /// Takes back what an update may not touch and derives what follows from it. Status and generation are done.
    fn prepare_update(&self, _cx: &WriteContext<'_>, _object: &mut Value, _old: &Value) {}

    /// Whether a new object is valid; metadata is checked elsewhere.
    fn validate_create(&self, _cx: &WriteContext<'_>, _object: &Value, _errors: &mut Errors) {}

    /// Whether an object may follow the old one, through the object itself or a subresource.
    fn validate_update(&self, _cx: &WriteContext<'_>, _object: &Value, _old: &Value, _errors: &mut Errors) {}

    /// As [`Strategy::validate_update`]; returns warnings about what is forgiven, since the old object was like that too.
    fn validate_change(
        &self,
        cx: &WriteContext<'_>,
        object: &Value,
        old: &Value,
        errors: &mut Errors,
    ) -> Vec<String> {
        self.validate_update(cx, object, old, errors);
        Vec::new()
    }

    /// Warnings for the client; `old` is absent on create. By default those of deprecated fields.
    fn warnings(&self, cx: &WriteContext<'_>, object: &Value, old: Option<&Value>) -> Vec<String> {
        deprecations::of(cx.resource, object, old)
    }

    /// How long an object lives on after its deletion is asked for; `None` for objects that go at once. `asked` is the
    /// client's grace period in seconds.
    fn grace_seconds(&self, _object: &Value, _asked: Option<i64>) -> Option<i64> {
        None
    }
}

/// For resources without differences.
#[derive(Debug)]
pub struct Plain;

impl Strategy for Plain {}

/// The strategy of a resource, built-in or custom.
pub fn of_resource(resource: &Resource) -> &'static dyn Strategy {
    match resource.custom {
        Some(_) => &Custom,
        None => of(&resource.group, &resource.resource),
    }
}

/// The strategy of a built-in resource, by its group and plural name; each family knows its own.
pub fn of(group: &str, resource: &str) -> &'static dyn Strategy {
    pods::of(group, resource)
        .or_else(|| api_objects::of(group, resource))
        .unwrap_or(&Plain)
}
