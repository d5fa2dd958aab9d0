//! A router as a process: it listens, follows who the members are, and passes requests on. It needs no store.

use std::sync::Arc;

use auth::User;
use router::access_log::AccessLog;
use router::identity::Identity;
use router::limiter::Limiter;
use router::limits::OWN_PATHS_MAX;
use router::metrics::{Numbers, Routes};
use router::own_paths::OwnPaths;
use router::proxy::Proxy;
use router::statusz::Statusz;
use serve::filter::{Chain, Filter};
use serve::filters::{EndLongRunning, PanicGuard, ReadRequestInfo};
use serve::health::{Check, Health};
use serve::http::Handler;
use serve::pki;
use serve::shutdown::Shutdown;
use serve::tls::ClientAuthority;

use tokio::sync::Semaphore;

use crate::access::header_names;
use crate::completed::{advertise_address, data_dir, hostname};
use crate::config::{names, own_files};
use crate::error::Error;
use crate::metrics::{self, Answered};
use crate::options::Routing;
use crate::reload::Watched;
use crate::site::{Open, Site};
use crate::tiers::{Files, Tiers};

/// Who a router is to frontends.
const USER: &str = "system:shardplane:router";

/// The checked configuration.
pub struct Config {
    options: Routing,
    site: Site,
    pki: pki::Files,
}

/// Ready to run.
pub struct Prepared {
    site: Open,
    tiers: Tiers,
    clients: Arc<ClientAuthority>,
    handler: Handler,
}

impl Config {
    /// Of what was typed.
    pub fn of(options: Routing) -> Result<Self, Error> {
        let listening = &options.listening;
        let data_dir = data_dir(options.data_dir.as_deref())?;
        let advertised = advertise_address(listening.advertise_address, listening.bind_address);
        let pki = own_files(&data_dir, options.cert_dir.as_deref());
        let names = names(&hostname(), &[advertised, listening.bind_address]);
        let site = Site::new(listening, data_dir, pki.clone(), names);
        Ok(Self { options, site, pki })
    }

    /// Takes the site and builds the chain.
    pub async fn prepare(self) -> Result<Prepared, Error> {
        let Self { options, site, pki } = self;
        let site = site.open().await?;
        let own = (&pki.front_proxy_client_certificate, &pki.front_proxy_client_key);
        let files = Files::of(&options.tiers.trust, &pki.ca_certificate, own.0, own.1);
        let user = User::new(USER, "", &[pki::TIERS_GROUP, User::AUTHENTICATED]);
        let names = header_names(&options.clients.user_headers, Vec::new());
        let identity = Arc::new(Identity::new(names));
        let named = identity.headers_of(&user)?;
        let tiers = Tiers::new(&options.tiers, files, named)?;
        let given = options.clients.client_ca_file.as_deref();
        let mut authorities = vec![given.unwrap_or(&pki.ca_certificate), &pki.ca_certificate];
        authorities.dedup();
        let clients = Arc::new(ClientAuthority::load(&authorities)?);
        let handler = chain(&options, &tiers, (&clients, identity), &site.shutdown);
        Ok(Prepared {
            site,
            tiers,
            clients,
            handler,
        })
    }
}

/// The first in the list sees a request first and its answer last.
fn chain(
    options: &Routing,
    tiers: &Tiers,
    (clients, identity): (&Arc<ClientAuthority>, Arc<Identity>),
    shutdown: &Shutdown,
) -> Handler {
    let listening = &options.listening;
    let routes = Routes::default();
    let answered = Answered::default();
    let metrics = metrics::of_router(&answered);
    let health = health(tiers, shutdown.clone());
    metrics.register(|registry| {
        health.outcomes.register(registry);
        routes.register(registry);
        registry.register_collector(Box::new(Numbers::new(tiers.upstreams.clone())));
    });
    let own_paths = OwnPaths {
        health,
        shutdown: shutdown.clone(),
        metrics: metrics.clone(),
        statusz: Statusz {
            members: tiers.members.clone(),
            upstreams: tiers.upstreams.clone(),
        },
        pages: crate::pages::of_router(listening),
        profiles: crate::filters::profiles(listening),
        frontends: tiers.frontends.clone(),
        clients: clients.clone(),
        identity: identity.clone(),
        asking: Semaphore::new(OWN_PATHS_MAX),
    };
    let proxy = Proxy {
        members: tiers.members.clone(),
        upstreams: tiers.upstreams.clone(),
        frontends: tiers.frontends.clone(),
        clients: clients.clone(),
        identity,
        routes,
    };
    let filters: Vec<Box<dyn Filter>> = vec![
        Box::new(ReadRequestInfo),
        Box::new(metrics),
        Box::new(crate::filters::traces(listening)),
        Box::new(AccessLog),
        Box::new(PanicGuard),
        Box::new(
            EndLongRunning::new(shutdown.clone())
                .spread_over(listening.shutdown_watch_termination_grace_period),
        ),
        Box::new(own_paths),
        Box::new(Limiter::new(
            options.traffic.max_requests,
            options.traffic.max_requests_per_client,
        )),
        Box::new(answered),
    ];
    Chain::new(filters, proxy.into_handler()).into_handler()
}

/// A router is ready when it has heard of somebody to pass requests on to: a frontend that told it who the members are.
fn health(tiers: &Tiers, shutdown: Shutdown) -> Health {
    let members = tiers.members.clone();
    let frontends = Check::immediate("frontends", move || match members.borrow().is_told() {
        true => Ok(()),
        false => Err("no frontend has answered yet".to_owned()),
    });
    let live = vec![Check::ping("ping")];
    Health {
        healthz: live.clone(),
        readyz: vec![Check::ping("ping"), frontends, crate::health::stopping(shutdown)],
        livez: live,
        ..Health::default()
    }
}

impl Prepared {
    /// Serves until a signal comes, then drains.
    pub async fn run(self) -> Result<(), Error> {
        let Prepared {
            site,
            tiers,
            clients,
            handler,
        } = self;
        tiers.follow(&site.shutdown);
        let (url, kubeconfig, mut members) = (site.url(), site.kubeconfig(), tiers.members.clone());
        tokio::spawn(async move {
            let known = members.wait_for(|members| members.is_told());
            if known.await.is_ok() {
                println!(
                    "Shardplane's router serves at {url}.\nThe administrator's kubeconfig is {}",
                    kubeconfig.display()
                );
            }
        });
        let watched = vec![
            tiers.watched(),
            Watched::authority("authorities of clients", clients.clone()),
        ];
        site.serve(handler, clients, watched, async {}).await
    }
}
