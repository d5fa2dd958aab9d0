//! What everybody may read though no role says so: what an issuer says of itself below `/.well-known`, which clients look up
//! before they have credentials. The reference was recorded to allow it. It is no stored role: other servers on the same etcd
//! are not opened by it.

use std::sync::LazyLock;

use smol_str::SmolStr;

use super::RulesOfAll;
use super::rule::Rule;
use crate::User;
use crate::authorize::Attributes;

static RULES: LazyLock<RulesOfAll> = LazyLock::new(|| RulesOfAll::new(vec![rule()]));

/// The rule, as a role would have it.
pub fn rule() -> Rule {
    Rule {
        verbs: vec![SmolStr::new_static("get")],
        urls: ["/.well-known", "/.well-known/*"]
            .map(SmolStr::new_static)
            .to_vec(),
        ..Rule::default()
    }
}

/// Whether it is for a user: for all that came in, with credentials or without. A review may ask about others.
pub fn is_for(user: &User) -> bool {
    user.is_in(User::AUTHENTICATED) || user.is_in(User::UNAUTHENTICATED)
}

/// Whether it allows what is asked.
pub fn allows(user: &User, attributes: &Attributes<'_>) -> bool {
    !attributes.is_resource && is_for(user) && RULES.allow(attributes)
}
