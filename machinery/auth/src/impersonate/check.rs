//! The questions of impersonation: one for each thing that is wanted.

use smol_str::{SmolStr, format_smolstr};

use super::mode::{Mode, node_of};
use crate::User;
use crate::authenticate::service_account;
use crate::authorize::{Attributes, Chain, Decision, refusal};

const GROUP: &str = "authentication.k8s.io";
/// From this many values on it is first asked whether all may be impersonated.
const MANY: usize = 4;

/// Why not, with what a 403 is about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Refusal {
    /// API group.
    pub group: SmolStr,
    /// Resource.
    pub resource: SmolStr,
    /// Name of the object.
    pub name: SmolStr,
    /// What was not allowed, in the words of the reference.
    pub why: String,
}

impl Refusal {
    fn of(asking: &User, attributes: &Attributes<'_>, reason: &str) -> Self {
        Self {
            group: attributes.group.into(),
            resource: attributes.resource.into(),
            name: attributes.name.into(),
            why: refusal(asking, attributes, reason),
        }
    }
}

/// Who asks whom, and how.
pub struct Check<'a> {
    pub chain: &'a Chain,
    pub asking: &'a User,
    pub mode: Mode,
}

impl Check<'_> {
    /// Asks one question.
    pub async fn allowed(&self, attributes: &Attributes<'_>) -> Result<(), Refusal> {
        let Decision { reason, error, .. } = match self.chain.decide(self.asking, attributes).await {
            decision if decision.is_allowed() => return Ok(()),
            decision => decision,
        };
        let text = match error {
            Some(error) if reason.is_empty() => error.into(),
            Some(error) => format_smolstr!("{error}: {reason}"),
            None => reason,
        };
        Err(Refusal::of(self.asking, attributes, &text))
    }

    /// Asks for all of a user; the user that it becomes, with the groups that follow from its name.
    pub async fn user(&self, wanted: &User) -> Result<User, Refusal> {
        let mut user = self.named(wanted).await?;
        let verb = self.mode.verb();
        if !wanted.uid.is_empty() {
            self.allowed(&Attributes::resource(&verb, GROUP, "uids", "", &wanted.uid))
                .await?;
        }
        self.groups(&verb, &wanted.groups).await?;
        self.extras(&verb, wanted).await?;
        if user.name == "system:anonymous" {
            if !user.is_in(User::UNAUTHENTICATED) {
                user.groups.push(User::UNAUTHENTICATED.into());
            }
        } else if !user.is_in(User::UNAUTHENTICATED) {
            user = user.authenticated();
        }
        Ok(user)
    }

    fn is_constrained(&self) -> bool {
        self.mode != Mode::Legacy
    }

    /// Users and groups were of the core group when impersonation was young.
    fn group(&self) -> &'static str {
        if self.is_constrained() { GROUP } else { "" }
    }

    async fn named(&self, wanted: &User) -> Result<User, Refusal> {
        let mut user = wanted.clone();
        let verb = self.mode.verb();
        let mut question = Attributes::resource(&verb, self.group(), "users", "", &wanted.name);
        if let Some(node) = node_of(&wanted.name).filter(|_| self.is_constrained()) {
            question.resource = "nodes";
            question.name = if self.mode == Mode::AssociatedNode {
                "*"
            } else {
                node
            };
            user.groups = vec![SmolStr::new_static("system:nodes")];
        }
        if let Some((namespace, name)) = service_account::split_user_name(&wanted.name) {
            (question.resource, question.namespace, question.name) = ("serviceaccounts", namespace, name);
            if wanted.groups.is_empty() {
                user.groups = service_account::groups(namespace);
            }
        }
        self.allowed(&question).await.map(|()| user)
    }

    async fn groups(&self, verb: &str, groups: &[SmolStr]) -> Result<(), Refusal> {
        let question = |name| Attributes::resource(verb, self.group(), "groups", "", name);
        if self.is_constrained() {
            self.refuse_if(
                groups.iter().any(SmolStr::is_empty),
                &question(""),
                "impersonating the empty string group is not allowed",
            )?;
            let masters = groups.iter().any(|group| group == User::MASTERS);
            self.refuse_if(
                masters,
                &question(User::MASTERS),
                "impersonating the system:masters group is not allowed",
            )?;
            if groups.len() >= MANY && self.allowed(&question("*")).await.is_ok() {
                return Ok(());
            }
        }
        for group in groups {
            self.allowed(&question(group)).await?;
        }
        Ok(())
    }

    async fn extras(&self, verb: &str, wanted: &User) -> Result<(), Refusal> {
        let question = |key, value| Attributes {
            subresource: key,
            ..Attributes::resource(verb, GROUP, "userextras", "", value)
        };
        if self.is_constrained() {
            for (key, values) in &wanted.extra {
                if let Some(why) = extra_problem(key, values) {
                    return Err(Refusal::of(self.asking, &question("", ""), &why));
                }
            }
            let count: usize = wanted.extra.values().map(Vec::len).sum();
            if count >= MANY && self.allowed(&question("*", "*")).await.is_ok() {
                return Ok(());
            }
        }
        for (key, values) in &wanted.extra {
            for value in values {
                self.allowed(&question(key, value)).await?;
            }
        }
        Ok(())
    }

    fn refuse_if(&self, wrong: bool, question: &Attributes<'_>, why: &str) -> Result<(), Refusal> {
        if wrong {
            Err(Refusal::of(self.asking, question, why))
        } else {
            Ok(())
        }
    }
}

fn extra_problem(key: &str, values: &[SmolStr]) -> Option<String> {
    if key.is_empty() {
        return Some("impersonating the empty string key in extra is not allowed".to_owned());
    }
    if !object::names::domain_prefixed_path(key).is_empty() {
        return Some("impersonating an invalid key in extra is not allowed".to_owned());
    }
    if key.chars().any(char::is_uppercase) {
        return Some(format!(
            "impersonating a non-lowercase key in extra is not allowed: {key:?}"
        ));
    }
    if values.is_empty() {
        return Some("impersonating empty values in extra is not allowed".to_owned());
    }
    let is_empty = values.iter().any(SmolStr::is_empty);
    is_empty.then(|| "impersonating the empty string value in extra is not allowed".to_owned())
}
