//! Client certificates and those of front proxies, in every state: who is who, and that everything else is refused. Also fuzzing.

mod authority;

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use auth::User;
use auth::authenticate::Tokens;
use auth::authenticate::anonymous::Anonymous;
use auth::authenticate::front_proxy::Names;
use authority::{Authority, Der, client, self_signed, valid};
use http::{HeaderName, HeaderValue, StatusCode};
use proptest::prelude::*;
use rcgen::{DnType, ExtendedKeyUsagePurpose, IsCa};
use serve::filter::{Chain, answer, handler_fn};
use serve::filters::{Authentication, FrontProxy};
use serve::http::{Body, Handler, Request, text_response};
use serve::peer::Peer;
use serve::tls::ClientAuthority;
use shardplane_serve as serve;

/// Longer than a certificate of this test lives, and shorter than a judgement stands by itself.
const PATIENCE: Duration = Duration::from_secs(20);

/// Chains that are good, and chains that are not, each with what it is.
struct Chains {
    good: Vec<(&'static str, Vec<Der>)>,
    bad: Vec<(&'static str, Vec<Der>)>,
}

/// All are of a client called `root`.
fn chains(authority: &Authority) -> Chains {
    let other = Authority::new("other");
    // Of the same name as the one that is trusted, and not it.
    let impostor = Authority::new("clients");
    let between = authority.below("between");
    let changed = |change: &dyn Fn(&mut rcgen::CertificateParams)| {
        let mut params = client("root");
        change(&mut params);
        authority.sign(params)
    };
    let good = authority.sign(client("root"));
    let leaf_that_signs = authority.issuer_of(client("root"));
    let cut = Der::from(good[..good.len() - 1].to_vec());
    let longer = Der::from([&good[..], b"x"].concat());
    Chains {
        good: vec![
            ("plain", vec![good.clone()]),
            (
                "for any use",
                vec![changed(&|params| params.extended_key_usages.clear())],
            ),
            (
                "below another authority",
                vec![between.sign(client("root")), between.certificate.clone()],
            ),
            (
                "with others that lead nowhere",
                vec![good, other.certificate.clone()],
            ),
        ],
        bad: vec![
            ("expired", vec![changed(&|params| valid(params, -3, -1))]),
            ("not yet valid", vec![changed(&|params| valid(params, 1, 3))]),
            ("of another authority", vec![other.sign(client("root"))]),
            (
                "of another authority that is sent along",
                vec![other.sign(client("root")), other.certificate.clone()],
            ),
            (
                "of an authority of the same name",
                vec![impostor.sign(client("root"))],
            ),
            (
                "for servers",
                vec![changed(&|params| {
                    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
                })],
            ),
            ("signed by itself", vec![self_signed(&client("root"))]),
            (
                "of an authority that is not sent",
                vec![between.sign(client("root"))],
            ),
            (
                "of a client that signs",
                vec![
                    leaf_that_signs.sign(client("root")),
                    leaf_that_signs.certificate.clone(),
                ],
            ),
            ("of a client that says it is an authority and was expired", {
                let mut params = client("root");
                params.is_ca = IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
                valid(&mut params, -3, -1);
                let expired = authority.issuer_of(params);
                vec![expired.sign(client("root")), expired.certificate.clone()]
            }),
            (
                "without a name",
                vec![changed(&|params| {
                    params.distinguished_name.remove(DnType::CommonName);
                })],
            ),
            ("cut off", vec![cut]),
            ("with more behind it", vec![longer]),
            ("empty", vec![Der::from(Vec::new())]),
            ("no certificate", vec![Der::from(b"not a certificate".to_vec())]),
            ("the authority itself", vec![authority.certificate.clone()]),
        ],
    }
}

fn peer(chain: &[Der]) -> Peer {
    Peer::new(([127, 0, 0, 1], 1).into(), chain.to_vec())
}

/// A server that trusts these, and proxies of the name `proxy`; it tells who somebody is.
fn server(clients: ClientAuthority, proxies: ClientAuthority) -> Handler {
    let filter = Authentication {
        front_proxy: Some(FrontProxy {
            authority: Arc::new(proxies),
            names: Names {
                allowed: vec!["proxy".to_owned()],
                ..Names::default()
            },
        }),
        clients: Arc::new(clients),
        tokens: Arc::new(Tokens::new(Vec::new(), Vec::new())),
        anonymous: Anonymous::Yes,
        metrics: auth::metrics::Authentication::default(),
        audit: None,
    };
    let who = handler_fn(|request: Request| async move {
        let of_proxies =
            |name: &HeaderName| name.as_str().starts_with("x-remote-user") && name != "x-remote-username";
        assert!(!request.headers().keys().any(of_proxies));
        let user = request.extensions().get::<User>().expect("set by the filter");
        text_response(StatusCode::OK, user.name.to_string())
    });
    Chain::new(vec![Box::new(filter)], who).into_handler()
}

async fn who(server: &Handler, chain: &[Der], headers: &[(&str, &[u8])]) -> (u16, String) {
    let mut request = http::Request::new(Body::empty());
    for (name, value) in headers {
        let name: HeaderName = name.parse().expect("a name");
        let value = HeaderValue::from_bytes(value).expect("a value");
        request.headers_mut().append(name, value);
    }
    request.extensions_mut().insert(peer(chain));
    let response = answer(server.clone(), request).await;
    let code = response.status().as_u16();
    let body = serve::http::read_body(response.into_body(), 10_000).await;
    (
        code,
        String::from_utf8_lossy(&body.expect("a short body")).into_owned(),
    )
}

const SPOOFED: [(&str, &[u8]); 2] = [("x-remote-user", b"joe"), ("x-remote-group", b"system:masters")];

#[tokio::test]
async fn clients_are_known_by_good_certificates_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let authority = Authority::new("clients");
    let nobody = ClientAuthority::load(&[]).expect("nothing to read");
    let server = server(authority.trusted(folder.path()), nobody);
    let Chains { good, bad } = chains(&authority);
    for (what, chain) in &good {
        assert_eq!(who(&server, chain, &[]).await, (200, "root".to_owned()), "{what}");
        // What a client says of others is not heard.
        assert_eq!(
            who(&server, chain, &SPOOFED).await,
            (200, "root".to_owned()),
            "{what}"
        );
    }
    for (what, chain) in &bad {
        for headers in [&[][..], &SPOOFED, &[("authorization", &b"Bearer bad"[..])]] {
            assert_eq!(who(&server, chain, headers).await.0, 401, "{what}");
        }
    }
}

#[tokio::test]
async fn proxies_name_users_by_good_certificates_of_allowed_names_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let (clients, proxies) = (tempfile::tempdir().expect("a folder"), Authority::new("clients"));
    let of_clients = Authority::new("people");
    let server = server(of_clients.trusted(clients.path()), proxies.trusted(folder.path()));
    let named = |chain: Vec<Der>| {
        let server = &server;
        async move { who(server, &chain, &SPOOFED).await }
    };
    assert_eq!(
        named(vec![proxies.sign(client("proxy"))]).await,
        (200, "joe".to_owned())
    );
    // All of these are of the name `root`, which may not.
    let Chains { good, bad } = chains(&proxies);
    for (what, chain) in good.into_iter().chain(bad) {
        assert_eq!(named(chain).await.0, 401, "{what}");
    }
    for (what, change) in [("expired", -3), ("not yet valid", 1)] {
        let mut params = client("proxy");
        valid(&mut params, change, change + 2);
        assert_eq!(named(vec![proxies.sign(params)]).await.0, 401, "{what}");
    }
    for name in ["Proxy", "proxy ", "*", "front-proxy-client"] {
        assert_eq!(named(vec![proxies.sign(client(name))]).await.0, 401, "{name}");
    }
    // Of the clients' authority: somebody of the name, who names nobody.
    let client_of_the_name = vec![of_clients.sign(client("proxy"))];
    assert_eq!(named(client_of_the_name).await, (200, "proxy".to_owned()));
    // A proxy that names nobody is nobody.
    let proxy = [proxies.sign(client("proxy"))];
    for headers in [
        &[][..] as &[(&str, &[u8])],
        &[("x-remote-user", b"")],
        &[("x-remote-group", b"system:masters")],
        &[("x-remote-user", b"\xff"), ("x-remote-user", b"root")],
    ] {
        assert_eq!(
            who(&server, &proxy, headers).await,
            (200, "system:anonymous".to_owned()),
            "{headers:?}"
        );
    }
}

