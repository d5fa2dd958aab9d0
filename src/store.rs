//! Which store is used, and how it is opened.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use storage::{Embedded, Store};

use crate::error::Error;
use crate::options::Etcd;

/// Where objects are kept.
#[derive(Clone, Debug)]
pub enum Backend {
    /// In a folder.
    Embedded(PathBuf),
}

impl Backend {
    /// As the flags say.
    pub fn of(etcd: &Etcd, data_dir: &Path) -> Result<Self, Error> {
        let Some(_) = etcd.etcd_servers.first() else {
            return Ok(Self::Embedded(data_dir.join("store")));
        };
        Err(Error::flag(
            "etcd-servers",
            "this build serves the embedded store only",
        ))
    }

    /// Opens it. An error is final: nothing is tried again.
    pub async fn open(&self) -> Result<Arc<dyn Store>, Error> {
        match self {
            Self::Embedded(folder) => open_embedded(folder.clone()).await,
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
