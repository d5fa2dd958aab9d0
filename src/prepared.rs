//! A server that has its socket, its certificates and its store, and then runs until it is told to stop.

use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use apiserver::bootstrap::cluster;
use apiserver::bootstrap::hooks::{HookState, Hooks, Settings};
use apiserver::bootstrap::identity::Identity;
use apiserver::loopback::Loopback;
use apiserver::objects::Objects;
use kinds::Keys;
use kinds::decorate::IpFamily;
use serve::filters::{Authentication, FrontProxy};
use serve::http::Handler;
use serve::limits::Connections;
use serve::pki::kubeconfig;
use serve::server::{Listener, Server};
use serve::shutdown::Shutdown;
use serve::tls::{self, ClientAuthority, ServingCertificate};
use storage::Store;

use crate::config::Config;
use crate::error::Error;
use crate::signals::Signals;
use crate::{announcement, audit, filters, health, reload};

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
    hooks: Hooks,
    certificate: Arc<ServingCertificate>,
    authorities: Vec<Arc<ClientAuthority>>,
    kubeconfig: PathBuf,
    shutdown: Shutdown,
}

impl Config {
    /// Takes the socket, opens the store, makes certificates and builds the chain.
    pub async fn prepare(self) -> Result<Prepared, Error> {
        let begun = Instant::now();
        tls::install_provider();
        let signals = Signals::listen()?;
        create_private(&self.data_dir)?;
        let listener = Listener::bind(self.listen).await?;
        let store = self.backend.open().await?;
        self.pki.ensure(&self.names())?;
        let certificate = self.serving_certificate()?;
        let proxies = Arc::new(ClientAuthority::load(&[self.proxy_ca()])?);
        let clients = ClientAuthority::load(&self.client_authorities())?.hinting_also(&proxies);
        let clients = Arc::new(clients);
        let authorities = vec![clients.clone(), proxies.clone()];
        let kubeconfig = self.data_dir.join("admin.kubeconfig");
        kubeconfig::write(
            &kubeconfig,
            &self.url(listener.address()),
            self.server_authority(),
            &self.pki,
        )?;

        let interval = self.options.etcd.etcd_compaction_interval;
        if !interval.is_zero() {
            tokio::spawn(storage::compactor::run(store.clone(), interval));
        }
        let shutdown = Shutdown::new();
        let objects = Arc::new(self.objects(store.clone()));
        self.access.feed(objects.clone()).start(&shutdown).await?;
        let address = self.address(&listener);
        let own_key = &self.pki.service_account_key;
        let access = self.access.access(&objects, own_key, &address)?;
        let api = apiserver::build(
            self.api_config(&listener, &shutdown, access.clone()),
            store.clone(),
        );
        tokio::spawn(api.repair().run());
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
            authentication: Authentication {
                front_proxy: Some(FrontProxy {
                    authority: proxies,
                    names: self.access.proxy_names(),
                }),
                clients: clients.clone(),
                tokens: access.tokens.clone(),
                anonymous: self.access.anonymous(),
            },
            audit: audit::start(&self.options.audit)?,
            authorizers: self.access.chain().clone(),
            health: health::checks(store, hooks.states(), shutdown.clone()),
            shutdown: shutdown.clone(),
        };
        let handler = filters::chain(parts, &self.options.serving, api.handler());
        let server = server(handler, &certificate, &clients, &shutdown);
        Ok(Prepared {
            begun,
            config: self,
            signals,
            listener,
            server,
            hooks,
            certificate,
            authorities,
            kubeconfig,
            shutdown,
        })
    }

    fn serving_certificate(&self) -> Result<Arc<ServingCertificate>, Error> {
        let serving = &self.options.serving;
        let (certificate, key) = match (&serving.tls_cert_file, &serving.tls_private_key_file) {
            (Some(certificate), Some(key)) => (certificate, key),
            _ => (&self.pki.serving_certificate, &self.pki.serving_key),
        };
        Ok(ServingCertificate::load(certificate, key)?)
    }

    /// By what the administrator's kubeconfig knows the server.
    fn server_authority(&self) -> &Path {
        self.options
            .serving
            .tls_cert_file
            .as_deref()
            .unwrap_or(&self.pki.ca_certificate)
    }

    /// Our own authority beside one that was given: the administrator's certificate is always of ours.
    fn client_authorities(&self) -> Vec<&Path> {
        let mut authorities = vec![self.client_ca(), &self.pki.ca_certificate];
        authorities.dedup();
        authorities
    }

    fn client_ca(&self) -> &Path {
        self.options
            .access
            .client_ca_file
            .as_deref()
            .unwrap_or(&self.pki.ca_certificate)
    }

    fn proxy_ca(&self) -> &Path {
        let flags = &self.options.access.front_proxy;
        flags
            .requestheader_client_ca_file
            .as_deref()
            .unwrap_or(&self.pki.front_proxy_ca_certificate)
    }

    fn primary_family(&self) -> IpFamily {
        match self.service_ranges[0].is_ipv4() {
            true => IpFamily::V4,
            false => IpFamily::V6,
        }
    }

    /// Where the rest of the cluster reaches this server.
    fn address(&self, listener: &Listener) -> String {
        SocketAddr::new(self.advertise_address, listener.address().port()).to_string()
    }

    /// Objects as those see them who decide on access.
    fn objects(&self, store: Arc<dyn Store>) -> Objects {
        let keys = Keys::new(&self.options.etcd.etcd_prefix);
        let event_ttl = self.options.cluster.event_ttl;
        Objects::new(store, keys, self.primary_family(), event_ttl)
    }

    fn api_config(
        &self,
        listener: &Listener,
        shutdown: &Shutdown,
        access: auth::Access,
    ) -> apiserver::Config {
        apiserver::Config {
            runtime: self.runtime.clone(),
            keys: Keys::new(&self.options.etcd.etcd_prefix),
            primary_family: self.primary_family(),
            access,
            event_ttl: self.options.cluster.event_ttl,
            address: self.address(listener),
            service_ranges: self.service_ranges.clone(),
            node_ports: self.node_ports,
            shutdown: shutdown.clone(),
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
    fn url(&self, listening: SocketAddr) -> String {
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
            hooks,
            certificate,
            authorities,
            kubeconfig,
            shutdown,
        } = self;
        let serving = &config.options.serving;
        let own = serving
            .tls_cert_file
            .is_none()
            .then(|| (config.pki.clone(), config.names()));
        tokio::spawn(reload::keep_fresh(certificate, own, authorities, shutdown.clone()));
        let states: Vec<HookState> = hooks.states();
        let url = config.url(listener.address());
        let to_tell = shutdown.clone();
        tokio::spawn(async move { announcement::when_ready(states, url, &kubeconfig, begun, to_tell).await });
        let hooks = tokio::spawn(hooks.run());
        let served = tokio::spawn(server.run(listener));

        signals.end().await;
        tracing::info!("stopping; a second signal ends the process at once");
        let stop = async {
            shutdown.request();
            tokio::time::sleep(serving.shutdown_delay_duration).await;
            if tokio::time::timeout(LEAVE_TIMEOUT, hooks).await.is_err() {
                tracing::warn!("the hooks did not end in time");
            }
            shutdown.drain();
            if tokio::time::timeout(serving.request_timeout + STOP_GRACE, served)
                .await
                .is_err()
            {
                tracing::warn!("some connections did not end in time");
            }
        };
        tokio::select! {
            () = stop => tracing::info!("stopped"),
            () = signals.end() => tracing::warn!("ended by a second signal"),
        }
        Ok(())
    }
}

fn server(
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
fn create_private(folder: &Path) -> Result<(), Error> {
    use std::os::unix::fs::DirBuilderExt;
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true).mode(0o700);
    builder.create(folder).map_err(|source| Error::Folder {
        path: folder.to_owned(),
        source,
    })
}
