//! Who is at the other end of a connection: address and client certificate. What the certificate is worth is judged here
//! once in a while and not at every request; what the user may do is not known here.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use auth::User;
use rustls::pki_types::CertificateDer;

use crate::tls::ClientAuthority;

/// For how long a judgement on a connection's certificate stands: it may expire while the connection lives.
const JUDGEMENT_VALID: Duration = Duration::from_secs(30);

/// The other end of a connection, in the extensions of its requests.
#[derive(Clone, Debug)]
pub struct Peer {
    /// Where it is.
    pub address: SocketAddr,
    connection: Arc<Connection>,
}

#[derive(Debug)]
struct Connection {
    certificates: Vec<CertificateDer<'static>>,
    user: Judgement<Known>,
    proxy_name: Judgement<String>,
}

/// The user of a certificate.
#[derive(Clone, Debug)]
pub struct Known {
    /// Who.
    pub user: User,
    /// When the certificate ends (seconds since 1970).
    pub until: i64,
}

/// What a certificate was found to be worth, and when.
#[derive(Debug)]
struct Judgement<T>(Mutex<Option<(Instant, Result<T, String>)>>);

impl<T: Clone> Judgement<T> {
    fn new() -> Self {
        Self(Mutex::new(None))
    }

    /// The last finding while it stands, or else a new one.
    fn get(&self, judge: impl FnOnce() -> Result<T, String>) -> Result<T, String> {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((made, found)) = last.as_ref().filter(|(made, _)| made.elapsed() < JUDGEMENT_VALID) {
            tracing::trace!(age = ?made.elapsed(), "the certificate was judged before");
            return found.clone();
        }
        let found = judge();
        *last = Some((Instant::now(), found.clone()));
        found
    }
}

impl Peer {
    /// With the chain that it presented, leaf first; empty without one.
    pub fn new(address: SocketAddr, certificates: Vec<CertificateDer<'static>>) -> Self {
        Self {
            address,
            connection: Arc::new(Connection {
                certificates,
                user: Judgement::new(),
                proxy_name: Judgement::new(),
            }),
        }
    }

    /// Whether it presented a certificate.
    pub fn has_certificate(&self) -> bool {
        !self.connection.certificates.is_empty()
    }

    /// The user that its certificate names; an error says why the certificate is worth nothing.
    pub fn user(&self, authority: &ClientAuthority) -> Result<Known, String> {
        self.connection.user.get(|| {
            let leaf = self.trusted(authority)?;
            let user = auth::certificate::user(leaf).map_err(|error| error.to_string())?;
            let until = auth::certificate::ends(leaf).map_err(|error| error.to_string())?;
            Ok(Known { user, until })
        })
    }

    /// The common name of a front proxy's certificate.
    pub fn proxy_name(&self, authority: &ClientAuthority) -> Result<String, String> {
        self.connection.proxy_name.get(|| {
            let leaf = self.trusted(authority)?;
            auth::certificate::common_name(leaf).map_err(|error| error.to_string())
        })
    }

    fn trusted(&self, authority: &ClientAuthority) -> Result<&CertificateDer<'static>, String> {
        authority.verify(&self.connection.certificates)?;
        self.connection
            .certificates
            .first()
            .ok_or_else(|| "no certificate".to_owned())
    }
}
