//! A bearer token in a file that somebody else writes anew before it ends, as kubelets do for the tokens of pods.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use super::{Error, read_file};
use crate::limits::TOKEN_FILE_FRESH;

/// The file, and what it held when it was last looked at.
#[derive(Debug)]
pub struct TokenFile {
    path: PathBuf,
    known: Mutex<Known>,
}

struct Known {
    token: Arc<str>,
    looked: Instant,
}

impl std::fmt::Debug for Known {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Known").finish_non_exhaustive()
    }
}

impl TokenFile {
    /// Reads it for the first time.
    ///
    /// # Errors
    /// It cannot be read, or is not text.
    pub fn read(path: PathBuf) -> Result<Self, Error> {
        let token = token(&path)?;
        Ok(Self {
            path,
            known: Mutex::new(Known {
                token,
                looked: Instant::now(),
            }),
        })
    }

    /// The token, looked at again now and then. What cannot be read leaves the one before.
    pub fn token(&self) -> Arc<str> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.looked.elapsed() >= TOKEN_FILE_FRESH {
            known.looked = Instant::now();
            match token(&self.path) {
                Ok(token) => known.token = token,
                Err(error) => tracing::warn!(%error, "a token is not read again"),
            }
        }
        known.token.clone()
    }
}

fn token(path: &std::path::Path) -> Result<Arc<str>, Error> {
    let text = String::from_utf8(read_file(path)?);
    let text =
        text.map_err(|_| Error::Configuration(format!("{}: the token is not text", path.display())))?;
    Ok(text.trim().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_read_again_and_kept_while_it_cannot_be() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("token");
        std::fs::write(&path, "one\n").expect("ours");
        let file = TokenFile::read(path.clone()).expect("it is there");
        assert_eq!(&*file.token(), "one");
        let again = || {
            let past = Instant::now()
                .checked_sub(TOKEN_FILE_FRESH)
                .expect("the machine runs longer");
            file.known.lock().expect("no panic").looked = past;
            file.token()
        };
        std::fs::write(&path, "two").expect("ours");
        assert_eq!(&*file.token(), "one", "it is not looked at each time");
        assert_eq!(&*again(), "two");
        std::fs::remove_file(&path).expect("ours");
        assert_eq!(&*again(), "two");
        assert!(TokenFile::read(path).is_err());
    }
}
