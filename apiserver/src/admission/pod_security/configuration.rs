//! `PodSecurityConfiguration`: the defaults for namespaces without labels, and who is not judged.

use std::collections::HashSet;

use object::field::{Error, Path, aggregate};
use object::names;
use schema::{SmolStr, Value};

use super::{Level, LevelVersion, Policy, Version};

const GROUP: &str = "pod-security.admission.config.k8s.io";
const VERSIONS: [&str; 3] = ["v1", "v1beta1", "v1alpha1"];
const MODES: [&str; 3] = ["enforce", "audit", "warn"];

/// What an operator configures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Configuration {
    /// What holds where labels say nothing.
    pub defaults: Policy,
    /// Whose requests are not judged.
    pub usernames: HashSet<SmolStr>,
    /// Pods of these runtime classes are not judged.
    pub runtime_classes: HashSet<SmolStr>,
    /// Namespaces in which nothing is judged.
    pub namespaces: HashSet<SmolStr>,
}

impl Default for Configuration {
    fn default() -> Self {
        Self {
            defaults: Policy::PRIVILEGED,
            usernames: HashSet::new(),
            runtime_classes: HashSet::new(),
            namespaces: HashSet::new(),
        }
    }
}

impl Configuration {
    /// From the decoded file. The error is one sentence that names every wrong field.
    pub fn read(file: &Value) -> Result<Self, String> {
        check_form(file)?;
        let mut reading = Reading { errors: Vec::new() };
        let defaults = file.get("defaults").unwrap_or(&Value::Null);
        let [enforce, audit, warn] = MODES.map(|mode| reading.mode(defaults, mode));
        let exemptions = file.get("exemptions").unwrap_or(&Value::Null);
        let configuration = Self {
            defaults: Policy { enforce, audit, warn },
            usernames: reading.names(exemptions, "usernames", |name| name.is_empty().then(String::new)),
            runtime_classes: reading.names(exemptions, "runtimeClasses", |name| {
                problem(names::dns_subdomain(name))
            }),
            namespaces: reading.names(exemptions, "namespaces", |name| problem(names::dns_label(name))),
        };
        match aggregate(&reading.errors) {
            None => Ok(configuration),
            Some(errors) => Err(errors),
        }
    }
}

/// Type and fields are known: a misspelt exemption must not be overlooked.
fn check_form(file: &Value) -> Result<(), String> {
    let version = file.str_at(&["apiVersion"]).unwrap_or_default();
    let known = VERSIONS.iter().any(|known| version == format!("{GROUP}/{known}"));
    if !known || file.str_at(&["kind"]) != Some("PodSecurityConfiguration") {
        return Err(format!("it is no PodSecurityConfiguration of {GROUP}/v1"));
    }
    let versions = MODES.map(|mode| format!("{mode}-version"));
    let is_default = |key: &str| MODES.contains(&key) || versions.iter().any(|known| known == key);
    known_only(file, "", |key| {
        matches!(key, "apiVersion" | "kind" | "defaults" | "exemptions")
    })?;
    known_only(
        file.get("defaults").unwrap_or(&Value::Null),
        "defaults.",
        is_default,
    )?;
    let is_exemption = |key: &str| matches!(key, "usernames" | "runtimeClasses" | "namespaces");
    known_only(
        file.get("exemptions").unwrap_or(&Value::Null),
        "exemptions.",
        is_exemption,
    )
}

fn known_only(value: &Value, prefix: &str, is_known: impl Fn(&str) -> bool) -> Result<(), String> {
    if !matches!(value, Value::Map(_) | Value::Null) {
        return Err(format!("{} is no map", prefix.trim_end_matches('.')));
    }
    let keys = value.as_map().into_iter().flat_map(schema::Map::keys);
    match keys.map(SmolStr::as_str).find(|key| !is_known(key)) {
        Some(key) => Err(format!("unknown field \"{prefix}{key}\"")),
        None => Ok(()),
    }
}

