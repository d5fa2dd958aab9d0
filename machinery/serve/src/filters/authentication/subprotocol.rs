//! Bearer tokens of clients that cannot send an `Authorization` header: browsers offer them as a subprotocol of WebSocket, beside
//! at least one that is meant.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::{HeaderMap, HeaderValue, header};

use crate::upgrade::{has_token, is_wished};

/// What such a subprotocol begins with; the token follows in base64url.
const PREFIX: &str = "base64url.bearer.authorization.k8s.io.";

/// The token that is offered, if one is. What is offered wrongly (twice, alone, not as text) is an empty token, which is no good
/// one.
pub fn token(headers: &HeaderMap) -> Option<Cow<'_, str>> {
    if !is_wished(headers) || !has_token(headers, &header::UPGRADE, "websocket") {
        return None;
    }
    let mut tokens = offered(headers).filter_map(|protocol| protocol.strip_prefix(PREFIX));
    let token = tokens.next()?;
    let is_alone = || !offered(headers).any(|protocol| !protocol.starts_with(PREFIX));
    let decoded = URL_SAFE_NO_PAD
        .decode(token)
        .ok()
        .filter(|_| tokens.next().is_none() && !is_alone())
        .and_then(|bytes| String::from_utf8(bytes).ok());
    Some(decoded.unwrap_or_default().into())
}

/// Takes the tokens out: they are nobody's behind.
pub fn strip(headers: &mut HeaderMap) {
    if !offered(headers).any(|protocol| protocol.starts_with(PREFIX)) {
        return;
    }
    let left: Vec<&str> = offered(headers)
        .filter(|protocol| !protocol.starts_with(PREFIX))
        .collect();
    let left = HeaderValue::from_str(&left.join(",")).ok();
    headers.remove(header::SEC_WEBSOCKET_PROTOCOL);
    if let Some(left) = left.filter(|left| !left.is_empty()) {
        headers.insert(header::SEC_WEBSOCKET_PROTOCOL, left);
    }
}

fn offered(headers: &HeaderMap) -> impl Iterator<Item = &str> {
    let values = headers.get_all(header::SEC_WEBSOCKET_PROTOCOL).iter();
    values
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .filter(|protocol| !protocol.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(protocols: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONNECTION, HeaderValue::from_static("Upgrade"));
        headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
        for protocols in protocols {
            let value = HeaderValue::from_str(protocols).expect("a value");
            headers.append(header::SEC_WEBSOCKET_PROTOCOL, value);
        }
        headers
    }

    fn of(text: &str) -> String {
        format!("{PREFIX}{text}")
    }

    #[test]
    fn a_token_is_offered_beside_what_is_meant() {
        // `secret`.
        let secret = of("c2VjcmV0");
        let cases: [(&[&str], Option<&str>); 9] = [
            (&[&format!("{secret}, v4.channel.k8s.io")], Some("secret")),
            (&["v4.channel.k8s.io", &secret], Some("secret")),
            (&["v4.channel.k8s.io"], None),
            (&[], None),
            (&[&secret], Some("")),
            (&[&secret, &secret, "v4.channel.k8s.io"], Some("")),
            (&[&of("!"), "v4.channel.k8s.io"], Some("")),
            (&[&of("_w"), "v4.channel.k8s.io"], Some("")),
            (&[&of(""), "v4.channel.k8s.io"], Some("")),
        ];
        for (protocols, wanted) in cases {
            assert_eq!(token(&headers(protocols)).as_deref(), wanted, "{protocols:?}");
        }
        let mut other = headers(&[&secret, "v4.channel.k8s.io"]);
        other.insert(header::UPGRADE, HeaderValue::from_static("SPDY/3.1"));
        assert_eq!(token(&other), None);
    }

    #[test]
    fn it_is_not_passed_on() {
        let left = |protocols: &[&str]| {
            let mut headers = headers(protocols);
            strip(&mut headers);
            let left = headers.get_all(header::SEC_WEBSOCKET_PROTOCOL).iter();
            left.map(|value| value.to_str().expect("text").to_owned())
                .collect::<Vec<_>>()
        };
        assert_eq!(left(&[&format!("a,{}, b", of("c2VjcmV0"))]), ["a,b"]);
        assert_eq!(left(&[&of("!")]), [""; 0]);
        assert_eq!(left(&["a, b", "c"]), ["a, b", "c"]);
    }
}
