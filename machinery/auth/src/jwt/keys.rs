//! Keys that sign tokens and keys that check them. A key knows for which algorithms it is: a token cannot choose.

use std::sync::Arc;

use arc_swap::ArcSwap;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, ECDSA_P521_SHA512_FIXED_SIGNING,
    EcdsaKeyPair, EcdsaSigningAlgorithm, RSA_PKCS1_SHA256, RsaPublicKeyComponents, UnparsedPublicKey,
};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use schema::{Value, json, tree};
use sha2::{Digest, Sha256};
use smol_str::SmolStr;
use x509_parser::prelude::FromDer;
use x509_parser::public_key::PublicKey as Parsed;
use x509_parser::x509::SubjectPublicKeyInfo;

use super::algorithm::{Algorithm, Check};
use super::pem;

/// Smaller RSA keys are not taken.
const RSA_BITS_MIN: usize = 1024;

/// A key that checks signatures.
#[derive(Clone)]
pub struct PublicKey {
    /// Its id: a digest of the key for ours, what the issuer says for others.
    pub id: SmolStr,
    numbers: Numbers,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Numbers {
    Rsa { n: Vec<u8>, e: Vec<u8> },
    Ec { curve: Curve, x: Vec<u8>, y: Vec<u8> },
    Ed { x: Vec<u8> },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Curve {
    P256,
    P384,
    P521,
}

impl Curve {
    const ALL: [Self; 3] = [Self::P256, Self::P384, Self::P521];

    fn name(self) -> &'static str {
        match self {
            Self::P256 => "P-256",
            Self::P384 => "P-384",
            Self::P521 => "P-521",
        }
    }

    /// Bytes of a coordinate.
    fn size(self) -> usize {
        match self {
            Self::P256 => 32,
            Self::P384 => 48,
            Self::P521 => 66,
        }
    }

    fn algorithm(self) -> Algorithm {
        match self {
            Self::P256 => Algorithm::ES256,
            Self::P384 => Algorithm::ES384,
            Self::P521 => Algorithm::ES512,
        }
    }

    fn signing(self) -> &'static EcdsaSigningAlgorithm {
        match self {
            Self::P256 => &ECDSA_P256_SHA256_FIXED_SIGNING,
            Self::P384 => &ECDSA_P384_SHA384_FIXED_SIGNING,
            Self::P521 => &ECDSA_P521_SHA512_FIXED_SIGNING,
        }
    }
}

impl std::fmt::Debug for PublicKey {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("PublicKey")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

impl PublicKey {
    /// The keys of a PEM file: public keys, private keys, certificates.
    pub fn of_pem(pem: &[u8]) -> Result<Vec<Self>, String> {
        let keys = pem::public_keys(pem)?;
        if keys.is_empty() {
            return Err("no key in it".to_owned());
        }
        keys.iter().map(|key| Self::of_info(key)).collect()
    }

    /// Of a key set's member (RFC 7517); `None` if it is of a kind that is not used here, or not for signatures.
    pub fn of_jwk(jwk: &Value) -> Option<Self> {
        let text = |field: &str| jwk.str_at(&[field]);
        let number = |field: &str| URL_SAFE_NO_PAD.decode(text(field)?.trim_end_matches('=')).ok();
        if text("use").is_some_and(|purpose| purpose != "sig") {
            return None;
        }
        let numbers = match (text("kty")?, text("crv")) {
            ("RSA", _) => Numbers::Rsa {
                n: number("n")?,
                e: number("e")?,
            },
            ("EC", Some(curve)) => Numbers::Ec {
                curve: Curve::ALL.into_iter().find(|known| known.name() == curve)?,
                x: number("x")?,
                y: number("y")?,
            },
            ("OKP", Some("Ed25519")) => Numbers::Ed { x: number("x")? },
            _ => return None,
        };
        Self::new(text("kid").unwrap_or_default().into(), numbers).ok()
    }

