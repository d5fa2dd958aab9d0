//! The scale of a custom object: a view of the places that its definition names, and what a write through it changes.

use ::custom::{Known, Scale};
use render::{Call, Shape};
use schema::{SmolStr, Value};
use serve::status::Status;

use crate::subresources::scale::view::View;

/// The places of a call's resource; `None` for built-in ones.
pub fn places(call: &Call) -> Option<Scale> {
    Known::of(&call.resource)?.version().scale.clone()
}

fn at<'v>(object: &'v Value, path: &[SmolStr]) -> Option<&'v Value> {
    path.iter().try_fold(object, |value, key| value.get(key))
}

/// The scale of an object. 404 without a number of replicas that are wanted.
pub fn of(places: &Scale, object: &Value) -> Result<Value, Status> {
    let number = |path: &[SmolStr]| at(object, path).and_then(Value::as_int);
    let Some(wanted) = number(&places.spec_replicas) else {
        return Err(Status::internal(&format!(
            "the spec replicas field {:?} does not exist",
            format!(".{}", places.spec_replicas.join("."))
        )));
    };
    let selector = places.selector.as_ref().and_then(|path| at(object, path));
    let view = View {
        wanted,
        present: number(&places.status_replicas).unwrap_or(0),
        selector: selector.and_then(Value::as_str).unwrap_or_default(),
    };
    Ok(view.of(object))
}

/// Sets the number of replicas that are wanted.
pub fn set(places: &Scale, object: &mut Value, replicas: i64) {
    let Some((last, parents)) = places.spec_replicas.split_last() else {
        return;
    };
    let mut target = object.as_map_mut();
    for key in parents {
        target = target.map(|map| map.map_at(key));
    }
    if let Some(target) = target {
        target.insert(last.clone(), replicas);
    }
}

/// What the reference answers to an apply to the scale of a custom object, which it cannot convert.
pub fn not_applied(call: &Call, shape: &Shape) -> Status {
    let version = shape.api_version();
    let message = format!(
        "failed to convert new object ({}/{}; {version}, Kind={}) to proper version: request to convert CR to an invalid group/version: {version}",
        call.namespace(),
        call.name(),
        shape.kind
    );
    Status::failure(500, "", message)
}
