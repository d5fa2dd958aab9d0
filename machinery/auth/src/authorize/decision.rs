//! What an authorizer answers, and how a refusal is told to clients.

use smol_str::SmolStr;

use super::Attributes;
use crate::User;

/// Allow, deny, or leave it to the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It may be done.
    Allow,
    /// It may not, whatever others say.
    Deny,
    /// This one does not know.
    NoOpinion,
}

/// An authorizer's answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// What it says.
    pub verdict: Verdict,
    /// Why, for people; may be empty.
    pub reason: SmolStr,
    /// What went wrong on the way to it; an allowed request is allowed all the same.
    pub error: Option<String>,
}

impl Decision {
    /// Allowed.
    pub fn allow(reason: impl Into<SmolStr>) -> Self {
        Self {
            verdict: Verdict::Allow,
            reason: reason.into(),
            error: None,
        }
    }

    /// Denied.
    pub fn deny(reason: impl Into<SmolStr>) -> Self {
        Self {
            verdict: Verdict::Deny,
            reason: reason.into(),
            error: None,
        }
    }

    /// Left to others.
    pub fn no_opinion(reason: impl Into<SmolStr>) -> Self {
        Self {
            verdict: Verdict::NoOpinion,
            reason: reason.into(),
            error: None,
        }
    }

    /// Whether it may be done.
    pub fn is_allowed(&self) -> bool {
        self.verdict == Verdict::Allow
    }
}

/// Why a request is refused, in the words of the reference; the reason is appended when there is one.
pub fn refusal(user: &User, attributes: &Attributes<'_>, reason: &str) -> String {
    let mut text = what(user, attributes);
    if !reason.is_empty() {
        text.push_str(": ");
        text.push_str(reason);
    }
    text
}

fn what(user: &User, attributes: &Attributes<'_>) -> String {
    let (name, verb) = (user.name.as_str(), attributes.verb);
    if !attributes.is_resource {
        return format!("User {name:?} cannot {verb} path {:?}", attributes.path);
    }
    let mut resource = attributes.resource.to_owned();
    if !attributes.subresource.is_empty() {
        resource = format!("{resource}/{}", attributes.subresource);
    }
    let place = match attributes.namespace {
        "" => "at the cluster scope".to_owned(),
        namespace => format!("in the namespace {namespace:?}"),
    };
    format!(
        "User {name:?} cannot {verb} resource {resource:?} in API group {:?} {place}",
        attributes.group
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_read_as_those_of_the_reference() {
        let joe = User::new("joe", "", &[User::AUTHENTICATED]);
        let mut list = Attributes::resource("list", "", "pods", "a", "");
        assert_eq!(
            refusal(&joe, &list, ""),
            "User \"joe\" cannot list resource \"pods\" in API group \"\" in the namespace \"a\""
        );
        (list.subresource, list.namespace) = ("log", "");
        assert_eq!(
            refusal(&joe, &list, "no"),
            "User \"joe\" cannot list resource \"pods/log\" in API group \"\" at the cluster scope: no"
        );
        assert_eq!(
            refusal(&joe, &Attributes::path("get", "/x"), ""),
            "User \"joe\" cannot get path \"/x\""
        );
    }
}