    fn of_info(der: &[u8]) -> Result<Self, String> {
        let (_, info) = SubjectPublicKeyInfo::from_der(der).map_err(|error| error.to_string())?;
        let id = URL_SAFE_NO_PAD.encode(Sha256::digest(der));
        let numbers = match info.parsed().map_err(|error| error.to_string())? {
            Parsed::RSA(key) => Numbers::Rsa {
                n: trim(key.modulus),
                e: trim(key.exponent),
            },
            Parsed::EC(point) => ec_numbers(point.data())?,
            _ => {
                return Err(
                    "only RSA keys and keys of the curves P-256, P-384 and P-521 are known".to_owned(),
                );
            }
        };
        Self::new(id.into(), numbers)
    }

    fn new(id: SmolStr, numbers: Numbers) -> Result<Self, String> {
        match &numbers {
            Numbers::Rsa { n, .. } if n.len() * 8 < RSA_BITS_MIN => Err(format!(
                "RSA keys of fewer than {RSA_BITS_MIN} bits are not taken"
            )),
            Numbers::Ec { curve, x, y } if x.len() > curve.size() || y.len() > curve.size() => {
                Err(format!("a point that is not on {}", curve.name()))
            }
            _ => Ok(Self { id, numbers }),
        }
    }

    /// Whether it may check signatures of this algorithm.
    pub fn accepts(&self, algorithm: Algorithm) -> bool {
        match &self.numbers {
            Numbers::Rsa { .. } => matches!(algorithm.check(), Check::Rsa(_)),
            Numbers::Ec { curve, .. } => algorithm == curve.algorithm(),
            Numbers::Ed { .. } => algorithm == Algorithm::EdDSA,
        }
    }

    /// Whether it made a signature.
    pub fn verify(&self, signed: &str, signature: &str, algorithm: Algorithm) -> bool {
        let Ok(signature) = URL_SAFE_NO_PAD.decode(signature) else {
            return false;
        };
        let signed = signed.as_bytes();
        match (&self.numbers, algorithm.check()) {
            (Numbers::Rsa { n, e }, Check::Rsa(parameters)) => {
                let key = RsaPublicKeyComponents { n, e };
                key.verify(parameters, signed, &signature).is_ok()
            }
            (Numbers::Ec { curve, x, y }, Check::Other(check)) if algorithm == curve.algorithm() => {
                let point = [&[4][..], &padded(x, curve.size()), &padded(y, curve.size())].concat();
                UnparsedPublicKey::new(check, point)
                    .verify(signed, &signature)
                    .is_ok()
            }
            (Numbers::Ed { x }, Check::Other(check)) if algorithm == Algorithm::EdDSA => {
                UnparsedPublicKey::new(check, x)
                    .verify(signed, &signature)
                    .is_ok()
            }
            _ => false,
        }
    }

    /// The algorithm that it signs with at this server.
    pub fn own_algorithm(&self) -> Algorithm {
        match &self.numbers {
            Numbers::Rsa { .. } => Algorithm::RS256,
            Numbers::Ec { curve, .. } => curve.algorithm(),
            Numbers::Ed { .. } => Algorithm::EdDSA,
        }
    }

