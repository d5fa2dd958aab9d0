//! Rules that claims, or the users that they name, must keep to; and what an expression may be a list of.

use cel::Value as Computed;
use schema::Value;
use smol_str::SmolStr;

use crate::User;
use crate::expressions::Expression;

/// A condition, and what is said when it does not hold.
#[derive(Debug)]
pub struct Rule {
    /// The condition.
    pub expression: Expression,
    /// What is said.
    pub message: String,
}

impl Rule {
    /// Checks all of them, in order.
    pub fn check_all(rules: &[Self], subject: &Value) -> Result<(), String> {
        rules
            .iter()
            .try_for_each(|rule| match rule.expression.evaluate(subject)?.as_bool() {
                Some(true) => Ok(()),
                Some(false) => Err(format!(
                    "validation expression '{}' failed: {}",
                    rule.expression.text(),
                    rule.message
                )),
                None => Err("validation expression must return a boolean".to_owned()),
            })
    }
}

/// A text or a list of texts; empty ones are as good as none.
pub fn texts(value: &Computed<'_>) -> Result<Vec<SmolStr>, String> {
    let wrong = || "expression must return a string or a list of strings".to_owned();
    let mut texts = match value {
        Computed::Null => Vec::new(),
        Computed::String(text) => vec![text.clone()],
        Computed::List(list) => list
            .iter()
            .map(|item| match item {
                Computed::String(text) => Ok(text),
                _ => Err(wrong()),
            })
            .collect::<Result<_, _>>()?,
        _ => return Err(wrong()),
    };
    texts.retain(|text| !text.is_empty());
    Ok(texts)
}

/// A user as rules see it.
pub fn subject(user: &User) -> Value {
    let list = |texts: &[SmolStr]| Value::List(texts.iter().cloned().map(Value::from).collect());
    let extra: schema::Map = user
        .extra
        .iter()
        .map(|(key, values)| (key.clone(), list(values)))
        .collect();
    schema::tree!({
        "username": (user.name.clone()),
        "uid": (user.uid.clone()),
        "groups": (list(&user.groups)),
        "extra": extra,
    })
}
