//! Chains of authorizers of every kind against a model of few words: the first that allows or denies decides, and what each says
//! of a few questions is written down.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use proptest::prelude::*;
use schema::{Value, json, tree};
use shardplane_auth::User;
use shardplane_auth::authorize::abac::Abac;
use shardplane_auth::authorize::node::{self, Node};
use shardplane_auth::authorize::rbac::{self, Rbac};
use shardplane_auth::authorize::webhook::{Settings, Webhook};
use shardplane_auth::authorize::{Attributes, Authorizer, Chain, Verdict};

use crate::server::{Server, caller, serve};

/// What is put into chains.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum One {
    Allow,
    Deny,
    Paths,
    Rbac,
    Abac,
    Node,
    Hook,
    /// One that fails, and then denies or does not.
    Broken {
        denies: bool,
    },
}

const ALL: [One; 9] = [
    One::Allow,
    One::Deny,
    One::Paths,
    One::Rbac,
    One::Abac,
    One::Node,
    One::Hook,
    One::Broken { denies: true },
    One::Broken { denies: false },
];

/// Users, by the one authorizer that knows each.
const USERS: [&str; 6] = [
    "by-roles",
    "by-policy",
    "system:node:n1",
    "by-webhook",
    "denied-by-webhook",
    "nobody",
];

/// By the words of the documentation: `None` is no opinion.
fn says(one: One, user: &str, asked: &Attributes<'_>) -> Option<bool> {
    let reads_pods = asked.is_resource && asked.resource == "pods" && asked.verb == "get";
    match one {
        One::Allow => Some(true),
        One::Deny => None,
        One::Paths => (!asked.is_resource && asked.path == "/healthz").then_some(true),
        One::Rbac => (user == "by-roles" && reads_pods).then_some(true),
        One::Abac => (user == "by-policy" && reads_pods).then_some(true),
        One::Node => (user == "system:node:n1" && reads_pods && asked.name == "of-n1").then_some(true),
        One::Hook => match user {
            "by-webhook" => Some(true),
            "denied-by-webhook" => Some(false),
            _ => None,
        },
        One::Broken { denies } => denies.then_some(false),
    }
}

struct World {
    rbac: Arc<Rbac>,
    abac: Arc<Abac>,
    node: Arc<Node>,
    hook: Arc<Webhook>,
    broken: [Arc<Webhook>; 2],
    _servers: [Server; 2],
    runtime: tokio::runtime::Runtime,
}

fn world() -> World {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .expect("a runtime");
    let (good, bad) = runtime.block_on(async {
        let good = serve(|_, review| {
            let user = review.str_at(&["spec", "user"]).unwrap_or_default();
            let status = tree!({"allowed": (user == "by-webhook"), "denied": (user == "denied-by-webhook")});
            (200, json::to_string(&tree!({"status": status})))
        });
        (good.await, serve(|_, _| (200, "{".to_owned())).await)
    });
    let webhook = |server: &Server, denies_on_failure| {
        let settings = Settings {
            denies_on_failure,
            ..Settings::default()
        };
        Arc::new(Webhook::new(
            caller(&server.url, Duration::from_secs(5)),
            settings,
        ))
    };
    World {
        rbac: Arc::new(roles()),
        abac: Arc::new(policies()),
        node: Arc::new(graph()),
        hook: webhook(&good, false),
        broken: [webhook(&bad, false), webhook(&bad, true)],
        _servers: [good, bad],
        runtime,
    }
}

fn roles() -> Rbac {
    let rbac = Rbac::default();
    rbac.put(
        rbac::Kind::ClusterRole,
        &tree!({"metadata": {"name": "r"}, "rules": [{"verbs": ["get"], "apiGroups": [""], "resources": ["pods"]}]}),
    );
    rbac.put(
        rbac::Kind::ClusterRoleBinding,
        &tree!({"metadata": {"name": "b"}, "roleRef": {"kind": "ClusterRole", "name": "r"},
            "subjects": [{"kind": "User", "name": "by-roles"}]}),
    );
    rbac
}

