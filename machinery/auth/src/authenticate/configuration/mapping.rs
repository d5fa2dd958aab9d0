//! How a configuration says who claims are of, and what they must be: by claims' names or by expressions.

use object::field::{Error, Path};
use object::names::domain_prefixed_path;
use schema::Value;
use smol_str::SmolStr;

use super::super::oidc::{Mapping, Prefixed, Rule, Source};
use crate::expressions::{Expression, Subject, invalid};

const BOTH: &str = "claim and expression can't both be set";
const UNVERIFIED: &str = "claims.email_verified must be used in claimMappings.username.expression or claimMappings.extra[*].valueExpression or claimValidationRules[*].expression when claims.email is used in claimMappings.username.expression";

/// Reads what an issuer's entry says. An error tells the field, without the entry's own place.
pub fn read(entry: &Value) -> Result<Mapping, String> {
    let (required, claim_rules) = claim_rules(entry.list_at(&["claimValidationRules"]))?;
    let root = Path::root("claimMappings");
    let username = root.child("username");
    let part = |field: &str| entry.at(&["claimMappings", field]).unwrap_or(&Value::Null);
    let mapping = Mapping {
        username: prefixed(part("username"), &username)?
            .ok_or_else(|| Error::required(&username, "claim or expression is required").to_string())?,
        groups: prefixed(part("groups"), &root.child("groups"))?,
        uid: uid(part("uid"), &root.child("uid"))?,
        extra: extra(part("extra").as_list().unwrap_or_default(), &root.child("extra"))?,
        required,
        claim_rules,
        user_rules: user_rules(entry.list_at(&["userValidationRules"]))?,
    };
    check_verified(&mapping, &username)?;
    Ok(mapping)
}

fn text<'a>(entry: &'a Value, field: &str) -> &'a str {
    entry.str_at(&[field]).unwrap_or_default()
}

/// A name or groups: a claim with a prefix, which may be empty but must be said, or an expression.
fn prefixed(entry: &Value, path: &Path) -> Result<Option<Source>, String> {
    let prefix = entry.str_at(&["prefix"]);
    match (text(entry, "claim"), text(entry, "expression"), prefix) {
        ("", "", None) => Ok(None),
        ("", "", Some(_)) => {
            Err(Error::required(&path.child("claim"), "required when prefix is set").to_string())
        }
        ("", expression, None) => {
            let compiled = Expression::value(Subject::Claims, expression, &path.child("expression"))?;
            Ok(Some(Source::Expression(compiled)))
        }
        ("", _, Some(prefix)) => {
            let detail = "may not be specified when expression is set".to_owned();
            Err(invalid(&path.child("prefix"), prefix, detail))
        }
        (claim, "", Some(prefix)) => Ok(Some(Source::Claim(Prefixed {
            claim: claim.to_owned(),
            prefix: prefix.to_owned(),
        }))),
        (_, "", None) => {
            let detail =
                "prefix is required when claim is set. It can be set to an empty string to disable prefixing";
            Err(Error::required(&path.child("prefix"), detail).to_string())
        }
        (_, _, _) => Err(invalid(path, "", BOTH.to_owned())),
    }
}

fn uid(entry: &Value, path: &Path) -> Result<Option<Source>, String> {
    match (text(entry, "claim"), text(entry, "expression")) {
        ("", "") => Ok(None),
        ("", expression) => {
            let compiled = Expression::value(Subject::Claims, expression, &path.child("expression"))?;
            Ok(Some(Source::Expression(compiled)))
        }
        (claim, "") => Ok(Some(Source::Claim(Prefixed {
            claim: claim.to_owned(),
            prefix: String::new(),
        }))),
        (_, _) => Err(invalid(path, "", BOTH.to_owned())),
    }
}

