//! Nobody gives more than they have: what is asked before a role or a binding is written. Pure but for the verbs `escalate` and
//! `bind`, which authorizers are asked about.

use schema::Value;

use super::print::{compact, quoted};
use super::rule::Rule;
use super::{Kind, Rbac, uncovered};
use crate::User;
use crate::authorize::{Attributes, Chain};

const GROUP: &str = "rbac.authorization.k8s.io";
const NO_AGGREGATION: &str = "must have cluster-admin privileges to use an aggregationRule";

/// The role that a binding refers to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RoleRef<'a> {
    /// `Role` or `ClusterRole`.
    pub kind: &'a str,
    /// Its name.
    pub name: &'a str,
}

impl<'a> RoleRef<'a> {
    /// Of a binding.
    pub fn of(binding: &'a Value) -> Self {
        let text = |field: &str| binding.str_at(&["roleRef", field]).unwrap_or_default();
        Self {
            kind: text("kind"),
            name: text("name"),
        }
    }

    /// The verb with which this very role may be bound by who does not hold it.
    pub fn bind_question(&self, namespace: &'a str) -> Attributes<'a> {
        let (resource, namespace) = match self.kind {
            "Role" => ("roles", namespace),
            _ => ("clusterroles", namespace),
        };
        Attributes::resource("bind", GROUP, resource, namespace, self.name)
    }
}

/// Why a write would give too much.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Escalation {
    /// Rules that the writer does not hold, in the words of the reference (the reason of a 403).
    #[error("{0}")]
    NotHeld(String),
    /// The role to bind does not exist (a 404 about its name).
    #[error("the role to bind does not exist")]
    NoSuchRole(String),
}

impl Rbac {
    /// Whether the user holds all rules, in the namespace (empty for the cluster).
    pub fn confirm_held(&self, user: &User, namespace: &str, rules: &[Rule]) -> Result<(), Escalation> {
        let (held, errors) = self.rules_of(user, namespace);
        let missing = uncovered(&held, rules);
        if missing.is_empty() {
            return Ok(());
        }
        let mut text = format!(
            "user {:?} (groups={}) is attempting to grant RBAC permissions not currently held:\n{}",
            user.name.as_str(),
            quoted(&user.groups),
            compact(&missing)
        );
        if !errors.is_empty() {
            text.push_str(&format!("; resolution errors: [{}]", errors.join(", ")));
        }
        Err(Escalation::NotHeld(text))
    }

    /// Whether the user holds all rules of the role that a binding would give.
    pub fn confirm_bindable(
        &self,
        user: &User,
        namespace: &str,
        role: &RoleRef<'_>,
    ) -> Result<(), Escalation> {
        let rules = self
            .rules_of_role(role, namespace)
            .ok_or_else(|| Escalation::NoSuchRole(role.name.to_owned()))?;
        let rules: Vec<Rule> = rules.iter().map(|rule| Rule::clone(rule)).collect();
        self.confirm_held(user, namespace, &rules)
    }
}

/// Whether a user may write a role or a binding: by holding what it gives, or by the verbs `escalate` and `bind`.
/// `name` is that of the request, empty on create.
pub async fn confirm_write(
    chain: &Chain,
    rbac: &Rbac,
    user: &User,
    kind: Kind,
    (namespace, name): (&str, &str),
    object: &Value,
) -> Result<(), Escalation> {
    if user.is_in(User::MASTERS) {
        return Ok(());
    }
    match kind {
        Kind::Role | Kind::ClusterRole => {
            let question = Attributes::resource("escalate", GROUP, kind.resource(), namespace, name);
            if chain.decide(user, &question).await.is_allowed() {
                return Ok(());
            }
            rbac.confirm_held(user, namespace, &Rule::all_of(object))?;
            if object.get("aggregationRule").is_some_and(|rule| !rule.is_null()) {
                let held = rbac.confirm_held(user, namespace, &everything());
                return held.map_err(|_| Escalation::NotHeld(NO_AGGREGATION.to_owned()));
            }
            Ok(())
        }
        Kind::RoleBinding | Kind::ClusterRoleBinding => {
            let role = RoleRef::of(object);
            if chain
                .decide(user, &role.bind_question(namespace))
                .await
                .is_allowed()
            {
                return Ok(());
            }
            rbac.confirm_bindable(user, namespace, &role)
        }
    }
}

/// The rules of an all-powerful role. Who sets an aggregation rule must hold them: labels that others set decide what it gives.
fn everything() -> Vec<Rule> {
    let all = || vec!["*".into()];
    vec![
        Rule {
            verbs: all(),
            groups: all(),
            resources: all(),
            ..Rule::default()
        },
        Rule {
            verbs: all(),
            urls: all(),
            ..Rule::default()
        },
    ]
}
