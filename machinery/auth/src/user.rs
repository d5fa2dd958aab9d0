//! The user of a request.

use smol_str::SmolStr;
use std::collections::BTreeMap;

/// Who makes a request, as an authenticator found out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct User {
    /// Unique name, e.g. `system:serviceaccount:default:builder`.
    pub name: SmolStr,
    /// Tells users of one name apart over time; may be empty.
    pub uid: SmolStr,
    /// The groups that the user is in.
    pub groups: Vec<SmolStr>,
    /// More that the authenticator knows.
    pub extra: BTreeMap<SmolStr, Vec<SmolStr>>,
}

impl User {
    /// Everybody who has shown who they are.
    pub const AUTHENTICATED: &'static str = "system:authenticated";
    /// Everybody else.
    pub const UNAUTHENTICATED: &'static str = "system:unauthenticated";
    /// Under this extra it is told which credential it was.
    pub const CREDENTIAL_ID: &'static str = "authentication.kubernetes.io/credential-id";
    /// Who may do all.
    pub const MASTERS: &'static str = "system:masters";

    /// A user without extras.
    pub fn new(name: &str, uid: &str, groups: &[&str]) -> Self {
        Self {
            name: name.into(),
            uid: uid.into(),
            groups: groups.iter().map(SmolStr::new).collect(),
            extra: BTreeMap::new(),
        }
    }

    /// Whoever sends no credentials.
    pub fn anonymous() -> Self {
        Self::new("system:anonymous", "", &[Self::UNAUTHENTICATED])
    }

    /// Whether the user is in a group.
    pub fn is_in(&self, group: &str) -> bool {
        self.groups.iter().any(|have| have == group)
    }

    /// The user with the group of all authenticated ones.
    pub fn authenticated(mut self) -> Self {
        if !self.is_in(Self::AUTHENTICATED) {
            self.groups.push(Self::AUTHENTICATED.into());
        }
        self
    }
}
