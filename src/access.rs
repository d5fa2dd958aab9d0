//! Who may come in and what they may do, put together from the flags: authenticators, authorizers, and what feeds them.

mod feed;
mod keys;

use std::path::Path;
use std::sync::Arc;

use apiserver::objects::Objects;
use auth::Access;
use auth::authenticate::anonymous::Anonymous;
use auth::authenticate::bootstrap::BootstrapTokens;
use auth::authenticate::configuration::Configured;
use auth::authenticate::front_proxy::Names;
use auth::authenticate::oidc::Issuers;
use auth::authenticate::service_account::ServiceAccounts;
use auth::authenticate::webhook::Webhook;
use auth::authenticate::{Authenticator, Tokens};
use auth::authorize::Chain;
use auth::authorize::configuration::{self, Fed, Flags};
use auth::authorize::webhook::Settings;
use auth::client::{Caller, Kubeconfig};
use auth::limits::{DELEGATED_ANSWER_TTL, WEBHOOK_TIMEOUT};
use auth::metrics::Reloads;
use auth::tokens::StaticTokens;
use schema::SmolStr;

use crate::error::Error;
use crate::options;
use crate::reload::Watched;

pub use feed::{Feed, WatchTier};
pub use keys::Keys;

const AUTHENTICATION_CONFIG: &str = "authentication-config";
const AUTHORIZATION_CONFIG: &str = "authorization-config";

/// What can be read before there is a store.
#[derive(Debug)]
pub struct Settled {
    options: options::Access,
    tokens: StaticTokens,
    issuers: Arc<Issuers>,
    anonymous: Option<Anonymous>,
    chain: Arc<Chain>,
    fed: Fed,
}

impl Settled {
    /// Reads every file that the flags name, but keys of our own.
    pub fn new(options: options::Access, tokens: StaticTokens) -> Result<Self, Error> {
        let configured = configured(&options)?;
        let fed = Fed::default();
        let chain = Arc::new(chain(&options.authorization, &fed)?);
        Ok(Self {
            options,
            tokens,
            issuers: Arc::new(Issuers::new(configured.issuers)),
            anonymous: configured.anonymous,
            chain,
            fed,
        })
    }

    /// Who may come without credentials. A configuration file that says it goes before the flag.
    pub fn anonymous(&self) -> Anonymous {
        let by_flag = if self.options.anonymous_auth {
            Anonymous::Yes
        } else {
            Anonymous::No
        };
        self.anonymous.clone().unwrap_or(by_flag)
    }

    /// What front proxies may say.
    pub fn proxy_names(&self) -> Names {
        let flags = &self.options.front_proxy;
        let allowed = flags.requestheader_allowed_names.clone();
        header_names(&flags.user_headers, allowed)
    }

    /// What keeps the authorizers fed with objects. Roles are wanted by authorizers, or by who writes roles.
    pub fn feed(&self, objects: Arc<Objects>, writes_roles: bool) -> Feed {
        let has_roles = writes_roles || self.chain.rbac().is_some();
        Feed::new(objects, self.fed.clone(), has_roles, self.chain.has_node())
    }

    /// Moves when who may do what may have changed.
    pub fn changes(&self) -> tokio::sync::watch::Receiver<u64> {
        self.fed.changes.subscribe()
    }

    /// Everything together.
    pub fn access(&self, objects: &Arc<Objects>, keys: &Keys) -> Result<Access, Error> {
        let issuers = &self.options.service_accounts.service_account_issuer;
        let issuers: Vec<SmolStr> = issuers.iter().map(SmolStr::new).collect();
        // Who issues the tokens of a cluster is its own servers' affair: they take those that are for them.
        let is_delegated = self.options.delegation.authentication_kubeconfig.is_some();
        let audiences = match self.options.api_audiences.as_slice() {
            [] if is_delegated => Vec::new(),
            [] => issuers.clone(),
            named => named.iter().map(SmolStr::new).collect(),
        };
        let authenticators = match &self.options.delegation.authentication_kubeconfig {
            Some(path) => self.delegated(path)?,
            None => self.authenticators(
                ServiceAccounts::new(issuers, keys.set.clone(), objects.clone()),
                objects,
            )?,
        };
        Ok(Access {
            chain: self.chain.clone(),
            rbac: self.fed.rbac.clone(),
            tokens: Arc::new(Tokens::new(authenticators, audiences)),
            minter: keys.minter.clone(),
            documents: keys.documents.clone(),
        })
    }

    /// The configuration files, to be read again when they change.
    pub fn watched(&self, authentication: &Reloads, authorization: &Reloads) -> Vec<Watched> {
        let mut watched = Vec::new();
        if let Some(path) = self.options.authentication_config.clone() {
            let (issuers, anonymous) = (self.issuers.clone(), self.anonymous.clone());
            let read = path.clone();
            let file = Watched::new(AUTHENTICATION_CONFIG, vec![path], move || {
                let configured = Configured::read(&read).map_err(|error| error.to_string())?;
                if configured.anonymous != anonymous {
                    return Err("anonymous: Forbidden: changed from initial configuration file".to_owned());
                }
                issuers.set(configured.issuers);
                Ok(())
            });
            watched.push(file.counted(authentication.clone()));
        }
        if let Some(path) = self.options.authorization.authorization_config.clone() {
            let (chain, fed, read) = (self.chain.clone(), self.fed.clone(), path.clone());
            let file = Watched::new(AUTHORIZATION_CONFIG, vec![path], move || {
                configuration::reload(&read, &fed, &chain).map_err(|error| error.to_string())
            });
            watched.push(file.counted(authorization.clone()));
        }
        watched
    }

