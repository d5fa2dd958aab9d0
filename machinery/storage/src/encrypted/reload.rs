//! A changed encryption configuration, taken over without a restart.
//! The first configuration is read by whoever opens the store; an error there ends the start.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use sha2::{Digest, Sha256};

use super::Encrypted;
use super::config::FILE_BYTES_MAX;

/// How often the file is looked at (the reference's interval).
pub const INTERVAL: Duration = Duration::from_secs(60);

/// A configuration file as it was read.
pub struct File {
    /// Its text; it holds keys.
    pub text: Vec<u8>,
    hash: [u8; 32],
}

impl File {
    /// Reads it.
    ///
    /// # Errors
    /// When it cannot be read, is empty or larger than [`FILE_BYTES_MAX`].
    pub fn read(path: &Path) -> io::Result<Self> {
        let refused = |why: &str| Err(io::Error::new(io::ErrorKind::InvalidData, why));
        match std::fs::metadata(path)?.len() {
            0 => return refused("the file is empty"),
            bytes if bytes > FILE_BYTES_MAX => return refused("the file is too large"),
            _ => {}
        }
        let text = std::fs::read(path)?;
        let hash = Sha256::digest(&text).into();
        Ok(Self { text, hash })
    }
}

/// Looks at the file once an interval and takes over what is new and good; what is not is told once and changes nothing.
/// It runs until it is dropped.
pub async fn run(store: Arc<Encrypted>, path: PathBuf, first: File, interval: Duration) {
    let mut last = first.hash;
    drop(first);
    loop {
        tokio::time::sleep(interval).await;
        let file = match File::read(&path) {
            Ok(file) if file.hash == last => continue,
            Ok(file) => file,
            Err(error) => {
                tracing::warn!(path = %path.display(), %error, "the encryption configuration cannot be read");
                continue;
            }
        };
        last = file.hash;
        match store.reconfigure(&file.text) {
            Ok(()) => tracing::info!(path = %path.display(), "a new encryption configuration is in use"),
            Err(error) => tracing::warn!(
                path = %path.display(), %error, "the new encryption configuration is not used: the last one stays"
            ),
        }
    }
}
