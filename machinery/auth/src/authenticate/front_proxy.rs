//! The user that a front proxy names in headers. Whether the proxy's certificate may do so is checked before: against an
//! authority of its own, and against [`Names::allowed`].

use std::collections::BTreeMap;

use http::{HeaderMap, HeaderValue};
use smol_str::SmolStr;

use crate::User;

/// Which headers are read, and of whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Names {
    /// Common names that proxies' certificates may have. Nobody is let in without one.
    pub allowed: Vec<String>,
    /// Headers with the user's name; the first that is there counts.
    pub user: Vec<String>,
    /// Headers with the user's uid.
    pub uid: Vec<String>,
    /// Headers with groups, all of them.
    pub group: Vec<String>,
    /// Beginnings of headers with extras.
    pub extra_prefix: Vec<String>,
}

impl Default for Names {
    fn default() -> Self {
        let one = |name: &str| vec![name.to_owned()];
        Self {
            allowed: Vec::new(),
            user: one("x-remote-user"),
            uid: one("x-remote-uid"),
            group: one("x-remote-group"),
            extra_prefix: one("x-remote-extra-"),
        }
    }
}

impl Names {
    /// Whether a certificate of this common name may name users.
    pub fn allows(&self, common_name: &str) -> bool {
        self.allowed.iter().any(|allowed| allowed == common_name)
    }

    /// The user that the headers name; `None` without a name.
    pub fn user(&self, headers: &HeaderMap) -> Option<User> {
        let name = first(headers, &self.user)?;
        let groups = self
            .group
            .iter()
            .flat_map(|header| values(headers, header))
            .filter(|group| !group.is_empty())
            .collect();
        Some(User {
            name,
            uid: first(headers, &self.uid).unwrap_or_default(),
            groups,
            extra: self.extra(headers),
        })
    }

    /// Takes out every header that could name a user, whoever sent it: nothing behind may believe it.
    pub fn strip(&self, headers: &mut HeaderMap) {
        let names = || [&self.user, &self.uid, &self.group].into_iter().flatten();
        let is_one = |header: &str| {
            names().any(|name| name.eq_ignore_ascii_case(header))
                || self
                    .extra_prefix
                    .iter()
                    .any(|prefix| strip_prefix(header, prefix).is_some())
        };
        let found: Vec<_> = headers
            .keys()
            .filter(|name| is_one(name.as_str()))
            .cloned()
            .collect();
        for name in found {
            headers.remove(&name);
        }
    }

    fn extra(&self, headers: &HeaderMap) -> BTreeMap<SmolStr, Vec<SmolStr>> {
        let mut extra: BTreeMap<SmolStr, Vec<SmolStr>> = BTreeMap::new();
        for name in headers.keys() {
            for prefix in &self.extra_prefix {
                if let Some(key) = strip_prefix(name.as_str(), prefix) {
                    extra
                        .entry(unescape(key).into())
                        .or_default()
                        .extend(values(headers, name.as_str()));
                }
            }
        }
        extra
    }
}

fn strip_prefix<'a>(header: &'a str, prefix: &str) -> Option<&'a str> {
    // Names of headers are lower case.
    header.strip_prefix(prefix.to_ascii_lowercase().as_str())
}

fn first(headers: &HeaderMap, names: &[String]) -> Option<SmolStr> {
    let first = |name: &String| {
        headers
            .get(name.to_ascii_lowercase())
            .filter(|value| !value.is_empty())
    };
    // Of a header that is there several times the first counts: where it is no text, nobody is named.
    text(names.iter().find_map(first)?)
}

fn text(value: &HeaderValue) -> Option<SmolStr> {
    std::str::from_utf8(value.as_bytes()).ok().map(SmolStr::new)
}

/// The values of a header that are text.
pub(crate) fn values<'a>(headers: &'a HeaderMap, name: &str) -> impl Iterator<Item = SmolStr> + use<'a> {
    let values = headers.get_all(name.to_ascii_lowercase()).into_iter();
    values.filter_map(text)
}

/// Undoes `%xx`; what is no such escape stays as it is.
pub(crate) fn unescape(key: &str) -> String {
    let bytes = key.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let digits = bytes.get(at + 1..at + 3).filter(|_| bytes[at] == b'%');
        match digits.and_then(hex_byte) {
            Some(byte) => {
                out.push(byte);
                at += 3;
            }
            None if bytes[at] == b'%' => return key.to_owned(),
            None => {
                out.push(bytes[at]);
                at += 1;
            }
        }
    }
    String::from_utf8(out).unwrap_or_else(|_| key.to_owned())
}

fn hex_byte(digits: &[u8]) -> Option<u8> {
    let digit = |at: usize| char::from(digits[at]).to_digit(16);
    u8::try_from(digit(0)? * 16 + digit(1)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(list: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in list {
            headers.append(*name, http::HeaderValue::from_static(value));
        }
        headers
    }

    #[test]
    fn headers_name_a_user_with_all_it_has() {
        let sent = headers(&[
            ("x-remote-user", "joe"),
            ("x-remote-uid", "7"),
            ("x-remote-group", "a"),
            ("x-remote-group", "b"),
            ("x-remote-extra-acme.com%2fproject", "p"),
            ("x-remote-group", ""),
            ("x-remote-extra-bad%2", "q"),
            ("x-remote-extra-bad%+1", "r"),
            ("x-remote-extra-%4a", "s"),
        ]);
        let user = Names::default().user(&sent).expect("named");
        assert_eq!((user.name.as_str(), user.uid.as_str()), ("joe", "7"));
        assert_eq!(user.groups, ["a", "b"]);
        assert_eq!(user.extra["acme.com/project"], ["p"]);
        assert_eq!(user.extra["bad%2"], ["q"]);
        assert_eq!(
            (&user.extra["bad%+1"][0], &user.extra["J"][0]),
            (&"r".into(), &"s".into())
        );
        assert_eq!(Names::default().user(&headers(&[("x-remote-group", "a")])), None);
    }

    #[test]
    fn nothing_of_it_is_passed_on() {
        let mut sent = headers(&[
            ("x-remote-user", "a"),
            ("x-remote-extra-b", "c"),
            ("accept", "*/*"),
        ]);
        Names::default().strip(&mut sent);
        assert_eq!(
            sent.keys().map(|name| name.as_str()).collect::<Vec<_>>(),
            ["accept"]
        );
    }

    #[test]
    fn allowed_names_are_mandatory() {
        assert!(!Names::default().allows(""));
        assert!(!Names::default().allows("front-proxy-client"));
    }
}
