//! AES-CBC with PKCS#7 padding: 16 bytes of initialization vector, then the blocks.
//! The padding is checked here and not by the library, because the reference tells two kinds of broken padding apart.

use aws_lc_rs::cipher::{
    AES_128, AES_192, AES_256, Algorithm, DecryptingKey, DecryptionContext, EncryptingKey, EncryptionContext,
    UnboundCipherKey,
};
use aws_lc_rs::iv::FixedLength;

use super::{Failure, TOO_SHORT, random};

const BLOCK_BYTES: usize = 16;
const WRONG_LENGTH: Failure = Failure::new("the stored data is not a multiple of the block size");
const NOT_PADDED: Failure = Failure::new("invalid PKCS7 data (empty or not padded)");
const WRONG_PADDING: Failure = Failure::new("invalid padding on input");

/// One AES key.
pub struct AesCbc {
    encrypting: EncryptingKey,
    decrypting: DecryptingKey,
}

impl AesCbc {
    /// With a secret of 16, 24 or 32 bytes.
    pub fn new(secret: &[u8]) -> Result<Self, Failure> {
        let algorithm = algorithm(secret)?;
        let key = || UnboundCipherKey::new(algorithm, secret).map_err(|_| refused());
        Ok(Self {
            encrypting: EncryptingKey::cbc(key()?).map_err(|_| refused())?,
            decrypting: DecryptingKey::cbc(key()?).map_err(|_| refused())?,
        })
    }

    /// Appends vector and blocks.
    pub fn seal(&self, value: &[u8], out: &mut Vec<u8>) -> Result<(), Failure> {
        let mut vector = [0; BLOCK_BYTES];
        random(&mut vector)?;
        out.extend_from_slice(&vector);
        let start = out.len();
        let padding = BLOCK_BYTES - value.len() % BLOCK_BYTES;
        out.extend_from_slice(value);
        out.resize(out.len() + padding, u8::try_from(padding).unwrap_or_default());
        let context = EncryptionContext::Iv128(FixedLength::from(vector));
        let done = self.encrypting.less_safe_encrypt(&mut out[start..], context);
        done.map(drop)
            .map_err(|_| Failure::new("the value could not be encrypted"))
    }

    /// Opens vector and blocks.
    pub fn open(&self, sealed: &[u8]) -> Result<Vec<u8>, Failure> {
        let (vector, blocks) = sealed.split_first_chunk::<BLOCK_BYTES>().ok_or(TOO_SHORT)?;
        if blocks.len() % BLOCK_BYTES != 0 {
            return Err(WRONG_LENGTH);
        }
        let mut value = blocks.to_vec();
        let context = DecryptionContext::Iv128(FixedLength::from(*vector));
        self.decrypting
            .decrypt(&mut value, context)
            .map_err(|_| WRONG_LENGTH)?;
        let length = unpadded(&value)?;
        value.truncate(length);
        Ok(value)
    }
}

fn unpadded(value: &[u8]) -> Result<usize, Failure> {
    let last = *value.last().ok_or(NOT_PADDED)?;
    let length = value
        .len()
        .checked_sub(usize::from(last))
        .filter(|_| last != 0)
        .ok_or(NOT_PADDED)?;
    if value[length..].iter().all(|byte| *byte == last) {
        Ok(length)
    } else {
        Err(WRONG_PADDING)
    }
}

fn algorithm(secret: &[u8]) -> Result<&'static Algorithm, Failure> {
    match secret.len() {
        16 => Ok(&AES_128),
        24 => Ok(&AES_192),
        32 => Ok(&AES_256),
        _ => Err(refused()),
    }
}

fn refused() -> Failure {
    Failure::new("the secret is no AES key")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_kinds_of_broken_padding_are_told_apart() {
        assert_eq!(unpadded(&[1, 2, 2, 2]), Ok(2));
        assert_eq!(unpadded(&[]), Err(NOT_PADDED));
        assert_eq!(unpadded(&[1, 0]), Err(NOT_PADDED));
        assert_eq!(unpadded(&[1, 3]), Err(NOT_PADDED));
        assert_eq!(unpadded(&[1, 3, 2]), Err(WRONG_PADDING));
    }
}
