use std::sync::Arc;

use proptest::prelude::*;
use schema::{Value, tree};

use super::*;
use crate::authorize::Authorizer;
use crate::authorize::rbac::{Kind, Rbac};

fn headers(list: &[(&'static str, &'static str)]) -> http::HeaderMap {
    let mut headers = http::HeaderMap::new();
    for (name, value) in list {
        headers.append(*name, http::HeaderValue::from_static(value));
    }
    headers
}

/// A chain in which `joe` has these rules everywhere.
fn chain(rules: Value) -> Chain {
    let rbac = Rbac::default();
    rbac.put(
        Kind::ClusterRole,
        &tree!({"metadata": {"name": "r"}, "rules": rules}),
    );
    rbac.put(
        Kind::ClusterRoleBinding,
        &tree!({"metadata": {"name": "b"}, "roleRef": {"kind": "ClusterRole", "name": "r"},
            "subjects": [{"kind": "User", "name": "joe"}]}),
    );
    Chain::new(vec![Authorizer::Rbac(Arc::new(rbac))])
}

async fn outcome(rules: Value, sent: &[(&'static str, &'static str)]) -> Result<User, Refusal> {
    let wanted = wanted(&mut headers(sent))
        .expect("good headers")
        .expect("somebody");
    let request = Attributes::resource("list", "", "pods", "a", "");
    let impersonation = Impersonation::new(Arc::new(chain(rules)));
    impersonation
        .exchange(&User::new("joe", "", &[]), &wanted, &request)
        .await
}

#[test]
fn headers_without_a_user_are_refused() {
    let error = |sent| wanted(&mut headers(sent)).expect_err("no user");
    assert_eq!(
        error(&[("impersonate-group", "g")]),
        "requested &user.DefaultInfo{Name:\"\", UID:\"\", Groups:[]string{\"g\"}, Extra:map[string][]string(nil)} without \
         impersonating a user name"
    );
    assert_eq!(
        error(&[("impersonate-extra-a", "g")]),
        "requested &user.DefaultInfo{Name:\"\", UID:\"\", Groups:[]string(nil), Extra:map[string][]string{\"a\":[]string{\"g\"}}} \
         without impersonating a user name"
    );
    assert_eq!(wanted(&mut headers(&[("accept", "*/*")])), Ok(None));
    assert_eq!(wanted(&mut headers(&[("impersonate-user", "")])), Ok(None));
}

