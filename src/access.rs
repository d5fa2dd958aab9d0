//! Who may come in and what they may do, put together from the flags: authenticators, authorizers, and what feeds them.

mod feed;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use apiserver::objects::Objects;
use auth::Access;
use auth::authenticate::anonymous::Anonymous;
use auth::authenticate::bootstrap::BootstrapTokens;
use auth::authenticate::configuration::Configured;
use auth::authenticate::front_proxy::Names;
use auth::authenticate::service_account::ServiceAccounts;
use auth::authenticate::service_account::documents::{Documents, KEYS_PATH};
use auth::authenticate::service_account::mint::Minter;
use auth::authenticate::webhook::Webhook;
use auth::authenticate::{Authenticator, Tokens};
use auth::authorize::Chain;
use auth::authorize::configuration::{self, Fed, Flags};
use auth::authorize::webhook::Settings;
use auth::client::{Caller, Kubeconfig};
use auth::jwt::keys::{PublicKey, SigningKey};
use auth::limits::WEBHOOK_TIMEOUT;
use auth::tokens::StaticTokens;
use schema::SmolStr;

use crate::error::Error;
use crate::options;

pub use feed::Feed;

/// What can be read before there is a store.
#[derive(Debug)]
pub struct Settled {
    options: options::Access,
    tokens: StaticTokens,
    configured: Configured,
    chain: Arc<Chain>,
    fed: Fed,
}

impl Settled {
    /// Reads every file that the flags name, but keys of our own.
    pub fn new(options: options::Access, tokens: StaticTokens) -> Result<Self, Error> {
        let configured = match &options.authentication_config {
            Some(path) => {
                Configured::read(path).map_err(|error| Error::flag("authentication-config", error))?
            }
            None => Configured::default(),
        };
        let fed = Fed::default();
        let chain = Arc::new(chain(&options.authorization, &fed)?);
        Ok(Self {
            options,
            tokens,
            configured,
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
        self.configured.anonymous.clone().unwrap_or(by_flag)
    }

    /// What front proxies may say.
    pub fn proxy_names(&self) -> Names {
        let flags = &self.options.front_proxy;
        Names {
            allowed: flags.requestheader_allowed_names.clone(),
            user: flags.requestheader_username_headers.clone(),
            uid: flags.requestheader_uid_headers.clone(),
            group: flags.requestheader_group_headers.clone(),
            extra_prefix: flags.requestheader_extra_headers_prefix.clone(),
        }
    }

    /// What keeps the authorizers fed with objects.
    pub fn feed(&self, objects: Arc<Objects>) -> Feed {
        Feed::new(objects, self.fed.clone())
    }

    /// Everything together. `own_key` signs where no other key is named, `address` is where others reach this server.
    pub fn access(&self, objects: &Arc<Objects>, own_key: &Path, address: &str) -> Result<Access, Error> {
        let flags = &self.options.service_accounts;
        let issuers: Vec<SmolStr> = flags.service_account_issuer.iter().map(SmolStr::new).collect();
        let signing = self.signing_key(own_key)?;
        let keys = self.verification_keys(&signing)?;
        let keys_url = flags.service_account_jwks_uri.clone();
        let keys_url = keys_url.unwrap_or_else(|| format!("https://{address}{KEYS_PATH}"));
        let documents = issuers
            .first()
            .and_then(|issuer| Documents::new(issuer, &keys_url, &keys));
        let audiences = match self.options.api_audiences.as_slice() {
            [] => issuers.clone(),
            named => named.iter().map(SmolStr::new).collect(),
        };
        let minter = issuers.first().map(|issuer| {
            Minter::new(
                issuer.clone(),
                signing,
                flags.service_account_extend_token_expiration,
            )
        });
        let accounts = ServiceAccounts::new(issuers, keys, objects.clone());
        let tokens = Tokens::new(self.authenticators(accounts, objects)?, audiences);
        Ok(Access {
            chain: self.chain.clone(),
            rbac: self.fed.rbac.clone(),
            tokens: Arc::new(tokens),
            minter: minter.map(Arc::new),
            documents: documents.map(Arc::new),
        })
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
        all.extend(self.configured.issuers.iter().cloned().map(Authenticator::Oidc));
        if let Some(path) = &self.options.authentication_token_webhook_config_file {
            const FLAG: &str = "authentication-token-webhook-config-file";
            let caller = Kubeconfig::read(path).and_then(|config| Caller::new(config, WEBHOOK_TIMEOUT));
            let caller = caller.map_err(|error| Error::flag(FLAG, error))?;
            let version = &self.options.authentication_token_webhook_version;
            let remembered = self.options.authentication_token_webhook_cache_ttl;
            all.push(Authenticator::Webhook(Box::new(Webhook::new(
                caller, version, remembered,
            ))));
        }
        Ok(all)
    }

    fn signing_key(&self, own_key: &Path) -> Result<SigningKey, Error> {
        const FLAG: &str = "service-account-signing-key-file";
        let path = self
            .options
            .service_accounts
            .service_account_signing_key_file
            .as_deref()
            .unwrap_or(own_key);
        SigningKey::of_pem(&read(FLAG, path)?)
            .map_err(|why| Error::flag(FLAG, format!("{}: {why}", path.display())))
    }

    /// The keys that are named, and the one that signs.
    fn verification_keys(&self, signing: &SigningKey) -> Result<Vec<PublicKey>, Error> {
        const FLAG: &str = "service-account-key-file";
        let mut keys = vec![signing.public().clone()];
        for path in &self.options.service_accounts.service_account_key_file {
            let found = PublicKey::of_pem(&read(FLAG, path)?);
            let found = found.map_err(|why| Error::flag(FLAG, format!("{}: {why}", path.display())))?;
            for key in found {
                if keys.iter().all(|known| known.id != key.id) {
                    keys.push(key);
                }
            }
        }
        Ok(keys)
    }
}

fn chain(options: &options::Authorization, fed: &Fed) -> Result<Chain, Error> {
    if let Some(path) = &options.authorization_config {
        return configuration::of_file(path, fed).map_err(|error| Error::flag("authorization-config", error));
    }
    let flags = Flags {
        policy_file: options.authorization_policy_file.clone(),
        webhook_file: options.authorization_webhook_config_file.clone(),
        webhook: Settings {
            authorized_for: options.authorization_webhook_cache_authorized_ttl,
            unauthorized_for: options.authorization_webhook_cache_unauthorized_ttl,
            version: options.authorization_webhook_version.clone(),
            ..Settings::default()
        },
    };
    let chain = configuration::of_modes(&options.authorization_mode, &flags, fed);
    chain.map_err(|error| Error::flag("authorization-mode", error))
}

fn read(flag: &'static str, path: &Path) -> Result<Vec<u8>, Error> {
    std::fs::read(path).map_err(|source| Error::File {
        flag,
        path: PathBuf::from(path),
        source,
    })
}
