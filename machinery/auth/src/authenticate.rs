//! Who makes a request: authenticators of tokens, asked in order, the first that knows the user wins; the front proxy's headers;
//! who may come without credentials. Client certificates are judged by the TLS library and read in [`crate::certificate`].

pub mod anonymous;
pub mod bootstrap;
pub mod configuration;
pub mod front_proxy;
pub mod oidc;
pub mod service_account;
mod tokens;
pub mod webhook;

use smol_str::SmolStr;

use crate::User;

pub use tokens::{Authenticator, Tokens};

/// A user, and for whom the token that names it was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authenticated {
    /// Who.
    pub user: User,
    /// Those of the wanted audiences that the token is for.
    pub audiences: Vec<SmolStr>,
    /// From when on the token is refused (seconds since 1970), if it says so.
    pub until: Option<i64>,
}

/// What one authenticator says to a token: nothing, if it is none of its tokens; an error, if it is one and not good.
pub type Outcome = Result<Option<Authenticated>, String>;

/// The audiences that are in both, in the order of the first.
pub fn common(of_token: &[SmolStr], wanted: &[SmolStr]) -> Vec<SmolStr> {
    of_token
        .iter()
        .filter(|audience| wanted.contains(audience))
        .cloned()
        .collect()
}

/// The time as tokens have it.
pub fn unix_seconds() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.map_or(0, |since| i64::try_from(since.as_secs()).unwrap_or(i64::MAX))
}

/// Whether two secrets are equal, found in a time that depends on their lengths only.
pub fn same_secret(one: &[u8], other: &[u8]) -> bool {
    aws_lc_rs::constant_time::verify_slices_are_equal(one, other).is_ok()
}
