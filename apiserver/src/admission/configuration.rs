//! Which plugins are on and what they are configured with: `--enable-admission-plugins`, `--disable-admission-plugins`, and the file of
//! `--admission-control-config-file` (kind AdmissionConfiguration). What stands in a plugin's part is the plugin's affair.

use std::collections::HashMap;
use std::path::Path;

use schema::{Value, json, yaml};

use super::chain::{KNOWN, Known};
use crate::limits::ADMISSION_CONFIGURATION_BYTES_MAX;

const API_VERSIONS: [&str; 2] = ["apiserver.config.k8s.io/v1", "apiserver.k8s.io/v1alpha1"];
const KIND: &str = "AdmissionConfiguration";
const FILE_FLAG: &str = "admission-control-config-file";

/// What is wrong with a flag or with what it names.
#[derive(Debug, thiserror::Error)]
#[error("{why}")]
pub struct Error {
    /// The flag, without dashes.
    pub flag: &'static str,
    /// What is wrong.
    pub why: String,
}

impl Error {
    fn file(path: &Path, why: impl std::fmt::Display) -> Self {
        Self {
            flag: FILE_FLAG,
            why: format!("{}: {why}", path.display()),
        }
    }

    /// What a plugin says of its configuration.
    pub(super) fn plugin(name: &str, why: String) -> Self {
        Self {
            flag: FILE_FLAG,
            why: format!("failed to initialize admission plugin {name:?}: {why}"),
        }
    }
}

/// Parts of the file by the names of their plugins; one may say nothing.
type Parts = HashMap<String, Option<Vec<u8>>>;

/// Which plugins are on, and their configurations by name. The default is what is on by default, without configuration.
#[derive(Clone, Debug, Default)]
pub struct Configuration {
    enabled: Vec<String>,
    disabled: Vec<String>,
    parts: Parts,
}

impl Configuration {
    /// As the flags say. Names must be known, and none both on and off; the file and those that it names are read.
    pub fn read(enabled: &[String], disabled: &[String], file: Option<&Path>) -> Result<Self, Error> {
        check_names("enable-admission-plugins", enabled)?;
        check_names("disable-admission-plugins", disabled)?;
        let both: Vec<&str> = enabled
            .iter()
            .filter(|name| disabled.contains(name))
            .map(String::as_str)
            .collect();
        if !both.is_empty() {
            let names = both.join(" ");
            return Err(Error {
                flag: "enable-admission-plugins",
                why: format!(
                    "[{names}] in enable-admission-plugins and disable-admission-plugins overlapped"
                ),
            });
        }
        Ok(Self {
            enabled: enabled.to_vec(),
            disabled: disabled.to_vec(),
            parts: file.map(parts).transpose()?.unwrap_or_default(),
        })
    }

    /// Whether a plugin is on.
    pub fn is_on(&self, known: &Known) -> bool {
        let named = |names: &[String]| names.iter().any(|name| name == known.name);
        named(&self.enabled) || known.default_on && !named(&self.disabled)
    }

    /// A plugin's part of the file.
    pub fn of(&self, name: &str) -> Option<&[u8]> {
        self.parts.get(name)?.as_deref()
    }
}

fn check_names(flag: &'static str, names: &[String]) -> Result<(), Error> {
    let unknown = names
        .iter()
        .find(|name| !KNOWN.iter().any(|known| known.name == name.as_str()));
    match unknown {
        Some(name) => Err(Error {
            flag,
            why: format!("{flag} plugin {name:?} is unknown"),
        }),
        None => Ok(()),
    }
}

