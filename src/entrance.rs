//! What stands before a tier: who comes in, who decides, what is told. `serve` and `watchcache` share it. In which order it is
//! asked is [`crate::filters`]' affair.

use std::path::Path;
use std::sync::Arc;

use apiserver::bootstrap::identity::Identity;
use apiserver::objects::Objects;
use auth::Access;
use auth::metrics::{self, Reloads};
use kinds::Keys;
use render::Discovery;
use serve::filters::{Authentication, Authorization, FrontProxy, Rights, TellLoad};
use serve::load::Load;
use serve::metrics::Metrics;
use serve::server::Listener;
use serve::shutdown::Shutdown;
use serve::tls::ClientAuthority;
use storage::Store;
use tokio::sync::watch;

use crate::access::WatchTier;
use crate::config::Config;
use crate::error::Error;
use crate::reload::Watched;
use crate::{access, audit};

/// The deciders, fed and ready.
pub struct Entrance {
    /// Of client certificates.
    pub clients: Arc<ClientAuthority>,
    /// Of proxies' certificates.
    pub proxies: Arc<ClientAuthority>,
    /// Whose token it is, and who may do what.
    pub access: Access,
    /// What is told of requests, if anything is.
    pub audit: Option<auth::audit::Audit>,
    /// Ends watches whose user lost the right to them, if that is wanted.
    pub rights: Option<Rights>,
    /// All numbers of the process.
    pub metrics: Metrics,
    /// Files that count anew when they change.
    pub watched: Vec<Watched>,
    /// Tells what feeds the authorizers of a watch tier.
    pub watch_tier: watch::Sender<Option<WatchTier>>,
    came_in: metrics::Authentication,
    decided: metrics::Authorization,
}

impl Config {
    /// Reads the authorities and what decides on access, and follows it until the server stops. Nothing is written here; whether
    /// roles are written behind it says whether they are followed where no authorizer needs them.
    pub(crate) async fn entrance(
        &self,
        listener: &Listener,
        store: &Arc<dyn Store>,
        shutdown: &Shutdown,
        discovery: &Discovery,
        writes_roles: bool,
    ) -> Result<Entrance, Error> {
        let proxies = Arc::new(ClientAuthority::load(&[self.proxy_ca()])?);
        let clients = ClientAuthority::load(&self.client_authorities())?.hinting_also(&proxies);
        let keys = Keys::new(&self.options.etcd.etcd_prefix);
        let event_ttl = self.options.cluster.event_ttl;
        let objects = Objects::new(store.clone(), keys, self.primary_family(), event_ttl);
        let objects = Arc::new(objects);
        let watch_tier = watch::Sender::new(None);
        let feed = self.access.feed(objects.clone(), writes_roles);
        let feed = feed.beside(watch_tier.subscribe());
        feed.start(shutdown).await?;
        let (own_key, address) = (&self.pki.service_account_key, self.address(listener));
        let keys = access::Keys::read(&self.options.access.service_accounts, own_key, &address)?;
        let mut entrance = Entrance {
            clients: Arc::new(clients),
            proxies,
            access: self.access.access(&objects, &keys)?,
            audit: audit::start(&self.options.audit)?,
            rights: None,
            metrics: crate::metrics::of_tier(discovery),
            watched: vec![keys.watched()],
            watch_tier,
            came_in: metrics::Authentication::default(),
            decided: metrics::Authorization::default(),
        };
        entrance.watch_files(self);
        if self.options.access.end_watches_on_revocation {
            let rights = Rights::new(entrance.access.chain.clone());
            tokio::spawn(rights.clone().keep(self.access.changes()));
            entrance.rights = Some(rights);
        }
        Ok(entrance)
    }

    /// The filter that finds out who comes in.
    pub(crate) fn authentication(&self, entrance: &Entrance) -> Authentication {
        Authentication {
            front_proxy: Some(self.proxies(entrance)),
            clients: entrance.clients.clone(),
            tokens: entrance.access.tokens.clone(),
            anonymous: self.access.anonymous(),
            metrics: entrance.came_in.clone(),
            audit: entrance.audit.clone(),
        }
    }

    /// The filter that tells routers how much is under way.
    pub(crate) fn tell_load(&self, entrance: &Entrance, load: &Load) -> TellLoad {
        TellLoad {
            proxies: self.proxies(entrance),
            load: load.clone(),
        }
    }

    fn proxies(&self, entrance: &Entrance) -> FrontProxy {
        FrontProxy {
            authority: entrance.proxies.clone(),
            names: self.access.proxy_names(),
        }
    }

    /// Our own authority beside one that was given: the administrator's certificate is always of ours.
    fn client_authorities(&self) -> Vec<&Path> {
        let mut authorities = vec![self.client_ca(), &self.pki.ca_certificate];
        authorities.dedup();
        authorities
    }

    pub(crate) fn client_ca(&self) -> &Path {
        let given = self.options.access.client_ca_file.as_deref();
        given.unwrap_or(&self.pki.ca_certificate)
    }

    pub(crate) fn proxy_ca(&self) -> &Path {
        let flags = &self.options.access.front_proxy;
        let given = flags.requestheader_client_ca_file.as_deref();
        given.unwrap_or(&self.pki.front_proxy_ca_certificate)
    }
}

impl Entrance {
    /// The filter that lets through what is allowed.
    pub fn authorization(&self) -> Authorization {
        Authorization {
            chain: self.access.chain.clone(),
            metrics: self.decided.clone(),
        }
    }

    /// Sees to it that files are read again, and that this and all that is decided is counted.
    fn watch_files(&mut self, config: &Config) {
        let server = metrics::digest(Identity::new(&config.hostname, "").name.as_bytes());
        let [authentication, authorization] = [(); 2].map(|()| Reloads::new(&server));
        self.metrics.register(|registry| {
            self.came_in.register(registry);
            self.decided.register(registry);
            self.access.chain.decisions().register(registry);
            self.access.tokens.metrics().register(registry);
            authentication.register(registry, "authentication");
            authorization.register(registry, "authorization");
            if let Some(audit) = self.audit.clone() {
                registry.register_collector(Box::new(audit));
            }
        });
        self.watched
            .extend(config.access.watched(&authentication, &authorization));
        self.watched.extend([
            Watched::authority("authorities of clients", self.clients.clone()),
            Watched::authority("authorities of front proxies", self.proxies.clone()),
        ]);
    }
}
