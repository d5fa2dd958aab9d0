//! Keeps files fresh that count while the server runs: keys, certificates, configuration of access. What changed is read again;
//! what cannot be used is logged, and what was read before stays. Our own certificate is renewed before it ends.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use auth::metrics::{Reloads, digest};
use serve::pki;
use serve::shutdown::Shutdown;
use serve::tls::{ClientAuthority, ServingCertificate};

/// How often files are looked at.
const INTERVAL: Duration = Duration::from_secs(1);
/// How often our own certificate is.
const RENEWAL_INTERVAL: Duration = Duration::from_secs(60);

/// What to renew; `None` for certificates that were given.
pub type Own = Option<(pki::Files, pki::Names)>;

/// Files, and how they are read again.
pub struct Watched {
    what: &'static str,
    paths: Vec<PathBuf>,
    read: Box<dyn FnMut() -> Result<(), String> + Send>,
    counted: Option<Reloads>,
    /// What was read last; `None` before the first look. Files may change between the start, which reads them too, and that.
    seen: Option<String>,
}

impl Watched {
    /// Files that were read at the start; `read` reads them again.
    pub fn new(
        what: &'static str,
        paths: Vec<PathBuf>,
        read: impl FnMut() -> Result<(), String> + Send + 'static,
    ) -> Self {
        Self {
            what,
            paths,
            read: Box::new(read),
            counted: None,
            seen: None,
        }
    }

    /// The authorities of certificates.
    pub fn authority(what: &'static str, authority: Arc<ClientAuthority>) -> Self {
        let paths = authority.paths().to_vec();
        Self::new(what, paths, move || {
            authority.reload().map_err(|error| error.to_string())
        })
    }

    /// The server's certificate and its key.
    pub fn certificate(certificate: Arc<ServingCertificate>) -> Self {
        let paths = certificate.paths().map(Path::to_owned).to_vec();
        Self::new("the serving certificate", paths, move || {
            certificate.reload().map_err(|error| error.to_string())
        })
    }

    /// Counts what is read from now on.
    pub fn counted(self, numbers: Reloads) -> Self {
        numbers.set_hash(&content(&self.paths));
        Self {
            counted: Some(numbers),
            ..self
        }
    }

    /// Reads the files again if they changed. The first look reads them whatever they hold, and counts as part of the start.
    fn look(&mut self) {
        let now = content(&self.paths);
        let before = self.seen.replace(now.clone());
        if before.as_ref() == Some(&now) {
            return;
        }
        let outcome = catch_unwind(AssertUnwindSafe(&mut self.read));
        let outcome = outcome.unwrap_or_else(|_| Err("reading it failed, which is a bug".to_owned()));
        match &outcome {
            Ok(()) if before.is_none() => tracing::debug!(what = self.what, "looked at"),
            Ok(()) => tracing::info!(what = self.what, "read again"),
            Err(why) => tracing::warn!(what = self.what, why, "stays as it was"),
        }
        if let Some(numbers) = self.counted.as_ref().filter(|_| before.is_some()) {
            numbers.count(outcome.is_ok());
            if outcome.is_ok() {
                numbers.set_hash(&now);
            }
        }
    }
}

/// What files hold, as a digest. A file that cannot be read has nothing in it.
fn content(paths: &[PathBuf]) -> String {
    let mut all = Vec::new();
    for path in paths {
        all.extend(std::fs::read(path).unwrap_or_default());
    }
    digest(&all)
}

/// Looks at the files and renews until the server stops.
pub async fn keep_fresh(mut watched: Vec<Watched>, own: Own, shutdown: Shutdown) {
    let mut renewed = Instant::now();
    while tokio::time::timeout(INTERVAL, shutdown.requested())
        .await
        .is_err()
    {
        let due = own.clone().filter(|_| renewed.elapsed() >= RENEWAL_INTERVAL);
        if due.is_some() {
            renewed = Instant::now();
        }
        let done = tokio::task::spawn_blocking(move || {
            renew(due);
            watched.iter_mut().for_each(Watched::look);
            watched
        });
        match done.await {
            Ok(back) => watched = back,
            Err(panic) => {
                tracing::error!(%panic, "files are not looked at any more");
                return;
            }
        }
    }
}

fn renew(own: Own) {
    if let Some((files, names)) = own
        && let Err(error) = files.ensure(&names)
    {
        tracing::warn!(%error, "the serving certificate stays as it was");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU32, Ordering};

    #[test]
    fn what_changed_is_read_once() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("file");
        std::fs::write(&path, "one").expect("written");
        let (count, counted) = (Arc::new(AtomicU32::new(0)), Reloads::new("x"));
        let reads = count.clone();
        let read = move || match reads.fetch_add(1, Ordering::Relaxed) {
            1 => Err("no good".to_owned()),
            2 => panic!("a bug"),
            _ => Ok(()),
        };
        let mut watched = Watched::new("a file", vec![path.clone()], read).counted(counted);
        let mut reads_after = |text: Option<&str>| {
            match text {
                Some(text) => std::fs::write(&path, text).expect("written"),
                None => std::fs::remove_file(&path).expect("removed"),
            }
            watched.look();
            watched.look();
            count.load(Ordering::Relaxed)
        };
        assert_eq!(reads_after(Some("one")), 1, "it may have changed since the start");
        assert_eq!(
            reads_after(Some("two")),
            2,
            "bad content is not tried again and again"
        );
        assert_eq!(reads_after(Some("three")), 3);
        assert_eq!(reads_after(None), 4, "a bug in reading does not end it");
    }
}
