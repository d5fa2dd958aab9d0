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
    judgement: Mutex<Option<(Instant, Result<User, String>)>>,
}

impl Peer {
    /// With the chain that it presented, leaf first; empty without one.
    pub fn new(address: SocketAddr, certificates: Vec<CertificateDer<'static>>) -> Self {
        Self {
            address,
            connection: Arc::new(Connection {
                certificates,
                judgement: Mutex::new(None),
            }),
        }
    }

    /// Whether it presented a certificate.
    pub fn has_certificate(&self) -> bool {
        !self.connection.certificates.is_empty()
    }

    /// The user that its certificate names; an error says why the certificate is worth nothing.
    pub fn user(&self, authority: &ClientAuthority) -> Result<User, String> {
        let mut judgement = self
            .connection
            .judgement
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some((made, user)) = judgement
            .as_ref()
            .filter(|(made, _)| made.elapsed() < JUDGEMENT_VALID)
        {
            tracing::trace!(age = ?made.elapsed(), "the certificate was judged before");
            return user.clone();
        }
        let user = self.judge(authority);
        *judgement = Some((Instant::now(), user.clone()));
        user
    }

    fn judge(&self, authority: &ClientAuthority) -> Result<User, String> {
        authority.verify(&self.connection.certificates)?;
        let leaf = self.connection.certificates.first().ok_or("no certificate")?;
        auth::certificate::user(leaf).map_err(|error| error.to_string())
    }
}
