//! Which resource a key belongs to, and which keys belong to a resource.
//! It reads keys only; what stands there is not its affair.

use std::collections::HashMap;

use kinds::{Catalog, KeySpan, Keys};
use smol_str::SmolStr;

/// A resource of any version, as Kubernetes' configuration files name it: `deployments.apps`, `secrets`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct GroupResource {
    /// Empty for the core group.
    pub group: SmolStr,
    /// Plural, lower case.
    pub resource: SmolStr,
}

impl GroupResource {
    /// From its two parts.
    pub fn new(group: &str, resource: &str) -> Self {
        Self {
            group: group.into(),
            resource: resource.into(),
        }
    }

    /// Reads `resource.group`; without a dot the group is the core one.
    pub fn parse(text: &str) -> Self {
        let (resource, group) = text.split_once('.').unwrap_or((text, ""));
        Self::new(group, resource)
    }
}

/// The keys of resources below one prefix. Built-in resources stand where the catalog says, custom ones below
/// `<prefix>/<group>/<resource>/`.
#[derive(Clone, Debug)]
pub struct ResourceKeys {
    keys: Keys,
    /// The key of a built-in resource's storage, and whose it is.
    builtin: HashMap<SmolStr, GroupResource>,
}

impl ResourceKeys {
    /// Of the built-in resources, below a prefix.
    pub fn new(keys: Keys) -> Self {
        let builtin = Catalog::builtin().iter().filter_map(|resource| {
            let storage = resource.storage.as_ref()?;
            Some((
                storage.key.clone(),
                GroupResource::new(&storage.group, &resource.resource),
            ))
        });
        Self {
            keys,
            builtin: builtin.collect(),
        }
    }

    /// Whose key it is; `None` for one that belongs to no resource (ranges, master leases, the compaction key).
    pub fn resource_of(&self, key: &[u8]) -> Option<GroupResource> {
        let key = std::str::from_utf8(key)
            .ok()?
            .strip_prefix(self.keys.prefix())?
            .strip_prefix('/')?;
        let (first, rest) = key.split_once('/')?;
        if let Some(found) = self.builtin.get(first) {
            return Some(found.clone());
        }
        let (second, _) = rest.split_once('/')?;
        let both = &key[..first.len() + 1 + second.len()];
        if let Some(found) = self.builtin.get(both) {
            return Some(found.clone());
        }
        // The group of a custom resource is a domain name.
        first.contains('.').then(|| GroupResource::new(first, second))
    }

    /// Where the resource's keys are; one that is not built in is taken for a custom one.
    pub fn span_of(&self, resource: &GroupResource) -> KeySpan {
        let builtin = self
            .builtin
            .iter()
            .find(|(_, found)| *found == resource)
            .map(|(key, _)| key.to_string());
        let below = builtin.unwrap_or_else(|| format!("{}/{}", resource.group, resource.resource));
        let below = self.keys.internal(&below);
        // '0' is the byte after '/'.
        KeySpan {
            start: format!("{below}/"),
            end: format!("{below}0"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resource_of(key: &str) -> Option<(String, String)> {
        let keys = ResourceKeys::new(Keys::default());
        keys.resource_of(key.as_bytes())
            .map(|found| (found.resource.to_string(), found.group.to_string()))
    }

    #[test]
    fn a_key_names_its_resource() {
        let cases = [
            ("/registry/secrets/ns/a", "secrets", ""),
            ("/registry/minions/a", "nodes", ""),
            ("/registry/deployments/ns/a", "deployments", "apps"),
            ("/registry/services/specs/ns/a", "services", ""),
            ("/registry/services/endpoints/ns/a", "endpoints", ""),
            ("/registry/events/ns/a", "events", ""),
            (
                "/registry/apiextensions.k8s.io/customresourcedefinitions/a",
                "customresourcedefinitions",
                "apiextensions.k8s.io",
            ),
            (
                "/registry/stable.example.com/gadgets/ns/a",
                "gadgets",
                "stable.example.com",
            ),
        ];
        for (key, resource, group) in cases {
            assert_eq!(
                resource_of(key),
                Some((resource.to_owned(), group.to_owned())),
                "{key}"
            );
        }
    }

    #[test]
    fn other_keys_belong_to_no_resource() {
        for key in [
            "compact_rev_key",
            "/registry/ranges/servicenodeports",
            "/registry/masterleases/10.0.0.1",
            "/other/secrets/a/b",
        ] {
            assert_eq!(resource_of(key), None, "{key}");
        }
    }

    #[test]
    fn every_resource_owns_the_keys_of_its_span() {
        let keys = ResourceKeys::new(Keys::new("/prefix"));
        let custom = GroupResource::parse("gadgets.stable.example.com");
        for resource in keys.builtin.values().chain([&custom]) {
            let span = keys.span_of(resource);
            let key = format!("{}ns/a", span.start);
            assert!(span.contains(key.as_bytes()));
            assert_eq!(keys.resource_of(key.as_bytes()).as_ref(), Some(resource), "{key}");
        }
    }
}
