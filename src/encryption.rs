//! `--encryption-provider-config`: read before anything is opened, put over the store, and looked at again if wanted.

use std::path::PathBuf;
use std::sync::Arc;

use kinds::Keys;
use storage::encrypted::{Transformers, reload};
use storage::{Encrypted, ResourceKeys, Store};

use crate::error::Error;
use crate::options;

const FLAG: &str = "encryption-provider-config";

/// A configuration that was read and found good.
pub struct Encryption {
    path: PathBuf,
    file: reload::File,
    transformers: Transformers,
    reloads: bool,
}

impl Encryption {
    /// As the flags say; `None` without them.
    pub fn of(flags: &options::Etcd) -> Result<Option<Self>, Error> {
        let Some(path) = flags.encryption_provider_config.clone() else {
            return Ok(None);
        };
        let file = reload::File::read(&path).map_err(|source| Error::File {
            flag: FLAG,
            path: path.clone(),
            source,
        })?;
        let wrong = |error| Error::flag(FLAG, format!("{}: {error}", path.display()));
        let transformers = Transformers::parse(&file.text).map_err(wrong)?;
        let reloads = flags.encryption_provider_config_automatic_reload;
        Ok(Some(Self {
            path,
            file,
            transformers,
            reloads,
        }))
    }

    /// Encrypts in a store, whose keys begin with `prefix`.
    pub fn over(self, store: Arc<dyn Store>, prefix: &str) -> Arc<dyn Store> {
        let keys = ResourceKeys::new(Keys::new(prefix));
        let store = Arc::new(Encrypted::new(store, keys, self.transformers));
        if self.reloads {
            tokio::spawn(reload::run(store.clone(), self.path, self.file, reload::INTERVAL));
        }
        store
    }
}