#[test]
fn headers_that_are_no_text_are_refused_and_not_passed_over() {
    let user = || ("impersonate-user", &b"jane"[..]);
    let odd: [&[(&'static str, &[u8])]; 5] = [
        &[("impersonate-user", b"\xff")],
        &[("impersonate-user", b"\xff"), user()],
        &[user(), ("impersonate-group", b"dev\xff")],
        &[user(), ("impersonate-uid", b"\xff")],
        &[
            user(),
            ("impersonate-extra-a", b"b"),
            ("impersonate-extra-a", b"\xff"),
        ],
    ];
    for list in odd {
        let mut headers = http::HeaderMap::new();
        for (name, value) in list {
            headers.append(*name, http::HeaderValue::from_bytes(value).expect("a value"));
        }
        let error = wanted(&mut headers).expect_err("no text");
        assert!(
            error.starts_with("the value of the header impersonate-") && error.ends_with(" is not UTF-8"),
            "{error}"
        );
    }
}

proptest! {
    /// Whoever asks to be somebody else is that one, or is told why not: never themselves.
    #[test]
    fn headers_of_any_kind_are_read_or_refused(list in prop::collection::vec((a_name(), a_value()), 0..6)) {
        let mut headers = http::HeaderMap::new();
        for (name, value) in &list {
            let name: http::HeaderName = name.parse().expect("a name");
            headers.append(name, http::HeaderValue::from_bytes(value).expect("a value"));
        }
        let is_ours = |name: &str| name.starts_with("impersonate-") && name != "impersonate-users";
        // Of a header that names one thing the first counts, and an empty one names nothing.
        let first = |wanted: &str| list.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.as_slice());
        let names = |one: &str| first(one).is_some_and(|value| !value.is_empty());
        let has = |start: &str| list.iter().any(|(name, _)| name.starts_with(start));
        let is_text = |(name, value): &(String, Vec<u8>)| !is_ours(name) || std::str::from_utf8(value).is_ok();
        let asks = names("impersonate-user") || names("impersonate-uid") || has("impersonate-group") || has("impersonate-extra-");
        let is_good = names("impersonate-user") && list.iter().all(is_text);
        match wanted(&mut headers) {
            Ok(None) => prop_assert!(!asks && list.iter().all(is_text), "{:?}", list),
            Ok(Some(user)) => {
                prop_assert!(is_good, "{:?}", list);
                prop_assert!(!headers.keys().any(|name| is_ours(name.as_str())), "{:?}", headers);
                prop_assert_eq!(first("impersonate-user"), Some(user.name.as_bytes()));
            }
            Err(why) => prop_assert!(!is_good && !why.is_empty(), "{:?}", list),
        }
    }
}

fn a_name() -> impl Strategy<Value = String> {
    let names = [
        "user",
        "uid",
        "group",
        "extra-a",
        "extra-%zz",
        "extra-%2f",
        "extra-",
        "users",
    ];
    prop::sample::select(names.to_vec()).prop_map(|name| format!("impersonate-{name}"))
}

fn a_value() -> impl Strategy<Value = Vec<u8>> {
    let texts = [
        &b""[..],
        b"jane",
        b"system:masters",
        b"system:serviceaccount:a:b",
        b"\xff",
    ];
    prop_oneof![
        prop::sample::select(texts.to_vec()).prop_map(<[u8]>::to_vec),
        prop::collection::vec(prop_oneof![0x20u8..0x7f, 0x80u8..=0xff], 0..12),
    ]
}

#[test]
fn headers_are_taken_out() {
    let mut sent = headers(&[
        ("impersonate-user", "a"),
        ("impersonate-extra-x%2fy", "b"),
        ("accept", "*/*"),
    ]);
    let user = wanted(&mut sent).expect("good").expect("somebody");
    assert_eq!(user.extra["x/y"], ["b"]);
    assert_eq!(sent.len(), 1);
}

#[tokio::test]
async fn the_old_way_takes_one_right_for_each_thing() {
    let rules = || {
        tree!([
            {"verbs": ["impersonate"], "apiGroups": [""], "resources": ["users"], "resourceNames": ["jane"]},
            {"verbs": ["impersonate"], "apiGroups": [""], "resources": ["groups"], "resourceNames": ["dev"]},
            {"verbs": ["impersonate"], "apiGroups": ["authentication.k8s.io"], "resources": ["userextras/scopes", "uids"]},
            {"verbs": ["impersonate"], "apiGroups": [""], "resources": ["serviceaccounts"]},
        ])
    };
    let user = outcome(
        rules(),
        &[
            ("impersonate-user", "jane"),
            ("impersonate-group", "dev"),
            ("impersonate-uid", "7"),
            ("impersonate-extra-scopes", "view"),
        ],
    )
    .await
    .expect("allowed");
    assert_eq!(user.groups, ["dev", User::AUTHENTICATED]);
    assert_eq!(
        (user.uid.as_str(), user.extra["scopes"].as_slice()),
        ("7", &["view".into()][..])
    );
    let account = outcome(rules(), &[("impersonate-user", "system:serviceaccount:a:b")])
        .await
        .expect("allowed");
    assert_eq!(
        account.groups,
        [
            "system:serviceaccounts",
            "system:serviceaccounts:a",
            User::AUTHENTICATED
        ]
    );
    for more in [("impersonate-group", "ops"), ("impersonate-extra-other", "x")] {
        assert!(
            outcome(rules(), &[("impersonate-user", "jane"), more])
                .await
                .is_err(),
            "{more:?}"
        );
    }
    assert!(outcome(rules(), &[("impersonate-user", "root")]).await.is_err());
}

#[tokio::test]
async fn constrained_impersonation_needs_the_action_too() {
    let on = |verbs: Value| {
        tree!([
            {"verbs": verbs, "apiGroups": [""], "resources": ["pods"]},
            {"verbs": ["impersonate:user-info"], "apiGroups": ["authentication.k8s.io"], "resources": ["users", "groups"]},
        ])
    };
    let as_jane = [("impersonate-user", "jane")];
    let allowed = on(tree!(["impersonate-on:user-info:list"]));
    assert_eq!(
        outcome(allowed.clone(), &as_jane).await.expect("allowed").name,
        "jane"
    );
    let refused = outcome(on(tree!(["impersonate-on:user-info:get"])), &as_jane)
        .await
        .expect_err("another verb");
    assert_eq!(
        refused.why,
        "User \"joe\" cannot impersonate-on:user-info:list resource \"pods\" in API group \"\" in the namespace \"a\""
    );
    let masters = [
        ("impersonate-user", "jane"),
        ("impersonate-group", "system:masters"),
    ];
    let refused = outcome(allowed.clone(), &masters).await.expect_err("masters");
    assert!(
        refused
            .why
            .ends_with("impersonating the system:masters group is not allowed"),
        "{}",
        refused.why
    );
    assert!(
        outcome(allowed, &[("impersonate-user", "system:serviceaccount:a:b")])
            .await
            .is_err()
    );
}

#[tokio::test]
async fn an_agent_may_be_the_node_that_it_is_on() {
    let rules = tree!([
        {"verbs": ["impersonate-on:associated-node:list"], "apiGroups": [""], "resources": ["pods"]},
        {"verbs": ["impersonate:associated-node"], "apiGroups": ["authentication.k8s.io"], "resources": ["nodes"]},
    ]);
    let rbac = chain(rules);
    let binding = tree!({"metadata": {"name": "c"}, "roleRef": {"kind": "ClusterRole", "name": "r"},
        "subjects": [{"kind": "ServiceAccount", "namespace": "a", "name": "agent"}]});
    rbac.rbac()
        .expect("it has roles")
        .put(Kind::ClusterRoleBinding, &binding);
    let mut agent = User::new("system:serviceaccount:a:agent", "", &[]);
    agent
        .extra
        .insert("authentication.kubernetes.io/node-name".into(), vec!["n1".into()]);
    let request = Attributes::resource("list", "", "pods", "a", "");
    let wanted = |name: &str| User::new(name, "", &[]);
    let impersonation = Impersonation::new(Arc::new(rbac));
    let node = impersonation
        .exchange(&agent, &wanted("system:node:n1"), &request)
        .await
        .expect("its own node");
    assert_eq!(
        (node.name.as_str(), node.groups[0].as_str()),
        ("system:node:n1", "system:nodes")
    );
    assert!(
        impersonation
            .exchange(&agent, &wanted("system:node:n2"), &request)
            .await
            .is_err()
    );
}

#[tokio::test]
async fn the_way_that_worked_last_is_tried_first() {
    let root = User::new("root", "", &[User::MASTERS]);
    let request = Attributes::resource("create", "", "nodes", "", "");
    let impersonation = Impersonation::new(Arc::new(Chain::new(Vec::new())));
    let node = User::new("system:node:n1", "", &[]);
    let first = impersonation
        .exchange(&root, &node, &request)
        .await
        .expect("masters");
    assert!(first.is_in("system:nodes"));
    let with_group = User::new("system:node:n1", "", &["g"]);
    impersonation
        .exchange(&root, &with_group, &request)
        .await
        .expect("in the old way");
    let again = impersonation
        .exchange(&root, &node, &request)
        .await
        .expect("masters");
    assert_eq!(again.groups, [User::AUTHENTICATED]);
}