/// The parts of a file, by the names of their plugins; of two parts of one plugin the first counts, as in the reference.
fn parts(path: &Path) -> Result<Parts, Error> {
    let within = |why: String| Error::file(path, why);
    let file = yaml::parse(&read_limited(path)?).map_err(|error| within(error.to_string()))?;
    let version = file.str_at(&["apiVersion"]).unwrap_or_default();
    if !API_VERSIONS.contains(&version) || file.str_at(&["kind"]) != Some(KIND) {
        return Err(within(format!("it is no {KIND} of {}", API_VERSIONS[0])));
    }
    let mut parts = Parts::new();
    for plugin in file.list_at(&["plugins"]) {
        let name = plugin.str_at(&["name"]).unwrap_or_default();
        if parts.contains_key(name) {
            continue;
        }
        let inline = plugin.get("configuration").filter(|one| !one.is_null());
        let named = plugin.str_at(&["path"]).filter(|path| !path.is_empty());
        let bytes = match (inline, named) {
            (Some(inline), _) => Some(text(inline)),
            (None, Some(named)) => {
                let folder = path.parent().unwrap_or(Path::new("."));
                Some(read_limited(&folder.join(named))?)
            }
            (None, None) => None,
        };
        parts.insert(name.to_owned(), bytes);
    }
    Ok(parts)
}

fn text(value: &Value) -> Vec<u8> {
    let mut bytes = Vec::new();
    json::write(value, &mut bytes);
    bytes
}

fn read_limited(path: &Path) -> Result<Vec<u8>, Error> {
    let failed = |error: std::io::Error| Error::file(path, error);
    if std::fs::metadata(path).map_err(failed)?.len() > ADMISSION_CONFIGURATION_BYTES_MAX {
        let why = format!("more than {ADMISSION_CONFIGURATION_BYTES_MAX} bytes");
        return Err(Error::file(path, why));
    }
    std::fs::read(path).map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|&name| name.to_owned()).collect()
    }

    fn refused(enabled: &[&str], disabled: &[&str]) -> String {
        let read = Configuration::read(&names(enabled), &names(disabled), None);
        read.expect_err("refused").to_string()
    }

    fn is_on(configuration: &Configuration, name: &str) -> bool {
        let known = KNOWN.iter().find(|known| known.name == name).expect("known");
        configuration.is_on(known)
    }

    #[test]
    fn flags_add_to_the_defaults_and_take_from_them() {
        let read = Configuration::read(&names(&["Priority"]), &names(&["ServiceAccount"]), None);
        let read = read.expect("known names");
        assert!(is_on(&read, "Priority") && is_on(&read, "NamespaceLifecycle"));
        assert!(!is_on(&read, "ServiceAccount"));
    }

    #[test]
    fn names_are_known_and_stand_once() {
        assert_eq!(
            refused(&["Nope"], &[]),
            "enable-admission-plugins plugin \"Nope\" is unknown"
        );
        assert_eq!(
            refused(&[], &["Nope"]),
            "disable-admission-plugins plugin \"Nope\" is unknown"
        );
        assert_eq!(
            refused(&["Priority"], &["Priority"]),
            "[Priority] in enable-admission-plugins and disable-admission-plugins overlapped"
        );
    }

    #[test]
    fn parts_stand_in_the_file_or_beside_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("admission.yaml");
        let text = "apiVersion: apiserver.config.k8s.io/v1\nkind: AdmissionConfiguration\nplugins:\n\
                    - {name: A, configuration: {kind: X}}\n- {name: A, path: other}\n- {name: B, path: b.yaml}\n- {name: C}\n- {name: C, path: b.yaml}\n";
        std::fs::write(&path, text).expect("written");
        let missing = Configuration::read(&[], &[], Some(&path)).expect_err("b.yaml is missing");
        assert!(missing.why.contains("b.yaml"), "{missing}");
        std::fs::write(folder.path().join("b.yaml"), "kind: Y\n").expect("written");
        let read = Configuration::read(&[], &[], Some(&path)).expect("it is whole");
        assert_eq!(read.of("A"), Some(br#"{"kind":"X"}"#.as_slice()));
        assert_eq!(read.of("B"), Some(b"kind: Y\n".as_slice()));
        assert_eq!(read.of("C"), None);
        let of = |version: &str| {
            let text = format!("apiVersion: {version}\nkind: AdmissionConfiguration\n");
            std::fs::write(&path, text).expect("written");
            Configuration::read(&[], &[], Some(&path)).is_ok()
        };
        assert!(of("apiserver.k8s.io/v1alpha1") && !of("apiserver.config.k8s.io/v1alpha1"));
        std::fs::write(&path, "kind: Pod").expect("written");
        assert!(Configuration::read(&[], &[], Some(&path)).is_err());
    }
}
