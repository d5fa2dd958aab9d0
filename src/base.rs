//! What the tiers over a store stand on: a site, the store, and what may be asked of both. What a tier answers is its own file's:
//! [`crate::prepared`], [`crate::member`].

use std::sync::Arc;

use serve::http::Handler;
use storage::{Store, measured};

use crate::config::Config;
use crate::entrance::Entrance;
use crate::error::Error;
use crate::site::{Open, Site};
use crate::store::Opened;

/// Open, and not served yet.
pub struct Base {
    /// The configuration.
    pub config: Config,
    /// Socket, certificates, signals.
    pub site: Open,
    /// All stores as one.
    pub store: Arc<dyn Store>,
    /// Each of them.
    pub parts: Vec<Arc<dyn Store>>,
    /// What is counted of requests to them.
    pub store_numbers: measured::Numbers,
}

impl Config {
    /// Takes the site and opens the store.
    pub async fn open(mut self) -> Result<Base, Error> {
        let site = self.site().open().await?;
        let Opened {
            store,
            parts,
            numbers,
        } = self.backend.open().await?;
        let store = match self.encryption.take() {
            Some(encryption) => encryption.over(store, &self.options.etcd.etcd_prefix),
            None => store,
        };
        Ok(Base {
            config: self,
            site,
            store,
            parts,
            store_numbers: numbers,
        })
    }

    fn site(&self) -> Site {
        let listening = &self.options.serving.listening;
        Site::new(listening, self.data_dir.clone(), self.pki.clone(), self.names())
    }
}

impl Base {
    /// Serves until a signal comes, then stops in order: not ready, `leave`, connections drained.
    pub async fn serve(
        self,
        handler: Handler,
        entrance: Entrance,
        leave: impl Future<Output = ()>,
    ) -> Result<(), Error> {
        let clients = entrance.clients.clone();
        self.site.serve(handler, clients, entrance.watched, leave).await
    }
}
