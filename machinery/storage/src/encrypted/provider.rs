//! Which cipher and key reads a stored value and which one writes: by the prefixes that values carry.
//! Resources have such chains of providers by [`super::transformers`].

use std::sync::Arc;

use bytes::Bytes;

use super::Failure;
use super::cipher::{Cipher, Kind};

/// What all encrypted values begin with.
const ENCRYPTED: &[u8] = b"k8s:enc:";
/// The reference's words for a value that no provider's prefix matches.
const NO_PREFIX: Failure = Failure::new("no matching prefix found");
/// The reference's words for an encrypted value of a resource for which no encryption is configured.
const NOT_PLAIN: Failure = Failure::new("identity transformer tried to read encrypted data");

/// One provider of the configuration.
pub(super) enum Provider {
    /// Values as they are.
    Identity,
    /// Encrypted values.
    Keys(Keyring),
}

/// A provider's keys by their names; the first one writes.
pub(super) struct Keyring {
    /// Of all of them.
    pub(super) kind: Kind,
    /// Never empty. Each name ends in a colon here, as it stands in a value.
    pub(super) keys: Vec<(String, Cipher)>,
}

/// A value as it is read.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Opened {
    /// The plain value.
    pub(super) value: Bytes,
    /// Another key or provider than the first one has read it.
    pub(super) stale: bool,
}

/// Reads with the first provider that can; writes with the first of all. Without providers values are plain.
pub(super) fn open(providers: &[Arc<Provider>], key: &[u8], stored: &Bytes) -> Result<Opened, Failure> {
    if providers.is_empty() {
        return plain(stored).ok_or(NOT_PLAIN);
    }
    let mut failures = Vec::new();
    for (at, provider) in providers.iter().enumerate() {
        let found = match &**provider {
            // What is encrypted is for the others.
            Provider::Identity => plain(stored).map(Ok),
            Provider::Keys(keyring) => keyring.open(key, stored),
        };
        match found {
            Some(Ok(opened)) => {
                return Ok(Opened {
                    stale: opened.stale || at > 0,
                    ..opened
                });
            }
            // Providers of one kind share a prefix: the next one may have the key.
            Some(Err(failure)) => failures.push(failure),
            None => {}
        }
    }
    Err(Failure::all(failures).unwrap_or(NO_PREFIX))
}

/// The value as it is to be stored.
pub(super) fn seal(providers: &[Arc<Provider>], key: &[u8], value: Bytes) -> Result<Bytes, Failure> {
    match providers.first().map(|first| &**first) {
        None | Some(Provider::Identity) => Ok(value),
        Some(Provider::Keys(keyring)) => keyring.seal(key, &value),
    }
}

fn plain(stored: &Bytes) -> Option<Opened> {
    (!stored.starts_with(ENCRYPTED)).then(|| Opened {
        value: stored.clone(),
        stale: false,
    })
}

impl Keyring {
    /// `None` for a value of another kind.
    fn open(&self, key: &[u8], stored: &[u8]) -> Option<Result<Opened, Failure>> {
        let named = stored.strip_prefix(self.kind.prefix().as_bytes())?;
        let mut failures = Vec::new();
        for (at, (name, cipher)) in self.keys.iter().enumerate() {
            let Some(sealed) = named.strip_prefix(name.as_bytes()) else {
                continue;
            };
            match cipher.open(key, sealed) {
                Ok(value) => {
                    return Some(Ok(Opened {
                        value: value.into(),
                        stale: at > 0,
                    }));
                }
                Err(failure) => failures.push(failure),
            }
        }
        Some(Err(
            Failure::all(failures).unwrap_or(Failure::new(self.kind.no_key()))
        ))
    }

    fn seal(&self, key: &[u8], value: &[u8]) -> Result<Bytes, Failure> {
        let (name, cipher) = self.keys.first().ok_or(Failure::new(self.kind.no_key()))?;
        let mut out = Vec::with_capacity(self.kind.prefix().len() + name.len() + value.len() + 64);
        out.extend_from_slice(self.kind.prefix().as_bytes());
        out.extend_from_slice(name.as_bytes());
        cipher.seal(key, value, &mut out)?;
        Ok(out.into())
    }
}
