//! Everything that decides on access, as the filters and the request tier share it.

use std::sync::Arc;

use crate::authenticate::Tokens;
use crate::authenticate::service_account::documents::Published;
use crate::authenticate::service_account::mint::Minter;
use crate::authorize::Chain;
use crate::authorize::rbac::Rbac;

/// The deciders. Clones share them.
#[derive(Clone, Debug)]
pub struct Access {
    /// Whether a user may.
    pub chain: Arc<Chain>,
    /// Roles and bindings, for the checks on writes of them; they are kept whether the chain has them or not.
    pub rbac: Arc<Rbac>,
    /// Whose token it is.
    pub tokens: Arc<Tokens>,
    /// Makes tokens of service accounts, where there is a key.
    pub minter: Option<Arc<Minter>>,
    /// For those who check such tokens elsewhere.
    pub documents: Option<Arc<Published>>,
}

impl Default for Access {
    /// Nobody but `system:masters` may anything, and no token is known.
    fn default() -> Self {
        Self {
            chain: Arc::new(Chain::new(Vec::new())),
            rbac: Arc::default(),
            tokens: Arc::new(Tokens::new(Vec::new(), Vec::new())),
            minter: None,
            documents: None,
        }
    }
}
