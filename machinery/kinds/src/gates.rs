//! Feature gates: their defaults in 1.36 and what is configured for them.
//! What a gate changes is written where the change is made.

use serde::Deserialize;
use smol_str::SmolStr;
use std::collections::HashMap;
use std::sync::LazyLock;

use crate::Stage;

/// The state of every known gate.
#[derive(Clone, Debug)]
pub struct Gates {
    states: HashMap<SmolStr, bool>,
}

/// A gate and its state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gate<'a> {
    /// E.g. `APIServerTracing`.
    pub name: &'a str,
    /// As metrics tell it: `ALPHA`, `BETA`, `DEPRECATED`, or empty for what has graduated.
    pub stage: &'static str,
    /// Whether it is on.
    pub is_on: bool,
}

/// Why a gate could not be set. The texts are those of the reference.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// No such gate.
    #[error("unrecognized feature gate: {0}")]
    Unknown(SmolStr),
    /// The gate has graduated and can no longer be changed.
    #[error("cannot set feature gate {gate} to {wanted}, feature is locked to {locked}")]
    Locked {
        /// The gate.
        gate: SmolStr,
        /// What was asked for.
        wanted: bool,
        /// What it is.
        locked: bool,
    },
}

/// A line of `data/gates.json`.
#[derive(Debug, Deserialize)]
struct Fact {
    gate: SmolStr,
    stage: SmolStr,
    #[serde(default)]
    default: bool,
    #[serde(default)]
    locked: bool,
}

static FACTS: LazyLock<Vec<Fact>> = LazyLock::new(|| {
    serde_json::from_str(include_str!("../data/gates.json")).expect("checked in and tested")
});

impl Gates {
    /// Shard selectors of lists and watches (KEP-5866).
    pub const SHARDED_LISTS: &str = "ShardedListAndWatch";

    /// Whether a gate is on; an unknown one is off.
    pub fn enabled(&self, gate: &str) -> bool {
        self.states.get(gate).copied().unwrap_or(false)
    }

    /// All known gates.
    pub fn all(&self) -> impl Iterator<Item = Gate<'_>> {
        FACTS.iter().map(|fact| Gate {
            name: &fact.gate,
            stage: match &*fact.stage {
                "alpha" => "ALPHA",
                "beta" => "BETA",
                "deprecated" => "DEPRECATED",
                _ => "",
            },
            is_on: self.enabled(&fact.gate),
        })
    }

    /// Sets one gate, or with `AllAlpha` and `AllBeta` those of a stage that are not locked.
    pub fn set(&mut self, gate: &str, on: bool) -> Result<(), Error> {
        match gate {
            "AllAlpha" => self.set_stage(Stage::Alpha, on),
            "AllBeta" => self.set_stage(Stage::Beta, on),
            _ => return self.set_one(gate, on),
        }
        Ok(())
    }

    fn set_one(&mut self, gate: &str, on: bool) -> Result<(), Error> {
        let fact = FACTS
            .iter()
            .find(|fact| fact.gate == gate)
            .ok_or_else(|| Error::Unknown(gate.into()))?;
        if fact.locked && fact.default != on {
            return Err(Error::Locked {
                gate: gate.into(),
                wanted: on,
                locked: fact.default,
            });
        }
        self.states.insert(fact.gate.clone(), on);
        Ok(())
    }

    fn set_stage(&mut self, stage: Stage, on: bool) {
        let stage = if stage == Stage::Alpha { "alpha" } else { "beta" };
        for fact in FACTS.iter().filter(|fact| fact.stage == stage && !fact.locked) {
            self.states.insert(fact.gate.clone(), on);
        }
    }
}

impl Default for Gates {
    /// The state without configuration.
    fn default() -> Self {
        Self {
            states: FACTS
                .iter()
                .map(|fact| (fact.gate.clone(), fact.default))
                .collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn starts_from_the_release_defaults() {
        let gates = Gates::default();
        assert!(gates.enabled("PodLevelResources"));
        assert!(!gates.enabled("GenericWorkload"));
        assert!(!gates.enabled("NoSuchGate"));
    }

    #[test]
    fn all_of_them_are_told_as_they_are() {
        let mut gates = Gates::default();
        gates.set("GenericWorkload", true).expect("known");
        let told: Vec<Gate<'_>> = gates.all().collect();
        let gate = |name, stage, is_on| Gate { name, stage, is_on };
        assert!(told.contains(&gate("GenericWorkload", "ALPHA", true)));
        assert!(told.contains(&gate("APIServerIdentity", "BETA", true)));
        assert!(told.contains(&gate("APIServerTracing", "", true)));
        assert!(told.contains(&gate("AllowDNSOnlyNodeCSR", "DEPRECATED", false)));
    }

    #[test]
    fn refuses_unknown_and_locked_gates() {
        let mut gates = Gates::default();
        assert_eq!(
            gates.set("NoSuchGate", true),
            Err(Error::Unknown("NoSuchGate".into()))
        );
        let locked = gates.set("APIServerTracing", false).expect_err("locked");
        assert_eq!(
            locked.to_string(),
            "cannot set feature gate APIServerTracing to false, feature is locked to true"
        );
    }

    #[test]
    fn stage_wide_setting_leaves_other_stages_alone() {
        let mut gates = Gates::default();
        gates.set("AllAlpha", true).expect("known");
        assert!(gates.enabled("GenericWorkload"));
        assert!(!gates.enabled("ClusterTrustBundle"));
    }
}
