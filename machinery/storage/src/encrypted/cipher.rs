//! The ciphers of encryption at rest, each with Kubernetes' layout of what it stores: the nonce, then the sealed value.
//! Which of them reads or writes a value is [`super::provider`]'s affair.

mod aes_cbc;
mod aes_gcm;
mod secretbox;

use super::Failure;

/// One key of one provider. It has no `Debug`, so that no key gets into a log.
pub(super) enum Cipher {
    /// AES in CBC mode with PKCS#7 padding. It does not authenticate: a value that was tampered with may be read as garbage.
    AesCbc(Box<aes_cbc::AesCbc>),
    /// AES-GCM with random nonces; authenticates the key of the entry with the value.
    AesGcm(Box<aes_gcm::AesGcm>),
    /// XSalsa20 and Poly1305.
    Secretbox(secretbox::Secretbox),
}

/// Which cipher.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    AesCbc,
    AesGcm,
    Secretbox,
}

impl Kind {
    /// What its stored values begin with.
    pub(super) const fn prefix(self) -> &'static str {
        match self {
            Self::AesCbc => "k8s:enc:aescbc:v1:",
            Self::AesGcm => "k8s:enc:aesgcm:v1:",
            Self::Secretbox => "k8s:enc:secretbox:v1:",
        }
    }

    /// Lengths of a secret in bytes.
    pub(super) const fn secret_bytes(self) -> &'static [usize] {
        match self {
            Self::AesCbc | Self::AesGcm => &[16, 24, 32],
            Self::Secretbox => &[32],
        }
    }

    /// The reference's words for a value of this cipher under a key's name that is not configured.
    pub(super) const fn no_key(self) -> &'static str {
        match self {
            Self::AesCbc | Self::AesGcm => "no matching key was found for the provided AES transformer",
            Self::Secretbox => "no matching key was found for the provided Secretbox transformer",
        }
    }
}

impl Cipher {
    /// With a secret of one of the kind's lengths.
    pub(super) fn new(kind: Kind, secret: &[u8]) -> Result<Self, Failure> {
        Ok(match kind {
            Kind::AesCbc => Self::AesCbc(Box::new(aes_cbc::AesCbc::new(secret)?)),
            Kind::AesGcm => Self::AesGcm(Box::new(aes_gcm::AesGcm::new(secret)?)),
            Kind::Secretbox => Self::Secretbox(secretbox::Secretbox::new(secret)?),
        })
    }

    /// Appends the sealed value of the entry `key` to `out`.
    pub(super) fn seal(&self, key: &[u8], value: &[u8], out: &mut Vec<u8>) -> Result<(), Failure> {
        match self {
            Self::AesCbc(cipher) => cipher.seal(value, out),
            Self::AesGcm(cipher) => cipher.seal(key, value, out),
            Self::Secretbox(cipher) => cipher.seal(value, out),
        }
    }

    /// Opens what [`Cipher::seal`] appended.
    pub(super) fn open(&self, key: &[u8], sealed: &[u8]) -> Result<Vec<u8>, Failure> {
        match self {
            Self::AesCbc(cipher) => cipher.open(sealed),
            Self::AesGcm(cipher) => cipher.open(key, sealed),
            Self::Secretbox(cipher) => cipher.open(sealed),
        }
    }
}

/// Fills `nonce` with randomness of the system.
fn random(nonce: &mut [u8]) -> Result<(), Failure> {
    aws_lc_rs::rand::fill(nonce).map_err(|_| Failure::new("unable to read sufficient random bytes"))
}

/// The reference's words for a value without a whole nonce.
const TOO_SHORT: Failure = Failure::new("the stored data was shorter than the required size");

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const KINDS: [Kind; 3] = [Kind::AesCbc, Kind::AesGcm, Kind::Secretbox];

    fn cipher(kind: Kind, secret_bytes: usize) -> Cipher {
        Cipher::new(kind, &vec![7; secret_bytes]).unwrap_or_else(|why| panic!("{kind:?}: {why}"))
    }

    proptest! {
        #[test]
        fn what_was_sealed_is_opened(value in proptest::collection::vec(any::<u8>(), 0..100)) {
            for kind in KINDS {
                for secret_bytes in kind.secret_bytes() {
                    let cipher = cipher(kind, *secret_bytes);
                    let (mut once, mut again) = (Vec::new(), Vec::new());
                    cipher.seal(b"/a", &value, &mut once).expect("it seals");
                    cipher.seal(b"/a", &value, &mut again).expect("it seals");
                    prop_assert_ne!(&once, &again, "nonces are not used twice");
                    prop_assert_eq!(cipher.open(b"/a", &once).expect("it opens"), value.clone());
                }
            }
        }

        #[test]
        fn no_bytes_make_it_panic(sealed in proptest::collection::vec(any::<u8>(), 0..80)) {
            for kind in KINDS {
                let opened = cipher(kind, 32).open(b"/a", &sealed);
                prop_assert!(kind == Kind::AesCbc || opened.is_err());
            }
        }
    }

    #[test]
    fn secrets_of_other_lengths_are_refused() {
        for kind in KINDS {
            assert!(Cipher::new(kind, &[7; 31]).is_err());
        }
    }
}
