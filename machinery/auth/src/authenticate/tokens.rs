//! The authenticators of bearer tokens in a row, and what they found lately. Tokens are remembered by their digest.

use std::sync::Arc;
use std::time::{Duration, Instant};

use sha2::{Digest, Sha256};
use smol_str::SmolStr;

use super::bootstrap::BootstrapTokens;
use super::oidc::Issuers;
use super::service_account::ServiceAccounts;
use super::webhook::Webhook;
use super::{Authenticated, Outcome, common, unix_seconds};
use crate::cache::Cache;
use crate::limits::{CACHED_TOKENS_MAX, TOKEN_BYTES_MAX, TOKEN_GOOD_FOR};
use crate::metrics::TokenCache;
use crate::tokens::StaticTokens;

/// What every refused token is first of all, in the words of the reference.
const INVALID: &str = "invalid bearer token";

/// One that knows some tokens.
#[derive(Debug)]
pub enum Authenticator {
    /// A file.
    Static(StaticTokens),
    /// JSON web tokens of service accounts.
    ServiceAccounts(ServiceAccounts),
    /// Secrets for joining nodes.
    Bootstrap(BootstrapTokens),
    /// OpenID Connect providers.
    Oidc(Arc<Issuers>),
    /// Somebody else, asked over HTTP.
    Webhook(Box<Webhook>),
}

/// All of them.
#[derive(Debug)]
pub struct Tokens {
    authenticators: Vec<Authenticator>,
    audiences: Vec<SmolStr>,
    found: Cache<[u8; 32], Arc<Authenticated>>,
    metrics: TokenCache,
}

impl Tokens {
    /// These, in this order. `audiences` are those of this server: a token must be for one of them.
    pub fn new(authenticators: Vec<Authenticator>, audiences: Vec<SmolStr>) -> Self {
        Self {
            authenticators,
            audiences,
            found: Cache::new(CACHED_TOKENS_MAX),
            metrics: TokenCache::default(),
        }
    }

    /// Its numbers.
    pub fn metrics(&self) -> &TokenCache {
        &self.metrics
    }

    /// For whom tokens must be, unless somebody asks for others.
    pub fn audiences(&self) -> &[SmolStr] {
        &self.audiences
    }

    /// The user of a request's token.
    pub async fn user(&self, token: &str) -> Result<Arc<Authenticated>, String> {
        if token.len() > TOKEN_BYTES_MAX {
            return Err(INVALID.to_owned());
        }
        let digest: [u8; 32] = Sha256::digest(token.as_bytes()).into();
        // What is found is as old as the question, however long the answer takes.
        let asked = Instant::now();
        if let Some(found) = self.found.get(&digest, asked) {
            self.metrics.hit();
            return Ok(found);
        }
        let mut fetch = self.metrics.miss();
        let found = Arc::new(self.review(token, &self.audiences).await?);
        fetch.succeeded();
        self.found
            .put(digest, found.clone(), asked + good_for(&found), Instant::now());
        Ok(found)
    }

    /// The user of a token that is for one of the audiences; nothing is remembered. The error tells all that is wrong.
    pub async fn review(&self, token: &str, audiences: &[SmolStr]) -> Result<Authenticated, String> {
        let mut errors = vec![INVALID.to_owned()];
        if token.is_empty() || token.len() > TOKEN_BYTES_MAX {
            return Err(INVALID.to_owned());
        }
        for authenticator in &self.authenticators {
            match self.ask(authenticator, token, audiences).await {
                Ok(Some(found)) => return Ok(found),
                Ok(None) => {}
                Err(error) => errors.push(error),
            }
        }
        match errors.len() {
            1 => Err(INVALID.to_owned()),
            _ => Err(format!("[{}]", errors.join(", "))),
        }
    }

    async fn ask(&self, authenticator: &Authenticator, token: &str, audiences: &[SmolStr]) -> Outcome {
        match authenticator {
            Authenticator::Static(tokens) => Ok(tokens
                .user(token)
                .and_then(|user| self.for_us(user.clone(), audiences))),
            Authenticator::Bootstrap(tokens) => {
                let found = tokens.user(token).await?;
                Ok(found.and_then(|(user, until)| self.ending(user, until, audiences)))
            }
            Authenticator::ServiceAccounts(accounts) => {
                accounts.authenticate(token, audiences, &self.audiences).await
            }
            Authenticator::Oidc(oidc) => {
                let found = oidc.user(token).await?;
                Ok(found.and_then(|(user, until)| self.ending(user, Some(until), audiences)))
            }
            Authenticator::Webhook(webhook) => webhook.authenticate(token, audiences, &self.audiences).await,
        }
    }

    fn ending(&self, user: crate::User, until: Option<i64>, wanted: &[SmolStr]) -> Option<Authenticated> {
        let found = self.for_us(user, wanted)?;
        Some(Authenticated { until, ..found })
    }

    /// A user whose token says nothing of audiences: it is for this server.
    fn for_us(&self, user: crate::User, wanted: &[SmolStr]) -> Option<Authenticated> {
        let audiences = common(&self.audiences, wanted);
        (!audiences.is_empty() || self.audiences.is_empty()).then_some(Authenticated {
            user,
            audiences,
            until: None,
        })
    }
}

fn good_for(found: &Authenticated) -> Duration {
    let left = found
        .until
        .map(|until| u64::try_from(until.saturating_sub(unix_seconds())).unwrap_or(0));
    TOKEN_GOOD_FOR.min(left.map_or(TOKEN_GOOD_FOR, Duration::from_secs))
}
