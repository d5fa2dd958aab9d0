//! A server that has its socket, its certificates and its store, and then runs until it is told to stop.

use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use apiserver::bootstrap::cluster;
use apiserver::bootstrap::hooks::{HookState, Hooks, Settings};
use apiserver::bootstrap::identity::Identity;
use apiserver::loopback::Loopback;
use kinds::Keys;
use kinds::decorate::IpFamily;
use serve::http::Handler;
use serve::limits::Connections;
use serve::pki::kubeconfig;
use serve::server::{Listener, Server};
use serve::shutdown::Shutdown;
use serve::tls::{self, ClientAuthority, ServingCertificate};
use watchcache::Cache;

use crate::config::Config;
use crate::error::Error;
use crate::options::Serving;
use crate::signals::Signals;
use crate::store::Opened;
use crate::{announcement, filters, health, reload};

/// What stopping may take beyond the time that a request may take.
const STOP_GRACE: Duration = Duration::from_secs(5);
/// How long the hooks may take to leave the cluster.
const LEAVE_TIMEOUT: Duration = Duration::from_secs(5);

/// Ready to run.
pub struct Prepared {
    begun: Instant,
    config: Config,
    signals: Signals,
    listener: Listener,
    server: Server,
    cache: Arc<Cache>,
    hooks: Hooks,
    certificate: Arc<ServingCertificate>,
    authorities: Vec<Arc<ClientAuthority>>,
    kubeconfig: PathBuf,
    shutdown: Shutdown,
}

impl Config {
    /// Takes the socket, opens the store, makes certificates and builds the chain.
    pub async fn prepare(mut self) -> Result<Prepared, Error> {
        let begun = Instant::now();
        tls::install_provider();
        let signals = Signals::listen()?;
        create_private(&self.data_dir)?;
        let listener = Listener::bind(self.listen).await?;
        let Opened { store, parts } = self.open_store().await?;
        self.pki.ensure(&self.names())?;
        let certificate = self.serving_certificate()?;
        let kubeconfig = self.kubeconfig();
        kubeconfig::write(
            &kubeconfig,
            &self.url(listener.address()),
            self.server_authority(),
            &self.pki,
        )?;

        let interval = self.options.etcd.etcd_compaction_interval;
        if !interval.is_zero() {
            for part in parts {
                tokio::spawn(storage::compactor::run(part, interval));
            }
        }
        let shutdown = Shutdown::new();
        let entrance = self.entrance(&listener, &store, &shutdown).await?;
        let api = self.api_config(&listener, entrance.access.clone());
        let api = apiserver::build(api, store.clone());
        tokio::spawn(api.repair().run());
        let cache = api.cache().clone();
        let settings = self.hook_settings(&listener)?;
        let loopback = Loopback::new(api.handler());
        let hooks = Hooks::new(
            loopback,
            store.clone(),
            api.served().clone(),
            settings,
            shutdown.clone(),
        );
        let parts = filters::Parts {
            authentication: self.authentication(&entrance),
            authorizers: entrance.access.chain.clone(),
            health: health::checks(store, &cache, hooks.states(), shutdown.clone()),
            cache: cache.clone(),
            audit: entrance.audit.clone(),
            shutdown: shutdown.clone(),
        };
        let handler = filters::chain(parts, &self.options.serving, api.handler());
        let server = server(handler, &certificate, &entrance.clients, &shutdown);
        Ok(Prepared {
            begun,
            config: self,
            signals,
            listener,
            server,
            cache,
            hooks,
            certificate,
            authorities: entrance.authorities(),
            kubeconfig,
            shutdown,
        })
    }

    /// Opens the store, with encryption over it where that is configured.
    pub(crate) async fn open_store(&mut self) -> Result<Opened, Error> {
        let Opened { store, parts } = self.backend.open().await?;
        let store = match self.encryption.take() {
            Some(encryption) => encryption.over(store, &self.options.etcd.etcd_prefix),
            None => store,
        };
        Ok(Opened { store, parts })
    }

    /// Where the administrator's kubeconfig is.
    pub(crate) fn kubeconfig(&self) -> PathBuf {
        self.data_dir.join("admin.kubeconfig")
    }

    /// The certificate that this server keeps fresh, where none was given.
    pub(crate) fn own_certificate(&self) -> Option<(serve::pki::Files, serve::pki::Names)> {
        let is_own = self.options.serving.tls_cert_file.is_none();
        is_own.then(|| (self.pki.clone(), self.names()))
    }

