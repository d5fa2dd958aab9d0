//! From claims to a user.

use schema::{Value, json};
use smol_str::{SmolStr, format_smolstr};

use crate::User;

/// A claim whose value becomes a name, with something before it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Prefixed {
    /// The claim.
    pub claim: String,
    /// What is put before its value.
    pub prefix: String,
}

/// Which claims make up a user.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mapping {
    /// The user's name; must be there.
    pub username: Prefixed,
    /// Its groups: a text or a list of texts.
    pub groups: Option<Prefixed>,
    /// Its uid.
    pub uid: Option<String>,
    /// Claims that must be there with exactly these values.
    pub required: Vec<(String, String)>,
}

impl Mapping {
    /// The user that claims name.
    pub fn user(&self, claims: &Value) -> Result<User, String> {
        for (claim, wanted) in &self.required {
            self.check_required(claims, claim, wanted)?;
        }
        let name = self.name(claims)?;
        let groups = match &self.groups {
            Some(mapping) => groups(claims, mapping)?,
            None => Vec::new(),
        };
        let uid = match &self.uid {
            Some(claim) => text(claims, claim)?.into(),
            None => SmolStr::default(),
        };
        let mut user = User {
            name,
            uid,
            groups,
            ..User::default()
        };
        if let Some(id) = claims.str_at(&["jti"]).filter(|id| !id.is_empty()) {
            let key = SmolStr::new_static("authentication.kubernetes.io/credential-id");
            user.extra.insert(key, vec![format_smolstr!("JTI={id}")]);
        }
        Ok(user)
    }

    fn check_required(&self, claims: &Value, claim: &str, wanted: &str) -> Result<(), String> {
        match text(claims, claim) {
            Ok(found) if found == wanted => Ok(()),
            Ok(found) => Err(format!(
                "required claim {claim} value does not match. Got = {found}, want = {wanted}"
            )),
            Err(_) => Err(format!("required claim {claim} not present in ID token")),
        }
    }

    fn name(&self, claims: &Value) -> Result<SmolStr, String> {
        let name = text(claims, &self.username.claim)?;
        if name.is_empty() {
            return Err(format!("claim {:?} is empty", self.username.claim));
        }
        // A mail address that was not confirmed may be anybody's.
        if self.username.claim == "email" {
            match claims.get("email_verified") {
                None | Some(Value::Bool(true)) => {}
                Some(Value::Bool(false)) => return Err("email not verified".to_owned()),
                Some(_) => return Err("parse 'email_verified' claim: not a bool".to_owned()),
            }
        }
        Ok(format_smolstr!("{}{name}", self.username.prefix))
    }
}

fn groups(claims: &Value, mapping: &Prefixed) -> Result<Vec<SmolStr>, String> {
    let wrong = || {
        format!(
            "parse groups claim {:?}: expected a string or a list of strings",
            mapping.claim
        )
    };
    let named = |group: &str| format_smolstr!("{}{group}", mapping.prefix);
    match claims.get(&mapping.claim) {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::String(one)) => Ok(vec![named(one)]),
        Some(Value::List(many)) => many
            .iter()
            .map(|one| one.as_str().map(named).ok_or_else(wrong))
            .collect(),
        Some(_) => Err(wrong()),
    }
}

fn text<'a>(claims: &'a Value, claim: &str) -> Result<&'a str, String> {
    match claims.get(claim) {
        Some(Value::String(text)) => Ok(text),
        Some(other) => Err(format!(
            "parse claim {claim:?}: {} is not a string",
            json::to_string(other)
        )),
        None => Err(format!("claim {claim:?} not present")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use schema::tree;

    fn mapping() -> Mapping {
        Mapping {
            username: Prefixed {
                claim: "email".to_owned(),
                prefix: "oidc:".to_owned(),
            },
            groups: Some(Prefixed {
                claim: "roles".to_owned(),
                prefix: "oidc:".to_owned(),
            }),
            uid: None,
            required: vec![("tenant".to_owned(), "a".to_owned())],
        }
    }

    #[test]
    fn claims_become_a_user_with_prefixes() {
        let user = mapping()
            .user(&tree!({"email": "x@y", "roles": ["r", "s"], "tenant": "a"}))
            .expect("good claims");
        assert_eq!(user.name, "oidc:x@y");
        assert_eq!(user.groups, ["oidc:r", "oidc:s"]);
    }

    #[test]
    fn claims_that_do_not_fit_are_refused() {
        let bad = [
            tree!({"email": "x@y"}),
            tree!({"email": "x@y", "tenant": "b"}),
            tree!({"tenant": "a"}),
            tree!({"email": "", "tenant": "a"}),
            tree!({"email": 1i64, "tenant": "a"}),
            tree!({"email": "x@y", "tenant": "a", "email_verified": false}),
            tree!({"email": "x@y", "tenant": "a", "email_verified": "yes"}),
            tree!({"email": "x@y", "tenant": "a", "roles": 7i64}),
            tree!({"email": "x@y", "tenant": "a", "roles": [7i64]}),
        ];
        for claims in bad {
            assert!(mapping().user(&claims).is_err(), "{claims:?}");
        }
    }
}
