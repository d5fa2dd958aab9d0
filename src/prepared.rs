//! The request tier over a store, and the hooks that keep a cluster up: with the watch cache over the same store, all tiers in one
//! process, or alone, as a frontend. What it stands on is [`crate::base`]'s.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use apiserver::bootstrap::cluster;
use apiserver::bootstrap::hooks::{Hooks, Settings};
use apiserver::bootstrap::identity::Identity;
use apiserver::loopback::Loopback;
use kinds::Keys;
use kinds::decorate::IpFamily;
use render::Discovery;
use router::members::Tier;
use serve::http::Handler;
use serve::server::Listener;
use watchcache::definitions::Definitions;
use watchcache::{Cache, Holds};

use crate::base::Base;
use crate::config::Config;
use crate::entrance::Entrance;
use crate::error::Error;
use crate::frontend::{self, Keeper, Peers};
use crate::tiers::own_record;
use crate::{announcement, filters, health, options};

/// How long the hooks may take to leave the cluster.
const LEAVE_TIMEOUT: Duration = Duration::from_secs(5);

/// Ready to run.
pub struct Prepared {
    base: Base,
    entrance: Entrance,
    cache: Arc<Cache>,
    handler: Handler,
    hooks: Hooks,
    /// Of a frontend, which others must find.
    keeper: Option<Keeper>,
    discovery: Discovery,
}

impl Config {
    /// All tiers in one.
    pub async fn prepare(self) -> Result<Prepared, Error> {
        self.build(Holds::All).await
    }

    /// A frontend alone.
    pub async fn prepare_frontend(self, trust: &options::TierTrust) -> Result<Prepared, Error> {
        if self.options.etcd.etcd_servers.is_empty() {
            return Err(Error::flag(
                "etcd-servers",
                "frontends share an etcd: say where it is, or run `shardplane serve`",
            ));
        }
        let mut prepared = self.build(frontend::holds()).await?;
        let (config, entrance) = (&prepared.base.config, &mut prepared.entrance);
        let member = own_record(config, &prepared.base.site.listener, Tier::Frontend);
        let files = frontend::files(trust, &config.pki);
        let peers = Peers::new(&files, config, entrance.watch_tier.clone())?;
        entrance.watched.push(peers.watched(&files));
        prepared.keeper = Some(Keeper::new(prepared.hooks.loopback(), member, peers));
        Ok(prepared)
    }

    /// Opens what it stands on and builds the chain.
    async fn build(self, holds: Holds) -> Result<Prepared, Error> {
        let base = self.open().await?;
        let (config, store, shutdown) = (&base.config, &base.store, &base.site.shutdown);
        let listener = &base.site.listener;
        let interval = config.options.etcd.etcd_compaction_interval;
        if !interval.is_zero() {
            for part in &base.parts {
                tokio::spawn(storage::compactor::run(part.clone(), interval));
            }
        }
        let discovery = config.discovery(listener);
        let entrance = config.entrance(listener, store, shutdown, &discovery, true);
        let entrance = entrance.await?;
        entrance
            .metrics
            .register(|registry| base.store_numbers.register(registry));
        let api = config.api_config(discovery, entrance.access.clone(), holds);
        let api = apiserver::build(api, store.clone()).map_err(|error| Error::flag(error.flag, error))?;
        tokio::spawn(api.repair().run());
        entrance.metrics.register(|registry| api.register(registry));
        let cache = api.cache().clone();
        let hooks = Hooks::new(
            Loopback::new(api.handler()),
            store.clone(),
            api.discovery().shown().served.clone(),
            config.hook_settings(listener)?,
            shutdown.clone(),
        );
        entrance.metrics.register(|registry| hooks.register(registry));
        let parts = filters::Parts {
            authentication: config.authentication(&entrance),
            load: config.tell_load(&entrance, &base.site.load),
            authorization: entrance.authorization(),
            health: health::checks(store.clone(), &cache, hooks.states(), shutdown.clone()),
            discovery: api.discovery().clone(),
            cache: cache.clone(),
            metrics: entrance.metrics.clone(),
            rights: entrance.rights.clone(),
            audit: entrance.audit.clone(),
            shutdown: shutdown.clone(),
        };
        let handler = filters::chain(parts, &config.options.serving, api.handler());
        Ok(Prepared {
            base,
            entrance,
            cache,
            handler,
            hooks,
            keeper: None,
            discovery: api.discovery().clone(),
        })
    }

