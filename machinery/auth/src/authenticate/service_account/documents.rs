//! The documents with which others check tokens of this server (OpenID Connect Discovery 1.0, RFC 7517).

use std::sync::Arc;

use arc_swap::ArcSwap;
use schema::{Value, json, tree};

use crate::jwt::keys::PublicKey;

/// Where the key set is served.
pub const KEYS_PATH: &str = "/openid/v1/jwks";
/// Where the configuration is served.
pub const CONFIGURATION_PATH: &str = "/.well-known/openid-configuration";

/// Both documents, as they are served.
#[derive(Clone, Debug)]
pub struct Documents {
    /// `application/json`
    pub configuration: String,
    /// `application/jwk-set+json`
    pub keys: String,
}

/// The documents as they are now: other keys make other documents.
#[derive(Debug)]
pub struct Published {
    issuer: String,
    keys_url: String,
    current: ArcSwap<Documents>,
}

impl Published {
    /// For an issuer, whose keys are found at a URL; `None` if its name is not one that clients could look up.
    pub fn new(issuer: &str, keys_url: &str, keys: &[PublicKey]) -> Option<Self> {
        Some(Self {
            current: ArcSwap::from_pointee(Documents::new(issuer, keys_url, keys)?),
            issuer: issuer.to_owned(),
            keys_url: keys_url.to_owned(),
        })
    }

    /// What is served now.
    pub fn current(&self) -> Arc<Documents> {
        self.current.load_full()
    }

    /// With other keys from now on.
    pub fn set_keys(&self, keys: &[PublicKey]) {
        if let Some(documents) = Documents::new(&self.issuer, &self.keys_url, keys) {
            self.current.store(Arc::new(documents));
        }
    }
}

impl Documents {
    /// For an issuer; `None` if its name is not one that clients could look up.
    pub fn new(issuer: &str, keys_url: &str, keys: &[PublicKey]) -> Option<Self> {
        if !issuer.starts_with("https://") {
            return None;
        }
        let mut algorithms: Vec<&str> = keys.iter().map(|key| key.own_algorithm().name()).collect();
        algorithms.sort_unstable();
        algorithms.dedup();
        let algorithms = Value::List(algorithms.into_iter().map(Value::from).collect());
        let configuration = tree!({
            "issuer": issuer,
            "jwks_uri": keys_url,
            "response_types_supported": ["id_token"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": algorithms,
        });
        let keys = Value::List(keys.iter().map(PublicKey::to_jwk).collect());
        Some(Self {
            configuration: json::to_string(&configuration),
            keys: json::to_string(&tree!({"keys": keys})),
        })
    }
}
