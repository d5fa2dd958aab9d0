//! A member of the watch tier as a process of its own: it reads etcd, answers lists and watches, and writes nothing.

use std::sync::Arc;
use std::time::Instant;

use kinds::Keys;
use render::Discovery;
use serve::pki::kubeconfig;
use serve::server::{Listener, Server};
use serve::shutdown::Shutdown;
use serve::tls::{self, ClientAuthority, ServingCertificate};
use watchcache::Cache;
use watchcache::tier::Tier;

use crate::config::Config;
use crate::error::Error;
use crate::prepared::{create_private, server};
use crate::signals::Signals;
use crate::store::Opened;
use crate::{filters, health, reload};

/// Ready to run.
pub struct Member {
    begun: Instant,
    config: Config,
    signals: Signals,
    listener: Listener,
    server: Server,
    cache: Arc<Cache>,
    certificate: Arc<ServingCertificate>,
    authorities: Vec<Arc<ClientAuthority>>,
    shutdown: Shutdown,
}

impl Config {
    /// Takes the socket, connects to etcd, makes certificates and builds the chain.
    pub async fn prepare_member(mut self) -> Result<Member, Error> {
        let begun = Instant::now();
        if self.options.etcd.etcd_servers.is_empty() {
            return Err(Error::flag(
                "etcd-servers",
                "the watch tier reads an etcd: say where it is, or run `shardplane serve`",
            ));
        }
        tls::install_provider();
        let signals = Signals::listen()?;
        create_private(&self.data_dir)?;
        let listener = Listener::bind(self.listen).await?;
        let Opened { store, .. } = self.open_store().await?;
        self.pki.ensure(&self.names())?;
        let certificate = self.serving_certificate()?;
        let url = self.url(listener.address());
        kubeconfig::write(&self.kubeconfig(), &url, self.server_authority(), &self.pki)?;
        let cached = watchcache::Config {
            keys: Keys::new(&self.options.etcd.etcd_prefix),
            primary_family: self.primary_family(),
            history_bytes: self.options.watch_cache.history_bytes(),
            ..watchcache::Config::default()
        };
        let cache = Arc::new(Cache::new(&store, &cached));
        let discovery = Discovery::new(self.runtime.clone(), self.address(&listener));
        let shutdown = Shutdown::new();
        let entrance = self.entrance(&listener, &store, &shutdown).await?;
        let parts = filters::Parts {
            authentication: self.authentication(&entrance),
            authorizers: entrance.access.chain.clone(),
            health: health::of_member(store, &cache, shutdown.clone()),
            cache: cache.clone(),
            audit: entrance.audit.clone(),
            shutdown: shutdown.clone(),
        };
        let handler = Tier::new(cache.clone(), discovery).into_handler();
        let handler = filters::chain(parts, &self.options.serving, handler);
        let server = server(handler, &certificate, &entrance.clients, &shutdown);
        Ok(Member {
            begun,
            config: self,
            signals,
            listener,
            server,
            cache,
            certificate,
            authorities: entrance.authorities(),
            shutdown,
        })
    }
}

impl Member {
    /// Serves until a signal comes, then says goodbye to its watches and drains.
    pub async fn run(self) -> Result<(), Error> {
        let Member {
            begun,
            config,
            mut signals,
            listener,
            server,
            cache,
            certificate,
            authorities,
            shutdown,
        } = self;
        let own = config.own_certificate();
        tokio::spawn(reload::keep_fresh(
            certificate,
            own,
            authorities,
            shutdown.clone(),
        ));
        let (url, kubeconfig) = (config.url(listener.address()), config.kubeconfig());
        tokio::spawn(async move {
            cache.start().await;
            println!(
                "Shardplane's watch cache serves at {url} (loaded after {:.1} s).\nThe administrator's kubeconfig is {}",
                begun.elapsed().as_secs_f64(),
                kubeconfig.display()
            );
        });
        let served = tokio::spawn(server.run(listener));
        signals.end().await;
        tracing::info!("stopping; a second signal ends the process at once");
        let stop = async {
            shutdown.request();
            tokio::time::sleep(config.options.serving.shutdown_delay_duration).await;
            crate::prepared::drain(&shutdown, served, &config.options.serving).await;
        };
        tokio::select! {
            () = stop => tracing::info!("stopped"),
            () = signals.end() => tracing::warn!("ended by a second signal"),
        }
        Ok(())
    }
}