    /// As a member of a key set.
    pub fn to_jwk(&self) -> Value {
        let encoded = |number: &[u8]| Value::from(URL_SAFE_NO_PAD.encode(number));
        let mut jwk = tree!({"use": "sig", "kid": (self.id.clone()), "alg": (self.own_algorithm().name())});
        let fields: Vec<(&str, Value)> = match &self.numbers {
            Numbers::Rsa { n, e } => vec![("kty", "RSA".into()), ("n", encoded(n)), ("e", encoded(e))],
            Numbers::Ec { curve, x, y } => vec![
                ("kty", "EC".into()),
                ("crv", curve.name().into()),
                ("x", encoded(x)),
                ("y", encoded(y)),
            ],
            Numbers::Ed { x } => vec![
                ("kty", "OKP".into()),
                ("crv", "Ed25519".into()),
                ("x", encoded(x)),
            ],
        };
        if let Some(map) = jwk.as_map_mut() {
            fields
                .into_iter()
                .for_each(|(name, value)| drop(map.insert(name, value)));
        }
        jwk
    }
}

fn trim(number: &[u8]) -> Vec<u8> {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    number[zeros..].to_vec()
}

/// A coordinate with the zeros that it may have been sent without.
fn padded(number: &[u8], size: usize) -> Vec<u8> {
    [&vec![0; size.saturating_sub(number.len())][..], number].concat()
}

fn ec_numbers(point: &[u8]) -> Result<Numbers, String> {
    let curve = Curve::ALL
        .into_iter()
        .find(|curve| point.len() == 1 + 2 * curve.size());
    let curve = curve.ok_or("only the curves P-256, P-384 and P-521 are known")?;
    let numbers = point
        .strip_prefix(&[4])
        .ok_or("only uncompressed points are known")?;
    let (x, y) = numbers.split_at(curve.size());
    Ok(Numbers::Ec {
        curve,
        x: x.to_vec(),
        y: y.to_vec(),
    })
}

/// The keys that may have signed, which can be exchanged while tokens come in.
#[derive(Debug)]
pub struct KeySet(ArcSwap<Vec<PublicKey>>);

impl KeySet {
    /// These keys.
    pub fn new(keys: Vec<PublicKey>) -> Self {
        Self(ArcSwap::from_pointee(keys))
    }

    /// The present ones.
    pub fn keys(&self) -> Arc<Vec<PublicKey>> {
        self.0.load_full()
    }

    /// Others from now on.
    pub fn set(&self, keys: Vec<PublicKey>) {
        self.0.store(Arc::new(keys));
    }
}

/// A key that signs.
#[derive(Clone)]
pub struct SigningKey {
    pair: Arc<Pair>,
    public: PublicKey,
}

enum Pair {
    Rsa(rsa::KeyPair),
    Ec(EcdsaKeyPair),
}

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("SigningKey")
            .field("id", &self.public.id)
            .finish_non_exhaustive()
    }
}

impl SigningKey {
    /// The private key of a PEM file.
    pub fn of_pem(pem: &[u8]) -> Result<Self, String> {
        let public = PublicKey::of_pem(pem)?.into_iter().next().ok_or("no key in it")?;
        let none = || "no private key in it".to_owned();
        let pair = match &public.numbers {
            Numbers::Rsa { .. } => Pair::Rsa(pem::rsa_pair(pem).ok_or_else(none)?),
            Numbers::Ec { curve, .. } => Pair::Ec(pem::ec_pair(pem, curve.signing()).ok_or_else(none)?),
            Numbers::Ed { .. } => return Err("keys of Ed25519 do not sign here".to_owned()),
        };
        Ok(Self {
            pair: Arc::new(pair),
            public,
        })
    }

    /// The key that checks what this one signs.
    pub fn public(&self) -> &PublicKey {
        &self.public
    }

    /// A signed token with these claims.
    pub fn token(&self, claims: &Value) -> Result<String, String> {
        let header = tree!({"alg": (self.public.own_algorithm().name()), "kid": (self.public.id.clone())});
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(json::to_string(value));
        let signed = format!("{}.{}", part(&header), part(claims));
        let signature = self.sign(signed.as_bytes())?;
        Ok(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }

    fn sign(&self, text: &[u8]) -> Result<Vec<u8>, String> {
        let failed = |_| "the key does not sign".to_owned();
        let random = SystemRandom::new();
        match &*self.pair {
            Pair::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &random, text, &mut signature)
                    .map_err(failed)?;
                Ok(signature)
            }
            Pair::Ec(pair) => {
                let signature = pair.sign(&random, text).map_err(failed)?;
                Ok(signature.as_ref().to_vec())
            }
        }
    }
}

#[cfg(test)]
mod tests;
