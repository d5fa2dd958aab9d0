//! Names made from `generateName`: a prefix and a few random characters. Randomness comes from the caller.

use schema::SmolStr;

use crate::limits::{GENERATED_NAME_BASE_BYTES_MAX, GENERATED_NAME_RANDOM_CHARS};

/// The characters a name may end with: no vowels, and nothing that looks like another character.
pub const RANDOM_ALPHABET: &[u8; 27] = b"bcdfghjklmnpqrstvwxz2456789";

/// `base`, cut to 58 bytes, and five characters picked by `random` (each byte modulo 27).
pub fn generate(base: &str, random: [u8; GENERATED_NAME_RANDOM_CHARS]) -> SmolStr {
    let end = (0..=base.len().min(GENERATED_NAME_BASE_BYTES_MAX))
        .rev()
        .find(|at| base.is_char_boundary(*at));
    let mut name = String::from(&base[..end.unwrap_or(0)]);
    for byte in random {
        name.push(char::from(
            RANDOM_ALPHABET[usize::from(byte) % RANDOM_ALPHABET.len()],
        ));
    }
    SmolStr::from(name)
}
