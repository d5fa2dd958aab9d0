//! JSON web tokens in compact form: taking them apart, checking signatures, making them. What their claims mean is for those
//! who know the issuer.

mod algorithm;
pub mod keys;
mod pem;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use schema::{Value, json};
use smol_str::SmolStr;

use crate::limits::TOKEN_BYTES_MAX;
pub use algorithm::Algorithm;
use keys::PublicKey;

/// How far clocks may be apart, in seconds.
pub const LEEWAY_SECONDS: i64 = 60;

/// A token taken apart; nothing of it is proven yet.
#[derive(Debug)]
pub struct Unverified<'a> {
    signed: &'a str,
    signature: &'a str,
    /// As its header says; nothing but signatures with public keys is known here.
    algorithm: Option<Algorithm>,
    /// Which key, if it says so.
    pub key_id: SmolStr,
    /// What it claims.
    pub claims: Value,
}

/// Why a signature does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// None of the keys has made it.
    #[error("the token was not signed by any known key")]
    Signature,
    /// `none`, a shared secret, or nothing known.
    #[error("the token's signature algorithm is not accepted")]
    Algorithm,
}

impl<'a> Unverified<'a> {
    /// Takes a token apart; `None` if it has not the form of one.
    pub fn parse(token: &'a str) -> Option<Self> {
        if token.len() > TOKEN_BYTES_MAX {
            return None;
        }
        let (signed, signature) = token.rsplit_once('.')?;
        let (header, claims) = signed.split_once('.')?;
        if claims.contains('.') {
            return None;
        }
        let (header, claims) = (object(header)?, object(claims)?);
        // A token with demands that are not understood here must be refused (RFC 7515).
        if header.get("crit").is_some() {
            return None;
        }
        Some(Self {
            signed,
            signature,
            algorithm: Algorithm::of_name(header.str_at(&["alg"])?),
            key_id: header.str_at(&["kid"]).unwrap_or_default().into(),
            claims,
        })
    }

    /// Who says to have issued it.
    pub fn issuer(&self) -> &str {
        self.claims.str_at(&["iss"]).unwrap_or_default()
    }

    /// Whether one of the keys signed it. With a key id only keys of that id are tried, if there are any.
    pub fn verify<'k>(&self, keys: impl Iterator<Item = &'k PublicKey> + Clone) -> Result<(), Error> {
        let algorithm = self.algorithm.ok_or(Error::Algorithm)?;
        let named = |key: &&PublicKey| !self.key_id.is_empty() && key.id == self.key_id;
        let signed_by =
            |key: &PublicKey| key.accepts(algorithm) && key.verify(self.signed, self.signature, algorithm);
        let is_good = match keys.clone().any(|key| named(&key)) {
            true => keys.clone().filter(named).any(signed_by),
            false => keys.clone().any(signed_by),
        };
        if is_good { Ok(()) } else { Err(Error::Signature) }
    }

    /// The algorithm, as the header names it.
    pub fn algorithm(&self) -> Option<Algorithm> {
        self.algorithm
    }

    /// For whom it is: one audience or several.
    pub fn audiences(&self) -> Vec<SmolStr> {
        match self.claims.get("aud") {
            Some(Value::String(one)) => vec![one.clone()],
            Some(Value::List(many)) => many.iter().filter_map(Value::as_str).map(SmolStr::new).collect(),
            _ => Vec::new(),
        }
    }

    /// A time among the claims; fractions of a second are cut.
    pub fn time(&self, claim: &str) -> Option<i64> {
        match self.claims.get(claim)? {
            Value::Int(seconds) => Some(*seconds),
            Value::Float(seconds) if seconds.is_finite() => Some(*seconds as i64),
            _ => None,
        }
    }

    /// Whether a claim of time is there and cannot be read.
    pub fn has_broken_times(&self) -> bool {
        let broken = |claim: &&str| self.claims.get(claim).is_some() && self.time(claim).is_none();
        ["exp", "nbf", "iat"].iter().any(broken)
    }
}

fn object(part: &str) -> Option<Value> {
    let bytes = URL_SAFE_NO_PAD.decode(part).ok()?;
    let value = json::parse(&bytes).ok()?;
    value.as_map().is_some().then_some(value)
}
