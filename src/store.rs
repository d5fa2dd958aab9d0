//! Which store is used, and how it is opened.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use storage::{Embedded, Etcd, Store, etcd};

use crate::error::Error;
use crate::options;

/// Where objects are kept.
#[derive(Clone, Debug)]
pub enum Backend {
    /// In a folder.
    Embedded(PathBuf),
    /// In an etcd cluster.
    Etcd(etcd::Options),
}

impl Backend {
    /// As the flags say.
    pub fn of(flags: &options::Etcd, data_dir: &Path) -> Result<Self, Error> {
        if !flags.etcd_servers_overrides.is_empty() {
            return Err(Error::flag(
                "etcd-servers-overrides",
                "this build keeps all resources in one etcd",
            ));
        }
        if flags.etcd_servers.is_empty() {
            return Ok(Self::Embedded(data_dir.join("store")));
        }
        let identity = match (&flags.etcd_certfile, &flags.etcd_keyfile) {
            (Some(certificate), Some(key)) => {
                Some((read("etcd-certfile", certificate)?, read("etcd-keyfile", key)?))
            }
            _ => None,
        };
        Ok(Self::Etcd(etcd::Options {
            endpoints: flags.etcd_servers.clone(),
            ca: flags
                .etcd_cafile
                .as_deref()
                .map(|path| read("etcd-cafile", path))
                .transpose()?,
            identity,
        }))
    }

    /// Opens it. An error is final: nothing is tried again.
    pub async fn open(&self) -> Result<Arc<dyn Store>, Error> {
        match self {
            Self::Embedded(folder) => open_embedded(folder.clone()).await,
            Self::Etcd(options) => {
                let failed = |source| Error::Store {
                    place: options.endpoints.join(","),
                    source,
                };
                Ok(Arc::new(Etcd::connect(options).await.map_err(failed)?))
            }
        }
    }
}

async fn open_embedded(folder: PathBuf) -> Result<Arc<dyn Store>, Error> {
    let place = folder.display().to_string();
    let opened = tokio::task::spawn_blocking(move || Embedded::open(&folder)).await;
    let opened = opened.unwrap_or_else(|panic| Err(storage::Error::Fatal(panic.to_string())));
    opened
        .map(|store| Arc::new(store) as Arc<dyn Store>)
        .map_err(|source| Error::Store { place, source })
}

fn read(flag: &'static str, path: &Path) -> Result<Vec<u8>, Error> {
    std::fs::read(path).map_err(|source| Error::File {
        flag,
        path: path.to_owned(),
        source,
    })
}
