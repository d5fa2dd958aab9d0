//! Label keys (qualified names), label values and keys with a domain.

use super::dns::{dns_subdomain, is_subdomain};
use super::{Problems, too_many_bytes};

const NAME_BYTES_MAX: usize = 63;
const VALUE_BYTES_MAX: usize = 63;
const SUBDOMAIN_BYTES_MAX: usize = 253;

const KEY: &str = "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an \
    alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is \
    '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
const VALUE: &str = "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', \
    and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used \
    for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";
const PREFIX_HINT: &str = "with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')";

/// A qualified name, which is also a label key: `[subdomain/]name`, the name 1 to 63.
pub fn qualified_name(value: &str) -> Problems {
    let (prefix, name) = match value.split_once('/') {
        None => (None, value),
        Some((prefix, name)) if !name.contains('/') => (Some(prefix), name),
        Some(_) => return vec![format!("a valid label key {KEY} {PREFIX_HINT}").into()],
    };
    let mut problems = prefix.map(key_prefix).unwrap_or_default();
    if name.is_empty() {
        problems.push("name part must be non-empty".into());
    } else if name.len() > NAME_BYTES_MAX {
        problems.push(format!("name part {}", too_many_bytes(NAME_BYTES_MAX)).into());
    }
    if !is_key_name(name) {
        problems.push(format!("name part {KEY}").into());
    }
    problems
}

/// A label's value: like the name of a key, or empty; at most 63.
pub fn label_value(value: &str) -> Problems {
    let mut problems = Problems::new();
    if value.len() > VALUE_BYTES_MAX {
        problems.push(too_many_bytes(VALUE_BYTES_MAX));
    }
    if !value.is_empty() && !is_key_name(value) {
        problems.push(VALUE.into());
    }
    problems
}

/// A qualified name that has a prefix. An empty key is for the caller to refuse (as required).
pub fn domain_prefixed_key(value: &str) -> Problems {
    let mut problems = qualified_name(value);
    if problems.is_empty() && !value.contains('/') {
        problems.push("must be a domain-prefixed key (such as \"acme.io/foo\")".into());
    }
    problems
}

/// `subdomain/path`, the path of URL characters. An empty path is for the caller to refuse (as required).
///
/// The reference reports a bad host or path by that part of the text; here only the words are given.
pub fn domain_prefixed_path(value: &str) -> Problems {
    let Some((host, path)) = value
        .split_once('/')
        .filter(|(host, path)| !host.is_empty() && !path.is_empty())
    else {
        return vec!["must be a domain-prefixed path (such as \"acme.io/foo\")".into()];
    };
    let mut problems = dns_subdomain(host);
    if !path.bytes().all(is_url_path_byte) {
        problems
            .push("Invalid path (regex used for validation is '[A-Za-z0-9/\\-._~%!$&'()*+,;=:]+')".into());
    }
    problems
}

fn key_prefix(prefix: &str) -> Problems {
    if prefix.is_empty() {
        return vec!["prefix part must be non-empty".into()];
    }
    if prefix.len() <= SUBDOMAIN_BYTES_MAX && is_subdomain(prefix) {
        return Problems::new();
    }
    dns_subdomain(prefix)
        .into_iter()
        .map(|problem| format!("prefix part {problem}").into())
        .collect()
}

fn is_key_name(name: &str) -> bool {
    let bytes = name.as_bytes();
    let outer = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    outer(bytes.first())
        && outer(bytes.last())
        && bytes
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(byte))
}

fn is_url_path_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"/-._~%!$&'()*+,;=:".contains(&byte)
}