fn problem(problems: names::Problems) -> Option<String> {
    (!problems.is_empty()).then(|| problems.join(", "))
}

struct Reading {
    errors: Vec<Error>,
}

impl Reading {
    fn mode(&mut self, defaults: &Value, mode: &str) -> LevelVersion {
        LevelVersion {
            level: self.one(defaults, mode, Level::parse, Level::Privileged),
            version: self.one(
                defaults,
                &format!("{mode}-version"),
                Version::parse,
                Version::Latest,
            ),
        }
    }

    fn one<T>(
        &mut self,
        defaults: &Value,
        field: &str,
        parse: impl Fn(&str) -> Result<T, &'static str>,
        default: T,
    ) -> T {
        match defaults.get(field) {
            None => default,
            // As in the reference, an empty text is like none.
            Some(value) if value.as_str() == Some("") => default,
            Some(value) => parse(value.as_str().unwrap_or_default()).unwrap_or_else(|problem| {
                let path = Path::root("defaults").child(field);
                let shown = value.as_str().unwrap_or_default();
                self.errors.push(Error::invalid(&path, shown, problem));
                default
            }),
        }
    }

    /// A list of names, each once. An empty problem is that of a name that is required.
    fn names(
        &mut self,
        exemptions: &Value,
        field: &str,
        problem: impl Fn(&str) -> Option<String>,
    ) -> HashSet<SmolStr> {
        let list = Path::root("exemptions").child(field);
        let mut found = HashSet::new();
        for (index, value) in exemptions.list_at(&[field]).iter().enumerate() {
            let (path, name) = (list.index(index), value.as_str().unwrap_or_default());
            match problem(name) {
                Some(why) if why.is_empty() => self.errors.push(Error::required(&path, "")),
                Some(why) => self.errors.push(Error::invalid(&path, name, why)),
                None if !found.insert(SmolStr::new(name)) => self.errors.push(Error::duplicate(&path, name)),
                None => {}
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use schema::tree;

    fn file(defaults: Value, exemptions: Value) -> Value {
        tree!({
            "apiVersion": "pod-security.admission.config.k8s.io/v1",
            "kind": "PodSecurityConfiguration",
            "defaults": defaults,
            "exemptions": exemptions,
        })
    }

    #[test]
    fn defaults_and_exemptions_are_read() {
        let file = file(
            tree!({"enforce": "baseline", "warn-version": "v1.30"}),
            tree!({"usernames": ["ann"], "namespaces": ["kube-system"], "runtimeClasses": ["kata"]}),
        );
        let read = Configuration::read(&file).unwrap();
        let defaults = read.defaults;
        assert_eq!(defaults.enforce.to_string(), "baseline:latest");
        assert_eq!(defaults.warn.to_string(), "privileged:v1.30");
        assert!(read.usernames.contains("ann") && read.namespaces.contains("kube-system"));
        assert!(read.runtime_classes.contains("kata"));
    }

    #[test]
    fn wrong_values_are_named() {
        let file = file(
            tree!({"enforce": "high"}),
            tree!({"usernames": ["", "a", "a"], "namespaces": ["No"]}),
        );
        let error = Configuration::read(&file).unwrap_err();
        for part in [
            "defaults.enforce: Invalid value: \"high\"",
            "exemptions.usernames[0]: Required value",
            "exemptions.usernames[2]: Duplicate value: \"a\"",
            "exemptions.namespaces[0]: Invalid value: \"No\"",
        ] {
            assert!(error.contains(part), "{error}");
        }
    }

    #[test]
    fn other_kinds_and_unknown_fields_are_refused() {
        let other = tree!({"apiVersion": "v1", "kind": "ConfigMap"});
        assert!(Configuration::read(&other).is_err());
        let misspelt = file(Value::Null, tree!({"namespace": ["a"]}));
        assert_eq!(
            Configuration::read(&misspelt),
            Err("unknown field \"exemptions.namespace\"".to_owned())
        );
    }
}
