//! Rules of schemas: that their expressions compile for what the schema declares, cost no more than they may, and use the old
//! value only where there is one to be found.

mod budget;

use std::cell::LazyCell;

use cel::{CompileError, Environment, Type};
use object::field::Path;

use super::super::internal_form;
use super::super::place::Place;
use crate::expressions::schemas::{Declared, declared, environment};
use crate::strategy::Errors;

pub use budget::Budget;

/// Where a schema stands, as far as its rules care.
#[derive(Clone, Debug)]
pub struct Site {
    /// It describes a resource, whose kind and name are always there.
    pub is_resource: bool,
    /// The list within which a value's old self cannot be told.
    pub uncorrelated: Option<Path>,
    /// How many values it can describe in one object; nothing if there is no limit.
    pub count_max: Option<u64>,
}

impl Site {
    /// A root.
    pub const ROOT: Self = Self {
        is_resource: true,
        uncorrelated: None,
        count_max: Some(1),
    };

    /// A property.
    pub fn field(&self, schema: &Place<'_>) -> Self {
        Self {
            is_resource: schema.field("x-kubernetes-embedded-resource").is_true(),
            ..self.clone()
        }
    }

    /// The values of a map.
    pub fn values(&self, map: &Place<'_>) -> Self {
        Self {
            count_max: self.times(&map.field("maxProperties")),
            ..self.field(&map.field("additionalProperties"))
        }
    }

    fn times(&self, limit: &Place<'_>) -> Option<u64> {
        let limit = limit
            .value()
            .as_int()
            .map(|limit| u64::try_from(limit).unwrap_or_default())?;
        Some(self.count_max?.saturating_mul(limit))
    }

    /// The items of a list.
    pub fn items(&self, list: &Place<'_>) -> Self {
        let is_map = list.field("x-kubernetes-list-type").text() == "map";
        let own = (!is_map).then(|| list.path().clone());
        Self {
            uncorrelated: own.or_else(|| self.uncorrelated.clone()),
            count_max: self.times(&list.field("maxItems")),
            ..self.field(&list.field("items"))
        }
    }
}

/// Checks the rules of a schema that is well formed otherwise.
pub fn check(schema: &Place<'_>, site: &Site, budget: &mut Budget, errors: &mut Errors) {
    let rules = schema.field("x-kubernetes-validations");
    if rules.list().is_empty() {
        return;
    }
    let Some(declared) = declared(schema.value(), site.is_resource) else {
        return;
    };
    // Of a large schema they take their time: they are made once, not for each rule.
    let of = &declared;
    let environments = [false, true].map(|optional_old| LazyCell::new(move || environment(of, optional_old)));
    for rule in rules.items() {
        let optional_old = rule.field("optionalOldSelf").is_true();
        let environment = &environments[usize::from(optional_old)];
        self::rule(&rule, environment, &declared, site, budget, errors);
    }
}

fn rule(
    rule: &Place<'_>,
    environment: &Environment,
    declared: &Declared,
    site: &Site,
    budget: &mut Budget,
    errors: &mut Errors,
) {
    let [expression, message, optional] =
        ["rule", "messageExpression", "optionalOldSelf"].map(|field| rule.field(field));
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
    let count = site.count_max.unwrap_or_else(|| declared.count_max());
    let cost = analysis.cost(declared).max.saturating_mul(count);
    budget.observe(&expression, "estimated rule cost", cost, errors);
    if !message.is_empty() {
        match environment.check_as(message.text(), &[Type::String]) {
            Ok(analysis) => {
                let cost = analysis.cost(declared).max;
                budget.observe(&message, "estimated messageExpression cost", cost, errors);
            }
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

#[cfg(test)]
mod tests;
