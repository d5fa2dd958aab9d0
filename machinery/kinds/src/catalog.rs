//! The set of resources that a server knows, with lookups by resource, kind and group.
//! It does not say which of them are served: [`crate::RuntimeConfig`] does.

mod data;

use smol_str::SmolStr;
use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

use crate::Resource;

/// A set of resources and the groups that they belong to. Immutable; a changed set is a new catalog.
#[derive(Debug, Default)]
pub struct Catalog {
    groups: Vec<Group>,
    resources: Vec<Arc<Resource>>,
    by_resource: HashMap<SmolStr, Vec<usize>>,
    by_kind: HashMap<SmolStr, Vec<usize>>,
}

/// An API group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// Its name; empty for the core group, which is served below `/api`.
    pub name: SmolStr,
    /// Its versions, the most preferred first.
    pub versions: Vec<GroupVersion>,
}

/// A version of a group, with the priorities that its APIService gets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupVersion {
    /// The version.
    pub version: SmolStr,
    /// `groupPriorityMinimum` and `versionPriority` of its APIService; `None` for the group of APIServices itself.
    pub priority: Option<(i32, i32)>,
}

static BUILTIN: LazyLock<Catalog> = LazyLock::new(data::builtin);

impl Catalog {
    /// Everything that is built in: all versions, also those that are not served by default.
    pub fn builtin() -> &'static Catalog {
        &BUILTIN
    }

    /// A catalog of these groups, in discovery order, and resources. Of two resources with one name the first is found.
    pub fn new(groups: Vec<Group>, resources: Vec<Arc<Resource>>) -> Self {
        let mut catalog = Self {
            groups,
            resources,
            ..Self::default()
        };
        for (at, resource) in catalog.resources.iter().enumerate() {
            catalog
                .by_resource
                .entry(resource.resource.clone())
                .or_default()
                .push(at);
            catalog.by_kind.entry(resource.kind.clone()).or_default().push(at);
        }
        catalog
    }

    /// This catalog and, behind it, these groups and resources: versions of groups that both have come after those that are here.
    pub fn with(&self, groups: Vec<Group>, resources: Vec<Arc<Resource>>) -> Self {
        let mut all = self.groups.clone();
        for group in groups {
            match all.iter_mut().find(|known| known.name == group.name) {
                Some(known) => known.versions.extend(group.versions),
                None => all.push(group),
            }
        }
        Self::new(all, self.resources.iter().cloned().chain(resources).collect())
    }

    /// The resource with this plural name.
    pub fn resource(&self, group: &str, version: &str, resource: &str) -> Option<&Arc<Resource>> {
        self.named(&self.by_resource, resource)
            .find(|found| found.group == group && found.version == version)
    }

    /// The resource whose objects have this kind.
    pub fn kind(&self, group: &str, version: &str, kind: &str) -> Option<&Arc<Resource>> {
        self.named(&self.by_kind, kind)
            .find(|found| found.group == group && found.version == version)
    }

    /// All versions of a resource, the group's most preferred first.
    pub fn versions(&self, group: &str, resource: &str) -> impl Iterator<Item = &Arc<Resource>> {
        self.named(&self.by_resource, resource)
            .filter(move |found| found.group == group)
    }

    /// The resource whose objects have the form in which `resource` is stored: the form that strategies, validation and
    /// tables see. It is `resource` itself where nothing is stored, or where the stored version is not served at all
    /// (definitions of custom resources are stored as v1beta1).
    pub fn hub<'a>(&'a self, resource: &'a Arc<Resource>) -> &'a Arc<Resource> {
        let Some(storage) = &resource.storage else {
            return resource;
        };
        self.resource(&storage.group, &storage.version, &resource.resource)
            .unwrap_or(resource)
    }

    /// Every resource, group by group in discovery order, the most preferred version first.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Resource>> {
        self.resources.iter()
    }

    /// The groups, core first, then in discovery order.
    pub fn groups(&self) -> &[Group] {
        &self.groups
    }

    /// The group with this name.
    pub fn group(&self, name: &str) -> Option<&Group> {
        self.groups.iter().find(|group| group.name == name)
    }

    /// The resources of one group version, by name.
    pub fn group_version(&self, group: &str, version: &str) -> impl Iterator<Item = &Arc<Resource>> {
        self.resources
            .iter()
            .filter(move |found| found.group == group && found.version == version)
    }

    fn named<'a>(
        &'a self,
        index: &'a HashMap<SmolStr, Vec<usize>>,
        name: &str,
    ) -> impl Iterator<Item = &'a Arc<Resource>> {
        index
            .get(name)
            .into_iter()
            .flatten()
            .map(|&at| &self.resources[at])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Encoding, Stage, Verb};

    #[test]
    fn finds_by_resource_and_by_kind() {
        let catalog = Catalog::builtin();
        let deployments = catalog.resource("apps", "v1", "deployments").expect("built in");
        assert_eq!(deployments.kind, "Deployment");
        assert_eq!(deployments.api_version(), "apps/v1");
        assert!(Arc::ptr_eq(
            deployments,
            catalog.kind("apps", "v1", "Deployment").expect("same")
        ));
        assert!(catalog.resource("apps", "v2", "deployments").is_none());
        assert!(catalog.kind("", "v1", "Deployment").is_none());
    }

    #[test]
    fn events_are_two_resources_with_one_hub() {
        let catalog = Catalog::builtin();
        let modern = catalog
            .resource("events.k8s.io", "v1", "events")
            .expect("built in");
        let core = catalog.resource("", "v1", "events").expect("built in");
        assert!(Arc::ptr_eq(catalog.hub(modern), core));
        assert_eq!(modern.storage, core.storage);
    }

    #[test]
    fn autoscaler_versions_come_preferred_first_and_share_a_hub() {
        let catalog = Catalog::builtin();
        let versions: Vec<_> = catalog
            .versions("autoscaling", "horizontalpodautoscalers")
            .collect();
        let names: Vec<_> = versions.iter().map(|found| found.version.as_str()).collect();
        assert_eq!(names, ["v2", "v1"]);
        assert!(Arc::ptr_eq(catalog.hub(versions[1]), versions[0]));
    }

    #[test]
    fn definitions_are_their_own_hub_and_are_json() {
        let catalog = Catalog::builtin();
        let definitions = catalog
            .resource("apiextensions.k8s.io", "v1", "customresourcedefinitions")
            .expect("built in");
        assert!(Arc::ptr_eq(catalog.hub(definitions), definitions));
        let storage = definitions.storage.as_ref().expect("stored");
        assert_eq!(
            (storage.api_version().as_str(), storage.encoding),
            ("apiextensions.k8s.io/v1beta1", Encoding::Json)
        );
    }

    #[test]
    fn groups_have_order_and_priorities() {
        let groups = Catalog::builtin().groups();
        let names: Vec<_> = groups.iter().take(4).map(|group| group.name.as_str()).collect();
        assert_eq!(names, ["", "apiregistration.k8s.io", "apps", "events.k8s.io"]);
        assert_eq!(groups[0].versions[0].priority, Some((18000, 1)));
        assert_eq!(groups[1].versions[0].priority, None);
    }

    #[test]
    fn every_version_is_in_its_group_and_has_a_stage() {
        let catalog = Catalog::builtin();
        assert_eq!(catalog.iter().count(), 95);
        for resource in catalog.iter() {
            let group = catalog.group(&resource.group).expect("listed");
            assert!(
                group
                    .versions
                    .iter()
                    .any(|version| version.version == resource.version),
                "{resource:?}"
            );
            assert_eq!(
                resource.enabled_by_default,
                resource.stage == Stage::Ga,
                "{resource:?}"
            );
        }
    }

    #[test]
    fn schemas_are_those_of_the_kinds() {
        let types = schema::Types::builtin();
        for resource in Catalog::builtin().iter() {
            let gvk = (
                resource.group.clone(),
                resource.version.clone(),
                resource.kind.clone(),
            );
            assert!(types.get(resource.type_id).gvk.contains(&gvk), "{resource:?}");
            let Some(list) = resource.list_type_id else {
                continue;
            };
            let items = types
                .get(list)
                .fields
                .iter()
                .find(|field| field.json == "items")
                .expect("a list has items");
            assert_eq!(
                items.ty,
                schema::FieldType::List(Box::new(schema::FieldType::Message(resource.type_id)))
            );
        }
    }

    #[test]
    fn subresources_keep_kinds_of_other_groups() {
        let pods = Catalog::builtin().resource("", "v1", "pods").expect("built in");
        let eviction = pods.subresource("eviction").expect("pods have it");
        assert_eq!(
            (eviction.api_version().as_str(), eviction.kind.as_str()),
            ("policy/v1", "Eviction")
        );
        assert!(eviction.verbs.contains(Verb::Create) && !eviction.verbs.contains(Verb::Get));
        assert!(pods.subresource("nope").is_none());
    }

    #[test]
    fn write_facts_follow_the_storage_group() {
        let catalog = Catalog::builtin();
        let deployments = &catalog
            .resource("apps", "v1", "deployments")
            .expect("built in")
            .write;
        assert!(deployments.generation.set_on_create && deployments.generation.bumped_on_change);
        assert_eq!(deployments.reset_fields("status"), ["metadata.labels", "spec"]);
        assert!(deployments.reset_fields("scale").is_empty());
        assert!(
            catalog
                .resource("events.k8s.io", "v1", "events")
                .expect("built in")
                .write
                .create_on_update
        );
    }
}