    fn authenticators(
        &self,
        accounts: ServiceAccounts,
        objects: &Arc<Objects>,
    ) -> Result<Vec<Authenticator>, Error> {
        let mut all = vec![
            Authenticator::Static(self.tokens.clone()),
            Authenticator::ServiceAccounts(accounts),
        ];
        if self.options.enable_bootstrap_token_auth {
            all.push(Authenticator::Bootstrap(BootstrapTokens::new(objects.clone())));
        }
        all.push(Authenticator::Oidc(self.issuers.clone()));
        if let Some(path) = &self.options.authentication_token_webhook_config_file {
            const FLAG: &str = "authentication-token-webhook-config-file";
            let caller = Kubeconfig::read(path).and_then(|config| Caller::new(config, WEBHOOK_TIMEOUT));
            let caller = caller.map_err(|error| Error::flag(FLAG, error))?;
            let version = &self.options.authentication_token_webhook_version;
            let remembered = self.options.authentication_token_webhook_cache_ttl;
            let remembered = remembered.unwrap_or(options::TOKEN_WEBHOOK_TTL);
            all.push(Authenticator::Webhook(Box::new(Webhook::new(
                caller, version, remembered,
            ))));
        }
        Ok(all)
    }

    /// Those of a tier that asks another API server whose token it is.
    fn delegated(&self, kubeconfig: &Path) -> Result<Vec<Authenticator>, Error> {
        let remembered = self.options.authentication_token_webhook_cache_ttl;
        let webhook = Webhook::delegated(kubeconfig, remembered.unwrap_or(DELEGATED_ANSWER_TTL));
        let webhook = webhook.map_err(|error| Error::flag("authentication-kubeconfig", error))?;
        Ok(vec![
            Authenticator::Static(self.tokens.clone()),
            Authenticator::Webhook(Box::new(webhook)),
        ])
    }
}

/// Issuers and anonymous access, by file or by flags.
fn configured(options: &options::Access) -> Result<Configured, Error> {
    if let Some(path) = &options.authentication_config {
        return Configured::read(path).map_err(|error| Error::flag(AUTHENTICATION_CONFIG, error));
    }
    let provider = options
        .oidc
        .flags()
        .provider()
        .map_err(|why| Error::flag("oidc-issuer-url", why))?;
    Ok(Configured {
        issuers: provider.into_iter().map(Arc::new).collect(),
        anonymous: None,
    })
}

fn chain(options: &options::Authorization, fed: &Fed) -> Result<Chain, Error> {
    if let Some(path) = &options.authorization_config {
        let authorizers = configuration::of_file(path, fed);
        return authorizers
            .map(Chain::new)
            .map_err(|error| Error::flag(AUTHORIZATION_CONFIG, error));
    }
    if let Some(path) = &options.authorization_kubeconfig {
        let paths = &options.authorization_always_allow_paths;
        let settings = settings(options, [DELEGATED_ANSWER_TTL; 2], "v1");
        let authorizers = configuration::delegated(path, paths, settings);
        return authorizers
            .map(Chain::new)
            .map_err(|error| Error::flag("authorization-kubeconfig", error));
    }
    let flags = Flags {
        policy_file: options.authorization_policy_file.clone(),
        webhook_file: options.authorization_webhook_config_file.clone(),
        webhook: settings(
            options,
            options::ACCESS_WEBHOOK_TTLS,
            &options.authorization_webhook_version,
        ),
    };
    let authorizers = configuration::of_modes(&options.authorization_mode, &flags, fed);
    authorizers
        .map(Chain::new)
        .map_err(|error| Error::flag("authorization-mode", error))
}

/// How a webhook is used; the times are those of yes and no, unless flags name others.
fn settings(options: &options::Authorization, ttls: [std::time::Duration; 2], version: &str) -> Settings {
    let [yes, no] = ttls;
    Settings {
        authorized_for: options.authorization_webhook_cache_authorized_ttl.unwrap_or(yes),
        unauthorized_for: options.authorization_webhook_cache_unauthorized_ttl.unwrap_or(no),
        version: version.to_owned(),
        ..Settings::default()
    }
}

/// The headers in which a proxy of an allowed name names users.
pub fn header_names(flags: &options::UserHeaders, allowed: Vec<String>) -> Names {
    Names {
        allowed,
        user: flags.requestheader_username_headers.clone(),
        uid: flags.requestheader_uid_headers.clone(),
        group: flags.requestheader_group_headers.clone(),
        extra_prefix: flags.requestheader_extra_headers_prefix.clone(),
    }
}
