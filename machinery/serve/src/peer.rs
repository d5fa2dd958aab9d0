//! Who is at the other end of a connection: address and client certificate. What the certificate is worth is judged here
//! once in a while and not at every request; what the user may do is not known here.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use auth::User;
use auth::authenticate::unix_seconds;
use rustls::pki_types::CertificateDer;

use crate::tls::ClientAuthority;

/// For how long a judgement on a connection's certificate stands, unless the certificate ends or the authorities change before.
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
struct Judgement<T>(Mutex<Option<Finding<T>>>);

#[derive(Debug)]
struct Finding<T> {
    made: Instant,
    /// Of the authorities that it was made by.
    generation: u64,
    /// When the certificate ends (seconds since 1970), if it is good.
    until: Option<i64>,
    found: Result<T, String>,
}

impl<T> Finding<T> {
    fn stands(&self, generation: u64) -> bool {
        self.generation == generation
            && self.made.elapsed() < JUDGEMENT_VALID
            && self.until.is_none_or(|until| unix_seconds() <= until)
    }
}

impl<T: Clone> Judgement<T> {
    fn new() -> Self {
        Self(Mutex::new(None))
    }

    /// The last finding while it stands, or else a new one: what the certificate is worth, and when it ends.
    fn get(&self, generation: u64, judge: impl FnOnce() -> Result<(T, i64), String>) -> Result<T, String> {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(last) = last.as_ref().filter(|last| last.stands(generation)) {
            tracing::trace!(age = ?last.made.elapsed(), "the certificate was judged before");
            return last.found.clone();
        }
        let judged = judge();
        let until = judged.as_ref().ok().map(|(_, until)| *until);
        let found = judged.map(|(found, _)| found);
        *last = Some(Finding {
            made: Instant::now(),
            generation,
            until,
            found: found.clone(),
        });
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
        self.connection.user.get(authority.generation(), || {
            let (leaf, until) = self.trusted(authority)?;
            let user = auth::certificate::user(leaf).map_err(|error| error.to_string())?;
            Ok((Known { user, until }, until))
        })
    }

    /// The common name of a front proxy's certificate.
    pub fn proxy_name(&self, authority: &ClientAuthority) -> Result<String, String> {
        self.connection.proxy_name.get(authority.generation(), || {
            let (leaf, until) = self.trusted(authority)?;
            let name = auth::certificate::common_name(leaf).map_err(|error| error.to_string())?;
            Ok((name, until))
        })
    }

    /// The certificate, if it leads to the authority, and when it ends.
    fn trusted(&self, authority: &ClientAuthority) -> Result<(&CertificateDer<'static>, i64), String> {
        authority.verify(&self.connection.certificates)?;
        let leaf = self.connection.certificates.first().ok_or("no certificate")?;
        let until = auth::certificate::ends(leaf).map_err(|error| error.to_string())?;
        Ok((leaf, until))
    }
}
