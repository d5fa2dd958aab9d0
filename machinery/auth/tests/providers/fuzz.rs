//! Tokens of providers, damaged in any way, and webhooks that answer anything.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use proptest::prelude::*;
use schema::{Value, json, tree};
use shardplane_auth::authenticate::oidc::Oidc;
use shardplane_auth::authenticate::unix_seconds;
use shardplane_auth::authenticate::webhook::Webhook;
use shardplane_auth::authenticate::{Authenticator, Tokens};
use shardplane_auth::jwt::keys::SigningKey;

use crate::oidc::{a_key, oidc, provider};
use crate::server::{Server, caller, serve};

fn config(sample: u32) -> ProptestConfig {
    let full = std::env::var_os("SHARDPLANE_FULL").is_some();
    ProptestConfig::with_cases(if full { 100 * sample } else { sample })
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime")
}

/// A provider that is known, its key, and a good token.
struct World {
    runtime: tokio::runtime::Runtime,
    oidc: Oidc,
    key: SigningKey,
    good: String,
    server: Server,
}

impl World {
    fn new() -> Self {
        let runtime = runtime();
        let key = a_key();
        let server = runtime.block_on(provider(Arc::new(Mutex::new(vec![key.public().to_jwk()]))));
        let oidc = oidc(&server.url);
        let good = key.token(&claims(&server.url)).expect("signed");
        Self {
            runtime,
            oidc,
            key,
            good,
            server,
        }
    }

    /// The name that a token gives, if it lets somebody in.
    fn name(&self, token: &str) -> Option<String> {
        let found = self.runtime.block_on(self.oidc.user(token)).ok()??;
        Some(found.0.name.to_string())
    }
}

fn claims(issuer: &str) -> Value {
    tree!({"iss": issuer, "aud": "us", "sub": "joe", "exp": (unix_seconds() + 3_600), "nbf": 1, "iat": 1})
}

/// Values that no claim should have, and some that it may.
fn any_value() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>()
            .prop_filter("JSON has none", |number| number.is_finite())
            .prop_map(Value::Float),
        "\\PC{0,20}".prop_map(Value::from),
        prop::collection::vec("[a-z]{0,3}".prop_map(Value::from), 0..3).prop_map(Value::List),
        Just(tree!({"a": {"b": [1]}})),
    ]
}

thread_local! {
    static WORLD: World = World::new();
}

