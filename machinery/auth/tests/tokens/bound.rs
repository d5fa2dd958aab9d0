//! Tokens that are bound to objects, when these go, come back as others, or are on their way out.

use schema::time::Time;
use schema::{Value, tree};
use shardplane_auth::authenticate::service_account::mint::Bound;
use shardplane_auth::authenticate::unix_seconds;
use shardplane_auth::objects::Kind;

use crate::world::{ISSUER, World, world};

#[tokio::test]
async fn what_a_token_is_bound_to_is_checked_as_it_is_now() {
    let world = world();
    let pod = world.cluster.put(Kind::Pod, "n", "p", "u2");
    let secret = world.cluster.put(Kind::Secret, "n", "s", "u3");
    let node = world.cluster.put(Kind::Node, "", "w", "u4");
    let to_pod = world.mint(
        Bound {
            pod: Some(&pod),
            node: Some(&node),
            ..Bound::default()
        },
        &[ISSUER],
    );
    let to_secret = world.mint(
        Bound {
            secret: Some(&secret),
            ..Bound::default()
        },
        &[ISSUER],
    );
    let to_node = world.mint(
        Bound {
            node: Some(&node),
            ..Bound::default()
        },
        &[ISSUER],
    );
    let review = |token: String| {
        let tokens = &world.tokens;
        async move { tokens.review(&token, &[ISSUER.into()]).await }
    };
    let user = review(to_pod.clone()).await.expect("good").user;
    for (key, value) in [
        ("pod-name", "p"),
        ("pod-uid", "u2"),
        ("node-name", "w"),
        ("node-uid", "u4"),
    ] {
        assert_eq!(
            user.extra[format!("authentication.kubernetes.io/{key}").as_str()],
            [value]
        );
    }
    for token in [&to_secret, &to_node] {
        review(token.clone()).await.expect("good");
    }
    world.cluster.put(Kind::Pod, "n", "p", "another");
    world.cluster.set(Kind::Secret, "n", "s", None);
    world.cluster.set(Kind::Node, "", "w", None);
    for token in [to_pod, to_secret, to_node] {
        assert!(review(token).await.is_err());
    }
    let plain = world.good();
    review(plain.clone()).await.expect("good");
    let old = tree!({"metadata": {"namespace": "n", "name": "sa", "uid": "u1", "deletionTimestamp": "2020-01-01T00:00:00Z"}});
    world.cluster.set(Kind::ServiceAccount, "n", "sa", Some(old));
    assert!(
        review(plain.clone())
            .await
            .expect_err("deleted")
            .contains("has been deleted")
    );
    world.cluster.put(Kind::ServiceAccount, "n", "sa", "u9");
    assert!(
        review(plain)
            .await
            .expect_err("another")
            .contains("does not match claim")
    );
}

/// A token bound to an object of a kind, all of whose objects are there.
fn bound_to(world: &World, kind: Kind) -> String {
    let object = match kind {
        Kind::ServiceAccount => return world.good(),
        Kind::Node => world.cluster.put(kind, "", "it", "u2"),
        _ => world.cluster.put(kind, "n", "it", "u2"),
    };
    let mut bound = Bound::default();
    match kind {
        Kind::Pod => bound.pod = Some(&object),
        Kind::Secret => bound.secret = Some(&object),
        _ => bound.node = Some(&object),
    }
    world.mint(bound, &[ISSUER])
}

#[tokio::test]
async fn each_object_ends_its_tokens() {
    let now = unix_seconds();
    let deleted = |uid: &str, seconds: i64| {
        let at = Time {
            seconds: now - seconds,
            nanos: 0,
        };
        Some(tree!({"metadata": {"name": "it", "uid": uid, "deletionTimestamp": (at.format())}}))
    };
    for kind in [Kind::ServiceAccount, Kind::Pod, Kind::Secret, Kind::Node] {
        let (namespace, name, uid) = match kind {
            Kind::ServiceAccount => ("n", "sa", "u1"),
            Kind::Node => ("", "it", "u2"),
            _ => ("n", "it", "u2"),
        };
        let cases: [(&str, Option<Value>, Option<&str>); 6] = [
            ("gone", None, Some("not found")),
            (
                "another",
                Some(tree!({"metadata": {"name": name, "uid": "u9"}})),
                Some("does not match claim"),
            ),
            (
                "without a uid",
                Some(tree!({"metadata": {"name": name}})),
                Some("does not match claim"),
            ),
            ("deleted long ago", deleted(uid, 3_600), Some("has been deleted")),
            // What ends with it may end in order.
            ("deleted a moment ago", deleted(uid, 10), None),
            ("of another name", deleted("u9", 10), Some("does not match claim")),
        ];
        for (what, object, told) in cases {
            let world = world();
            let token = bound_to(&world, kind);
            let audiences = [ISSUER.into()];
            let review = || world.tokens.review(&token, &audiences);
            assert!(review().await.is_ok(), "{kind:?}");
            world.cluster.set(kind, namespace, name, object);
            match (review().await, told) {
                (Err(error), Some(told)) => assert!(error.contains(told), "{kind:?} {what}: {error}"),
                (found, told) => assert_eq!(found.is_ok(), told.is_none(), "{kind:?} {what}: {found:?}"),
            }
        }
    }
}

#[tokio::test]
async fn what_cannot_be_known_lets_nobody_in() {
    let world = world();
    let token = bound_to(&world, Kind::Pod);
    world.cluster.fail(true);
    let error = world.error(&token).await;
    assert!(error.contains("the store is away"), "{error}");
    world.cluster.fail(false);
    assert!(world.tokens.user(&token).await.is_ok());
}
