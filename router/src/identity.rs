//! Who a client is, told to the tiers behind: a client certificate becomes the headers of a front proxy, tokens pass untouched, and
//! what only a proxy may say is taken out of what clients send. What users may do is the tiers' to decide.

use auth::User;
use auth::authenticate::front_proxy::Names;
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, header};
use serve::filters::{GoodUntil, brings_token};
use serve::peer::Peer;
use serve::status::Status;
use serve::tls::ClientAuthority;

const FORWARDED: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The headers that a proxy is configured for name no user: there is none for the name, or it cannot stand in one.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("these headers cannot name anybody")]
pub struct NamesNobody;

/// What headers of front proxies are called: everything that a tier believes. Users are named in the first of each.
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
                self.name(&mut head.headers, &known.user)?;
                Ok(Some(GoodUntil(known.until)))
            }
            // Somebody behind knows whether the token is good.
            Err(_) if brings_token(&head.headers) => Ok(None),
            Err(why) => {
                tracing::debug!(why, "a client certificate was not accepted");
                Err(Status::unauthorized())
            }
        }
    }

    /// The headers that name a user who asks by himself, with nothing else in them.
    ///
    /// # Errors
    /// If they cannot.
    pub fn headers_of(&self, user: &User) -> Result<HeaderMap, NamesNobody> {
        let mut headers = HeaderMap::new();
        self.name(&mut headers, user).map_err(|_| NamesNobody)?;
        Ok(headers)
    }

    /// The headers that say who asks: those of a request that goes by them.
    pub fn credentials(&self, headers: &HeaderMap) -> HeaderMap {
        let is_own = |name: &str, list: &[String]| list.iter().any(|one| name.eq_ignore_ascii_case(one));
        let begins =
            |name: &str, list: &[String]| list.iter().any(|one| name.starts_with(&one.to_ascii_lowercase()));
        let names = &self.names;
        let tells = |name: &HeaderName| {
            let text = name.as_str();
            *name == header::AUTHORIZATION
                || text.starts_with("impersonate-")
                || [&names.user, &names.uid, &names.group]
                    .iter()
                    .any(|list| is_own(text, list))
                || begins(text, &names.extra_prefix)
        };
        let mut told = HeaderMap::new();
        for (name, value) in headers.iter().filter(|(name, _)| tells(name)) {
            told.append(name.clone(), value.clone());
        }
        told
    }

    /// Names a user in headers.
    ///
    /// # Errors
    /// 401 if the name cannot stand in a header: nobody must be taken for somebody else.
    fn name(&self, headers: &mut HeaderMap, user: &User) -> Result<(), Status> {
        let refused = || Status::unauthorized();
        let value = |text: &str| HeaderValue::from_bytes(text.as_bytes()).map_err(|_| refused());
        let header = |text: &str| HeaderName::from_bytes(text.as_bytes()).map_err(|_| refused());
        let of = |list: &[String]| list.first().map(|name| header(name)).transpose();
        // Without a header for it nobody would be named.
        headers.insert(of(&self.names.user)?.ok_or_else(refused)?, value(&user.name)?);
        if let Some(uid) = of(&self.names.uid)?.filter(|_| !user.uid.is_empty()) {
            headers.insert(uid, value(&user.uid)?);
        }
        if let Some(group) = of(&self.names.group)? {
            for one in &user.groups {
                headers.append(&group, value(one)?);
            }
        }
        for (prefix, (key, values)) in self
            .names
            .extra_prefix
            .first()
            .into_iter()
            .flat_map(|prefix| user.extra.iter().map(move |extra| (prefix, extra)))
        {
            let extra = header(&format!("{prefix}{}", escape(key)))?;
            for one in values {
                headers.append(&extra, value(one)?);
            }
        }
        Ok(())
    }
}

/// Adds the client's address for audit, behind those that proxies before us told.
fn forward(headers: &mut HeaderMap, peer: &Peer) {
    let address = peer.address.ip().to_canonical().to_string();
    let before = headers
        .get_all(&FORWARDED)
        .iter()
        .filter_map(|list| list.to_str().ok());
    let all: Vec<&str> = before
        .filter(|list| !list.is_empty())
        .chain([address.as_str()])
        .collect();
    if let Ok(list) = HeaderValue::from_str(&all.join(", ")) {
        headers.insert(FORWARDED, list);
    }
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
        let mut with_none = head(&[("authorization", "Basic abc")]);
        with_none.extensions.insert(bad());
        assert!(identity().declare(&mut with_none, &nobody()).is_err());
    }

    #[test]
    fn users_are_named_as_they_are_read() {
        let mut user = User::new("joe", "7", &["a", "b"]);
        user.extra
            .insert("acme.com/project".into(), vec!["p".into(), "q".into()]);
        for names in [Names::default(), identity().names] {
            let identity = Identity::new(names.clone());
            let mut headers = identity.headers_of(&user).expect("plain");
            assert_eq!(names.user(&headers), Some(user.clone()));
            headers.append("x-else", HeaderValue::from_static("1"));
            assert_eq!(names.user(&identity.credentials(&headers)), Some(user.clone()));
            assert!(!identity.credentials(&headers).contains_key("x-else"));
        }
        let split = User::new("joe\r\nx-remote-group: system:masters", "", &[]);
        assert!(identity().headers_of(&split).is_err());
        let unnamed = Identity::new(Names {
            user: Vec::new(),
            ..Names::default()
        });
        assert!(unnamed.headers_of(&user).is_err());
    }

    #[test]
    fn addresses_of_several_proxies_are_all_told() {
        let mut head = head(&[("x-forwarded-for", "10.1.1.1"), ("x-forwarded-for", "10.2.2.2")]);
        head.extensions
            .insert(Peer::new(([192, 0, 2, 7], 1).into(), Vec::new()));
        identity().declare(&mut head, &nobody()).expect("no certificate");
        let told: Vec<_> = head.headers.get_all("x-forwarded-for").iter().collect();
        assert_eq!(told, ["10.1.1.1, 10.2.2.2, 192.0.2.7"]);
    }
}
