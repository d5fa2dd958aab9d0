//! Names as DNS has them (RFC 1035, RFC 1123), and port names (RFC 6335).

use super::{Problems, too_many_characters};

const LABEL_CHARACTERS_MAX: usize = 63;
const SUBDOMAIN_CHARACTERS_MAX: usize = 253;
const PORT_NAME_CHARACTERS_MAX: usize = 15;

const LABEL: &str = "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must \
    start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is \
    '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
const LABEL_1035: &str = "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an \
    alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for \
    validation is '[a-z]([-a-z0-9]*[a-z0-9])?')";
const SUBDOMAIN: &str = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or \
    '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is \
    '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const SUBDOMAIN_UNDERSCORE: &str = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric \
    characters, '_', '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex \
    used for validation is '_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?(\\._?[a-z0-9]([-_a-z0-9]*[a-z0-9])?)*')";
const WILDCARD: &str = "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which \
    must consist of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character (e.g. \
    '*.example.com', regex used for validation is \
    '\\*\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";

/// A DNS label (RFC 1123): `^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`, at most 63.
pub fn dns_label(value: &str) -> Problems {
    let mut problems = limited(value, LABEL_CHARACTERS_MAX);
    if !is_label(value) {
        problems.push(
            if is_subdomain(value) {
                "must not contain dots"
            } else {
                LABEL
            }
            .into(),
        );
    }
    problems
}

/// A DNS label that begins with a letter (RFC 1035), at most 63.
pub fn dns_1035_label(value: &str) -> Problems {
    let mut problems = limited(value, LABEL_CHARACTERS_MAX);
    if !is_label(value) || !value.starts_with(|c: char| c.is_ascii_lowercase()) {
        problems.push(LABEL_1035.into());
    }
    problems
}

/// DNS labels joined by dots, at most 253 in all.
pub fn dns_subdomain(value: &str) -> Problems {
    let mut problems = limited(value, SUBDOMAIN_CHARACTERS_MAX);
    if !is_subdomain(value) {
        problems.push(SUBDOMAIN.into());
    }
    problems
}

/// The same, with underscores allowed at the start and in the middle of labels.
pub fn dns_subdomain_with_underscore(value: &str) -> Problems {
    let mut problems = limited(value, SUBDOMAIN_CHARACTERS_MAX);
    if !value.split('.').all(is_underscore_label) {
        problems.push(SUBDOMAIN_UNDERSCORE.into());
    }
    problems
}

/// `*.` and a subdomain, at most 253 in all.
pub fn wildcard_dns_subdomain(value: &str) -> Problems {
    let mut problems = limited(value, SUBDOMAIN_CHARACTERS_MAX);
    if !value.strip_prefix("*.").is_some_and(is_subdomain) {
        problems.push(WILDCARD.into());
    }
    problems
}

/// A subdomain of three labels or more. An empty name is for the caller to refuse (as required).
pub fn fully_qualified_name(value: &str) -> Problems {
    let problems = dns_subdomain(value);
    if !problems.is_empty() {
        return vec![joined(&problems)];
    }
    match value.split('.').count() {
        0..=2 => vec!["should be a domain with at least three segments separated by dots".into()],
        _ => Problems::new(),
    }
}

/// A subdomain of two labels or more, a dot at the end allowed.
/// An empty name is for the caller to refuse (as required).
pub fn fully_qualified_domain_name(value: &str) -> Problems {
    let value = value.strip_suffix('.').unwrap_or(value);
    let problems = dns_subdomain(value);
    if !problems.is_empty() {
        return vec![joined(&problems)];
    }
    if !value.contains('.') {
        return vec!["should be a domain with at least two segments separated by dots".into()];
    }
    let bad = value
        .split('.')
        .map(dns_label)
        .find(|problems| !problems.is_empty());
    bad.map(|problems| vec![joined(&problems)]).unwrap_or_default()
}

/// A port's name (RFC 6335, lower case only): at most 15.
pub fn port_name(value: &str) -> Problems {
    let mut problems = limited(value, PORT_NAME_CHARACTERS_MAX);
    if value.is_empty() || !value.bytes().all(is_inner) {
        problems.push("must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)".into());
    }
    if !value.bytes().any(|byte| byte.is_ascii_lowercase()) {
        problems.push("must contain at least one letter (a-z)".into());
    }
    if value.contains("--") {
        problems.push("must not contain consecutive hyphens".into());
    }
    if value.starts_with('-') || value.ends_with('-') {
        problems.push("must not begin or end with a hyphen".into());
    }
    problems
}

pub(super) fn is_subdomain(value: &str) -> bool {
    value.split('.').all(is_label)
}

fn is_label(value: &str) -> bool {
    value.bytes().all(is_inner) && bounded_by(value, is_outer)
}

fn is_underscore_label(value: &str) -> bool {
    let value = value.strip_prefix('_').unwrap_or(value);
    value.bytes().all(|byte| is_inner(byte) || byte == b'_') && bounded_by(value, is_outer)
}

fn bounded_by(value: &str, outer: fn(u8) -> bool) -> bool {
    let bytes = value.as_bytes();
    bytes.first().is_some_and(|byte| outer(*byte)) && bytes.last().is_some_and(|byte| outer(*byte))
}

fn is_outer(byte: u8) -> bool {
    byte.is_ascii_lowercase() || byte.is_ascii_digit()
}

fn is_inner(byte: u8) -> bool {
    is_outer(byte) || byte == b'-'
}

fn limited(value: &str, max: usize) -> Problems {
    if value.len() > max {
        vec![too_many_characters(max)]
    } else {
        Problems::new()
    }
}

fn joined(problems: &Problems) -> std::borrow::Cow<'static, str> {
    problems.join(",").into()
}
