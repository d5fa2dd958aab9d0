//! What only reads add to an object: a consistent view of what older releases wrote.
//! Defaults come before, see [`crate::defaults`].

mod claim;
mod service;

use schema::Value;

pub use service::IpFamily;

use crate::defaults::Now;

/// What a read depends on beside the bytes.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// The time, for defaults that are "now".
    pub now: Now<'a>,
    /// The first family of the cluster's service addresses.
    pub primary_family: IpFamily,
}

/// What only reads add to an object in its hub form: a consistent view of what older releases wrote.
pub fn apply(kind: &str, object: &mut Value, context: Context<'_>) {
    let Value::Map(object) = object else { return };
    match kind {
        "Service" => service::decorate(object, context.primary_family),
        "PersistentVolumeClaim" => claim::decorate(object),
        _ => {}
    }
}
