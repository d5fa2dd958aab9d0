//! From errors of inner layers to `Status`, in one place.

use kinds::Resource;
use object::field;
use serve::status::{Status, reason};
use storage::Revision;

/// What went wrong in the store.
pub fn store(error: storage::Error) -> Status {
    use storage::Error;
    match error {
        Error::Compacted(_) => Status::expired(
            "The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter.",
        ),
        Error::Future(_) => Status::timeout("Too large resource version"),
        Error::TooLarge => Status::too_large("etcdserver: request is too large"),
        Error::LeaseNotFound => Status::internal("etcdserver: requested lease not found"),
        Error::Unavailable(why) => Status::unavailable(format!("the store does not answer: {why}")),
        Error::Fatal(why) => Status::internal(&why),
    }
}

/// A stored value that cannot be read.
pub fn undecodable(key: &[u8], why: &str) -> Status {
    let key = String::from_utf8_lossy(key);
    tracing::error!(%key, why, "a stored object cannot be decoded");
    Status::internal(&format!("unable to decode {key}: {why}"))
}

/// A stored value that cannot be decrypted.
pub fn unreadable(key: &[u8], why: &str) -> Status {
    let key = String::from_utf8_lossy(key);
    tracing::error!(%key, why, "a stored object cannot be decrypted");
    Status::internal(why)
}

/// 406 for a custom object in protobuf; `of` is the Go type that the reference has it in.
pub fn no_protobuf(of: &str) -> Status {
    let message = format!(
        "object *unstructured.{of} does not implement the protobuf marshalling interface and cannot be encoded to a protobuf message"
    );
    Status::failure(406, reason::NOT_ACCEPTABLE, message)
}

/// Fields that cannot be accepted in an object of a resource.
pub fn invalid(resource: &Resource, name: &str, errors: &[field::Error]) -> Status {
    Status::invalid(&resource.group, &resource.kind, name, errors)
}

/// The object was changed in between.
pub fn modified(resource: &Resource, name: &str) -> Status {
    Status::conflict(
        &resource.group,
        &resource.resource,
        name,
        "the object has been modified; please apply your changes to the latest version and try again",
    )
}

/// 504 for a revision that has not come yet: clients wait a second and try again.
pub fn too_large(asked: Revision, current: Revision) -> Status {
    Status::too_large_resource_version(asked.0, current.0)
}

/// The name of a group's unversioned package, as the reference's texts have it.
pub fn internal_group(group: &str) -> &str {
    match group {
        "" | "events.k8s.io" => "core",
        other => other.split('.').next().unwrap_or(other),
    }
}
