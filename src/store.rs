//! Which stores are used, and how they are opened.

mod overrides;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use kinds::Keys;
use storage::{Embedded, Etcd, Measured, ResourceKeys, Routed, Store, etcd, measured};

use crate::error::Error;
use crate::options;

use overrides::Override;

/// Where objects are kept.
#[derive(Clone, Debug)]
pub struct Backend {
    main: Main,
    /// Resources with an etcd of their own.
    overrides: Vec<Override>,
    /// What all keys begin with.
    prefix: String,
}

/// Where all others are.
#[derive(Clone, Debug)]
enum Main {
    /// In a folder.
    Embedded(PathBuf),
    /// In an etcd cluster.
    Etcd(etcd::Options),
}

/// Open stores.
pub struct Opened {
    /// All of them as one.
    pub store: Arc<dyn Store>,
    /// Each one: histories are compacted one by one.
    pub parts: Vec<Arc<dyn Store>>,
    /// What is counted of requests to them.
    pub numbers: measured::Numbers,
}

impl Backend {
    /// As the flags say.
    pub fn of(flags: &options::Etcd, data_dir: &Path) -> Result<Self, Error> {
        let identity = match (&flags.etcd_certfile, &flags.etcd_keyfile) {
            (Some(certificate), Some(key)) => {
                Some((read("etcd-certfile", certificate)?, read("etcd-keyfile", key)?))
            }
            _ => None,
        };
        let ca = flags.etcd_cafile.as_deref();
        let client = etcd::Options {
            endpoints: flags.etcd_servers.clone(),
            ca: ca.map(|path| read("etcd-cafile", path)).transpose()?,
            identity,
            prefix: Keys::new(&flags.etcd_prefix).prefix().to_owned(),
        };
        Ok(Self {
            overrides: overrides::parse(&flags.etcd_servers_overrides, &client)?,
            main: match flags.etcd_servers.is_empty() {
                true => Main::Embedded(data_dir.join("store")),
                false => Main::Etcd(client),
            },
            prefix: flags.etcd_prefix.clone(),
        })
    }

    /// Opens them. An error is final: nothing is tried again.
    pub async fn open(&self) -> Result<Opened, Error> {
        let keys = Arc::new(ResourceKeys::new(Keys::new(&self.prefix)));
        let numbers = measured::Numbers::default();
        let measure = |store: Arc<dyn Store>, number: usize| -> Arc<dyn Store> {
            // The reference names clusters like this, in the order of its flags.
            let name = format!("etcd-{number}");
            tokio::spawn(Measured::keep_size(store.clone(), numbers.clone(), name));
            Arc::new(Measured::new(store, keys.clone(), numbers.clone()))
        };
        let main = match &self.main {
            Main::Embedded(folder) => open_embedded(folder.clone()).await?,
            Main::Etcd(options) => connect(options).await?,
        };
        let main = measure(main, 0);
        let mut parts = vec![main.clone()];
        if self.overrides.is_empty() {
            let store = main;
            return Ok(Opened {
                store,
                parts,
                numbers,
            });
        }
        let mut spans = Vec::new();
        for one in &self.overrides {
            let store = measure(connect(&one.etcd).await?, parts.len());
            parts.push(store.clone());
            spans.extend(
                one.resources
                    .iter()
                    .map(|resource| (keys.span_of(resource), store.clone())),
            );
        }
        let store = Arc::new(Routed::new(main, spans));
        Ok(Opened {
            store,
            parts,
            numbers,
        })
    }
}

async fn connect(options: &etcd::Options) -> Result<Arc<dyn Store>, Error> {
    let failed = |source| Error::Store {
        place: options.endpoints.join(","),
        source,
    };
    Ok(Arc::new(Etcd::connect(options).await.map_err(failed)?))
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
