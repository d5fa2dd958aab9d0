//! A provider's keys: found by discovery, remembered, and read again when a token has an unknown one, but not too often.

use std::sync::Arc;
use std::time::Instant;

use arc_swap::ArcSwapOption;
use schema::{Value, json};
use tokio::sync::Mutex;

use crate::client::Client;
use crate::jwt::keys::PublicKey;
use crate::jwt::{Algorithm, Unverified};
use crate::limits::{OIDC_REFRESH_MAX, OIDC_REFRESH_MIN, OIDC_TIMEOUT};

/// Where the configuration is below an issuer.
const DISCOVERY: &str = "/.well-known/openid-configuration";

/// A provider.
#[derive(Debug)]
pub struct Provider {
    issuer: String,
    discovery_url: String,
    client: Client,
    algorithms: Vec<Algorithm>,
    keys: ArcSwapOption<Keys>,
    /// When the provider was asked last; held while it is asked, so that many unknown tokens ask once.
    asked: Mutex<Option<Instant>>,
}

#[derive(Debug)]
struct Keys {
    keys: Vec<PublicKey>,
    read: Instant,
}

impl Provider {
    /// Of an issuer. Its configuration is at `discovery_url`, or below the issuer; only these algorithms count.
    pub fn new(
        issuer: &str,
        discovery_url: Option<&str>,
        client: Client,
        algorithms: Vec<Algorithm>,
    ) -> Self {
        let below = || format!("{}{DISCOVERY}", issuer.trim_end_matches('/'));
        Self {
            issuer: issuer.to_owned(),
            discovery_url: discovery_url.map_or_else(below, str::to_owned),
            client,
            algorithms,
            keys: ArcSwapOption::empty(),
            asked: Mutex::new(None),
        }
    }

    /// Its name.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// Whether the provider signed a token.
    pub async fn verify(&self, token: &Unverified<'_>) -> Result<(), String> {
        if !token
            .algorithm()
            .is_some_and(|algorithm| self.algorithms.contains(&algorithm))
        {
            return Err("the token's signature algorithm is not accepted".to_owned());
        }
        let known = self
            .keys
            .load_full()
            .filter(|keys| keys.read.elapsed() < OIDC_REFRESH_MAX);
        if let Some(keys) = &known
            && token.verify(keys.keys.iter()).is_ok()
        {
            return Ok(());
        }
        let keys = self.refresh(known.as_ref()).await?;
        token
            .verify(keys.keys.iter())
            .map_err(|_| "failed to verify signature".to_owned())
    }

    /// Reads the keys again, unless somebody did since `known` was looked at, or a moment ago.
    async fn refresh(&self, known: Option<&Arc<Keys>>) -> Result<Arc<Keys>, String> {
        let mut asked = self.asked.lock().await;
        let current = self.keys.load_full();
        let is_newer = match (&current, known) {
            (Some(current), Some(known)) => !Arc::ptr_eq(current, known),
            (Some(current), None) => current.read.elapsed() < OIDC_REFRESH_MAX,
            (None, _) => false,
        };
        let is_early = asked.is_some_and(|at| at.elapsed() < OIDC_REFRESH_MIN);
        match current {
            Some(current) if is_newer || is_early => return Ok(current),
            None if is_early => return Err("the provider could not be reached a moment ago".to_owned()),
            _ => {}
        }
        *asked = Some(Instant::now());
        let keys = Arc::new(Keys {
            keys: self.read_keys().await?,
            read: Instant::now(),
        });
        self.keys.store(Some(keys.clone()));
        Ok(keys)
    }

    async fn read_keys(&self) -> Result<Vec<PublicKey>, String> {
        let configuration = self.read(&self.discovery_url).await?;
        let issuer = configuration.str_at(&["issuer"]).unwrap_or_default();
        if issuer != self.issuer {
            return Err(format!(
                "issuer did not match: expected {:?} got {issuer:?}",
                self.issuer
            ));
        }
        let url = configuration
            .str_at(&["jwks_uri"])
            .ok_or("the configuration has no jwks_uri")?;
        let keys = self.read(url).await?;
        Ok(keys
            .list_at(&["keys"])
            .iter()
            .filter_map(PublicKey::of_jwk)
            .collect())
    }

    async fn read(&self, url: &str) -> Result<Value, String> {
        let body = self
            .client
            .get(url, OIDC_TIMEOUT)
            .await
            .map_err(|error| error.to_string())?;
        json::parse(&body).map_err(|error| error.to_string())
    }
}
