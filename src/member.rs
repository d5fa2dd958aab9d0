//! A member of the watch tier as a process of its own: it reads etcd, answers lists and watches, and writes nothing there. With others
//! it shares the resources out: see [`shared`]. What it stands on is [`crate::base`]'s.

mod shared;

use std::sync::Arc;

use kinds::{Gates, Keys};
use serve::http::Handler;
use watchcache::definitions::Definitions;
use watchcache::tier::Tier;
use watchcache::{Cache, Holds};

use crate::base::Base;
use crate::config::Config;
use crate::entrance::Entrance;
use crate::error::Error;
use crate::options;
use crate::{filters, health};

use shared::Shared;

/// Ready to run.
pub struct Member {
    base: Base,
    entrance: Entrance,
    cache: Arc<Cache>,
    handler: Handler,
    /// With whom it shares the resources; without anybody it keeps all.
    shared: Option<Shared>,
    definitions: Definitions,
    /// The cache that has the definitions of custom resources.
    known: Arc<Cache>,
}

impl Config {
    /// Connects to etcd and builds the chain.
    pub async fn prepare_member(
        self,
        (tiers, token): (options::Tiers, options::TierToken),
        share: options::Share,
    ) -> Result<Member, Error> {
        if self.options.etcd.etcd_servers.is_empty() {
            return Err(Error::flag(
                "etcd-servers",
                "the watch tier reads an etcd: say where it is, or run `shardplane serve`",
            ));
        }
        let is_shared = !tiers.frontends.is_empty();
        let base = self.open().await?;
        let (config, store, shutdown) = (&base.config, &base.store, &base.site.shutdown);
        let listener = &base.site.listener;
        let cached = watchcache::Config {
            keys: Keys::new(&config.options.etcd.etcd_prefix),
            primary_family: config.primary_family(),
            heeds_shards: config.runtime.gates.enabled(Gates::SHARDED_LISTS),
            history_bytes: config.options.watch_cache.history_bytes(),
            holds: if is_shared { Holds::AsTold } else { Holds::All },
            ..watchcache::Config::default()
        };
        let cache = Arc::new(Cache::new(store, &cached));
        let shared = match is_shared {
            true => Some(Shared::new(config, (&tiers, &token), &share, listener, &cache)?),
            false => None,
        };
        let discovery = config.discovery(listener);
        let entrance = config.entrance(listener, store, shutdown, &discovery, false);
        let entrance = entrance.await?;
        entrance
            .metrics
            .register(|registry| base.store_numbers.register(registry));
        let mut health = health::of_member(store.clone(), &cache, shutdown.clone());
        health.readyz.extend(shared.as_ref().map(Shared::check));
        let parts = filters::Parts {
            authentication: config.authentication(&entrance),
            load: config.tell_load(&entrance, &base.site.load),
            authorization: entrance.authorization(),
            health,
            discovery: discovery.clone(),
            cache: cache.clone(),
            metrics: entrance.metrics.clone(),
            rights: entrance.rights.clone(),
            audit: entrance.audit.clone(),
            shutdown: shutdown.clone(),
        };
        let (definitions, known) = match is_shared {
            true => Definitions::beside(store, &cached, cache.clone(), discovery.clone()),
            false => (Definitions::new(cache.clone(), discovery.clone()), cache.clone()),
        };
        let tier = Tier::new(cache.clone(), discovery).into_handler();
        let handler = filters::chain(parts, &config.options.serving, tier);
        Ok(Member {
            base,
            entrance,
            cache,
            handler,
            shared,
            definitions,
            known,
        })
    }
}

impl Member {
    /// Serves until a signal comes, then hands over what it has, says goodbye to its watches and drains.
    pub async fn run(self) -> Result<(), Error> {
        let Member {
            base,
            entrance,
            cache,
            handler,
            shared,
            mut definitions,
            known,
        } = self;
        let site = &base.site;
        let (begun, url, kubeconfig) = (site.begun, site.url(), site.kubeconfig());
        let shared = shared.map(|shared| shared.start(&site.shutdown));
        let loading = shared.as_ref().map(|running| running.loaded());
        // Before it is served: what is not kept yet must not look as if it was not to be.
        cache.run();
        if !Arc::ptr_eq(&known, &cache) {
            known.run();
        }
        // Members that share resources out know no custom ones before.
        definitions.begin().await;
        tokio::spawn(definitions.follow());
        tokio::spawn(async move {
            cache.ready().await;
            if let Some(loading) = loading {
                loading.await;
            }
            println!(
                "Shardplane's watch cache serves at {url} (loaded after {:.1} s).\nThe administrator's kubeconfig is {}",
                begun.elapsed().as_secs_f64(),
                kubeconfig.display()
            );
        });
        let leave = async {
            if let Some(running) = shared {
                running.leave().await;
            }
        };
        base.serve(handler, entrance, leave).await
    }
}
