//! Where a process stands, whatever its tier: its folder, its names and certificates, its socket; and how it serves until it is told to
//! stop. What it answers is the tier's.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use serve::http::Handler;
use serve::limits::Connections;
use serve::load::Load;
use serve::pki::{self, kubeconfig};
use serve::server::{Listener, Server};
use serve::shutdown::Shutdown;
use serve::tls::{self, Certificates, ClientAuthority, Named, ServingCertificate};

use crate::error::Error;
use crate::options::Listening;
use crate::reload::{self, Watched};
use crate::signals::Signals;

/// What stopping may take beyond the time that a request may take.
const STOP_GRACE: Duration = Duration::from_secs(5);

/// What a process is to stand on.
pub struct Site {
    data_dir: PathBuf,
    listen: SocketAddr,
    /// Certificates of our own.
    pki: pki::Files,
    /// The names of the serving certificate.
    names: pki::Names,
    /// A serving certificate that was given, with its key.
    given: Option<(PathBuf, PathBuf)>,
    /// Others for some names, as the flag has them.
    named: Vec<String>,
    limits: Connections,
    stop: Stop,
    /// Whether it stops when standard input ends.
    stops_with_stdin: bool,
}

/// How long the steps of stopping take.
#[derive(Clone, Copy, Debug)]
struct Stop {
    /// For which load balancers see that it is not ready.
    delay: Duration,
    /// What a request may take.
    request: Duration,
    /// Over which watches end.
    watches: Duration,
}

/// A site that is taken, and not served yet: connections wait.
pub struct Open {
    /// When that began.
    pub begun: Instant,
    /// Ends everything.
    pub shutdown: Shutdown,
    /// What is under way.
    pub load: Load,
    /// Connections wait here.
    pub listener: Listener,
    site: Site,
    signals: Signals,
    certificates: Arc<Certificates>,
}

impl Site {
    /// As the flags say: with a folder, certificates of our own, and the names of the serving certificate.
    pub fn new(flags: &Listening, data_dir: PathBuf, pki: pki::Files, names: pki::Names) -> Self {
        let (certificate, key) = (flags.tls_cert_file.clone(), flags.tls_private_key_file.clone());
        Self {
            data_dir,
            listen: SocketAddr::new(flags.bind_address, flags.secure_port),
            pki,
            names,
            given: certificate.zip(key),
            named: flags.tls_sni_cert_key.clone(),
            limits: Connections {
                goaway_chance: flags.goaway_chance,
                ..Connections::default()
            },
            stops_with_stdin: flags.stop_with_stdin,
            stop: Stop {
                delay: flags.shutdown_delay_duration,
                request: flags.request_timeout,
                watches: flags.shutdown_watch_termination_grace_period,
            },
        }
    }

    /// Takes the socket, makes certificates and writes the administrator's kubeconfig.
    pub async fn open(self) -> Result<Open, Error> {
        let begun = Instant::now();
        tls::install_provider();
        let signals = Signals::listen(self.stops_with_stdin)?;
        create_private(&self.data_dir)?;
        let listener = Listener::bind(self.listen).await?;
        self.pki.ensure(&self.names)?;
        let certificate = match &self.given {
            Some((certificate, key)) => ServingCertificate::load(certificate, key)?,
            None => ServingCertificate::load(&self.pki.serving_certificate, &self.pki.serving_key)?,
        };
        let named = self.named.iter().map(|one| Named::parse(one));
        let named = named
            .collect::<Result<_, _>>()
            .map_err(|why| Error::flag("tls-sni-cert-key", why))?;
        let certificates = Certificates::new(certificate, named)?;
        let open = Open {
            begun,
            shutdown: Shutdown::new(),
            load: Load::default(),
            listener,
            site: self,
            signals,
            certificates,
        };
        kubeconfig::write(
            &open.kubeconfig(),
            &open.url(),
            open.site.server_authority(),
            (&open.site.pki.admin_certificate, &open.site.pki.admin_key),
        )?;
        Ok(open)
    }

    /// By what the administrator's kubeconfig knows the server.
    fn server_authority(&self) -> &Path {
        let given = self.given.as_ref().map(|(certificate, _)| certificate.as_path());
        given.unwrap_or(&self.pki.ca_certificate)
    }

    /// The certificate that this server keeps fresh, where none was given.
    fn own_certificate(&self) -> reload::Own {
        let is_own = self.given.is_none();
        is_own.then(|| (self.pki.clone(), self.names.clone()))
    }
}

impl Open {
    /// Where the administrator's kubeconfig is.
    pub fn kubeconfig(&self) -> PathBuf {
        self.site.data_dir.join("admin.kubeconfig")
    }

    /// Where somebody on this machine reaches the server.
    pub fn url(&self) -> String {
        let listening = self.listener.address();
        let host = match listening.ip() {
            IpAddr::V4(address) if address.is_unspecified() => IpAddr::from([127, 0, 0, 1]),
            IpAddr::V6(address) if address.is_unspecified() => IpAddr::from(Ipv6Addr::LOCALHOST),
            address => address,
        };
        format!("https://{}", SocketAddr::new(host, listening.port()))
    }

    /// Serves until a signal comes, then stops in order: not ready, `leave`, connections drained. What is watched is read again when
    /// its files change.
    pub async fn serve(
        self,
        handler: Handler,
        clients: Arc<ClientAuthority>,
        mut watched: Vec<Watched>,
        leave: impl Future<Output = ()>,
    ) -> Result<(), Error> {
        let Open {
            site,
            listener,
            shutdown,
            load,
            mut signals,
            certificates,
            ..
        } = self;
        let server = Server {
            tls: Arc::new(tls::server_config(certificates.clone(), &clients)),
            handler,
            limits: site.limits,
            shutdown: shutdown.clone(),
            load,
        };
        watched.push(Watched::certificates(certificates));
        tokio::spawn(reload::keep_fresh(
            watched,
            site.own_certificate(),
            shutdown.clone(),
        ));
        let served = tokio::spawn(server.run(listener));
        signals.end().await;
        tracing::info!("stopping; a second signal ends the process at once");
        let Stop {
            delay,
            request,
            watches,
        } = site.stop;
        let stop = async {
            shutdown.request();
            tokio::time::sleep(delay).await;
            leave.await;
            shutdown.drain();
            let longest = request.max(watches) + STOP_GRACE;
            if tokio::time::timeout(longest, served).await.is_err() {
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
pub fn create_private(folder: &Path) -> Result<(), Error> {
    use std::os::unix::fs::DirBuilderExt;
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true).mode(0o700);
    builder.create(folder).map_err(|source| Error::Folder {
        path: folder.to_owned(),
        source,
    })
}
