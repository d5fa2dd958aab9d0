//! Authorizers in a row: the first that allows or denies decides; if none does, it is refused.

use std::sync::Arc;

use arc_swap::ArcSwap;
use smol_str::{SmolStr, ToSmolStr};

use super::abac::Abac;
use super::node::Node;
use super::rbac::{NonResourceRule, Rbac, ResourceRule, UserRules, url_matches};
use super::webhook::Webhook;
use super::{Attributes, Decision, Verdict};
use crate::User;
use crate::metrics::Decisions;

/// One of a chain.
#[derive(Clone, Debug)]
pub enum Authorizer {
    /// Allows everything to `system:masters`. It stands before those that are configured.
    Masters,
    /// Allows everything to these paths; one that ends in `*` is the beginning of many.
    Paths(Arc<Vec<SmolStr>>),
    /// Allows everything.
    AlwaysAllow,
    /// Allows nothing.
    AlwaysDeny,
    /// Roles and bindings.
    Rbac(Arc<Rbac>),
    /// What kubelets may do with what belongs to their node.
    Node(Arc<Node>),
    /// A policy file.
    Abac(Arc<Abac>),
    /// Somebody else, asked over HTTP.
    Webhook(Arc<Webhook>),
}

impl Authorizer {
    /// As `--authorization-mode` names it.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Masters => "Masters",
            Self::Paths(_) => "Paths",
            Self::AlwaysAllow => "AlwaysAllow",
            Self::AlwaysDeny => "AlwaysDeny",
            Self::Rbac(_) => "RBAC",
            Self::Node(_) => "Node",
            Self::Abac(_) => "ABAC",
            Self::Webhook(_) => "Webhook",
        }
    }

    /// Whether it is one that is configured; the others always come before those.
    fn is_configured(&self) -> bool {
        !matches!(self, Self::Masters | Self::Paths(_))
    }

    async fn decide(&self, user: &User, attributes: &Attributes<'_>) -> Decision {
        match self {
            Self::Masters if user.is_in(User::MASTERS) => Decision::allow(""),
            Self::Masters => Decision::no_opinion(""),
            Self::Paths(paths) if is_among(paths, attributes) => Decision::allow(""),
            Self::Paths(_) => Decision::no_opinion(""),
            Self::AlwaysAllow => Decision::allow(""),
            Self::AlwaysDeny => Decision::no_opinion("Everything is forbidden."),
            Self::Rbac(rbac) => rbac.decide(user, attributes),
            Self::Node(node) => node.decide(user, attributes),
            Self::Abac(abac) => abac.decide(user, attributes),
            Self::Webhook(webhook) => webhook.decide(user, attributes).await,
        }
    }

    fn user_rules(&self, user: &User, namespace: &str) -> UserRules {
        let cannot = |what: &str| UserRules {
            incomplete: true,
            errors: vec![format!("{what} does not support user rule resolution")],
            ..UserRules::default()
        };
        match self {
            Self::AlwaysAllow => everything(),
            // As with the reference, what masters may is told by the role that they have too.
            Self::Masters | Self::AlwaysDeny | Self::Paths(_) => UserRules::default(),
            Self::Rbac(rbac) => rbac.user_rules(user, namespace),
            Self::Node(_) if super::node::identity(user).is_some() => cannot("node authorizer"),
            Self::Node(_) => UserRules::default(),
            Self::Abac(abac) => abac.user_rules(user, namespace),
            Self::Webhook(_) => cannot("webhook authorizer"),
        }
    }
}

/// A chain of authorizers, which can be exchanged while requests come in.
#[derive(Debug, Default)]
pub struct Chain {
    authorizers: ArcSwap<Vec<Authorizer>>,
    decisions: Decisions,
}

impl Chain {
    /// These, in this order, behind [`Authorizer::Masters`].
    pub fn new(authorizers: Vec<Authorizer>) -> Self {
        Self {
            authorizers: ArcSwap::from_pointee(behind_masters(authorizers)),
            decisions: Decisions::default(),
        }
    }

    /// What is counted.
    pub fn decisions(&self) -> &Decisions {
        &self.decisions
    }

    /// Those that decide now.
    pub fn authorizers(&self) -> Arc<Vec<Authorizer>> {
        self.authorizers.load_full()
    }

    /// Others decide from now on.
    pub fn set(&self, authorizers: Vec<Authorizer>) {
        self.authorizers.store(Arc::new(behind_masters(authorizers)));
    }

