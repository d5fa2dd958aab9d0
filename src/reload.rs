//! Keeps certificates fresh: our own is renewed before it ends, and files that change are read again, those of clients' and
//! proxies' authorities too.

use std::sync::Arc;
use std::time::Duration;

use serve::pki;
use serve::shutdown::Shutdown;
use serve::tls::{ClientAuthority, ServingCertificate};

/// How often files are looked at.
const INTERVAL: Duration = Duration::from_secs(60);

/// What to renew before reading; `None` for certificates that were given.
pub type Own = Option<(pki::Files, pki::Names)>;

/// Renews and reads again until the server stops. A file that cannot be used is logged, and the old certificate stays.
pub async fn keep_fresh(
    certificate: Arc<ServingCertificate>,
    own: Own,
    authorities: Vec<Arc<ClientAuthority>>,
    shutdown: Shutdown,
) {
    while tokio::time::timeout(INTERVAL, shutdown.requested())
        .await
        .is_err()
    {
        let (certificate, own, authorities) = (certificate.clone(), own.clone(), authorities.clone());
        let done = tokio::task::spawn_blocking(move || {
            for authority in authorities {
                if let Err(error) = authority.reload() {
                    tracing::warn!(%error, "the authorities of clients stay as they were");
                }
            }
            refresh(&certificate, own.as_ref())
        })
        .await;
        match done {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(error, "the serving certificate stays as it was"),
            Err(panic) => tracing::error!(%panic, "the serving certificate stays as it was"),
        }
    }
}

fn refresh(certificate: &ServingCertificate, own: Option<&(pki::Files, pki::Names)>) -> Result<(), String> {
    if let Some((files, names)) = own {
        files.ensure(names).map_err(|error| error.to_string())?;
    }
    certificate.reload().map_err(|error| error.to_string())
}