#[test]
fn authorities_that_are_exchanged_count_for_open_connections_too() {
    let folder = tempfile::tempdir().expect("a folder");
    let (first, second) = (Authority::new("first"), Authority::new("second"));
    let trusted = first.trusted(folder.path());
    let (of_first, of_second) = (
        peer(&[first.sign(client("a"))]),
        peer(&[second.sign(client("b"))]),
    );
    assert!(of_first.user(&trusted).is_ok() && of_second.user(&trusted).is_err());
    assert!(of_first.proxy_name(&trusted).is_ok());
    second.write(&folder.path().join("trusted.crt"));
    trusted.reload().expect("good");
    assert!(of_first.user(&trusted).is_err() && of_second.user(&trusted).is_ok());
    assert!(of_first.proxy_name(&trusted).is_err());
}

#[test]
fn a_certificate_that_ends_counts_for_its_connection_no_more() {
    let folder = tempfile::tempdir().expect("a folder");
    let authority = Authority::new("clients");
    let trusted = authority.trusted(folder.path());
    let mut params = client("short");
    params.not_after = (SystemTime::now() + Duration::from_secs(3)).into();
    let peer = peer(&[authority.sign(params)]);
    assert!(peer.user(&trusted).is_ok());
    let begun = Instant::now();
    while peer.user(&trusted).is_ok() {
        assert!(begun.elapsed() < PATIENCE, "still good");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn config(sample: u32) -> ProptestConfig {
    let full = std::env::var_os("SHARDPLANE_FULL").is_some();
    ProptestConfig::with_cases(if full { 100 * sample } else { sample })
}

proptest! {
    #![proptest_config(config(500))]

    /// A certificate that is not the one that was signed is worth nothing, whatever is changed in it.
    #[test]
    fn damaged_certificates_are_refused(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
        length in prop::option::weighted(0.2, any::<prop::sample::Index>()),
        more in prop::collection::vec(any::<u8>(), 0..3),
    ) {
        thread_local! {
            static MADE: (Der, ClientAuthority, tempfile::TempDir) = {
                let folder = tempfile::tempdir().expect("a folder");
                let authority = Authority::new("clients");
                let trusted = authority.trusted(folder.path());
                (authority.sign(client("root")), trusted, folder)
            };
        }
        MADE.with(|(good, trusted, _)| {
            let mut bytes = good.to_vec();
            for (at, to) in &changes {
                let at = at.index(bytes.len());
                bytes[at] = *to;
            }
            if let Some(length) = length {
                bytes.truncate(length.index(bytes.len()));
            }
            bytes.extend(&more);
            let is_good = bytes == good.as_ref();
            let damaged = Der::from(bytes);
            prop_assert_eq!(trusted.verify(std::slice::from_ref(&damaged)).is_ok(), is_good);
            prop_assert_eq!(peer(std::slice::from_ref(&damaged)).user(trusted).is_ok(), is_good);
            // Others sent along change nothing, whatever they are.
            prop_assert!(trusted.verify(&[good.clone(), damaged]).is_ok());
            Ok(())
        })?;
    }

    /// Headers of any kind, without a proxy's certificate or with one: never somebody whom no proxy names, and no header of it
    /// reaches what is behind.
    #[test]
    fn headers_of_any_kind_name_nobody(headers in prop::collection::vec(a_header(), 0..6), is_proxy in any::<bool>()) {
        thread_local! {
            static MADE: (Handler, Der, tempfile::TempDir, tokio::runtime::Runtime) = {
                let folder = tempfile::tempdir().expect("a folder");
                let proxies = Authority::new("proxies");
                let nobody = ClientAuthority::load(&[]).expect("nothing to read");
                let server = server(nobody, proxies.trusted(folder.path()));
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
                (server, proxies.sign(client("proxy")), folder, runtime)
            };
        }
        MADE.with(|(server, proxy, _, runtime)| {
            let chain: &[Der] = if is_proxy { std::slice::from_ref(proxy) } else { &[] };
            let sent: Vec<(&str, &[u8])> = headers.iter().map(|(name, value)| (name.as_str(), value.as_slice())).collect();
            let (code, name) = runtime.block_on(who(server, chain, &sent));
            let first = |wanted: &str| sent.iter().find(|(name, _)| *name == wanted).map(|(_, value)| *value);
            let named = first("x-remote-user").filter(|name| !name.is_empty()).and_then(|name| std::str::from_utf8(name).ok());
            let has_token = first("authorization").is_some_and(carries_token);
            let wanted = match named.filter(|_| is_proxy) {
                Some(name) => (200, name),
                // No token of these is good.
                None if has_token => (401, ""),
                None => (200, "system:anonymous"),
            };
            prop_assert_eq!((code, if code == 200 { name.as_str() } else { "" }), wanted, "{:?}", headers);
            Ok(())
        })?;
    }
}

/// In the words of RFC 6750: the scheme, a space, something.
fn carries_token(value: &[u8]) -> bool {
    let value = value.trim_ascii();
    value.len() > 7 && value[..7].eq_ignore_ascii_case(b"bearer ") && value[7] != b' '
}

/// Headers that mean something here, and others that look like them.
fn a_header() -> impl Strategy<Value = (String, Vec<u8>)> {
    let names = [
        "x-remote-user",
        "x-remote-uid",
        "x-remote-group",
        "x-remote-extra-a",
        "x-remote-extra-%zz%2f%+1",
        "x-remote-extra-",
        "x_remote_user",
        "x-remote-username",
        "x-forwarded-user",
        "remote-user",
        "authorization",
        "impersonate-user",
    ];
    let texts = [
        "",
        "root",
        "system:masters",
        "Bearer x",
        "bearer  x",
        "Bearer",
        "Bearer ",
        " bearer \t",
        "Basic eDp5",
        "Bearer \u{e9}",
    ];
    let value = prop_oneof![
        prop::sample::select(texts.to_vec()).prop_map(|text| text.as_bytes().to_vec()),
        // Everything that a header may hold.
        prop::collection::vec(prop_oneof![0x20u8..0x7f, 0x80u8..=0xff, Just(b'\t')], 0..24),
    ];
    (prop::sample::select(names.to_vec()), value).prop_map(|(name, value)| (name.to_owned(), value))
}
