//! What every tier stands on: signals, a socket, a store, certificates; and how it serves until it is told to stop. What a tier
//! answers is its own file's: [`crate::prepared`], [`crate::member`].

use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use serve::http::Handler;
use serve::limits::Connections;
use serve::pki::{self, kubeconfig};
use serve::server::{Listener, Server};
use serve::shutdown::Shutdown;
use serve::tls::{self, ServingCertificate};
use storage::Store;

use crate::config::Config;
use crate::entrance::Entrance;
use crate::error::Error;
use crate::reload::{self, Watched};
use crate::signals::Signals;
use crate::store::Opened;

/// What stopping may take beyond the time that a request may take.
const STOP_GRACE: Duration = Duration::from_secs(5);

/// Open, and not served yet.
pub struct Base {
    /// When that began.
    pub begun: Instant,
    /// The configuration.
    pub config: Config,
    /// Connections wait here.
    pub listener: Listener,
    /// All stores as one.
    pub store: Arc<dyn Store>,
    /// Each of them.
    pub parts: Vec<Arc<dyn Store>>,
    /// Ends everything.
    pub shutdown: Shutdown,
    signals: Signals,
    certificate: Arc<ServingCertificate>,
}

impl Config {
    /// Takes the socket, opens the store, makes certificates and writes the administrator's kubeconfig.
    pub async fn open(mut self) -> Result<Base, Error> {
        let begun = Instant::now();
        tls::install_provider();
        let signals = Signals::listen()?;
        create_private(&self.data_dir)?;
        let listener = Listener::bind(self.listen).await?;
        let Opened { store, parts } = self.backend.open().await?;
        let store = match self.encryption.take() {
            Some(encryption) => encryption.over(store, &self.options.etcd.etcd_prefix),
            None => store,
        };
        self.pki.ensure(&self.names())?;
        let certificate = self.serving_certificate()?;
        let url = self.url(listener.address());
        kubeconfig::write(&self.kubeconfig(), &url, self.server_authority(), &self.pki)?;
        Ok(Base {
            begun,
            config: self,
            listener,
            store,
            parts,
            shutdown: Shutdown::new(),
            signals,
            certificate,
        })
    }

    /// Where the administrator's kubeconfig is.
    pub fn kubeconfig(&self) -> PathBuf {
        self.data_dir.join("admin.kubeconfig")
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

    /// The certificate that this server keeps fresh, where none was given.
    fn own_certificate(&self) -> Option<(pki::Files, pki::Names)> {
        let is_own = self.options.serving.tls_cert_file.is_none();
        is_own.then(|| (self.pki.clone(), self.names()))
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
        let given = self.options.serving.tls_cert_file.as_deref();
        given.unwrap_or(&self.pki.ca_certificate)
    }
}

impl Base {
    /// Where somebody on this machine reaches the server.
    pub fn url(&self) -> String {
        self.config.url(self.listener.address())
    }

    /// Serves until a signal comes, then stops in order: not ready, `leave`, connections drained.
    pub async fn serve(
        self,
        handler: Handler,
        entrance: Entrance,
        leave: impl Future<Output = ()>,
    ) -> Result<(), Error> {
        let Base {
            config,
            listener,
            shutdown,
            mut signals,
            certificate,
            ..
        } = self;
        let server = Server {
            tls: Arc::new(tls::server_config(certificate.clone(), &entrance.clients)),
            handler,
            limits: Connections::default(),
            shutdown: shutdown.clone(),
        };
        let mut watched = entrance.watched;
        watched.push(Watched::certificate(certificate));
        tokio::spawn(reload::keep_fresh(
            watched,
            config.own_certificate(),
            shutdown.clone(),
        ));
        let served = tokio::spawn(server.run(listener));
        signals.end().await;
        tracing::info!("stopping; a second signal ends the process at once");
        let serving = &config.options.serving;
        let stop = async {
            shutdown.request();
            tokio::time::sleep(serving.shutdown_delay_duration).await;
            leave.await;
            shutdown.drain();
            let longest = serving
                .request_timeout
                .max(serving.shutdown_watch_termination_grace_period);
            if tokio::time::timeout(longest + STOP_GRACE, served).await.is_err() {
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
