//! Which providers read and write the values of a resource, as one configuration says.
//! The most specific rule holds: the resource, then all of its group, then all.

use std::collections::HashMap;
use std::sync::Arc;

use super::cipher::Cipher;
use super::config::{Configuration, Error, ProviderConfig, Rule};
use super::provider::{Keyring, Provider};
use crate::resource_keys::GroupResource;

/// The providers of all resources. It is built once from a file and replaced as a whole.
#[derive(Default)]
pub struct Transformers {
    by_resource: HashMap<GroupResource, Vec<Arc<Provider>>>,
}

impl Transformers {
    /// Reads an EncryptionConfiguration.
    ///
    /// # Errors
    /// In the reference's words, with the paths of the fields that are wrong. Secrets are not shown.
    pub fn parse(text: &[u8]) -> Result<Self, Error> {
        let mut transformers = Self::default();
        for rule in &Configuration::parse(text)?.rules {
            transformers.add(rule)?;
        }
        Ok(transformers)
    }

    /// Of a resource; empty where no rule covers it, and then its values are plain.
    pub(super) fn of(&self, resource: &GroupResource) -> &[Arc<Provider>] {
        let in_group = || self.by_resource.get(&all_of(&resource.group));
        let found = self
            .by_resource
            .get(resource)
            .or_else(in_group)
            .or_else(|| self.by_resource.get(&all_of("*")));
        found.map_or(&[], Vec::as_slice)
    }

    /// A resource that several rules name has the providers of all of them, in order. One that an earlier rule covers
    /// already cannot have a rule of its own.
    fn add(&mut self, rule: &Rule) -> Result<(), Error> {
        let providers: Vec<_> = rule.providers.iter().map(provider).collect::<Result<_, _>>()?;
        for name in &rule.resources {
            let resource = GroupResource::parse(name);
            for earlier in [all_of(&resource.group), all_of("*")] {
                if self.by_resource.contains_key(&earlier) {
                    return Err(Error::Masked {
                        resource: printed(&resource),
                        rule: printed(&earlier),
                    });
                }
            }
            self.by_resource
                .entry(resource)
                .or_default()
                .extend(providers.iter().cloned());
        }
        Ok(())
    }
}

fn all_of(group: &str) -> GroupResource {
    GroupResource::new(group, "*")
}

/// As it stands in a file.
fn printed(resource: &GroupResource) -> String {
    match (resource.group.as_str(), resource.resource.as_str()) {
        ("", "*") => "*.".to_owned(),
        ("", name) => name.to_owned(),
        (group, name) => format!("{name}.{group}"),
    }
}

fn provider(config: &ProviderConfig) -> Result<Arc<Provider>, Error> {
    let ProviderConfig::Keys(kind, keys) = config else {
        return Ok(Arc::new(Provider::Identity));
    };
    let keys = keys.iter().map(|key| {
        let cipher = Cipher::new(*kind, &key.secret).map_err(Error::Key)?;
        Ok((format!("{}:", key.name), cipher))
    });
    Ok(Arc::new(Provider::Keys(Keyring {
        kind: *kind,
        keys: keys.collect::<Result<_, _>>()?,
    })))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(rules: &str) -> Result<Transformers, Error> {
        let head = "apiVersion: apiserver.config.k8s.io/v1\nkind: EncryptionConfiguration\nresources:\n";
        Transformers::parse(format!("{head}{rules}").as_bytes())
    }

    /// A rule whose providers can be counted.
    fn rule(resources: &str, providers: usize) -> String {
        let identities = vec!["{identity: {}}"; providers].join(", ");
        format!("- {{resources: {resources}, providers: [{identities}]}}\n")
    }

    fn count(transformers: &Transformers, resource: &str) -> usize {
        transformers.of(&GroupResource::parse(resource)).len()
    }

    #[test]
    fn the_most_specific_rule_holds() {
        let rules = [
            rule("[secrets]", 1),
            rule("['*.']", 2),
            rule("['*.apps']", 3),
            rule("['*.*']", 4),
        ]
        .concat();
        let transformers = parse(&rules).unwrap_or_else(|error| panic!("{error}"));
        let resources = [
            "secrets",
            "configmaps",
            "deployments.apps",
            "gadgets.stable.example.com",
        ];
        assert_eq!(
            resources.map(|resource| count(&transformers, resource)),
            [1, 2, 3, 4]
        );
    }

    #[test]
    fn rules_for_the_same_resource_add_up() {
        let transformers = parse(&[rule("[secrets]", 1), rule("[secrets, configmaps]", 2)].concat());
        let transformers = transformers.unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(
            (
                count(&transformers, "secrets"),
                count(&transformers, "configmaps")
            ),
            (3, 2)
        );
        assert_eq!(count(&transformers, "pods"), 0);
    }

    #[test]
    fn a_rule_that_an_earlier_one_covers_is_refused() {
        for (first, second, why) in [
            (
                "['*.']",
                "[secrets]",
                r#"resource "secrets" is masked by earlier rule "*.""#,
            ),
            (
                "['*.']",
                "['*.']",
                r#"resource "*." is masked by earlier rule "*.""#,
            ),
            (
                "['*.*']",
                "['*.apps']",
                r#"resource "*.apps" is masked by earlier rule "*.*""#,
            ),
        ] {
            let error = parse(&[rule(first, 1), rule(second, 1)].concat())
                .err()
                .map(|error| error.to_string());
            assert_eq!(error.as_deref(), Some(why));
        }
    }

    #[test]
    fn another_kind_of_file_is_refused() {
        for text in ["", "kind: EncryptionConfig\napiVersion: v1\n", "a: [", "[]"] {
            let error = Transformers::parse(text.as_bytes())
                .err()
                .map(|error| error.to_string());
            assert!(
                error.is_some_and(|error| error.starts_with("error while parsing file: ")),
                "{text:?}"
            );
        }
    }
}
