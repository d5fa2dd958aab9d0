//! PEM blocks in a text (RFC 7468). What is in them is for those who look for them.

use std::iter;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// A PEM block (RFC 7468), with headers where there are some (RFC 1421).
pub struct Block<'t> {
    /// What it is: `CERTIFICATE`.
    pub kind: &'t str,
    /// Whether it has headers.
    pub has_headers: bool,
    /// What stands in it, decoded.
    pub content: Vec<u8>,
}

/// The PEM blocks of a text. What begins as one and is none is passed over.
pub fn blocks(text: &str) -> impl Iterator<Item = Block<'_>> {
    let mut left = text;
    iter::from_fn(move || {
        loop {
            (_, left) = left.split_once("-----BEGIN ")?;
            if let Some((found, after)) = block(left) {
                left = after;
                return Some(found);
            }
        }
    })
}

/// The block whose beginning was read up to its type, and what comes after it. It is looked at no further than to the next dashes.
fn block(text: &str) -> Option<(Block<'_>, &str)> {
    const DASHES: &str = "-----";
    let (kind, text) = text.split_once(DASHES)?;
    let (body, text) = text.split_once(DASHES)?;
    let after = text
        .strip_prefix("END ")?
        .strip_prefix(kind)?
        .strip_prefix(DASHES)?;
    let is_header = |line: &&str| line.contains(':');
    let lines = || body.trim_start().lines();
    let packed: String = lines()
        .skip_while(is_header)
        .flat_map(str::split_whitespace)
        .collect();
    let found = Block {
        kind,
        has_headers: lines().next().as_ref().is_some_and(is_header),
        content: STANDARD.decode(packed).ok()?,
    };
    Some((found, after))
}
