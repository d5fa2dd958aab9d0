//! Query strings: decoded pairs in their order. It does not know what parameters mean.

use std::borrow::Cow;

/// The parameters of a request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Query {
    pairs: Vec<(String, String)>,
}

impl Query {
    /// From what stands after the `?`. Pairs that are not well encoded are left out, as Go does.
    pub fn parse(text: &str) -> Self {
        let pair = |part: &str| {
            let (key, value) = part.split_once('=').unwrap_or((part, ""));
            Some((
                unescape(key, true)?.into_owned(),
                unescape(value, true)?.into_owned(),
            ))
        };
        // A semicolon is no separator and makes the pair invalid (Go 1.17).
        let parts = text
            .split('&')
            .filter(|part| !part.is_empty() && !part.contains(';'));
        Self {
            pairs: parts.filter_map(pair).collect(),
        }
    }

    /// The first value of a parameter.
    pub fn first(&self, key: &str) -> Option<&str> {
        self.pairs
            .iter()
            .find(|(have, _)| have == key)
            .map(|(_, value)| value.as_str())
    }

    /// All values of a parameter.
    pub fn all<'a>(&'a self, key: &'a str) -> impl Iterator<Item = &'a str> {
        self.pairs
            .iter()
            .filter(move |(have, _)| have == key)
            .map(|(_, value)| value.as_str())
    }

    /// Whether the parameter is there, with or without a value.
    pub fn has(&self, key: &str) -> bool {
        self.first(key).is_some()
    }
}

/// Text without its `%` escapes; `None` when one is broken. In a query, but not in a path, a `+` is a space.
/// What is not UTF-8 then is replaced.
pub fn unescape(text: &str, is_query: bool) -> Option<Cow<'_, str>> {
    if !text
        .bytes()
        .any(|byte| byte == b'%' || (is_query && byte == b'+'))
    {
        return Some(Cow::Borrowed(text));
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        match byte {
            b'+' if is_query => bytes.push(b' '),
            b'%' => {
                let digit = |byte: Option<u8>| char::from(byte?).to_digit(16);
                let (high, low) = (digit(rest.next())?, digit(rest.next())?);
                bytes.push((high * 16 + low) as u8);
            }
            byte => bytes.push(byte),
        }
    }
    Some(Cow::Owned(String::from_utf8_lossy(&bytes).into_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decodes_and_keeps_order() {
        let query = Query::parse("a=1&b=x%20y+z&a=2&c&bad=%zz");
        assert_eq!(query.all("a").collect::<Vec<_>>(), ["1", "2"]);
        assert_eq!(query.first("b"), Some("x y z"));
        assert_eq!(query.first("c"), Some(""));
        assert!(!query.has("bad"));
    }
}
