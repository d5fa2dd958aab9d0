//! NaCl's secretbox (XSalsa20 and Poly1305): 24 bytes of random nonce, then tag and ciphertext.
//! It authenticates the value, but not the key that it stands under: so the reference has it.

use crypto_secretbox::aead::Aead;
use crypto_secretbox::{KeyInit, XSalsa20Poly1305};

use super::{Failure, TOO_SHORT, random};

const NONCE_BYTES: usize = 24;
const TAG_BYTES: usize = 16;
/// The reference's words for a value that is not authentic.
const NOT_AUTHENTIC: Failure = Failure::new("output array was not large enough for encryption");

/// One key.
pub struct Secretbox(XSalsa20Poly1305);

impl Secretbox {
    /// With a secret of 32 bytes.
    pub fn new(secret: &[u8]) -> Result<Self, Failure> {
        let cipher = XSalsa20Poly1305::new_from_slice(secret);
        cipher
            .map(Self)
            .map_err(|_| Failure::new("the secret is no secretbox key"))
    }

    /// Appends nonce, tag and ciphertext.
    pub fn seal(&self, value: &[u8], out: &mut Vec<u8>) -> Result<(), Failure> {
        let mut nonce = [0; NONCE_BYTES];
        random(&mut nonce)?;
        let sealed = self.0.encrypt(&nonce.into(), value);
        out.extend_from_slice(&nonce);
        out.extend_from_slice(&sealed.map_err(|_| Failure::new("the value could not be encrypted"))?);
        Ok(())
    }

    /// Opens nonce, tag and ciphertext.
    pub fn open(&self, sealed: &[u8]) -> Result<Vec<u8>, Failure> {
        let (nonce, sealed) = sealed.split_first_chunk::<NONCE_BYTES>().ok_or(TOO_SHORT)?;
        if sealed.len() < TAG_BYTES {
            return Err(TOO_SHORT);
        }
        self.0
            .decrypt(&(*nonce).into(), sealed)
            .map_err(|_| NOT_AUTHENTIC)
    }
}
