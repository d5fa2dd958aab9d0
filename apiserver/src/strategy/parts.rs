//! A strategy put together from functions: what most resources need is a few of them.
//! What the functions do is with the resources and in `validation`.

use schema::Value;

use super::{Errors, Strategy, WriteContext};

/// The parts of a strategy; [`Parts::NOTHING`] supplies those that a resource does without.
#[derive(Clone, Copy)]
pub struct Parts {
    /// See [`Strategy::prepare_create`].
    pub prepare_create: fn(&WriteContext<'_>, &mut Value),
    /// See [`Strategy::prepare_update`]; also for writes through subresources.
    pub prepare_update: fn(&WriteContext<'_>, &mut Value, &Value),
    /// Whether an object is valid by itself.
    pub create: fn(&Value, &mut Errors),
    /// Whether an object may follow an old one.
    pub update: fn(&Value, &Value, &mut Errors),
    /// Whether a status may follow an old one.
    pub status: fn(&Value, &Value, &mut Errors),
    /// Whether an object may follow an old one through another subresource.
    pub other: fn(&Value, &Value, &mut Errors),
}

impl Parts {
    /// Does nothing and finds nothing.
    pub const NOTHING: Self = Self {
        prepare_create: |_, _| {},
        prepare_update: |_, _, _| {},
        create: |_, _| {},
        update: |_, _, _| {},
        status: |_, _, _| {},
        other: |_, _, _| {},
    };
}

impl Strategy for Parts {
    fn prepare_create(&self, cx: &WriteContext<'_>, object: &mut Value) {
        (self.prepare_create)(cx, object);
    }

    fn prepare_update(&self, cx: &WriteContext<'_>, object: &mut Value, old: &Value) {
        (self.prepare_update)(cx, object, old);
    }

    fn validate_create(&self, _cx: &WriteContext<'_>, object: &Value, errors: &mut Errors) {
        (self.create)(object, errors);
    }

    fn validate_update(&self, cx: &WriteContext<'_>, object: &Value, old: &Value, errors: &mut Errors) {
        match cx.subresource {
            "" => (self.update)(object, old, errors),
            "status" => (self.status)(object, old, errors),
            _ => (self.other)(object, old, errors),
        }
    }
}
