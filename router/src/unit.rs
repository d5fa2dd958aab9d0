//! Units: what is assigned to members of the watch tier. A unit is a resource, whatever version it is asked for in; it has one key
//! range for now.

use std::fmt;

use kinds::Catalog;
use serve::request_info::RequestInfo;
use smol_str::{SmolStr, format_smolstr};

/// A unit's name: `pods`, `deployments.apps`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Unit(SmolStr);

impl Unit {
    /// By its name.
    pub fn new(name: impl Into<SmolStr>) -> Self {
        Self(name.into())
    }

    /// The one that has a request's objects. Resources that are not built in are units of their own name.
    pub fn of(info: &RequestInfo) -> Self {
        let catalog = Catalog::builtin();
        let known = catalog
            .resource(&info.group, &info.version, &info.resource)
            .or_else(|| catalog.versions(&info.group, &info.resource).next());
        match known {
            // What is stored in one place is one unit under all its names: events are in two groups.
            Some(resource) => Self(catalog.hub(resource).qualified_name()),
            None if info.group.is_empty() => Self(info.resource.clone()),
            None => Self(format_smolstr!("{}.{}", info.resource, info.group)),
        }
    }

    /// Its name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unit(path: &str) -> Unit {
        Unit::of(&RequestInfo::new(&http::Method::GET, path, "").expect("a readable path"))
    }

    #[test]
    fn a_resource_is_one_unit_in_all_its_versions() {
        assert_eq!(unit("/api/v1/pods").as_str(), "pods");
        assert_eq!(
            unit("/apis/apps/v1/namespaces/a/deployments").as_str(),
            "deployments.apps"
        );
        assert_eq!(
            unit("/apis/autoscaling/v1/horizontalpodautoscalers"),
            unit("/apis/autoscaling/v2/horizontalpodautoscalers")
        );
    }

    #[test]
    fn what_is_stored_in_one_place_is_one_unit() {
        assert_eq!(unit("/apis/events.k8s.io/v1/events"), unit("/api/v1/events"));
    }

    #[test]
    fn unknown_resources_are_units_too() {
        assert_eq!(
            unit("/apis/example.com/v1/widgets").as_str(),
            "widgets.example.com"
        );
    }
}
