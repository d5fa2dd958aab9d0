//! What the request tier must be given, and how it is built from that.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use auth::Access;
use kinds::decorate::IpFamily;
use kinds::{Gates, Keys, RuntimeConfig};
use prometheus_client::registry::Registry;
use render::{Descriptions, Discovery};
use serve::http::{Handler, Request, Response};
use storage::Store;
use watchcache::{Cache, Holds};

use crate::admission::{self, Cached, Chain};
use crate::allocate::ServiceEffects;
use crate::allocate::addresses::AddressRange;
use crate::allocate::node_ports::PortRange;
use crate::allocate::repair::Repair;
use crate::api::Api;
use crate::effects::Effects;
use crate::objects::Objects;
use crate::openapi::OpenApi;
use crate::route;

/// How long events stay, unless configured.
pub const EVENT_TTL: Duration = Duration::from_secs(3_600);
/// Service addresses, unless configured.
pub const DEFAULT_SERVICE_RANGE: &str = "10.0.0.0/24";

/// What the request tier must be given.
pub struct Config {
    /// Which resources are served, and what is told of them.
    pub discovery: Discovery,
    /// Where keys are in the store.
    pub keys: Keys,
    /// The family of the first Service address range.
    pub primary_family: IpFamily,
    /// How long events stay.
    pub event_ttl: Duration,
    /// Who may do what, for reviews and for writes of roles; filters before the handler ask the same.
    pub access: Access,
    /// Which admission plugins are on, and their configuration.
    pub admission: admission::Configuration,
    /// The ranges of Service addresses.
    pub service_ranges: Vec<AddressRange>,
    /// The range of node ports.
    pub node_ports: PortRange,
    /// What the watch cache may hold of what has happened.
    pub history_bytes: usize,
    /// Which resources it keeps; the others' lists and watches are the watch tier's.
    pub holds: Holds,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            discovery: Discovery::new(RuntimeConfig::default(), String::new()),
            keys: Keys::default(),
            primary_family: IpFamily::V4,
            event_ttl: EVENT_TTL,
            access: Access::default(),
            admission: admission::Configuration::default(),
            service_ranges: vec![AddressRange::new(DEFAULT_SERVICE_RANGE.parse().expect("a CIDR"))],
            node_ports: PortRange {
                first: 30_000,
                last: 32_767,
            },
            history_bytes: watchcache::limits::HISTORY_BYTES_DEFAULT,
            holds: Holds::All,
        }
    }
}

/// The request tier, ready to answer. It trusts the user in a request's extensions: authentication stands before it.
#[derive(Clone)]
pub struct Prepared {
    api: Arc<Api>,
    services: ServiceEffects,
}

/// Builds the request tier over a store. Lists and watches are answered from a cache of that store, which is to be started.
/// Fails if an admission plugin cannot be made with its configuration.
pub fn build(config: Config, store: Arc<dyn Store>) -> Result<Prepared, admission::configuration::Error> {
    let cached = watchcache::Config {
        keys: config.keys.clone(),
        primary_family: config.primary_family,
        heeds_shards: config.discovery.runtime.gates.enabled(Gates::SHARDED_LISTS),
        history_bytes: config.history_bytes,
        holds: config.holds,
        ..watchcache::Config::default()
    };
    let cache = Arc::new(Cache::new(&store, &cached));
    let objects = Arc::new(Objects::new(
        store,
        config.keys,
        config.primary_family,
        config.event_ttl,
    ));
    let services = ServiceEffects::new(objects.clone(), config.service_ranges, config.node_ports);
    let effects: HashMap<_, Arc<dyn Effects>> =
        HashMap::from([(("", "services"), Arc::new(services.clone()) as _)]);
    let chain = Chain::new(&config.admission, &objects, &config.access)?;
    let reader = Cached::new(objects.clone(), cache.clone());
    let api = Api {
        objects,
        cache,
        openapi: Arc::new(OpenApi::new(config.discovery.clone())),
        discovery: config.discovery,
        access: config.access,
        reader,
        chain,
        effects,
        descriptions: Arc::new(Descriptions::default()),
    };
    let api = Arc::new(api);
    api.chain.connect(&api);
    Ok(Prepared { api, services })
}

impl Prepared {
    /// What answers requests.
    pub fn handler(&self) -> Handler {
        let api = self.api.clone();
        Handler::new(tower::service_fn(move |request: Request| {
            let api = api.clone();
            async move { Ok::<Response, std::convert::Infallible>(route::answer(api, request).await) }
        }))
    }

    /// What lists and watches are answered from: nothing before it is started.
    pub fn cache(&self) -> &Arc<Cache> {
        &self.api.cache
    }

    /// What is served, now and as definitions change.
    pub fn discovery(&self) -> &Discovery {
        &self.api.discovery
    }

    /// Adds what admission counts to a registry.
    pub fn register(&self, registry: &mut Registry) {
        self.api.chain.register(registry);
    }

    /// The repair of Service addresses and node ports, to be run beside the handler.
    pub fn repair(&self) -> Repair {
        Repair::new(self.api.objects.clone(), self.services.clone())
    }

    /// Objects in the store.
    pub fn objects(&self) -> &Objects {
        &self.api.objects
    }
}
