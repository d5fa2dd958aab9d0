//! Evaluation: a checked tree becomes a [`Program`], and a program with variables a value. It counts what it costs as it goes
//! on, and ends when that is too much.

mod fold;
mod machine;
mod plan;

use crate::value::{Error, Outcome, Value};

pub use plan::plan;

use plan::Node;

/// The variables of one evaluation.
pub trait Variables<'a> {
    /// The value of a variable; nothing if it has none.
    fn get(&self, name: &str) -> Option<Outcome<'a>>;
}

impl<'a, const N: usize> Variables<'a> for [(&str, Value<'a>); N] {
    fn get(&self, name: &str) -> Option<Outcome<'a>> {
        self.iter()
            .find(|(known, _)| *known == name)
            .map(|(_, value)| Ok(value.clone()))
    }
}

/// An expression that can be evaluated.
#[derive(Debug)]
pub struct Program {
    node: Node,
}

/// What an evaluation came to.
#[derive(Debug)]
pub struct Evaluated<'a> {
    /// The value, or why there is none.
    pub outcome: Outcome<'a>,
    /// What it cost, in the reference's units.
    pub cost: u64,
}

impl Program {
    pub(crate) fn new(node: Node) -> Self {
        Self { node }
    }

    /// Evaluates it. An evaluation that costs more than `cost_max` ends with [`Error::CostLimit`].
    pub fn evaluate<'a>(&self, variables: &dyn Variables<'a>, cost_max: u64) -> Evaluated<'a> {
        let mut machine = machine::Machine::new(variables, cost_max);
        let outcome = machine.run(&self.node);
        // What the last step cost counts, too.
        let cost = machine.cost();
        let outcome = if cost > cost_max {
            Err(Error::CostLimit)
        } else {
            outcome
        };
        Evaluated { outcome, cost }
    }
}
