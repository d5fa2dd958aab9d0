//! Keeps the serving certificate fresh: our own is renewed before it ends, and files that change are read again.

use std::sync::Arc;
use std::time::Duration;

use serve::pki;
use serve::shutdown::Shutdown;
use serve::tls::ServingCertificate;

/// How often files are looked at.
const INTERVAL: Duration = Duration::from_secs(60);

/// What to renew before reading; `None` for certificates that were given.
pub type Own = Option<(pki::Files, pki::Names)>;

/// Renews and reads again until the server stops. A file that cannot be used is logged, and the old certificate stays.
pub async fn keep_fresh(certificate: Arc<ServingCertificate>, own: Own, shutdown: Shutdown) {
    while tokio::time::timeout(INTERVAL, shutdown.requested())
        .await
        .is_err()
    {
        let (certificate, own) = (certificate.clone(), own.clone());
        let done = tokio::task::spawn_blocking(move || refresh(&certificate, own.as_ref())).await;
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