proptest! {
    #![proptest_config(config(300))]

    #[test]
    fn damaged_tokens_of_a_provider_let_nobody_in(
        changes in prop::collection::vec((any::<prop::sample::Index>(), "[A-Za-z0-9_.=+/ \\-]"), 0..4),
        length in prop::option::weighted(0.2, any::<prop::sample::Index>()),
        more in "[A-Za-z0-9_.-]{0,3}",
    ) {
        WORLD.with(|world| {
            let mut token = world.good.clone();
            for (at, to) in &changes {
                let at = at.index(token.len());
                token.replace_range(at..=at, to);
            }
            if let Some(length) = length {
                token.truncate(length.index(token.len()));
            }
            token.push_str(&more);
            let wanted = (token == world.good).then(|| "oidc:joe".to_owned());
            prop_assert_eq!(world.name(&token), wanted, "{}", token);
            Ok(())
        })?;
    }

    /// Signed well, with claims of any kind: who they let in is who they name, for us and within their time.
    #[test]
    fn claims_of_any_kind_are_taken_as_what_they_are(
        claim in prop::sample::select(vec!["iss", "aud", "sub", "exp", "nbf", "iat", "other"]),
        value in prop::option::of(any_value()),
    ) {
        WORLD.with(|world| {
            let mut claims = claims(&world.server.url);
            let map = claims.as_map_mut().expect("a map");
            match &value {
                Some(value) => { map.insert(claim, value.clone()); }
                None => { map.remove(claim); }
            }
            let found = world.name(&world.key.token(&claims).expect("signed"));
            let may = match (claim, &value) {
                ("iat" | "other", _) => None,
                ("nbf", None | Some(Value::Null)) => None,
                ("sub", Some(Value::String(name))) if !name.is_empty() => Some(format!("oidc:{name}")),
                ("aud", Some(Value::List(audiences))) if audiences.iter().any(|one| one.as_str() == Some("us")) => None,
                ("aud", Some(Value::String(audience))) if audience == "us" => None,
                ("exp", Some(Value::Int(at))) if *at > unix_seconds() => None,
                ("exp", Some(Value::Float(at))) if *at > unix_seconds() as f64 => None,
                ("nbf", Some(Value::Int(at))) if *at <= unix_seconds() => None,
                ("nbf", Some(Value::Float(at))) if *at <= unix_seconds() as f64 => None,
                _ => { prop_assert_eq!(found, None, "{} = {:?}", claim, value); return Ok(()); }
            };
            // What these are may still be refused for its form, but never be somebody else.
            let named = may.unwrap_or_else(|| "oidc:joe".to_owned());
            prop_assert!(found.is_none_or(|found| found == named), "{} = {:?}", claim, value);
            Ok(())
        })?;
    }

    /// Whatever a webhook answers: only one that says so, in the right form, lets somebody in.
    #[test]
    fn answers_of_any_form_let_in_who_they_name_or_nobody(
        place in prop::sample::select(vec![
            &["status"][..], &["status", "authenticated"], &["status", "user"], &["status", "user", "username"],
            &["status", "user", "uid"], &["status", "user", "groups"], &["status", "user", "extra"],
            &["status", "user", "extra", "k"], &["status", "audiences"], &["status", "error"],
        ]),
        value in any_value(),
        cut in prop::option::weighted(0.3, any::<prop::sample::Index>()),
    ) {
        let mut answer = tree!({"status": {"authenticated": true, "audiences": ["us"], "user": {"username": "joe"}}});
        put(&mut answer, place, value.clone());
        let mut text = json::to_string(&answer);
        let whole = text.len();
        if let Some(cut) = cut {
            let mut at = cut.index(whole + 1);
            while !text.is_char_boundary(at) {
                at -= 1;
            }
            text.truncate(at);
        }
        ASKED.with(|asked| {
            let found = asked.review(&text);
            let is_whole = text.len() == whole;
            let names = match (place, &value) {
                (["status"] | ["status", "user"], _) => None,
                (["status", "user", "username"], Value::String(name)) if !name.is_empty() => Some(name.to_string()),
                (["status", "user", "username"], _) => None,
                (["status", "authenticated"], value) => (value == &Value::Bool(true)).then(|| "joe".to_owned()),
                _ => Some("joe".to_owned()),
            };
            match found {
                Some(name) => prop_assert!(is_whole && names == Some(name), "{}", text),
                None => prop_assert!(!(is_whole && place == ["status", "user", "username"] && names.is_some()), "{}", text),
            }
            Ok(())
        })?;
    }
}

fn put(object: &mut Value, place: &[&str], value: Value) {
    let [first, rest @ ..] = place else {
        *object = value;
        return;
    };
    let map = object.as_map_mut().expect("a map");
    if map.get(first).is_none() {
        map.insert(*first, tree!({}));
    }
    put(map.get_mut(first).expect("just put"), rest, value);
}

/// A webhook whose answers are chosen by the token that it is asked about.
struct Asked {
    runtime: tokio::runtime::Runtime,
    answers: Arc<Mutex<HashMap<String, String>>>,
    tokens: Tokens,
    _server: Server,
}

thread_local! {
    static ASKED: Asked = Asked::new();
}

impl Asked {
    fn new() -> Self {
        let runtime = runtime();
        let answers: Arc<Mutex<HashMap<String, String>>> = Arc::default();
        let told = answers.clone();
        let server = runtime.block_on(serve(move |_, review| {
            let token = review.str_at(&["spec", "token"]).unwrap_or_default();
            (
                200,
                told.lock().expect("no panics").remove(token).unwrap_or_default(),
            )
        }));
        let webhook = Webhook::new(
            caller(&server.url, Duration::from_secs(20)),
            "v1",
            Duration::from_secs(1),
        );
        let tokens = Tokens::new(vec![Authenticator::Webhook(Box::new(webhook))], vec!["us".into()]);
        Self {
            runtime,
            answers,
            tokens,
            _server: server,
        }
    }

    fn review(&self, answer: &str) -> Option<String> {
        static NUMBER: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);
        let token = format!("t{}", NUMBER.fetch_add(1, std::sync::atomic::Ordering::Relaxed));
        self.answers
            .lock()
            .expect("no panics")
            .insert(token.clone(), answer.to_owned());
        let found = self.runtime.block_on(self.tokens.review(&token, &["us".into()]));
        found.ok().map(|found| found.user.name.to_string())
    }
}
