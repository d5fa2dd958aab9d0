//! From claims to a user.

use std::collections::BTreeMap;

use cel::Value as Computed;
use schema::{Value, json};
use smol_str::{SmolStr, format_smolstr};

use super::rules::{Rule, subject, texts};
use crate::User;
use crate::expressions::Expression;

/// A claim whose value becomes a name, with something before it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Prefixed {
    /// The claim.
    pub claim: String,
    /// What is put before its value.
    pub prefix: String,
}

/// Where a part of a user comes from.
#[derive(Debug)]
pub enum Source {
    /// A claim.
    Claim(Prefixed),
    /// What is made of all claims.
    Expression(Expression),
}

impl Source {
    fn expression(&self) -> Option<&Expression> {
        match self {
            Self::Claim(_) => None,
            Self::Expression(expression) => Some(expression),
        }
    }
}

impl Default for Source {
    fn default() -> Self {
        Self::Claim(Prefixed::default())
    }
}

/// Which claims make up a user, and what they must be.
#[derive(Debug, Default)]
pub struct Mapping {
    /// The user's name; must be there.
    pub username: Source,
    /// Its groups: a text or a list of texts.
    pub groups: Option<Source>,
    /// Its uid.
    pub uid: Option<Source>,
    /// More about it, by key.
    pub extra: Vec<(SmolStr, Expression)>,
    /// Claims that must be there with exactly these values.
    pub required: Vec<(String, String)>,
    /// What must hold for the claims.
    pub claim_rules: Vec<Rule>,
    /// What must hold for the user.
    pub user_rules: Vec<Rule>,
}

impl Mapping {
    /// The user that claims name.
    pub fn user(&self, claims: &Value) -> Result<User, String> {
        for (claim, wanted) in &self.required {
            self.check_required(claims, claim, wanted)?;
        }
        let mut user = User {
            name: self.name(claims)?,
            uid: self.uid(claims)?,
            groups: self.groups(claims)?,
            extra: self.extra(claims)?,
        };
        if let Some(id) = claims.str_at(&["jti"]).filter(|id| !id.is_empty()) {
            let key = SmolStr::new_static(User::CREDENTIAL_ID);
            user.extra.insert(key, vec![format_smolstr!("JTI={id}")]);
        }
        Rule::check_all(&self.claim_rules, claims)
            .map_err(|why| format!("error evaluating claim validation expression: {why}"))?;
        if !self.user_rules.is_empty() {
            Rule::check_all(&self.user_rules, &subject(&user))
                .map_err(|why| format!("error evaluating user info validation rule: {why}"))?;
        }
        Ok(user)
    }

    /// Whether any of it is an expression.
    pub fn has_expressions(&self) -> bool {
        let sources = [Some(&self.username), self.groups.as_ref(), self.uid.as_ref()];
        let rules = [&self.claim_rules, &self.user_rules];
        sources
            .into_iter()
            .flatten()
            .any(|source| source.expression().is_some())
            || !self.extra.is_empty()
            || rules.iter().any(|rules| !rules.is_empty())
    }

    fn groups(&self, claims: &Value) -> Result<Vec<SmolStr>, String> {
        match &self.groups {
            None => Ok(Vec::new()),
            Some(Source::Claim(mapping)) => groups(claims, mapping),
            Some(Source::Expression(expression)) => {
                let value = expression.evaluate(claims).and_then(|value| texts(&value));
                value.map_err(|why| format!("error evaluating group claim expression: {why}"))
            }
        }
    }

    fn uid(&self, claims: &Value) -> Result<SmolStr, String> {
        match &self.uid {
            None => Ok(SmolStr::default()),
            Some(Source::Claim(mapping)) => text(claims, &mapping.claim).map(SmolStr::new),
            Some(Source::Expression(expression)) => one_text(expression, claims, "uid"),
        }
    }