    pub(crate) fn primary_family(&self) -> IpFamily {
        match self.service_ranges[0].is_ipv4() {
            true => IpFamily::V4,
            false => IpFamily::V6,
        }
    }

    /// Where the rest of the cluster reaches this server.
    pub(crate) fn address(&self, listener: &Listener) -> String {
        SocketAddr::new(self.advertise_address, listener.address().port()).to_string()
    }

    /// What is told of what is served: the built-in resources, until definitions are known.
    pub(crate) fn discovery(&self, listener: &Listener) -> Discovery {
        Discovery::new(self.runtime.clone(), self.address(listener))
    }

    fn api_config(&self, discovery: Discovery, access: auth::Access, holds: Holds) -> apiserver::Config {
        apiserver::Config {
            discovery,
            keys: Keys::new(&self.options.etcd.etcd_prefix),
            primary_family: self.primary_family(),
            access,
            admission: self.admission.clone(),
            event_ttl: self.options.cluster.event_ttl,
            service_ranges: self.service_ranges.clone(),
            node_ports: self.node_ports,
            history_bytes: self.options.watch_cache.history_bytes(),
            holds,
        }
    }

    fn hook_settings(&self, listener: &Listener) -> Result<Settings, Error> {
        let read = |path: &Path| {
            let failed = |source| Error::Folder {
                path: path.to_owned(),
                source,
            };
            std::fs::read_to_string(path).map_err(failed)
        };
        Ok(Settings {
            key_prefix: Keys::new(&self.options.etcd.etcd_prefix).prefix().to_owned(),
            advertise_address: self.advertise_address,
            secure_port: listener.address().port(),
            kubernetes_address: self.service_ranges[0].first(),
            service_cidrs: self
                .service_ranges
                .iter()
                .map(|range| range.net().trunc().to_string())
                .collect(),
            identity: Identity::new(&self.hostname, &uuid::Uuid::new_v4().to_string()),
            authentication: cluster::Authentication {
                client_ca: Some(read(self.client_ca())?),
                request_header_ca: Some(read(self.proxy_ca())?),
                request_header_allowed_names: self.access.proxy_names().allowed,
            },
        })
    }
}

impl Prepared {
    /// Serves until a signal comes, then leaves the cluster's endpoints and drains.
    pub async fn run(self) -> Result<(), Error> {
        let Prepared {
            base,
            entrance,
            cache,
            handler,
            hooks,
            keeper,
            discovery,
        } = self;
        let (states, site) = (hooks.states(), &base.site);
        let (begun, url, kubeconfig, shutdown) =
            (site.begun, site.url(), site.kubeconfig(), site.shutdown.clone());
        let (told, stop) = (states.clone(), shutdown.clone());
        tokio::spawn(async move { announcement::when_ready(told, url, &kubeconfig, begun, stop).await });
        let started = cache.clone();
        let mut definitions = Definitions::new(cache.clone(), discovery);
        let hooks = tokio::spawn(async move {
            // The hooks read through the cache.
            started.start().await;
            definitions.begin().await;
            tokio::spawn(definitions.follow());
            hooks.run().await;
        });
        let kept = tokio::spawn(async move {
            if let Some(keeper) = keeper {
                keeper.run(&states, &cache, &shutdown).await;
                keeper.leave().await;
            }
        });
        let leave = async {
            let left = async { tokio::join!(kept, hooks) };
            if tokio::time::timeout(LEAVE_TIMEOUT, left).await.is_err() {
                tracing::warn!("the hooks did not end in time");
            }
        };
        base.serve(handler, entrance, leave).await
    }
}
