//! Keys that sign tokens and keys that check them. A key knows for which algorithms it is: a token cannot choose.

use std::sync::Arc;

use arc_swap::ArcSwap;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, crypto};
use schema::{Value, json, tree};
use sha2::{Digest, Sha256};
use smol_str::SmolStr;
use x509_parser::prelude::FromDer;
use x509_parser::public_key::PublicKey as Parsed;
use x509_parser::x509::SubjectPublicKeyInfo;

use super::pem;

/// Smaller RSA keys are not taken.
const RSA_BITS_MIN: usize = 1024;

/// A key that checks signatures.
#[derive(Clone)]
pub struct PublicKey {
    /// Its id: a digest of the key for ours, what the issuer says for others.
    pub id: SmolStr,
    numbers: Numbers,
    decoding: DecodingKey,
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
            ("EC", Some("P-256")) => Numbers::Ec {
                curve: Curve::P256,
                x: number("x")?,
                y: number("y")?,
            },
            ("EC", Some("P-384")) => Numbers::Ec {
                curve: Curve::P384,
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
            _ => return Err("only RSA keys and keys of the curves P-256 and P-384 are known".to_owned()),
        };
        Self::new(id.into(), numbers)
    }

    fn new(id: SmolStr, numbers: Numbers) -> Result<Self, String> {
        let encoded = |number: &[u8]| URL_SAFE_NO_PAD.encode(number);
        let decoding = match &numbers {
            Numbers::Rsa { n, .. } if n.len() * 8 < RSA_BITS_MIN => {
                return Err(format!(
                    "RSA keys of fewer than {RSA_BITS_MIN} bits are not taken"
                ));
            }
            Numbers::Rsa { n, e } => DecodingKey::from_rsa_raw_components(n, e),
            Numbers::Ec { x, y, .. } => DecodingKey::from_ec_components(&encoded(x), &encoded(y))
                .map_err(|error| error.to_string())?,
            Numbers::Ed { x } => {
                DecodingKey::from_ed_components(&encoded(x)).map_err(|error| error.to_string())?
            }
        };
        Ok(Self {
            id,
            numbers,
            decoding,
        })
    }

    /// Whether it may check signatures of this algorithm.
    pub fn accepts(&self, algorithm: Algorithm) -> bool {
        use Algorithm::{ES256, ES384, EdDSA, PS256, PS384, PS512, RS256, RS384, RS512};
        match &self.numbers {
            Numbers::Rsa { .. } => matches!(algorithm, RS256 | RS384 | RS512 | PS256 | PS384 | PS512),
            Numbers::Ec {
                curve: Curve::P256, ..
            } => algorithm == ES256,
            Numbers::Ec {
                curve: Curve::P384, ..
            } => algorithm == ES384,
            Numbers::Ed { .. } => algorithm == EdDSA,
        }
    }

    /// Whether it made a signature.
    pub fn verify(&self, signed: &str, signature: &str, algorithm: Algorithm) -> bool {
        crypto::verify(signature, signed.as_bytes(), &self.decoding, algorithm).unwrap_or(false)
    }

    /// The algorithm that it signs with at this server.
    pub fn own_algorithm(&self) -> (&'static str, Algorithm) {
        match &self.numbers {
            Numbers::Rsa { .. } => ("RS256", Algorithm::RS256),
            Numbers::Ec {
                curve: Curve::P256, ..
            } => ("ES256", Algorithm::ES256),
            Numbers::Ec {
                curve: Curve::P384, ..
            } => ("ES384", Algorithm::ES384),
            Numbers::Ed { .. } => ("EdDSA", Algorithm::EdDSA),
        }
    }

    /// As a member of a key set.
    pub fn to_jwk(&self) -> Value {
        let encoded = |number: &[u8]| Value::from(URL_SAFE_NO_PAD.encode(number));
        let mut jwk = tree!({"use": "sig", "kid": (self.id.clone()), "alg": (self.own_algorithm().0)});
        let fields: Vec<(&str, Value)> = match &self.numbers {
            Numbers::Rsa { n, e } => vec![("kty", "RSA".into()), ("n", encoded(n)), ("e", encoded(e))],
            Numbers::Ec { curve, x, y } => {
                let name = if *curve == Curve::P256 { "P-256" } else { "P-384" };
                vec![
                    ("kty", "EC".into()),
                    ("crv", name.into()),
                    ("x", encoded(x)),
                    ("y", encoded(y)),
                ]
            }
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

fn ec_numbers(point: &[u8]) -> Result<Numbers, String> {
    let (curve, size) = match point.len() {
        65 => (Curve::P256, 32),
        97 => (Curve::P384, 48),
        _ => return Err("only the curves P-256 and P-384 are known".to_owned()),
    };
    let numbers = point
        .strip_prefix(&[4])
        .ok_or("only uncompressed points are known")?;
    let (x, y) = numbers.split_at(size);
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
    encoding: EncodingKey,
    public: PublicKey,
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
        let encoding = match &public.numbers {
            Numbers::Rsa { .. } => EncodingKey::from_rsa_pem(pem).map_err(|error| error.to_string())?,
            _ => EncodingKey::from_ec_der(&pem::ec_private_key(pem).ok_or("no private key in it")?),
        };
        let key = Self { encoding, public };
        key.sign("probe").map(|_| key)
    }

    /// The key that checks what this one signs.
    pub fn public(&self) -> &PublicKey {
        &self.public
    }

    /// A signed token with these claims.
    pub fn token(&self, claims: &Value) -> Result<String, String> {
        let (name, _) = self.public.own_algorithm();
        let header = tree!({"alg": name, "kid": (self.public.id.clone())});
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(json::to_string(value));
        let signed = format!("{}.{}", part(&header), part(claims));
        let signature = self.sign(&signed)?;
        Ok(format!("{signed}.{signature}"))
    }

    fn sign(&self, text: &str) -> Result<String, String> {
        crypto::sign(text.as_bytes(), &self.encoding, self.public.own_algorithm().1)
            .map_err(|error| error.to_string())
    }
}
