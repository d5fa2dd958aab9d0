//! Kubernetes' EncryptionConfiguration (`apiserver.config.k8s.io/v1`): read from YAML or JSON and checked as the reference
//! checks it. It holds secrets, so nothing of it is printed but paths, names and lengths.

mod validation;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use object::field;
use schema::{Value, yaml};

use super::cipher::Kind;

/// The largest file that is read.
pub const FILE_BYTES_MAX: u64 = 1024 * 1024;
const API_VERSION: &str = "apiserver.config.k8s.io/v1";
const KIND: &str = "EncryptionConfiguration";

/// Why a configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It is no YAML.
    #[error("error while parsing file: {0}")]
    Syntax(String),
    /// It is something else.
    #[error(
        "error while parsing file: no kind {kind:?} is registered for version {version:?}: want {KIND} of {API_VERSION}"
    )]
    Kind {
        /// Of the file.
        kind: String,
        /// Of the file.
        version: String,
    },
    /// Fields that cannot be accepted.
    #[error("{}", field::aggregate(.0).unwrap_or_default())]
    Invalid(Vec<field::Error>),
    /// A rule that can never apply.
    #[error("resource {resource:?} is masked by earlier rule {rule:?}")]
    Masked {
        /// As the file would name it.
        resource: String,
        /// What comes before it.
        rule: String,
    },
    /// A key that the cipher does not take.
    #[error("{0}")]
    Key(super::Failure),
}

/// The file, checked.
pub(super) struct Configuration {
    /// In order.
    pub(super) rules: Vec<Rule>,
}

/// An element of `resources`.
pub(super) struct Rule {
    /// As they are written: `secrets`, `*.apps`, `*.`, `*.*`.
    pub(super) resources: Vec<String>,
    /// The first one writes.
    pub(super) providers: Vec<ProviderConfig>,
}

/// An element of `providers`.
pub(super) enum ProviderConfig {
    Identity,
    Keys(Kind, Vec<Key>),
}

/// A named secret.
pub(super) struct Key {
    pub(super) name: String,
    pub(super) secret: Vec<u8>,
}

/// The providers' names in the file, in the order in which the reference looks for them.
const PROVIDERS: [(&str, Option<Kind>); 4] = [
    ("aesgcm", Some(Kind::AesGcm)),
    ("aescbc", Some(Kind::AesCbc)),
    ("secretbox", Some(Kind::Secretbox)),
    ("identity", None),
];

impl Configuration {
    /// Reads and checks a file's text.
    pub(super) fn parse(text: &[u8]) -> Result<Self, Error> {
        let file = yaml::parse(text).map_err(|error| Error::Syntax(error.to_string()))?;
        let named = |field: &str| file.str_at(&[field]).unwrap_or_default().to_owned();
        let (version, kind) = (named("apiVersion"), named("kind"));
        if (version.as_str(), kind.as_str()) != (API_VERSION, KIND) {
            return Err(Error::Kind { kind, version });
        }
        let rules = file.list_at(&["resources"]);
        let errors = validation::validate(rules);
        if !errors.is_empty() {
            return Err(Error::Invalid(errors));
        }
        Ok(Self {
            rules: rules.iter().map(rule).collect(),
        })
    }
}

fn rule(rule: &Value) -> Rule {
    let texts = rule
        .list_at(&["resources"])
        .iter()
        .filter_map(Value::as_str)
        .map(str::to_owned);
    let providers = rule.list_at(&["providers"]).iter().filter_map(provider);
    Rule {
        resources: texts.collect(),
        providers: providers.collect(),
    }
}

/// Of a validated element.
fn provider(provider: &Value) -> Option<ProviderConfig> {
    let (name, kind) = PROVIDERS.iter().find(|(name, _)| is_set(provider, name))?;
    let Some(kind) = kind else {
        return Some(ProviderConfig::Identity);
    };
    let keys = provider.list_at(&[name, "keys"]).iter().filter_map(|key| {
        let secret = STANDARD.decode(key.str_at(&["secret"])?).ok()?;
        Some(Key {
            name: key.str_at(&["name"])?.to_owned(),
            secret,
        })
    });
    Some(ProviderConfig::Keys(*kind, keys.collect()))
}

/// Whether an element has this provider: `identity: {}` has, `identity: null` has not.
fn is_set(provider: &Value, name: &str) -> bool {
    provider.get(name).is_some_and(|value| !value.is_null())
}