    /// Whether the user may. The reasons and errors of those that had no opinion are told together.
    pub async fn decide(&self, user: &User, attributes: &Attributes<'_>) -> Decision {
        let (mut reasons, mut errors) = (Vec::new(), Vec::new());
        for authorizer in self.authorizers.load_full().iter() {
            let decision = authorizer.decide(user, attributes).await;
            if decision.verdict != Verdict::NoOpinion {
                if authorizer.is_configured() {
                    self.decisions.count(authorizer.name(), decision.is_allowed());
                }
                return decision;
            }
            reasons.extend(Some(decision.reason).filter(|reason| !reason.is_empty()));
            errors.extend(decision.error);
        }
        Decision {
            verdict: Verdict::NoOpinion,
            reason: joined(reasons),
            error: together(errors),
        }
    }

    /// What the user may do in a namespace, as far as the authorizers can list it.
    pub fn user_rules(&self, user: &User, namespace: &str) -> UserRules {
        let mut rules = UserRules::default();
        for authorizer in self.authorizers.load().iter() {
            rules.extend(authorizer.user_rules(user, namespace));
        }
        rules
    }

    /// The roles and bindings that it decides by, if it does.
    pub fn rbac(&self) -> Option<Arc<Rbac>> {
        self.authorizers
            .load()
            .iter()
            .find_map(|authorizer| match authorizer {
                Authorizer::Rbac(rbac) => Some(rbac.clone()),
                _ => None,
            })
    }

    /// Whether it decides by what nodes use.
    pub fn has_node(&self) -> bool {
        let authorizers = self.authorizers.load();
        authorizers
            .iter()
            .any(|authorizer| matches!(authorizer, Authorizer::Node(_)))
    }
}

fn is_among(paths: &[SmolStr], attributes: &Attributes<'_>) -> bool {
    !attributes.is_resource && paths.iter().any(|path| url_matches(path, attributes.path))
}

fn behind_masters(authorizers: Vec<Authorizer>) -> Vec<Authorizer> {
    [Authorizer::Masters].into_iter().chain(authorizers).collect()
}

fn joined(mut reasons: Vec<SmolStr>) -> SmolStr {
    match reasons.len() {
        0 => SmolStr::default(),
        1 => reasons.remove(0),
        _ => reasons.join("\n").to_smolstr(),
    }
}

fn together(mut errors: Vec<String>) -> Option<String> {
    match errors.len() {
        0 => None,
        1 => errors.pop(),
        _ => Some(format!("[{}]", errors.join(", "))),
    }
}

fn everything() -> UserRules {
    let all = || vec![SmolStr::new_static("*")];
    UserRules {
        resources: vec![ResourceRule {
            groups: all(),
            resources: all(),
            names: Vec::new(),
            verbs: all(),
        }],
        paths: vec![NonResourceRule {
            urls: all(),
            verbs: all(),
        }],
        ..UserRules::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn masters_may_do_all_and_the_first_opinion_counts() {
        let list = Attributes::resource("list", "", "pods", "a", "");
        let (root, joe) = (User::new("root", "", &[User::MASTERS]), User::new("joe", "", &[]));
        let deny = Chain::new(vec![Authorizer::AlwaysDeny]);
        assert!(deny.decide(&root, &list).await.is_allowed());
        let refused = deny.decide(&joe, &list).await;
        assert_eq!(
            (refused.verdict, refused.reason.as_str()),
            (Verdict::NoOpinion, "Everything is forbidden.")
        );
        let allow = Chain::new(vec![Authorizer::AlwaysDeny, Authorizer::AlwaysAllow]);
        assert!(allow.decide(&joe, &list).await.is_allowed());
        assert_eq!(allow.user_rules(&joe, "a").resources.len(), 1);
        assert!(!Chain::default().decide(&root, &list).await.is_allowed());
    }

    #[tokio::test]
    async fn some_paths_are_for_everybody() {
        let paths = Arc::new(vec!["/livez".into(), "/x/*".into()]);
        let chain = Chain::new(vec![Authorizer::Paths(paths)]);
        let nobody = User::anonymous();
        let (chain, nobody) = (&chain, &nobody);
        let allowed =
            |asked: Attributes<'static>| async move { chain.decide(nobody, &asked).await.is_allowed() };
        assert!(allowed(Attributes::path("get", "/livez")).await);
        assert!(allowed(Attributes::path("get", "/x/y")).await);
        assert!(!allowed(Attributes::path("get", "/livez/y")).await);
        assert!(!allowed(Attributes::resource("get", "", "/livez", "", "")).await);
        chain.set(Vec::new());
        assert!(!allowed(Attributes::path("get", "/livez")).await);
    }
}
