//! The message of a broken rule, where an expression makes it. One that makes none leaves it to the rule's own text.

use cel::{Error, Program, Value as Cel, Variables};
use object::field::quote;

use super::run::Budget;
use crate::limits::RULE_MESSAGE_BYTES_MAX;

/// Why there is no message.
#[derive(Debug)]
pub(super) enum Failure {
    /// It costs too much: no more rules are run.
    Budget(String),
    /// It is none, or none that can be shown.
    Unusable,
}

/// Makes the message.
pub(super) fn of<'a>(
    expression: &str,
    program: &Program,
    given: &dyn Variables<'a>,
    budget: &mut Budget,
) -> Result<String, Failure> {
    let evaluated = program.evaluate(given, cel::limits::CALL_COST_MAX);
    if !budget.take(evaluated.cost) {
        let told = "messageExpression evaluation failed due to running out of cost budget, no further validation rules will be run";
        return Err(Failure::Budget(told.to_owned()));
    }
    match evaluated.outcome {
        Ok(Cel::String(text)) => usable(text.trim()),
        Err(Error::CostLimit) => {
            budget.end();
            let told = "no further validation rules will be run due to call cost exceeds limit for messageExpression";
            Err(Failure::Budget(format!("{told}: {}", quote(expression))))
        }
        _ => Err(Failure::Unusable),
    }
}

/// One line of text, and not a long one.
fn usable(text: &str) -> Result<String, Failure> {
    let is_usable = !text.is_empty() && text.len() <= RULE_MESSAGE_BYTES_MAX && !text.contains('\n');
    is_usable.then(|| text.to_owned()).ok_or(Failure::Unusable)
}
