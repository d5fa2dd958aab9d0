//! What a process shows the other tiers, and by what it knows them.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use arc_swap::ArcSwap;
use auth::client::{self, Trust};
use http::{HeaderMap, HeaderValue, header};
use router::upstream::Upstreams;
use rustls::pki_types::ServerName;
use schema::SmolStr;

use crate::error::Error;
use crate::options;
use crate::reload::Watched;

/// What proves who is who.
#[derive(Clone)]
pub struct Files {
    /// Of the other tiers' serving certificates.
    pub authorities: Vec<PathBuf>,
    /// A name in them, where it is not the address.
    pub server_name: Option<ServerName<'static>>,
    /// What they are shown.
    pub shown: Shown,
}

/// How a process is known.
#[derive(Clone)]
pub enum Shown {
    /// By a client certificate and its key.
    Certificate(PathBuf, PathBuf),
    /// By a bearer token.
    Token(PathBuf),
}

impl Files {
    /// As the flags say, or else our own.
    pub fn of(flags: &options::TierTrust, authority: &Path, certificate: &Path, key: &Path) -> Self {
        let or = |given: &Option<PathBuf>, own: &Path| given.clone().unwrap_or_else(|| own.to_owned());
        Self {
            authorities: match flags.tier_ca_file.as_slice() {
                [] => vec![authority.to_owned()],
                given => given.to_vec(),
            },
            server_name: flags.tier_server_name.clone(),
            shown: Shown::Certificate(
                or(&flags.tier_client_cert_file, certificate),
                or(&flags.tier_client_key_file, key),
            ),
        }
    }

    /// With a token instead of a certificate, if there is one.
    #[must_use]
    pub fn with_token(self, flags: &options::TierToken) -> Self {
        match flags.tier_token_file.clone() {
            Some(path) => Self {
                shown: Shown::Token(path),
                ..self
            },
            None => self,
        }
    }

    fn paths(&self) -> Vec<PathBuf> {
        let shown = match &self.shown {
            Shown::Certificate(certificate, key) => vec![certificate, key],
            Shown::Token(token) => vec![token],
        };
        shown.into_iter().chain(&self.authorities).cloned().collect()
    }

    /// Connections that show them. Seeds are known by their own names.
    pub fn upstreams(&self, seeds: &[SmolStr]) -> Result<Upstreams, Error> {
        let settings = self.settings();
        let settings = settings.map_err(|error| Error::flag("tier-client-cert-file", error))?;
        let upstreams = Upstreams::new(settings);
        Ok(match &self.server_name {
            Some(name) => upstreams.known_as(name.clone(), seeds),
            None => upstreams,
        })
    }

    /// The files, which count anew for connections from then on.
    pub fn watched(&self, upstreams: &Upstreams, named: &Arc<ArcSwap<HeaderMap>>) -> Watched {
        let (upstreams, named, files) = (upstreams.clone(), named.clone(), self.clone());
        Watched::new("what the other tiers are shown", self.paths(), move || {
            let settings = files.settings().map_err(|error| error.to_string())?;
            let mut headers = HeaderMap::clone(&named.load());
            files.name(&mut headers)?;
            upstreams.exchange_tls(settings);
            named.store(Arc::new(headers));
            Ok(())
        })
    }

    /// Puts a token into headers, if that is what is shown.
    pub(super) fn name(&self, headers: &mut HeaderMap) -> Result<(), String> {
        let Shown::Token(path) = &self.shown else {
            return Ok(());
        };
        let text = client::read_file(path).map_err(|error| error.to_string())?;
        let token = [b"Bearer ", text.trim_ascii()].concat();
        let mut token = HeaderValue::from_bytes(&token).map_err(|_| "the token cannot be sent".to_owned())?;
        token.set_sensitive(true);
        headers.insert(header::AUTHORIZATION, token);
        Ok(())
    }

    fn settings(&self) -> Result<rustls::ClientConfig, client::Error> {
        let identity = match &self.shown {
            Shown::Certificate(certificate, key) => {
                Some((client::read_file(certificate)?, client::read_file(key)?))
            }
            Shown::Token(_) => None,
        };
        client::tls_config(&Trust {
            authorities: Some(self.read_authorities()?),
            identity,
            server_name: None,
        })
    }

    /// All authorities as one file.
    fn read_authorities(&self) -> Result<Vec<u8>, client::Error> {
        let files = self.authorities.iter().map(|path| client::read_file(path));
        let files = files.collect::<Result<Vec<_>, _>>()?;
        // A file need not end with a line's end.
        Ok(files.join(&b'\n'))
    }
}
