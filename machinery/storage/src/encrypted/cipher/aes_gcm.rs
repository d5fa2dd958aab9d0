//! AES-GCM: 12 bytes of random nonce, the ciphertext, 16 bytes of tag. The entry's key is authenticated with it, so that a
//! value that somebody moved to another key is not read.

use aws_lc_rs::aead::{
    AES_128_GCM, AES_192_GCM, AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey,
};

use super::{Failure, TOO_SHORT, random};

const NOT_AUTHENTIC: Failure = Failure::new("cipher: message authentication failed");
const REFUSED: Failure = Failure::new("the secret is no AES key");

/// One AES key. Nonces are random and 96 bits long: a key must be rotated before 2^32 writes (NIST SP 800-38D).
pub struct AesGcm(LessSafeKey);

impl AesGcm {
    /// With a secret of 16, 24 or 32 bytes.
    pub fn new(secret: &[u8]) -> Result<Self, Failure> {
        let algorithm = match secret.len() {
            16 => &AES_128_GCM,
            24 => &AES_192_GCM,
            32 => &AES_256_GCM,
            _ => return Err(REFUSED),
        };
        let key = UnboundKey::new(algorithm, secret).map_err(|_| REFUSED)?;
        Ok(Self(LessSafeKey::new(key)))
    }

    /// Appends nonce, ciphertext and tag.
    pub fn seal(&self, key: &[u8], value: &[u8], out: &mut Vec<u8>) -> Result<(), Failure> {
        let mut nonce = [0; NONCE_LEN];
        random(&mut nonce)?;
        out.extend_from_slice(&nonce);
        let start = out.len();
        out.extend_from_slice(value);
        let nonce = Nonce::assume_unique_for_key(nonce);
        let tag = self
            .0
            .seal_in_place_separate_tag(nonce, Aad::from(key), &mut out[start..]);
        out.extend_from_slice(
            tag.map_err(|_| Failure::new("the value could not be encrypted"))?
                .as_ref(),
        );
        Ok(())
    }

    /// Opens nonce, ciphertext and tag.
    pub fn open(&self, key: &[u8], sealed: &[u8]) -> Result<Vec<u8>, Failure> {
        let (nonce, sealed) = sealed.split_first_chunk::<NONCE_LEN>().ok_or(TOO_SHORT)?;
        let mut value = sealed.to_vec();
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let opened = self
            .0
            .open_in_place(nonce, Aad::from(key), &mut value)
            .map_err(|_| NOT_AUTHENTIC)?;
        let length = opened.len();
        value.truncate(length);
        Ok(value)
    }
}