fn extra(entries: &[Value], root: &Path) -> Result<Vec<(SmolStr, Expression)>, String> {
    let mut extra: Vec<(SmolStr, Expression)> = Vec::new();
    for (at, entry) in entries.iter().enumerate() {
        let path = root.index(at);
        let (key, value) = (text(entry, "key"), text(entry, "valueExpression"));
        let of_key = path.child("key");
        if key.is_empty() {
            return Err(Error::required(&of_key, "").to_string());
        }
        if let Some(problem) = domain_prefixed_path(key).into_iter().next() {
            return Err(invalid(&of_key, key, problem.to_string()));
        }
        if key != key.to_lowercase() {
            return Err(invalid(&of_key, key, "must be lowercase".to_owned()));
        }
        if is_reserved(key) {
            let detail = "k8s.io, kubernetes.io and their subdomains are reserved for Kubernetes use";
            return Err(invalid(&of_key, key, detail.to_owned()));
        }
        if extra.iter().any(|(other, _)| other == key) {
            return Err(Error::duplicate(&of_key, key).to_string());
        }
        let of_value = path.child("valueExpression");
        if value.is_empty() {
            return Err(Error::required(&of_value, "").to_string());
        }
        extra.push((key.into(), Expression::value(Subject::Claims, value, &of_value)?));
    }
    Ok(extra)
}

fn is_reserved(key: &str) -> bool {
    let domain = key.split_once('/').map_or("", |(domain, _)| domain);
    ["kubernetes.io", "k8s.io"].iter().any(|own| {
        domain
            .strip_suffix(own)
            .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    })
}

/// Claims that must have a value, and rules.
type ClaimRules = (Vec<(String, String)>, Vec<Rule>);

fn claim_rules(entries: &[Value]) -> Result<ClaimRules, String> {
    let (mut required, mut rules): ClaimRules = Default::default();
    for (at, entry) in entries.iter().enumerate() {
        let path = Path::root("claimValidationRules").index(at);
        let [claim, value, expression, message] =
            ["claim", "requiredValue", "expression", "message"].map(|field| text(entry, field));
        match (claim, expression) {
            ("", "") => return Err(Error::required(&path, "claim or expression is required").to_string()),
            (_, "") if !message.is_empty() => {
                let detail = "may not be specified when claim is set".to_owned();
                return Err(invalid(&path.child("message"), message, detail));
            }
            (_, "") if required.iter().any(|(other, _)| other == claim) => {
                return Err(Error::duplicate(&path.child("claim"), claim).to_string());
            }
            (_, "") => required.push((claim.to_owned(), value.to_owned())),
            ("", _) if !value.is_empty() => {
                let detail = "may not be specified when expression is set".to_owned();
                return Err(invalid(&path.child("requiredValue"), value, detail));
            }
            ("", _) => rule(Subject::Claims, expression, message, &path, &mut rules)?,
            (_, _) => return Err(invalid(&path, claim, BOTH.to_owned())),
        }
    }
    Ok((required, rules))
}

fn user_rules(entries: &[Value]) -> Result<Vec<Rule>, String> {
    let mut rules = Vec::new();
    for (at, entry) in entries.iter().enumerate() {
        let path = Path::root("userValidationRules").index(at);
        let (expression, message) = (text(entry, "expression"), text(entry, "message"));
        if expression.is_empty() {
            return Err(Error::required(&path.child("expression"), "").to_string());
        }
        rule(Subject::User, expression, message, &path, &mut rules)?;
    }
    Ok(rules)
}

fn rule(
    of: Subject,
    expression: &str,
    message: &str,
    path: &Path,
    rules: &mut Vec<Rule>,
) -> Result<(), String> {
    let path = path.child("expression");
    if rules.iter().any(|other| other.expression.text() == expression) {
        return Err(Error::duplicate(&path, expression).to_string());
    }
    rules.push(Rule {
        expression: Expression::condition(of, expression, &path)?,
        message: message.to_owned(),
    });
    Ok(())
}

