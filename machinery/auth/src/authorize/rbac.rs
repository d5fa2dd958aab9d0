//! Role-based access: roles and bindings compiled for fast checks, and who holds which rules.
//! It is fed with objects and changes; where they come from is the caller's affair. Aggregated cluster roles carry their rules
//! in themselves: the controller manager writes them there, as with the reference.

mod binding;
mod compiled;
mod covers;
mod escalation;
mod print;
mod public;
mod review;
mod rule;
mod scope;
mod snapshot;
#[cfg(test)]
mod tests;

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;
use schema::Value;
use smol_str::{SmolStr, ToSmolStr, format_smolstr};

use super::{Attributes, Decision};
use crate::User;

pub(super) use compiled::url_matches;
pub use covers::uncovered;
pub use escalation::{Escalation, RoleRef, confirm_write};
pub use review::{NonResourceRule, ResourceRule, UserRules};
pub use rule::Rule;

/// Rules that hold for everybody who is asked about: a role without bindings.
#[derive(Debug)]
pub struct RulesOfAll(compiled::Rules);

impl RulesOfAll {
    /// Compiles them.
    pub fn new(rules: Vec<Rule>) -> Self {
        Self(compiled::Rules::new(rules))
    }

    /// Whether one of them allows it.
    pub fn allow(&self, attributes: &Attributes<'_>) -> bool {
        self.0.allow(&Question::of(attributes))
    }
}

use binding::Binding;
use compiled::Question;
use snapshot::{Snapshot, Writer};

/// The four kinds that it is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Of a namespace.
    Role,
    /// Of the cluster.
    ClusterRole,
    /// Of a namespace.
    RoleBinding,
    /// Of the cluster.
    ClusterRoleBinding,
}

impl Kind {
    /// All of them; roles come first, so that a first filling resolves bindings at once.
    pub const ALL: [Kind; 4] = [
        Kind::ClusterRole,
        Kind::Role,
        Kind::ClusterRoleBinding,
        Kind::RoleBinding,
    ];

    /// Plural name in the group `rbac.authorization.k8s.io`.
    pub fn resource(self) -> &'static str {
        match self {
            Kind::Role => "roles",
            Kind::ClusterRole => "clusterroles",
            Kind::RoleBinding => "rolebindings",
            Kind::ClusterRoleBinding => "clusterrolebindings",
        }
    }
}

/// The authorizer. Checks read a snapshot and take no lock; changes are applied by one writer at a time.
#[derive(Debug, Default)]
pub struct Rbac {
    snapshot: ArcSwap<Snapshot>,
    writer: Mutex<Writer>,
}

impl Rbac {
    /// Puts all objects of a kind in place of those known.
    pub fn replace<'a>(&self, kind: Kind, objects: impl IntoIterator<Item = &'a Value>) {
        let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        writer.replace(kind, objects);
        self.snapshot.store(Arc::new(writer.snapshot()));
    }

    /// Takes one object in, new or changed.
    pub fn put(&self, kind: Kind, object: &Value) {
        let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        if writer.put(kind, object) {
            self.snapshot.store(Arc::new(writer.snapshot()));
        }
    }

    /// Forgets one object.
    pub fn remove(&self, kind: Kind, namespace: &str, name: &str) {
        let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        if writer.remove(kind, namespace, name) {
            self.snapshot.store(Arc::new(writer.snapshot()));
        }
    }

    /// Whether the user may. Never a denial: what no rule allows is left to others.
    pub fn decide(&self, user: &User, attributes: &Attributes<'_>) -> Decision {
        let snapshot = self.snapshot.load();
        let question = Question::of(attributes);
        let mut errors = Vec::new();
        let found = snapshot.visit(user, attributes.namespace, |binding| {
            match &*binding.role.rules() {
                Some(rules) => rules.allow(&question).then(|| binding.reason(user)),
                None => {
                    binding.note_missing(&mut errors);
                    None
                }
            }
        });
        match found {
            Some(reason) => Decision::allow(reason),
            None if public::allows(user, attributes) => Decision::allow("RBAC: allowed to everybody"),
            None => Decision::no_opinion(aggregate(&errors)),
        }
    }

    /// All rules that the user holds in a namespace (and everywhere, if it is empty), with the names of roles that bindings
    /// refer to and that do not exist.
    pub fn rules_of(&self, user: &User, namespace: &str) -> (Vec<Arc<Rule>>, Vec<String>) {
        let (mut rules, mut errors) = (Vec::new(), Vec::new());
        let snapshot = self.snapshot.load();
        // By address: a user may be several subjects of one binding.
        let mut seen = HashSet::new();
        snapshot.visit(user, namespace, |binding: &Binding| {
            if !seen.insert(std::ptr::from_ref(binding)) {
                return None;
            }
            match &*binding.role.rules() {
                Some(found) => rules.extend(found.rules().iter().cloned()),
                None => binding.note_missing(&mut errors),
            }
            None::<()>
        });
        (rules, errors)
    }

    /// The rules of the role that a binding in this namespace refers to.
    pub fn rules_of_role(&self, role: &RoleRef<'_>, namespace: &str) -> Option<Vec<Arc<Rule>>> {
        let writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        writer.rules(role, namespace)
    }
}

/// Several complaints as one, as the reference prints them.
fn aggregate(errors: &[String]) -> SmolStr {
    let mut told: Vec<&str> = Vec::new();
    for error in errors {
        if !told.contains(&error.as_str()) {
            told.push(error);
        }
    }
    match told.as_slice() {
        [] => SmolStr::default(),
        [one] => format_smolstr!("RBAC: {one}"),
        many => format!("RBAC: [{}]", many.join(", ")).to_smolstr(),
    }
}