fn policies() -> Abac {
    let policy = tree!({"apiVersion": "abac.authorization.kubernetes.io/v1beta1", "kind": "Policy",
        "spec": {"user": "by-policy", "readonly": true, "namespace": "*", "resource": "pods"}});
    Abac::parse(&json::to_string(&policy)).expect("well formed")
}

fn graph() -> Node {
    let node = Node::default();
    let pod: Value = tree!({"metadata": {"namespace": "a", "name": "of-n1"}, "spec": {"nodeName": "n1"}});
    node.put(node::Kind::Pod, &pod);
    node
}

impl World {
    fn authorizer(&self, one: One) -> Authorizer {
        match one {
            One::Allow => Authorizer::AlwaysAllow,
            One::Deny => Authorizer::AlwaysDeny,
            One::Paths => Authorizer::Paths(Arc::new(vec!["/healthz".into()])),
            One::Rbac => Authorizer::Rbac(self.rbac.clone()),
            One::Abac => Authorizer::Abac(self.abac.clone()),
            One::Node => Authorizer::Node(self.node.clone()),
            One::Hook => Authorizer::Webhook(self.hook.clone()),
            One::Broken { denies } => Authorizer::Webhook(self.broken[usize::from(denies)].clone()),
        }
    }
}

fn user(name: &str, is_master: bool) -> User {
    let mut groups = vec![User::AUTHENTICATED];
    groups.extend(name.starts_with("system:node:").then_some("system:nodes"));
    groups.extend(is_master.then_some(User::MASTERS));
    User::new(name, "", &groups)
}

fn config() -> ProptestConfig {
    let full = std::env::var_os("SHARDPLANE_FULL").is_some();
    ProptestConfig::with_cases(if full { 5_000 } else { 100 })
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn the_first_opinion_decides(chosen in prop::collection::vec(prop::sample::select(ALL.to_vec()), 0..6)) {
        thread_local! {
            static WORLD: World = world();
        }
        WORLD.with(|world| {
            let chain = Chain::new(chosen.iter().map(|one| world.authorizer(*one)).collect());
            let questions = [
                Attributes::resource("get", "", "pods", "a", "of-n1"),
                Attributes::resource("get", "", "pods", "a", "other"),
                Attributes::resource("update", "", "pods", "a", "of-n1"),
                Attributes::resource("get", "", "/healthz", "", ""),
                Attributes::path("get", "/healthz"),
                Attributes::path("get", "/metrics"),
            ];
            for name in USERS {
                for asked in &questions {
                    let decided = chosen.iter().find_map(|one| says(*one, name, asked));
                    let wanted = match decided {
                        Some(true) => Verdict::Allow,
                        Some(false) => Verdict::Deny,
                        None => Verdict::NoOpinion,
                    };
                    let decision = world.runtime.block_on(chain.decide(&user(name, false), asked));
                    prop_assert_eq!(decision.verdict, wanted, "{} {:?}", name, asked);
                    // Nobody stands before those who may do all.
                    prop_assert!(world.runtime.block_on(chain.decide(&user(name, true), asked)).is_allowed());
                }
            }
            Ok(())
        })?;
    }
}

#[tokio::test]
async fn masters_are_not_asked_about() {
    let server = serve(|_, _| (200, "{\"status\":{\"denied\":true}}".to_owned())).await;
    let webhook = Webhook::new(caller(&server.url, Duration::from_secs(5)), Settings::default());
    let chain = Chain::new(vec![Authorizer::Webhook(Arc::new(webhook))]);
    let asked = Attributes::path("get", "/x");
    assert!(chain.decide(&user("root", true), &asked).await.is_allowed());
    assert_eq!(server.asked.load(Ordering::SeqCst), 0);
    assert_eq!(
        chain.decide(&user("joe", false), &asked).await.verdict,
        Verdict::Deny
    );
}
