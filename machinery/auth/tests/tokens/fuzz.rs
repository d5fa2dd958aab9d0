//! Tokens of every kind, damaged in any way, before a server that knows every kind.

use std::sync::Arc;

use proptest::prelude::*;
use schema::{Value, tree};
use shardplane_auth::authenticate::bootstrap::BootstrapTokens;
use shardplane_auth::authenticate::service_account::ServiceAccounts;
use shardplane_auth::authenticate::{Authenticator, Tokens};
use shardplane_auth::jwt::keys::KeySet;
use shardplane_auth::objects::Kind;
use shardplane_auth::tokens::StaticTokens;

use crate::world::{ISSUER, config, world};

proptest! {
    #![proptest_config(config(300))]

    #[test]
    fn any_text_is_no_json_web_token(token in "\\PC{0,300}") {
        prop_assert!(shardplane_auth::jwt::Unverified::parse(&token).is_none());
    }

    /// Nobody comes in but by the very tokens that were given out.
    #[test]
    fn damaged_tokens_of_every_kind_are_refused(
        which in any::<prop::sample::Index>(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), "[A-Za-z0-9_.=+/ \\-]"), 0..4),
        length in prop::option::weighted(0.2, any::<prop::sample::Index>()),
        more in "[A-Za-z0-9_.-]{0,3}",
    ) {
        thread_local! {
            static MADE: (Tokens, Vec<String>, tokio::runtime::Runtime) = every_kind();
        }
        MADE.with(|(tokens, good, runtime)| {
            let mut token = which.get(good).clone();
            for (at, to) in &changes {
                let at = at.index(token.len());
                token.replace_range(at..=at, to);
            }
            if let Some(length) = length {
                token.truncate(length.index(token.len()));
            }
            token.push_str(&more);
            let outcome = runtime.block_on(tokens.review(&token, &[ISSUER.into()]));
            prop_assert_eq!(outcome.is_ok(), good.contains(&token), "{}", token);
            Ok(())
        })?;
    }
}

/// A server with tokens of a file, of accounts and of joining nodes, and one good token of each.
fn every_kind() -> (Tokens, Vec<String>, tokio::runtime::Runtime) {
    let world = world();
    let encoded = |text: &str| Value::from(crate::world::base64(text));
    let secret = tree!({"type": "bootstrap.kubernetes.io/token", "metadata": {"name": "bootstrap-token-abcdef"}, "data": {
        "token-id": (encoded("abcdef")), "token-secret": (encoded("0123456789abcdef")),
        "usage-bootstrap-authentication": (encoded("true"))}});
    world.cluster.set(
        Kind::Secret,
        "kube-system",
        "bootstrap-token-abcdef",
        Some(secret),
    );
    let keys = Arc::new(KeySet::new(vec![world.key.public().clone()]));
    let tokens = Tokens::new(
        vec![
            Authenticator::Static(
                StaticTokens::parse("admintoken,admin,u,system:masters").expect("well formed"),
            ),
            Authenticator::ServiceAccounts(ServiceAccounts::new(
                vec![ISSUER.into()],
                keys,
                world.cluster.clone(),
            )),
            Authenticator::Bootstrap(BootstrapTokens::new(world.cluster.clone())),
        ],
        vec![ISSUER.into()],
    );
    let good = vec![
        "admintoken".to_owned(),
        world.good(),
        "abcdef.0123456789abcdef".to_owned(),
    ];
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    (tokens, good, runtime)
}
