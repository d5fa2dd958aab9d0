//! Tokens of an OpenID Connect provider: signature, issuer, audience and times are checked, claims are mapped to a user.
//! What a configuration says in expressions is evaluated for each token.

mod claims;
mod flags;
mod provider;
mod rules;

use std::sync::Arc;

use arc_swap::ArcSwap;
use schema::Value;
use smol_str::SmolStr;

use super::unix_seconds;
use crate::User;
use crate::expressions::apart;
use crate::jwt::Unverified;

pub use claims::{Mapping, Prefixed, Source};
pub use flags::Flags;
pub use provider::Provider;
pub use rules::Rule;

/// How long before its time a token is taken, in seconds.
const EARLY_SECONDS_MAX: i64 = 300;

/// The providers of all issuers, which can be exchanged while tokens come in.
#[derive(Debug, Default)]
pub struct Issuers(ArcSwap<Vec<Arc<Oidc>>>);

impl Issuers {
    /// These.
    pub fn new(issuers: Vec<Arc<Oidc>>) -> Self {
        Self(ArcSwap::from_pointee(issuers))
    }

    /// Others from now on.
    pub fn set(&self, issuers: Vec<Arc<Oidc>>) {
        self.0.store(Arc::new(issuers));
    }

    /// The user of a token and when it ends; nothing if none of them has issued it.
    pub async fn user(&self, token: &str) -> Result<Option<(User, i64)>, String> {
        for oidc in self.0.load_full().iter() {
            // Issuers are told apart by name: no token is of two of them.
            if let Some(found) = oidc.user(token).await? {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }
}

/// The provider of one issuer.
#[derive(Debug)]
pub struct Oidc {
    provider: Provider,
    audiences: Vec<SmolStr>,
    mapping: Arc<Mapping>,
}

impl Oidc {
    /// Tokens must be for one of the audiences.
    pub fn new(provider: Provider, audiences: Vec<SmolStr>, mapping: Mapping) -> Self {
        Self {
            provider,
            audiences,
            mapping: Arc::new(mapping),
        }
    }

    /// Whose tokens it knows.
    pub fn issuer(&self) -> &str {
        self.provider.issuer()
    }

    /// The user of a token and when it ends; nothing if another has issued it.
    pub async fn user(&self, token: &str) -> Result<Option<(User, i64)>, String> {
        let Some(parsed) = Unverified::parse(token).filter(|parsed| parsed.issuer() == self.issuer()) else {
            return Ok(None);
        };
        self.provider
            .verify(&parsed)
            .await
            .map_err(|why| format!("oidc: verify token: {why}"))?;
        let until = self
            .check(&parsed, unix_seconds())
            .map_err(|why| format!("oidc: verify token: {why}"))?;
        let user = self
            .map(parsed.claims)
            .await
            .map_err(|why| format!("oidc: {why}"))?;
        Ok(Some((user, until)))
    }

    /// The user that claims name. Expressions may take their time, and are evaluated where nothing waits for them.
    async fn map(&self, claims: Value) -> Result<User, String> {
        if !self.mapping.has_expressions() {
            return self.mapping.user(&claims);
        }
        let mapping = self.mapping.clone();
        apart(move || mapping.user(&claims)).await?
    }

    fn check(&self, token: &Unverified<'_>, now: i64) -> Result<i64, String> {
        let audiences = token.audiences();
        if !audiences.iter().any(|audience| self.audiences.contains(audience)) {
            return Err(format!(
                "expected audience in {} got {}",
                crate::go_list(&self.audiences),
                crate::go_list(&audiences)
            ));
        }
        let until = token
            .time("exp")
            .filter(|_| !token.has_broken_times())
            .ok_or("token has no expiry")?;
        if until < now {
            return Err("token is expired".to_owned());
        }
        if token
            .time("nbf")
            .is_some_and(|begin| now + EARLY_SECONDS_MAX < begin)
        {
            return Err("token is not valid yet".to_owned());
        }
        Ok(until)
    }
}
