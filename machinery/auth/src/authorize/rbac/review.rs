//! What a user may do in a namespace, as a SelfSubjectRulesReview lists it.

use smol_str::SmolStr;

use super::rule::Rule;
use super::{Rbac, public};
use crate::User;

/// A rule about resources.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResourceRule {
    /// API groups.
    pub groups: Vec<SmolStr>,
    /// Resources.
    pub resources: Vec<SmolStr>,
    /// Names; empty is all.
    pub names: Vec<SmolStr>,
    /// Verbs.
    pub verbs: Vec<SmolStr>,
}

/// A rule about paths.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NonResourceRule {
    /// Paths.
    pub urls: Vec<SmolStr>,
    /// Verbs.
    pub verbs: Vec<SmolStr>,
}

/// What a user may do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UserRules {
    /// About resources.
    pub resources: Vec<ResourceRule>,
    /// About paths.
    pub paths: Vec<NonResourceRule>,
    /// An authorizer could not list all that it allows.
    pub incomplete: bool,
    /// Why not.
    pub errors: Vec<String>,
}

impl UserRules {
    /// Adds what another authorizer allows.
    pub fn extend(&mut self, other: UserRules) {
        self.resources.extend(other.resources);
        self.paths.extend(other.paths);
        self.incomplete |= other.incomplete;
        self.errors.extend(other.errors);
    }
}

impl Rbac {
    /// What bindings give to a user in a namespace, and what everybody may.
    pub fn user_rules(&self, user: &User, namespace: &str) -> UserRules {
        let (rules, errors) = self.rules_of(user, namespace);
        let public = public::is_for(user).then(public::rule);
        UserRules {
            resources: rules.iter().filter_map(|rule| ResourceRule::of(rule)).collect(),
            paths: rules
                .iter()
                .map(|rule| &**rule)
                .chain(&public)
                .filter_map(NonResourceRule::of)
                .collect(),
            incomplete: !errors.is_empty(),
            errors,
        }
    }
}

impl ResourceRule {
    fn of(rule: &Rule) -> Option<Self> {
        (!rule.resources.is_empty()).then(|| Self {
            groups: rule.groups.clone(),
            resources: rule.resources.clone(),
            names: rule.names.clone(),
            verbs: rule.verbs.clone(),
        })
    }
}

impl NonResourceRule {
    fn of(rule: &Rule) -> Option<Self> {
        (!rule.urls.is_empty()).then(|| Self {
            urls: rule.urls.clone(),
            verbs: rule.verbs.clone(),
        })
    }
}
