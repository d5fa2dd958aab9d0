//! Making tokens of service accounts: what a TokenRequest asks for, signed.

use std::sync::Arc;

use arc_swap::ArcSwap;
use object::meta;
use rand::RngExt;
use schema::{Map, Value, tree};
use smol_str::SmolStr;

use super::{CLAIM, user_name};
use crate::jwt::keys::SigningKey;

/// The shortest life of a token, in seconds.
pub const EXPIRATION_SECONDS_MIN: i64 = 600;
/// The longest.
pub const EXPIRATION_SECONDS_MAX: i64 = 1 << 32;
/// Unless asked for another.
pub const EXPIRATION_SECONDS_DEFAULT: i64 = 3_600;
/// Tokens of pods that were asked for with this life live longer, so that clients that never read them again go on working.
const WARNED_SECONDS: i64 = 3_607;
/// How much longer: a year.
const EXTENDED_SECONDS: i64 = 365 * 24 * 3_600;

/// Signs tokens as an issuer. The key can be exchanged meanwhile.
#[derive(Debug)]
pub struct Minter {
    issuer: SmolStr,
    key: ArcSwap<SigningKey>,
    extends: bool,
}

/// What a token is bound to beside the account.
#[derive(Clone, Copy, Debug, Default)]
pub struct Bound<'a> {
    /// A pod of the account's namespace.
    pub pod: Option<&'a Value>,
    /// A secret of the account's namespace.
    pub secret: Option<&'a Value>,
    /// A node: the one asked for, or the pod's.
    pub node: Option<&'a Value>,
}

/// A token.
#[derive(Clone, Debug)]
pub struct Minted {
    /// The secret itself.
    pub token: String,
    /// Its id.
    pub id: SmolStr,
    /// When it should be renewed at the latest (seconds since 1970), which is what its owner is told.
    pub expires: i64,
}

impl Minter {
    /// As this issuer, with this key. `extends` is `--service-account-extend-token-expiration`.
    pub fn new(issuer: impl Into<SmolStr>, key: SigningKey, extends: bool) -> Self {
        Self {
            issuer: issuer.into(),
            key: ArcSwap::from_pointee(key),
            extends,
        }
    }

    /// Signs with another key from now on.
    pub fn set_key(&self, key: SigningKey) {
        self.key.store(Arc::new(key));
    }

    /// A token of an account, from `now` on for `seconds`.
    pub fn mint(
        &self,
        account: &Value,
        bound: Bound<'_>,
        audiences: &[SmolStr],
        seconds: i64,
        now: i64,
    ) -> Result<Minted, String> {
        let expires = now + seconds;
        let extended = self.extends && bound.pod.is_some() && seconds == WARNED_SECONDS;
        let (namespace, name) = (meta::of(account).namespace(), meta::of(account).name());
        let mut own = Map::new();
        own.insert("namespace", namespace);
        own.insert("serviceaccount", reference(account));
        let objects = [("pod", bound.pod), ("secret", bound.secret), ("node", bound.node)];
        for (kind, object) in objects
            .into_iter()
            .filter_map(|(kind, object)| Some((kind, object?)))
        {
            own.insert(kind, reference(object));
        }
        if extended {
            own.insert("warnafter", expires);
        }
        let id = random_id();
        let audiences = Value::List(audiences.iter().cloned().map(Value::from).collect());
        let mut claims = tree!({
            "aud": audiences,
            "exp": (if extended { now + EXTENDED_SECONDS } else { expires }),
            "iat": now,
            "iss": (self.issuer.clone()),
            "jti": (id.clone()),
            "nbf": now,
            "sub": (user_name(namespace, name)),
        });
        if let Some(map) = claims.as_map_mut() {
            map.insert(CLAIM, own);
        }
        Ok(Minted {
            token: self.key.load().token(&claims)?,
            id,
            expires,
        })
    }
}

fn reference(object: &Value) -> Value {
    let mut reference = tree!({"name": (meta::of(object).name())});
    let uid = meta::of(object).uid();
    if let Some(map) = reference.as_map_mut().filter(|_| !uid.is_empty()) {
        map.insert("uid", uid);
    }
    reference
}

fn random_id() -> SmolStr {
    uuid::Builder::from_random_bytes(rand::rng().random())
        .into_uuid()
        .to_string()
        .into()
}