/// A mail address that was not confirmed may be anybody's: who names users by it says what of those.
fn check_verified(mapping: &Mapping, username: &Path) -> Result<(), String> {
    let Source::Expression(name) = &mapping.username else {
        return Ok(());
    };
    let extra = mapping.extra.iter().map(|(_, expression)| expression);
    let rules = mapping.claim_rules.iter().map(|rule| &rule.expression);
    let mut looked_at = std::iter::once(name).chain(extra).chain(rules);
    if !name.selects("claims.email")
        || looked_at.any(|expression| expression.selects("claims.email_verified"))
    {
        return Ok(());
    }
    Err(invalid(
        &username.child("expression"),
        name.text(),
        UNVERIFIED.to_owned(),
    ))
}

#[cfg(test)]
mod tests {
    use schema::{tree, yaml};

    use super::*;

    fn of(text: &str) -> Result<Mapping, String> {
        read(&yaml::parse(text.as_bytes()).expect("good YAML"))
    }

    const NAME: &str = "claimMappings: {username: {expression: claims.sub}";

    #[test]
    fn expressions_and_rules_are_read() {
        let mapping = of(&format!(
            "{NAME}, groups: {{expression: claims.roles}}, uid: {{claim: id}}, extra: [{{key: example.com/a, valueExpression: claims.a}}]}}
claimValidationRules: [{{claim: hd, requiredValue: x}}, {{expression: claims.a == 'b', message: m}}]
userValidationRules: [{{expression: user.username != 'root'}}]"
        ))
        .expect("good");
        let claims = tree!({"sub": "s", "roles": "r", "id": "i", "a": "b", "hd": "x"});
        let user = mapping.user(&claims).expect("a user");
        assert_eq!(
            (user.name.as_str(), user.uid.as_str(), user.groups.len()),
            ("s", "i", 1)
        );
    }

    #[test]
    fn what_cannot_be_is_told_by_field() {
        let cases = [
            (
                "x: 1",
                "claimMappings.username: Required value: claim or expression is required",
            ),
            (
                "claimMappings: {username: {claim: a, expression: claims.b}}",
                "claimMappings.username: Invalid value: \"\": claim and expression can't both be set",
            ),
            (
                "claimMappings: {username: {expression: claims.a, prefix: p}}",
                "claimMappings.username.prefix: Invalid value: \"p\": may not be specified when expression is set",
            ),
            (
                "claimMappings: {username: {claim: a}}",
                "claimMappings.username.prefix: Required value: prefix is required when claim is set. It can be set to an empty string to disable prefixing",
            ),
            (
                "claimMappings: {username: {expression: claims.email}}",
                "claimMappings.username.expression: Invalid value: \"claims.email\": claims.email_verified must be used in",
            ),
            (
                "claimMappings: {username: {expression: claims.sub}, extra: [{key: a.k8s.io/x, valueExpression: '1'}]}",
                "claimMappings.extra[0].key: Invalid value: \"a.k8s.io/x\": k8s.io, kubernetes.io and their subdomains are reserved",
            ),
            (
                "claimMappings: {username: {expression: claims.sub}}\nclaimValidationRules: [{expression: claims.a}]",
                "claimValidationRules[0].expression: Invalid value: \"claims.a\": must evaluate to bool",
            ),
            (
                "claimMappings: {username: {expression: claims.sub}}\nclaimValidationRules: [{expression: 'true'}, {expression: 'true'}]",
                "claimValidationRules[1].expression: Duplicate value: \"true\"",
            ),
            (
                "claimMappings: {username: {expression: claims.sub}}\nuserValidationRules: [{message: m}]",
                "userValidationRules[0].expression: Required value",
            ),
        ];
        for (text, told) in cases {
            let error = of(text).expect_err(text);
            assert!(error.contains(told), "{error}");
        }
        let checked =
            "claimMappings: {username: {expression: 'claims.email_verified ? claims.email : claims.sub'}}";
        assert!(of(checked).is_ok());
    }
}
