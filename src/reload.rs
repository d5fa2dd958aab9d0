//! Keeps certificates fresh: our own is renewed before it ends, and files that change are read again, those of clients' and
//! proxies' authorities too.

use std::sync::Arc;
use std::time::Duration;

use serve::pki;
use serve::shutdown::Shutdown;
use serve::tls::{ClientAuthority, ServingCertificate};

/// How often files are looked at.
const INTERVAL: Duration = Duration::from_secs(60);

/// Reads something else again; the error says why it stays as it was.
pub type Exchange = Arc<dyn Fn() -> Result<(), String> + Send + Sync>;

/// What is kept fresh.
#[derive(Clone)]
pub struct Files {
    /// What clients are shown.
    pub certificate: Arc<ServingCertificate>,
    /// What to renew before reading; `None` for certificates that were given.
    pub own: Option<(pki::Files, pki::Names)>,
    /// Of clients and proxies.
    pub authorities: Vec<Arc<ClientAuthority>>,
    /// What else there is.
    pub exchange: Option<Exchange>,
}

/// Renews and reads again until the server stops. A file that cannot be used is logged, and what it had before stays.
pub async fn keep_fresh(files: Files, shutdown: Shutdown) {
    while tokio::time::timeout(INTERVAL, shutdown.requested())
        .await
        .is_err()
    {
        let files = files.clone();
        let done = tokio::task::spawn_blocking(move || files.refresh()).await;
        if let Err(panic) = done {
            tracing::error!(%panic, "certificates stay as they were");
        }
    }
}

impl Files {
    fn refresh(&self) {
        for authority in &self.authorities {
            if let Err(error) = authority.reload() {
                tracing::warn!(%error, "the authorities of clients stay as they were");
            }
        }
        if let Err(error) = self.refresh_certificate() {
            tracing::warn!(error, "the serving certificate stays as it was");
        }
        if let Some(Err(error)) = self.exchange.as_ref().map(|exchange| exchange()) {
            tracing::warn!(error, "what the other tiers are shown stays as it was");
        }
    }

    fn refresh_certificate(&self) -> Result<(), String> {
        if let Some((files, names)) = &self.own {
            files.ensure(names).map_err(|error| error.to_string())?;
        }
        self.certificate.reload().map_err(|error| error.to_string())
    }
}
