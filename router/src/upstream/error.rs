//! Why a request has no answer. Whether it may be sent again is the exchange's to say.

use smol_str::SmolStr;

/// Why a request has no answer.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No connection.
    #[error("{address}: {why}")]
    Connect {
        /// Of whom.
        address: SmolStr,
        /// Why.
        why: String,
    },
    /// No member is known.
    #[error("there is nobody to ask")]
    Nobody,
    /// All connections that it may have are full.
    #[error("{0} has too many requests under way")]
    Full(SmolStr),
    /// The exchange broke off before there was an answer.
    #[error(transparent)]
    Broken(#[from] h2::Error),
    /// The same on HTTP/1.1.
    #[error(transparent)]
    Http1(#[from] hyper::Error),
}
