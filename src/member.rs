//! A member of the watch tier as a process of its own: it reads etcd, answers lists and watches, and writes nothing. What it stands
//! on is [`crate::base`]'s.

use std::sync::Arc;

use kinds::Keys;
use render::Discovery;
use serve::http::Handler;
use watchcache::Cache;
use watchcache::tier::Tier;

use crate::base::Base;
use crate::config::Config;
use crate::entrance::Entrance;
use crate::error::Error;
use crate::{filters, health};

/// Ready to run.
pub struct Member {
    base: Base,
    entrance: Entrance,
    cache: Arc<Cache>,
    handler: Handler,
}

impl Config {
    /// Connects to etcd and builds the chain.
    pub async fn prepare_member(self) -> Result<Member, Error> {
        if self.options.etcd.etcd_servers.is_empty() {
            return Err(Error::flag(
                "etcd-servers",
                "the watch tier reads an etcd: say where it is, or run `shardplane serve`",
            ));
        }
        let base = self.open().await?;
        let (config, store, shutdown) = (&base.config, &base.store, &base.shutdown);
        let cached = watchcache::Config {
            keys: Keys::new(&config.options.etcd.etcd_prefix),
            primary_family: config.primary_family(),
            history_bytes: config.options.watch_cache.history_bytes(),
            ..watchcache::Config::default()
        };
        let cache = Arc::new(Cache::new(store, &cached));
        let entrance = config.entrance(&base.listener, store, shutdown, false).await?;
        let parts = filters::Parts {
            authentication: config.authentication(&entrance),
            authorization: entrance.authorization(),
            health: health::of_member(store.clone(), &cache, shutdown.clone()),
            cache: cache.clone(),
            metrics: entrance.metrics.clone(),
            rights: entrance.rights.clone(),
            audit: entrance.audit.clone(),
            shutdown: shutdown.clone(),
        };
        let discovery = Discovery::new(config.runtime.clone(), config.address(&base.listener));
        let tier = Tier::new(cache.clone(), discovery).into_handler();
        let handler = filters::chain(parts, &config.options.serving, tier);
        Ok(Member {
            base,
            entrance,
            cache,
            handler,
        })
    }
}

impl Member {
    /// Serves until a signal comes, then says goodbye to its watches and drains.
    pub async fn run(self) -> Result<(), Error> {
        let Member {
            base,
            entrance,
            cache,
            handler,
        } = self;
        let (begun, url, kubeconfig) = (base.begun, base.url(), base.config.kubeconfig());
        tokio::spawn(async move {
            cache.start().await;
            println!(
                "Shardplane's watch cache serves at {url} (loaded after {:.1} s).\nThe administrator's kubeconfig is {}",
                begun.elapsed().as_secs_f64(),
                kubeconfig.display()
            );
        });
        base.serve(handler, entrance, async {}).await
    }
}
