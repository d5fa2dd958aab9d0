//! Strategies of everything that carries no pod template: configuration, services, storage, networking, policy, cluster objects.

use super::Strategy;

/// The strategy of a resource of this family.
pub fn of(_group: &str, _resource: &str) -> Option<&'static dyn Strategy> {
    None
}
