//! URLs as Go reads them: the parts that rules of the API look at.
//! Only absolute and relative URLs with an authority or a path are told apart; nothing is decoded.

/// A URL in its parts. Absent parts are empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Url<'a> {
    /// In lower case, without the colon.
    pub scheme: String,
    /// What stands before the `@`.
    pub user: Option<&'a str>,
    /// Host and port.
    pub host: &'a str,
    /// Without the question mark.
    pub query: &'a str,
    /// Without the hash.
    pub fragment: &'a str,
}

impl<'a> Url<'a> {
    /// Reads a URL; what is wrong with it, in Go's words.
    pub fn parse(text: &'a str) -> Result<Self, String> {
        Self::parts(text).map_err(|problem| {
            let quoted = object::field::quote(text.split('#').next().unwrap_or_default());
            format!("parse {quoted}: {problem}")
        })
    }

    fn parts(text: &'a str) -> Result<Self, String> {
        let (rest, fragment) = text.split_once('#').unwrap_or((text, ""));
        if rest.bytes().any(|byte| byte < b' ' || byte == 0x7f) {
            return Err("net/url: invalid control character in URL".to_owned());
        }
        let (scheme, rest) = scheme(rest)?;
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let has_colon = rest.split('/').next().unwrap_or_default().contains(':');
        if scheme.is_empty() && has_colon {
            return Err("first path segment in URL cannot contain colon".to_owned());
        }
        let authority = rest
            .strip_prefix("//")
            .map(|rest| rest.split('/').next().unwrap_or_default());
        let (user, host) = match authority.unwrap_or_default().rsplit_once('@') {
            Some((user, host)) => (Some(user), host),
            None => (None, authority.unwrap_or_default()),
        };
        check_host(host)?;
        Ok(Self {
            scheme: scheme.to_ascii_lowercase(),
            user,
            host,
            query,
            fragment,
        })
    }
}

/// The scheme and what follows its colon.
fn scheme(text: &str) -> Result<(&str, &str), String> {
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' => {}
            b'0'..=b'9' | b'+' | b'-' | b'.' if at > 0 => {}
            b':' if at == 0 => return Err("missing protocol scheme".to_owned()),
            b':' => return Ok((&text[..at], &text[at + 1..])),
            _ => break,
        }
    }
    Ok(("", text))
}

fn check_host(host: &str) -> Result<(), String> {
    let after = match host.strip_prefix('[') {
        Some(literal) => match literal.rsplit_once(']') {
            Some((_, after)) => after,
            None => return Err("missing ']' in host".to_owned()),
        },
        None => host.rfind(':').map_or("", |colon| &host[colon..]),
    };
    let is_port = after
        .strip_prefix(':')
        .is_some_and(|port| port.bytes().all(|byte| byte.is_ascii_digit()));
    if !after.is_empty() && !is_port {
        return Err(format!("invalid port {} after host", object::field::quote(after)));
    }
    match host.chars().find(|char| " \"<>\\^`{|}".contains(*char)) {
        Some(bad) => Err(format!(
            "invalid character {} in host name",
            object::field::quote(&bad.to_string())
        )),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_fall_into_their_parts() {
        let url = Url::parse("HTTPS://u:p@h:1/a?b=c#d").expect("a URL");
        let have = (url.scheme.as_str(), url.user, url.host, url.query, url.fragment);
        assert_eq!(have, ("https", Some("u:p"), "h:1", "b=c", "d"));
        let relative = Url::parse("h/x").expect("a URL");
        assert_eq!((relative.scheme.as_str(), relative.host), ("", ""));
        assert_eq!(Url::parse("https://[::1]:443").expect("a URL").host, "[::1]:443");
    }

    #[test]
    fn what_is_wrong_is_told_as_go_does() {
        for (text, problem) in [
            (":x", "parse \":x\": missing protocol scheme"),
            (
                "1:x",
                "parse \"1:x\": first path segment in URL cannot contain colon",
            ),
            (
                "https://h:x",
                "parse \"https://h:x\": invalid port \":x\" after host",
            ),
            ("https://[::1", "parse \"https://[::1\": missing ']' in host"),
            (
                "https://a b",
                "parse \"https://a b\": invalid character \" \" in host name",
            ),
            (
                "a\u{1}",
                "parse \"a\\x01\": net/url: invalid control character in URL",
            ),
        ] {
            assert_eq!(Url::parse(text), Err(problem.to_owned()));
        }
    }
}
