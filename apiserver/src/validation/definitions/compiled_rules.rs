//! Rules of schemas: that their expressions compile for what the schema declares, and use the old value only where there is one
//! to be found.

use cel::{CompileError, Type};
use object::field::Path;

use super::super::internal_form;
use super::super::place::Place;
use crate::expressions::schemas::{Declared, declared, environment};
use crate::strategy::Errors;

/// Where a schema stands, as far as its rules care.
#[derive(Clone, Debug)]
pub struct Site {
    /// It describes a resource, whose kind and name are always there.
    pub is_resource: bool,
    /// The list within which a value's old self cannot be told.
    pub uncorrelated: Option<Path>,
}

impl Site {
    /// A root.
    pub const ROOT: Self = Self {
        is_resource: true,
        uncorrelated: None,
    };

    /// A property, or the values of a map.
    pub fn field(&self, schema: &Place<'_>) -> Self {
        Self {
            is_resource: schema.field("x-kubernetes-embedded-resource").is_true(),
            uncorrelated: self.uncorrelated.clone(),
        }
    }

    /// The items of a list.
    pub fn items(&self, list: &Place<'_>) -> Self {
        let is_map = list.field("x-kubernetes-list-type").text() == "map";
        let own = (!is_map).then(|| list.path().clone());
        Self {
            uncorrelated: own.or_else(|| self.uncorrelated.clone()),
            ..self.field(&list.field("items"))
        }
    }
}

/// Checks the rules of a schema that is well formed otherwise.
pub fn check(schema: &Place<'_>, site: &Site, errors: &mut Errors) {
    let rules = schema.field("x-kubernetes-validations");
    if rules.list().is_empty() {
        return;
    }
    let Some(declared) = declared(schema.value(), site.is_resource) else {
        return;
    };
    rules
        .items()
        .for_each(|rule| self::rule(&rule, &declared, site, errors));
}

fn rule(rule: &Place<'_>, declared: &Declared, site: &Site, errors: &mut Errors) {
    let [expression, message, optional] =
        ["rule", "messageExpression", "optionalOldSelf"].map(|field| rule.field(field));
    let environment = environment(declared, optional.is_true());
    let shown = || internal_form::compact("ValidationRule", rule.value());
    let told = |error: CompileError| match error {
        CompileError::Issues(_) => error.to_string(),
        CompileError::Result { .. } => "cel expression must evaluate to a bool".to_owned(),
    };
    let analysis = match environment.check_as(expression.text(), &[Type::Bool]) {
        Ok(analysis) => analysis,
        Err(error) => {
            errors.push(expression.invalid_as(shown(), told(error)));
            return;
        }
    };
    if !message.is_empty() {
        match environment.check_as(message.text(), &[Type::String]) {
            Ok(_) => {}
            Err(CompileError::Issues(issues)) => {
                let detail = format!("messageExpression compilation failed: {issues}");
                errors.push(message.invalid_as(shown(), detail));
            }
            Err(CompileError::Result { .. }) => {
                errors.push(message.invalid_as(shown(), "messageExpression must evaluate to a string"));
            }
        }
    }
    if !analysis.uses("oldSelf") {
        if optional.is_set() {
            errors.push(optional.invalid("may not be set if oldSelf is not used in rule"));
        }
    } else if let Some(within) = &site.uncorrelated {
        errors.push(expression.invalid_text(format!(
            "oldSelf cannot be used on the uncorrelatable portion of the schema within {within}"
        )));
    }
}
