//! What it costs to know a token and to decide by roles: 5,000 roles, 10,000 bindings, a service account's token that was seen
//! before. The issue on access wants less than 3 microseconds.
//!
//! `cargo bench -p shardplane-auth` prints microseconds, the best of several rounds, and instructions where valgrind is installed.

use std::hint::black_box;
use std::sync::Arc;

use async_trait::async_trait;
use schema::{Value, tree};
use shardplane_auth::User;
use shardplane_auth::authenticate::service_account::ServiceAccounts;
use shardplane_auth::authenticate::service_account::mint::{Bound, Minter};
use shardplane_auth::authenticate::{Authenticator, Tokens, unix_seconds};
use shardplane_auth::authorize::rbac::{Kind, Rbac};
use shardplane_auth::authorize::{Attributes, Authorizer, Chain};
use shardplane_auth::jwt::keys::{KeySet, SigningKey};
use shardplane_auth::objects::{self, Objects};

const ISSUER: &str = "https://kubernetes.default.svc";
const ROLES: usize = 5_000;
const BINDINGS: usize = 10_000;

struct One(Value);

#[async_trait]
impl Objects for One {
    async fn get(&self, _: objects::Kind, _: &str, _: &str) -> Result<Option<Value>, String> {
        Ok(Some(self.0.clone()))
    }
}

struct World {
    tokens: Tokens,
    token: String,
    chain: Chain,
}

fn world() -> World {
    let account = tree!({"metadata": {"namespace": "ns-7", "name": "sa-7", "uid": "u"}});
    let key = SigningKey::of_pem(
        rcgen::KeyPair::generate()
            .expect("a key")
            .serialize_pem()
            .as_bytes(),
    )
    .expect("good");
    let minter = Minter::new(ISSUER, key.clone(), false);
    let token = minter
        .mint(
            &account,
            Bound::default(),
            &[ISSUER.into()],
            1 << 31,
            unix_seconds(),
        )
        .expect("signed")
        .token;
    let accounts = ServiceAccounts::new(
        vec![ISSUER.into()],
        Arc::new(KeySet::new(vec![key.public().clone()])),
        Arc::new(One(account)),
    );
    let tokens = Tokens::new(
        vec![Authenticator::ServiceAccounts(accounts)],
        vec![ISSUER.into()],
    );
    World {
        tokens,
        token,
        chain: Chain::new(vec![
            Authorizer::Node(Arc::default()),
            Authorizer::Rbac(Arc::new(rbac())),
        ]),
    }
}

/// Roles of a dozen rules; every account of a namespace has two bindings, and everybody has some of the cluster.
fn rbac() -> Rbac {
    let rbac = Rbac::default();
    let rules: Vec<Value> = ["configmaps", "secrets", "services", "events", "endpoints", "pods/log", "pods/exec", "pods"]
        .iter()
        .map(|resource| tree!({"verbs": ["get", "list", "watch"], "apiGroups": ["", "apps"], "resources": [(*resource)]}))
        .collect();
    let name = |at: usize| format!("role-{at}");
    let role = |at: usize| tree!({"metadata": {"name": (name(at))}, "rules": (rules.clone())});
    let roles: Vec<Value> = (0..ROLES).map(role).collect();
    rbac.replace(Kind::ClusterRole, &roles);
    let bindings: Vec<Value> = (0..BINDINGS)
        .map(|at| {
            let (namespace, account) = (format!("ns-{}", at % 500), format!("sa-{}", at % 500));
            tree!({"metadata": {"namespace": (namespace.clone()), "name": (format!("b-{at}"))},
                "roleRef": {"kind": "ClusterRole", "name": (name(at % ROLES))},
                "subjects": [{"kind": "ServiceAccount", "name": account, "namespace": namespace}]})
        })
        .collect();
    rbac.replace(Kind::RoleBinding, &bindings);
    for at in 0..5 {
        let everybody = tree!({"metadata": {"name": (format!("all-{at}"))}, "roleRef": {"kind": "ClusterRole", "name": "none"},
            "subjects": [{"kind": "Group", "name": (User::AUTHENTICATED)}]});
        rbac.put(Kind::ClusterRoleBinding, &everybody);
    }
    rbac.put(
        Kind::ClusterRole,
        &tree!({"metadata": {"name": "none"}, "rules": [{"verbs": ["get"], "nonResourceURLs": ["/api", "/api/*"]}]}),
    );
    rbac
}

async fn round(world: &World, asked: &Attributes<'_>) -> bool {
    let found = world.tokens.user(&world.token).await.expect("good");
    let user = found.user.clone().authenticated();
    world.chain.decide(&user, asked).await.is_allowed()
}

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let world = world();
    let allowed = Attributes::resource("list", "", "pods", "ns-7", "");
    let refused = Attributes::resource("delete", "", "pods", "ns-7", "p");
    assert!(runtime.block_on(round(&world, &allowed)));
    assert!(!runtime.block_on(round(&world, &refused)));
    for (name, asked) in [("allowed", &allowed), ("refused", &refused)] {
        let seconds = measure::best(20, 1_000, || {
            let _ = black_box(runtime.block_on(round(&world, asked)));
        });
        println!(
            "a token seen before and a decision, {name}: {:.2} us",
            seconds * 1e6
        );
    }
    let user = User::new("system:serviceaccount:ns-7:sa-7", "u", &[User::AUTHENTICATED]);
    let seconds = measure::best(20, 1_000, || {
        drop(black_box(runtime.block_on(world.chain.decide(&user, &allowed))))
    });
    println!("a decision alone: {:.2} us", seconds * 1e6);
}
