//! Who a client is, told to the tiers behind: a client certificate becomes the headers of a front proxy, tokens pass untouched, and
//! what only a proxy may say is taken out of what clients send. What users may do is the tiers' to decide.

use auth::User;
use auth::authenticate::front_proxy::Names;
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, header};
use serve::filters::GoodUntil;
use serve::peer::Peer;
use serve::status::Status;
use serve::tls::ClientAuthority;

const USER: HeaderName = HeaderName::from_static("x-remote-user");
const UID: HeaderName = HeaderName::from_static("x-remote-uid");
const GROUP: HeaderName = HeaderName::from_static("x-remote-group");
const EXTRA: &str = "x-remote-extra-";
const FORWARDED: HeaderName = HeaderName::from_static("x-forwarded-for");

/// What headers of front proxies may be called, beside the usual names: everything that a tier believes.
pub struct Identity {
    names: Names,
}

impl Identity {
    /// With the names that the tiers are configured for.
    pub fn new(names: Names) -> Self {
        Self { names }
    }

    /// Makes a client's head one that the tiers may believe. Returns the end of the certificate that it goes by, which the
    /// tiers are not told.
    ///
    /// # Errors
    /// 401 if the only credential is a certificate that is not good.
    pub fn declare(&self, head: &mut Parts, clients: &ClientAuthority) -> Result<Option<GoodUntil>, Status> {
        self.names.strip(&mut head.headers);
        Names::default().strip(&mut head.headers);
        let Some(peer) = head.extensions.get::<Peer>().cloned() else {
            return Ok(None);
        };
        forward(&mut head.headers, &peer);
        if !peer.has_certificate() {
            return Ok(None);
        }
        match peer.user(clients) {
            Ok(known) => {
                name(&mut head.headers, &known.user)?;
                Ok(Some(GoodUntil(known.until)))
            }
            // Somebody behind knows whether the token is good.
            Err(_) if head.headers.contains_key(header::AUTHORIZATION) => Ok(None),
            Err(why) => {
                tracing::debug!(why, "a client certificate was not accepted");
                Err(Status::unauthorized())
            }
        }
    }
}

/// Adds the client's address for audit, behind those that proxies before us told.
fn forward(headers: &mut HeaderMap, peer: &Peer) {
    let address = peer.address.ip().to_canonical();
    let before = headers.get(&FORWARDED).and_then(|list| list.to_str().ok());
    let list = match before {
        Some(before) if !before.is_empty() => format!("{before}, {address}"),
        _ => address.to_string(),
    };
    if let Ok(list) = HeaderValue::from_str(&list) {
        headers.insert(FORWARDED, list);
    }
}

/// Names a user in headers.
///
/// # Errors
/// 401 if the name cannot stand in a header: nobody must be taken for somebody else.
pub(crate) fn name(headers: &mut HeaderMap, user: &User) -> Result<(), Status> {
    let value = |text: &str| HeaderValue::from_bytes(text.as_bytes()).map_err(|_| Status::unauthorized());
    headers.insert(USER, value(&user.name)?);
    if !user.uid.is_empty() {
        headers.insert(UID, value(&user.uid)?);
    }
    for group in &user.groups {
        headers.append(GROUP, value(group)?);
    }
    for (key, values) in &user.extra {
        let header = HeaderName::from_bytes(format!("{EXTRA}{}", escape(key)).as_bytes());
        let header = header.map_err(|_| Status::unauthorized())?;
        for one in values {
            headers.append(&header, value(one)?);
        }
    }
    Ok(())
}

/// `%xx` for every byte that a header's name may not have, and for the percent sign.
fn escape(key: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    let of = |byte: u8| match is_plain(byte) {
        true => char::from(byte).to_string(),
        false => format!("%{byte:02x}"),
    };
    key.bytes().map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(headers: &[(&'static str, &'static str)]) -> Parts {
        let mut request = http::Request::new(());
        for (name, value) in headers {
            request
                .headers_mut()
                .append(*name, HeaderValue::from_static(value));
        }
        request.into_parts().0
    }

    fn identity() -> Identity {
        Identity::new(Names {
            user: vec!["X-Our-User".to_owned()],
            ..Names::default()
        })
    }

    fn nobody() -> ClientAuthority {
        ClientAuthority::load(&[]).expect("nothing to read")
    }

    #[test]
    fn what_only_proxies_may_say_is_taken_out_and_tokens_are_not() {
        let mut head = head(&[
            ("x-remote-user", "root"),
            ("x-our-user", "root"),
            ("x-remote-group", "system:masters"),
            ("x-remote-extra-scopes", "all"),
            ("x-forwarded-for", "10.1.1.1"),
            ("authorization", "Bearer abc"),
        ]);
        head.extensions
            .insert(Peer::new(([192, 0, 2, 7], 1).into(), Vec::new()));
        identity().declare(&mut head, &nobody()).expect("no certificate");
        let mut left: Vec<_> = head.headers.keys().map(HeaderName::as_str).collect();
        left.sort_unstable();
        assert_eq!(left, ["authorization", "x-forwarded-for"]);
        assert_eq!(head.headers["x-forwarded-for"], "10.1.1.1, 192.0.2.7");
    }

    #[test]
    fn a_bad_certificate_alone_is_refused() {
        let bad = || Peer::new(([192, 0, 2, 7], 1).into(), vec![b"none".to_vec().into()]);
        let mut alone = head(&[]);
        alone.extensions.insert(bad());
        let refused = identity()
            .declare(&mut alone, &nobody())
            .expect_err("no credential");
        assert_eq!(refused.code, 401);
        let mut with_token = head(&[("authorization", "Bearer abc")]);
        with_token.extensions.insert(bad());
        assert!(identity().declare(&mut with_token, &nobody()).is_ok());
    }

    #[test]
    fn users_are_named_as_they_are_read() {
        let mut user = User::new("joe", "7", &["a", "b"]);
        user.extra
            .insert("acme.com/project".into(), vec!["p".into(), "q".into()]);
        let mut headers = HeaderMap::new();
        name(&mut headers, &user).expect("plain");
        assert_eq!(Names::default().user(&headers), Some(user));
        let split = User::new("joe\r\nx-remote-group: system:masters", "", &[]);
        assert!(name(&mut HeaderMap::new(), &split).is_err());
    }
}
