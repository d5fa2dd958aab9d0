//! Attribute-based access: a file with one policy a line, read once.

#[cfg(test)]
mod tests;

use schema::{Value, json};
use smol_str::SmolStr;

use super::rbac::{NonResourceRule, ResourceRule, UserRules};
use super::{Attributes, Decision};
use crate::User;

const API_VERSION: &str = "abac.authorization.kubernetes.io/v1beta1";

/// The policies of a file.
#[derive(Clone, Debug, Default)]
pub struct Abac {
    policies: Vec<Policy>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Policy {
    user: SmolStr,
    group: SmolStr,
    read_only: bool,
    api_group: SmolStr,
    namespace: SmolStr,
    resource: SmolStr,
    path: SmolStr,
}

/// A line that is no policy.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line} of the policy file: {why}")]
pub struct Error {
    /// Counted from 1.
    pub line: usize,
    /// What is wrong.
    pub why: String,
}

impl Abac {
    /// Reads the text of a policy file. Empty lines and lines that begin with `#` are left out.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let lines = text.lines().enumerate().map(|(at, line)| (at + 1, line.trim()));
        let lines = lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
        let policies = lines.map(|(line, text)| Policy::parse(text).map_err(|why| Error { line, why }));
        Ok(Self {
            policies: policies.collect::<Result<_, _>>()?,
        })
    }

    /// Whether one of the policies allows it.
    pub fn decide(&self, user: &User, attributes: &Attributes<'_>) -> Decision {
        match self.policies.iter().any(|policy| policy.allows(user, attributes)) {
            true => Decision::allow(""),
            false => Decision::no_opinion("No policy matched."),
        }
    }

    /// What the policies give to a user in a namespace.
    pub fn user_rules(&self, user: &User, namespace: &str) -> UserRules {
        let mut rules = UserRules::default();
        for policy in self.policies.iter().filter(|policy| policy.is_for(user)) {
            let verbs = policy.verbs();
            if !policy.resource.is_empty() && star_or(&policy.namespace, namespace) {
                rules.resources.push(ResourceRule {
                    groups: vec![policy.api_group.clone()],
                    resources: vec![policy.resource.clone()],
                    names: Vec::new(),
                    verbs: verbs.clone(),
                });
            }
            if !policy.path.is_empty() {
                rules.paths.push(NonResourceRule {
                    urls: vec![policy.path.clone()],
                    verbs,
                });
            }
        }
        rules
    }
}

impl Policy {
    fn parse(line: &str) -> Result<Self, String> {
        let value = json::parse(line.as_bytes()).map_err(|error| error.to_string())?;
        let text = |field: &str| value.str_at(&[field]).unwrap_or_default();
        match (text("apiVersion"), text("kind")) {
            ("", "") => Ok(Self::of_old_form(&value).for_authenticated()),
            (API_VERSION, "Policy") => {
                let spec = value.get("spec").ok_or("it has no spec")?;
                Ok(Self::of(spec).for_authenticated())
            }
            (version, kind) => Err(format!("{version} {kind} is not {API_VERSION} Policy")),
        }
    }

    fn of(spec: &Value) -> Self {
        let text = |field: &str| SmolStr::new(spec.str_at(&[field]).unwrap_or_default());
        Self {
            user: text("user"),
            group: text("group"),
            read_only: spec.bool_at(&["readonly"]).unwrap_or_default(),
            api_group: text("apiGroup"),
            namespace: text("namespace"),
            resource: text("resource"),
            path: text("nonResourcePath"),
        }
    }

    /// The form without a version: what is not said is everything.
    fn of_old_form(value: &Value) -> Self {
        let mut policy = Self {
            api_group: SmolStr::new_static("*"),
            ..Self::of(value)
        };
        if policy.user.is_empty() && policy.group.is_empty() {
            policy.user = SmolStr::new_static("*");
        }
        if policy.namespace.is_empty() && policy.resource.is_empty() {
            policy.path = SmolStr::new_static("*");
        }
        for field in [&mut policy.namespace, &mut policy.resource] {
            if field.is_empty() {
                *field = SmolStr::new_static("*");
            }
        }
        policy
    }

    /// A policy for everybody is for everybody who has shown who they are.
    fn for_authenticated(mut self) -> Self {
        if self.user == "*" || self.group == "*" {
            self.group = SmolStr::new_static(User::AUTHENTICATED);
            self.user = Some(self.user).filter(|user| user != "*").unwrap_or_default();
        }
        self
    }

    fn allows(&self, user: &User, attributes: &Attributes<'_>) -> bool {
        self.is_for(user) && (!self.read_only || attributes.is_read_only()) && self.is_about(attributes)
    }

    fn is_for(&self, user: &User) -> bool {
        let of_user = self.user.is_empty() || self.user == user.name;
        let of_group = self.group.is_empty() || user.is_in(&self.group);
        of_user && of_group && !(self.user.is_empty() && self.group.is_empty())
    }

    fn is_about(&self, attributes: &Attributes<'_>) -> bool {
        if attributes.is_resource {
            return star_or(&self.namespace, attributes.namespace)
                && star_or(&self.resource, attributes.resource)
                && star_or(&self.api_group, attributes.group);
        }
        star_or(&self.path, attributes.path)
            || self.path.ends_with('*') && attributes.path.starts_with(self.path.trim_end_matches('*'))
    }

    fn verbs(&self) -> Vec<SmolStr> {
        match self.read_only {
            true => ["get", "list", "watch"].map(SmolStr::new_static).to_vec(),
            false => vec![SmolStr::new_static("*")],
        }
    }
}

fn star_or(pattern: &str, text: &str) -> bool {
    pattern == "*" || pattern == text
}