    fn extra(&self, claims: &Value) -> Result<BTreeMap<SmolStr, Vec<SmolStr>>, String> {
        let mut extra = BTreeMap::new();
        for (key, expression) in &self.extra {
            let value = expression.evaluate(claims);
            let values = value.and_then(|value| texts(&value));
            let values = values.map_err(|why| format!("error evaluating extra claim expression: {why}"))?;
            if !values.is_empty() {
                extra.insert(key.clone(), values);
            }
        }
        Ok(extra)
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
        let mapping = match &self.username {
            Source::Claim(mapping) => mapping,
            Source::Expression(expression) => {
                let name = one_text(expression, claims, "username")?;
                return match name.is_empty() {
                    true => Err("empty username via CEL expression is not allowed".to_owned()),
                    false => Ok(name),
                };
            }
        };
        let name = text(claims, &mapping.claim)?;
        if name.is_empty() {
            return Err(format!("claim {:?} is empty", mapping.claim));
        }
        // A mail address that was not confirmed may be anybody's.
        if mapping.claim == "email" {
            match claims.get("email_verified") {
                None | Some(Value::Bool(true)) => {}
                Some(Value::Bool(false)) => return Err("email not verified".to_owned()),
                Some(_) => return Err("parse 'email_verified' claim: not a bool".to_owned()),
            }
        }
        Ok(format_smolstr!("{}{name}", mapping.prefix))
    }
}

/// What an expression makes of claims, which must be text.
fn one_text(expression: &Expression, claims: &Value, what: &str) -> Result<SmolStr, String> {
    let value = expression.evaluate(claims).and_then(|value| match value {
        Computed::String(text) => Ok(text),
        _ => Err(format!("{what} claim expression must return a string")),
    });
    value.map_err(|why| format!("error evaluating {what} claim expression: {why}"))
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
    use object::field::Path;
    use schema::tree;

    use super::*;
    use crate::expressions::Subject;

    fn claim(name: &str) -> Source {
        Source::Claim(Prefixed {
            claim: name.to_owned(),
            prefix: "oidc:".to_owned(),
        })
    }

    fn value(text: &str) -> Expression {
        Expression::value(Subject::Claims, text, &Path::root("x")).expect("good")
    }

    fn rule(of: Subject, text: &str) -> Rule {
        let expression = Expression::condition(of, text, &Path::root("x")).expect("good");
        Rule {
            expression,
            message: "no".to_owned(),
        }
    }

    fn mapping() -> Mapping {
        Mapping {
            username: claim("email"),
            groups: Some(claim("roles")),
            required: vec![("tenant".to_owned(), "a".to_owned())],
            ..Mapping::default()
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

    fn computed() -> Mapping {
        Mapping {
            username: Source::Expression(value("claims.sub + '@' + claims.tenant")),
            groups: Some(Source::Expression(value(
                "claims.?roles.orValue([]).filter(r, r != 'root')",
            ))),
            uid: Some(Source::Expression(value("claims.id"))),
            extra: vec![
                ("example.com/tenant".into(), value("claims.tenant")),
                ("example.com/none".into(), value("''")),
            ],
            claim_rules: vec![rule(Subject::Claims, "claims.exp - claims.nbf <= 3600")],
            user_rules: vec![rule(
                Subject::User,
                "!user.username.startsWith('system:') && user.extra['example.com/tenant'] != ['b']",
            )],
            ..Mapping::default()
        }
    }

    #[test]
    fn expressions_make_a_user_of_claims() {
        let claims = tree!({"sub": "x", "tenant": "a", "roles": ["r", "root", ""], "id": "7", "exp": 100i64, "nbf": 50i64});
        let user = computed().user(&claims).expect("good claims");
        assert_eq!((user.name.as_str(), user.uid.as_str()), ("x@a", "7"));
        assert_eq!(user.groups, ["r"]);
        assert_eq!(
            user.extra.into_iter().collect::<Vec<_>>(),
            [("example.com/tenant".into(), vec!["a".into()])]
        );
    }

    #[test]
    fn rules_and_expressions_that_fail_are_told() {
        let with = |field: &'static str, value: Value| {
            let mut claims = tree!({"sub": "x", "tenant": "a", "id": "7", "exp": 100i64, "nbf": 50i64});
            claims.as_map_mut().expect("a map").insert(field, value);
            computed().user(&claims).expect_err(field)
        };
        assert_eq!(
            with("exp", Value::Int(10_000)),
            "error evaluating claim validation expression: validation expression 'claims.exp - claims.nbf <= 3600' failed: no"
        );
        assert!(
            with("sub", Value::from("system:admin")).contains("error evaluating user info validation rule: ")
        );
        assert!(with("tenant", Value::from("b")).contains("failed: no"));
        assert_eq!(
            with("id", Value::Int(7)),
            "error evaluating uid claim expression: uid claim expression must return a string"
        );
        assert_eq!(
            with("roles", tree!([1i64])),
            "error evaluating group claim expression: expression must return a string or a list of strings"
        );
        assert!(
            with("sub", Value::Null).starts_with("error evaluating username claim expression: expression '")
        );
    }
}
