//! What can end a run before it has a result. Wrong deliveries are not errors: they are the result.

use std::path::PathBuf;

/// Why there is no result.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file cannot be read or written.
    #[error("{path}: {source}")]
    File {
        /// Which one.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The kubeconfig lacks something or has what is not supported.
    #[error("kubeconfig: {0}")]
    Kubeconfig(String),
    /// The server is not on this machine, and nothing says that this is meant.
    #[error("{0} is not a loopback address; give --allow-remote if this server is meant to be loaded")]
    Remote(String),
    /// The options contradict each other or the limits.
    #[error("{0}")]
    Options(String),
    /// A connection cannot be made.
    #[error("connection to {address}: {reason}")]
    Connect {
        /// To where.
        address: String,
        /// Why not.
        reason: String,
    },
    /// A request failed on its way.
    #[error("{request}: {reason}")]
    Request {
        /// Method and path.
        request: String,
        /// What went wrong.
        reason: String,
    },
    /// A request was answered with what the run cannot go on with.
    #[error("{request}: HTTP {status}: {body}")]
    Status {
        /// Method and path.
        request: String,
        /// The status code.
        status: u16,
        /// The beginning of the answer.
        body: String,
    },
    /// Something did not come about in time.
    #[error("{0} within {1:?}")]
    Late(String, std::time::Duration),
    /// A process cannot be looked at.
    #[error("process {pid}: {reason}")]
    Process {
        /// Its id.
        pid: u32,
        /// What is wrong.
        reason: String,
    },
}

impl Error {
    /// A failed request, with the cause in its own words.
    pub fn request(request: &str, reason: impl std::fmt::Display) -> Self {
        Self::Request {
            request: request.to_owned(),
            reason: reason.to_string(),
        }
    }

    /// A file that cannot be read or written.
    pub fn file(path: impl Into<PathBuf>, source: std::io::Error) -> Self {
        Self::File {
            path: path.into(),
            source,
        }
    }
}