    pub(crate) fn serving_certificate(&self) -> Result<Arc<ServingCertificate>, Error> {
        let serving = &self.options.serving;
        let (certificate, key) = match (&serving.tls_cert_file, &serving.tls_private_key_file) {
            (Some(certificate), Some(key)) => (certificate, key),
            _ => (&self.pki.serving_certificate, &self.pki.serving_key),
        };
        Ok(ServingCertificate::load(certificate, key)?)
    }

    /// By what the administrator's kubeconfig knows the server.
    pub(crate) fn server_authority(&self) -> &Path {
        self.options
            .serving
            .tls_cert_file
            .as_deref()
            .unwrap_or(&self.pki.ca_certificate)
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

    fn api_config(&self, listener: &Listener, access: auth::Access) -> apiserver::Config {
        apiserver::Config {
            runtime: self.runtime.clone(),
            keys: Keys::new(&self.options.etcd.etcd_prefix),
            primary_family: self.primary_family(),
            access,
            event_ttl: self.options.cluster.event_ttl,
            address: self.address(listener),
            service_ranges: self.service_ranges.clone(),
            node_ports: self.node_ports,
            history_bytes: self.options.watch_cache.history_bytes(),
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

    /// Where somebody on this machine reaches the server.
    pub(crate) fn url(&self, listening: SocketAddr) -> String {
        let host = match listening.ip() {
            IpAddr::V4(address) if address.is_unspecified() => IpAddr::from([127, 0, 0, 1]),
            IpAddr::V6(address) if address.is_unspecified() => IpAddr::from(std::net::Ipv6Addr::LOCALHOST),
            address => address,
        };
        format!("https://{}", SocketAddr::new(host, listening.port()))
    }
}

impl Prepared {
    /// Serves until a signal comes, then stops in order: not ready, out of the endpoints, connections drained.
    pub async fn run(self) -> Result<(), Error> {
        let Prepared {
            begun,
            config,
            mut signals,
            listener,
            server,
            cache,
            hooks,
            certificate,
            authorities,
            kubeconfig,
            shutdown,
        } = self;
        let serving = &config.options.serving;
        tokio::spawn(reload::keep_fresh(
            certificate,
            config.own_certificate(),
            authorities,
            shutdown.clone(),
        ));
        let states: Vec<HookState> = hooks.states();
        let url = config.url(listener.address());
        let to_tell = shutdown.clone();
        tokio::spawn(async move { announcement::when_ready(states, url, &kubeconfig, begun, to_tell).await });
        let hooks = tokio::spawn(async move {
            // The hooks read through the cache.
            cache.start().await;
            hooks.run().await;
        });
        let served = tokio::spawn(server.run(listener));

        signals.end().await;
        tracing::info!("stopping; a second signal ends the process at once");
        let stop = async {
            shutdown.request();
            tokio::time::sleep(serving.shutdown_delay_duration).await;
            if tokio::time::timeout(LEAVE_TIMEOUT, hooks).await.is_err() {
                tracing::warn!("the hooks did not end in time");
            }
            drain(&shutdown, served, serving).await;
        };
        tokio::select! {
            () = stop => tracing::info!("stopped"),
            () = signals.end() => tracing::warn!("ended by a second signal"),
        }
        Ok(())
    }
}

/// Closes connections and waits for what is under way, up to a limit.
pub(crate) async fn drain(shutdown: &Shutdown, served: tokio::task::JoinHandle<()>, serving: &Serving) {
    shutdown.drain();
    let limit = serving
        .request_timeout
        .max(serving.shutdown_watch_termination_grace_period)
        + STOP_GRACE;
    if tokio::time::timeout(limit, served).await.is_err() {
        tracing::warn!("some connections did not end in time");
    }
}

pub(crate) fn server(
    handler: Handler,
    certificate: &Arc<ServingCertificate>,
    clients: &ClientAuthority,
    shutdown: &Shutdown,
) -> Server {
    Server {
        tls: Arc::new(tls::server_config(certificate.clone(), clients)),
        handler,
        limits: Connections::default(),
        shutdown: shutdown.clone(),
    }
}

/// Makes a folder that only its owner enters, if it is not there.
pub(crate) fn create_private(folder: &Path) -> Result<(), Error> {
    use std::os::unix::fs::DirBuilderExt;
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true).mode(0o700);
    builder.create(folder).map_err(|source| Error::Folder {
        path: folder.to_owned(),
        source,
    })
}
