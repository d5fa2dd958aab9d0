//! The keys of service account tokens: read from their files, again whenever these change.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use auth::authenticate::service_account::documents::{KEYS_PATH, Published};
use auth::authenticate::service_account::mint::Minter;
use auth::client::read_file;
use auth::jwt::keys::{KeySet, PublicKey, SigningKey};

use crate::error::Error;
use crate::options;
use crate::reload::Watched;

/// What is made of the keys. Clones share it.
#[derive(Clone)]
pub struct Keys {
    files: Files,
    /// Those that check tokens.
    pub set: Arc<KeySet>,
    /// Signs with the newest.
    pub minter: Option<Arc<Minter>>,
    /// Tells others of them.
    pub documents: Option<Arc<Published>>,
}

/// Where the keys are.
#[derive(Clone)]
struct Files {
    signing: PathBuf,
    checking: Vec<PathBuf>,
}

impl Keys {
    /// Reads the files. `own_key` signs where no other key is named; `address` is where others reach this server.
    pub fn read(flags: &options::ServiceAccounts, own_key: &Path, address: &str) -> Result<Self, Error> {
        let signing = flags.service_account_signing_key_file.clone();
        let files = Files {
            signing: signing.unwrap_or_else(|| own_key.to_owned()),
            checking: flags.service_account_key_file.clone(),
        };
        let signing = files
            .signing_key()
            .map_err(|why| Error::flag("service-account-signing-key-file", why))?;
        let keys = files
            .checking_keys(&signing)
            .map_err(|why| Error::flag("service-account-key-file", why))?;
        let issuer = flags.service_account_issuer.first();
        let keys_url = flags.service_account_jwks_uri.clone();
        let keys_url = keys_url.unwrap_or_else(|| format!("https://{address}{KEYS_PATH}"));
        let documents = issuer.and_then(|issuer| Published::new(issuer, &keys_url, &keys));
        let extends = flags.service_account_extend_token_expiration;
        Ok(Self {
            minter: issuer.map(|issuer| Arc::new(Minter::new(issuer.as_str(), signing, extends))),
            documents: documents.map(Arc::new),
            set: Arc::new(KeySet::new(keys)),
            files,
        })
    }

    /// What keeps them fresh.
    pub fn watched(&self) -> Watched {
        let keys = self.clone();
        let paths = [
            &self.files.checking[..],
            std::slice::from_ref(&self.files.signing),
        ]
        .concat();
        Watched::new("keys of service account tokens", paths, move || keys.reload())
    }

    /// Keys that check come before the one that signs: a new token is good at once.
    fn reload(&self) -> Result<(), String> {
        let signing = self.files.signing_key()?;
        let keys = self.files.checking_keys(&signing)?;
        if let Some(documents) = &self.documents {
            documents.set_keys(&keys);
        }
        self.set.set(keys);
        if let Some(minter) = &self.minter {
            minter.set_key(signing);
        }
        Ok(())
    }
}

impl Files {
    fn signing_key(&self) -> Result<SigningKey, String> {
        let pem = read_file(&self.signing).map_err(|error| error.to_string())?;
        SigningKey::of_pem(&pem).map_err(|why| format!("{}: {why}", self.signing.display()))
    }

    /// The keys that are named, and the one that signs.
    fn checking_keys(&self, signing: &SigningKey) -> Result<Vec<PublicKey>, String> {
        let mut keys = vec![signing.public().clone()];
        for path in &self.checking {
            let pem = read_file(path).map_err(|error| error.to_string())?;
            let found = PublicKey::of_pem(&pem).map_err(|why| format!("{}: {why}", path.display()))?;
            for key in found {
                if keys.iter().all(|known| known.id != key.id) {
                    keys.push(key);
                }
            }
        }
        Ok(keys)
    }
}
