//! Why the server cannot start or had to end: one line for whoever started it.

use std::path::PathBuf;

use router::identity::NamesNobody;

/// An error that ends the process.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A flag's value.
    #[error("--{flag}: {why}")]
    Flag {
        /// Without dashes.
        flag: &'static str,
        /// What is wrong with it.
        why: String,
    },
    /// A file that a flag names.
    #[error("--{flag}: {}: {source}", path.display())]
    File {
        /// Without dashes.
        flag: &'static str,
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The data folder.
    #[error("the data folder {}: {source}", path.display())]
    Folder {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Roles and what else decides on access.
    #[error("cannot read what decides on access: {0}")]
    Access(String),
    /// Certificates of our own.
    #[error("cannot make certificates: {0}")]
    Pki(#[from] serve::pki::Error),
    /// Certificates that were given.
    #[error("cannot use the certificate: {0}")]
    Tls(#[from] serve::tls::Error),
    /// The address.
    #[error(transparent)]
    Listen(#[from] serve::server::Error),
    /// The store.
    #[error("the store at {place}: {source}")]
    Store {
        /// Folder or endpoints.
        place: String,
        /// Why.
        source: storage::Error,
    },
    /// Certificates for a system on many machines.
    #[error("{0}")]
    Certificates(String),
    /// A server that is not well.
    #[error("{0}")]
    Probe(String),
    /// A system of several processes.
    #[error("{0}")]
    Up(String),
    /// Threads or signals.
    #[error("cannot start: {0}")]
    Runtime(std::io::Error),
}

impl Error {
    /// About a flag.
    pub fn flag(flag: &'static str, why: impl ToString) -> Self {
        Self::Flag {
            flag,
            why: why.to_string(),
        }
    }
}

impl From<NamesNobody> for Error {
    fn from(error: NamesNobody) -> Self {
        Self::flag("requestheader-username-headers", error)
    }
}
