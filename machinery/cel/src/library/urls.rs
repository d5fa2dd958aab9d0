//! URLs as Go's `url.ParseRequestURI` reads them: whole ones, or paths that begin with a slash.

use std::sync::Arc;

use smol_str::SmolStr;

use super::no_overload;
use crate::function::Declared;
use crate::value::{Error, Kept, Key, Map, Outcome, OwnedMap, Value};

pub const ALL: &[Declared] = &[
    ("url", &["(string) url"], |args| match args {
        [Value::String(text)] => match Url::parse(text) {
            Ok(url) => Ok(Value::Kept(Kept::Url(Arc::new(url)))),
            Err(why) => Err(Error::failed(format!(
                "URL parse error during conversion from string: {why}"
            ))),
        },
        _ => no_overload("url", args),
    }),
    ("isURL", &["(string) bool"], |args| match args {
        [Value::String(text)] => Ok(Value::Bool(Url::parse(text).is_ok())),
        _ => no_overload("isURL", args),
    }),
    ("getScheme", &["url.() string"], |args| {
        part("getScheme", args, |url| Value::text(&*url.scheme))
    }),
    ("getHost", &["url.() string"], |args| {
        part("getHost", args, |url| Value::text(&*url.host))
    }),
    ("getHostname", &["url.() string"], |args| {
        part("getHostname", args, |url| Value::text(url.host_and_port().0))
    }),
    ("getPort", &["url.() string"], |args| {
        part("getPort", args, |url| Value::text(url.host_and_port().1))
    }),
    ("getEscapedPath", &["url.() string"], |args| {
        part("getEscapedPath", args, |url| Value::text(&*url.path))
    }),
    ("getQuery", &["url.() map(string, list(string))"], |args| {
        part("getQuery", args, Url::query)
    }),
];

fn part<'a>(name: &str, args: &[Value<'a>], of: fn(&Url) -> Value<'static>) -> Outcome<'a> {
    match args {
        [Value::Kept(Kept::Url(url))] => Ok(of(url)),
        _ => no_overload(name, args),
    }
}

/// A URL in its parts. It has no fragment: `#` is one more character of what it stands in.
#[derive(Debug, PartialEq, Eq)]
pub struct Url {
    scheme: String,
    host: String,
    path: String,
    query: String,
}

impl Url {
    /// Reads a URL; what is wrong with it, in Go's words.
    pub fn parse(text: &str) -> Result<Self, String> {
        Self::parts(text).map_err(|why| format!("parse {}: {why}", object::field::quote(text)))
    }

    fn parts(text: &str) -> Result<Self, &'static str> {
        if text.is_empty() {
            return Err("empty url");
        }
        if text.chars().any(|char| char.is_ascii_control()) {
            return Err("net/url: invalid control character in URL");
        }
        let (scheme, rest) = scheme(text)?;
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let opaque = !rest.starts_with('/');
        if opaque && scheme.is_empty() {
            return Err("invalid URI for request");
        }
        let (host, path) = match rest.strip_prefix("//") {
            Some(after) if !scheme.is_empty() || !after.starts_with('/') => {
                let end = after.find('/').unwrap_or(after.len());
                (host(&after[..end])?, &after[end..])
            }
            _ => (String::new(), if opaque { "" } else { rest }),
        };
        Ok(Self {
            scheme: scheme.to_ascii_lowercase(),
            host,
            path: escaped_path(path)?,
            query: query.to_owned(),
        })
    }

    /// The host without its port and brackets, and the port.
    fn host_and_port(&self) -> (&str, &str) {
        let (name, port) = match self.host.rsplit_once(':') {
            Some((name, port)) if !port.contains(']') => (name, port),
            _ => (self.host.as_str(), ""),
        };
        let inner = name.strip_prefix('[').and_then(|name| name.strip_suffix(']'));
        (inner.unwrap_or(name), port)
    }

    fn query(&self) -> Value<'static> {
        let mut entries = OwnedMap::new();
        for part in self
            .query
            .split('&')
            .filter(|part| !part.is_empty() && !part.contains(';'))
        {
            let (key, value) = part.split_once('=').unwrap_or((part, ""));
            let (Some(key), Some(value)) = (decoded(key), decoded(value)) else {
                continue;
            };
            let key = Key::String(SmolStr::from(key));
            let mut values = match entries.get(&key) {
                Some(Value::List(list)) => list.iter().collect(),
                _ => Vec::new(),
            };
            values.push(Value::text(value));
            entries.insert(key, Value::list(values));
        }
        Value::Map(Map::Owned(Arc::new(entries)))
    }
}

/// The scheme and what comes after its colon; no scheme if there is none.
fn scheme(text: &str) -> Result<(&str, &str), &'static str> {
    for (at, char) in text.char_indices() {
        match char {
            'a'..='z' | 'A'..='Z' => {}
            '0'..='9' | '+' | '-' | '.' if at > 0 => {}
            ':' if at == 0 => return Err("missing protocol scheme"),
            ':' => return Ok((&text[..at], &text[at + 1..])),
            _ => break,
        }
    }
    Ok(("", text))
}

fn host(authority: &str) -> Result<String, &'static str> {
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let port = match host.rfind(']') {
        Some(end) => &host[end + 1..],
        None if host.starts_with('[') => return Err("missing ']' in host"),
        None => host.rfind(':').map_or("", |at| &host[at..]),
    };
    let is_port = port.is_empty()
        || port
            .strip_prefix(':')
            .is_some_and(|port| port.bytes().all(|byte| byte.is_ascii_digit()));
    if !is_port {
        return Err("invalid port after host");
    }
    if host.contains([' ', '"', '<', '>', '\\', '^', '`', '{', '}', '|']) {
        return Err("invalid character in host name");
    }
    if has_plain_escape(host) {
        return Err("invalid URL escape");
    }
    decoded_plain(host).ok_or("invalid URL escape")
}

/// Whether a host escapes an ASCII character other than the percent sign: hosts escape what is not ASCII. Zones of addresses may.
fn has_plain_escape(host: &str) -> bool {
    let name = host.split_once("%25").filter(|_| host.starts_with('['));
    let name = name.map_or(host, |(address, _)| address);
    name.split('%').skip(1).any(|escape| {
        let is_plain = escape.starts_with(|digit: char| matches!(digit, '0'..='7'));
        is_plain && !escape.starts_with("25")
    })
}

/// The path with what must be escaped escaped.
fn escaped_path(path: &str) -> Result<String, &'static str> {
    decoded_plain(path).ok_or("invalid URL escape")?;
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~!$&'()*+,;=:@/%[]".contains(&byte);
    let mut out = String::with_capacity(path.len());
    for byte in path.bytes() {
        match is_plain(byte) {
            true => out.push(char::from(byte)),
            false => out.push_str(&format!("%{byte:02X}")),
        }
    }
    Ok(out)
}

fn decoded(text: &str) -> Option<String> {
    decoded_plain(&text.replace('+', " "))
}

fn decoded_plain(text: &str) -> Option<String> {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        let digit = |byte: Option<u8>| char::from(byte?).to_digit(16);
        match byte {
            b'%' => out.push((digit(bytes.next())? * 16 + digit(bytes.next())?) as u8),
            other => out.push(other),
        }
    }
    Some(String::from_utf8_lossy(&out).into_owned())
}
