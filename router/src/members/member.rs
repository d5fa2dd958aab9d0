//! One member, as its record tells of it. Who of several is asked is [`super::Members`]' to say.

use std::collections::BTreeSet;
use std::fmt;

use smol_str::SmolStr;

use crate::assignment::{Candidate, Policy};
use crate::unit::Unit;

/// What a process is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Tier {
    /// Answers everything but what the watch tier does.
    Frontend,
    /// Answers lists and watches from memory.
    WatchCache,
}

/// Whether a member is to stay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It takes requests.
    Serving,
    /// It is about to stop: it serves what it has until others do, and is given nothing new.
    Draining,
}

/// One process of a tier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// The name of its record, the same after a restart.
    pub name: SmolStr,
    /// Tells one run of the process from another.
    pub run: SmolStr,
    /// What it is.
    pub tier: Tier,
    /// `host:port`.
    pub address: SmolStr,
    /// Its share of units, compared with the others'.
    pub weight: u32,
    /// Whether it is to stay.
    pub state: State,
    /// The units that it answers for.
    pub ready: BTreeSet<Unit>,
    /// Those of them of which it has not heard from the store for too long.
    pub behind: BTreeSet<Unit>,
    /// How many members are to hold each unit, as it was told.
    pub policy: Policy,
}

impl Member {
    pub(super) fn as_candidate(&self) -> Candidate<'_> {
        Candidate {
            name: &self.name,
            weight: self.weight,
        }
    }
}

impl State {
    /// As records have it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Serving => "serving",
            Self::Draining => "draining",
        }
    }
}

impl Tier {
    /// As records have it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Frontend => "frontend",
            Self::WatchCache => "watchcache",
        }
    }
}

impl fmt::Display for Tier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::str::FromStr for Tier {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        [Self::Frontend, Self::WatchCache]
            .into_iter()
            .find(|tier| tier.as_str() == text)
            .ok_or_else(|| format!("{text:?} is no tier"))
    }
}
