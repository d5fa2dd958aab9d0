//! What the rules of a schema may cost, one by one and together.

use object::field::{Error, Path};

use super::super::super::place::Place;
use crate::limits::{RULE_COST_MAX, RULES_COST_MAX, RULES_TOLD_MAX};
use crate::strategy::Errors;

/// What rules cost so far.
#[derive(Debug, Default)]
pub struct Budget {
    total: u64,
    /// Those that take a good part of it.
    large: Vec<(Path, u64)>,
}

impl Budget {
    /// Takes the cost of an expression, which may be too much by itself.
    pub fn observe(&mut self, expression: &Place<'_>, what: &str, cost: u64, errors: &mut Errors) {
        if cost > RULE_COST_MAX {
            errors.push(expression.forbidden(told(what, cost, RULE_COST_MAX)));
        }
        self.total = self.total.saturating_add(cost);
        if cost >= RULES_COST_MAX / 100 {
            self.large.push((expression.path().clone(), cost));
        }
    }

    /// Tells if all is too much, and which expressions have the largest part in it.
    pub fn check(mut self, schema: &Place<'_>, errors: &mut Errors) {
        if self.total <= RULES_COST_MAX {
            return;
        }
        self.large.sort_by_key(|(_, cost)| std::cmp::Reverse(*cost));
        for (path, _) in self.large.iter().take(RULES_TOLD_MAX) {
            let detail =
                "contributed to estimated rule cost total exceeding cost limit for entire OpenAPIv3 schema";
            errors.push(Error::forbidden(path, detail));
        }
        let what = "x-kubernetes-validations estimated rule cost total for entire OpenAPIv3 schema";
        errors.push(schema.forbidden(told(what, self.total, RULES_COST_MAX)));
    }
}

fn told(what: &str, cost: u64, limit: u64) -> String {
    let factor = cost as f64 / limit as f64;
    let factor = match factor {
        factor if factor > 100.0 => "more than 100x".to_owned(),
        factor if factor < 1.5 => format!("{factor:.6}x"),
        factor => format!("{factor:.1}x"),
    };
    format!(
        "{what} exceeds budget by factor of {factor} (try simplifying the rule, or adding maxItems, maxProperties, and maxLength where arrays, maps, and strings are declared)"
    )
}
