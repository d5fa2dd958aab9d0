//! Which members hold which units: weighted rendezvous hashing, a pure function of who the members are. Members and routers compute
//! it alike. Whether a member is ready for what it was assigned is [`crate::members`]'.
//!
//! Each pair of unit and member has a score that depends on nothing else, and a unit belongs to the members with the best scores.
//! So a member that comes or goes moves what it gets or had, and nothing else.

use std::collections::BTreeMap;
use std::fmt;

use object::fnv::Fnv1a;

use crate::limits::WEIGHT_MAX;
use crate::unit::Unit;

/// How many members hold a unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Replicas {
    /// So many, or all if there are fewer.
    Count(u32),
    /// Each of them: a unit that is in demand everywhere.
    All,
}

/// How many members hold each unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Unless told otherwise.
    pub replicas: Replicas,
    /// Of single units.
    pub overrides: BTreeMap<Unit, Replicas>,
}

/// A member as assignment sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Candidate<'m> {
    /// Its name, which no other has.
    pub name: &'m str,
    /// Its share, compared with the others'.
    pub weight: u32,
}

impl Policy {
    /// The same for all units.
    pub fn uniform(replicas: Replicas) -> Self {
        Self {
            replicas,
            overrides: BTreeMap::new(),
        }
    }

    /// How many members hold a unit.
    pub fn of(&self, unit: &Unit) -> Replicas {
        self.overrides.get(unit).copied().unwrap_or(self.replicas)
    }

    /// Reads `UNIT=COUNT` or `UNIT=all`, as flags and records have it.
    ///
    /// # Errors
    /// What is wrong with the text.
    pub fn with_override(mut self, text: &str) -> Result<Self, String> {
        let (unit, replicas) = text
            .split_once('=')
            .filter(|(unit, _)| !unit.is_empty())
            .ok_or_else(|| format!("{text:?} is not RESOURCE=COUNT or RESOURCE=all"))?;
        self.overrides.insert(Unit::new(unit), replicas.parse()?);
        Ok(self)
    }
}

impl Default for Policy {
    /// Two of each, so that one may go.
    fn default() -> Self {
        Self::uniform(Replicas::Count(2))
    }
}

impl std::str::FromStr for Replicas {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "all" => Ok(Self::All),
            _ => match text.parse() {
                Ok(count) if count > 0 => Ok(Self::Count(count)),
                _ => Err(format!("{text:?} is not a number of members above 0, or \"all\"")),
            },
        }
    }
}

impl fmt::Display for Replicas {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Count(count) => write!(f, "{count}"),
            Self::All => f.write_str("all"),
        }
    }
}

/// The members that hold a unit, by their place in `members`, the best first. The order of `members` does not matter.
pub fn holders(unit: &Unit, replicas: Replicas, members: &[Candidate<'_>]) -> Vec<usize> {
    let count = match replicas {
        Replicas::Count(count) => usize::try_from(count).unwrap_or(usize::MAX),
        Replicas::All => members.len(),
    };
    let mut scored: Vec<(f64, &str, usize)> = members
        .iter()
        .enumerate()
        .filter(|(_, member)| member.weight > 0)
        .map(|(at, member)| (score(unit, member), member.name, at))
        .collect();
    // Names break ties, which nothing else would.
    scored.sort_unstable_by(|one, other| one.0.total_cmp(&other.0).then_with(|| one.1.cmp(other.1)));
    scored.truncate(count);
    scored.into_iter().map(|(_, _, at)| at).collect()
}

/// The time until a member's first arrival in a race where each arrives at the rate of its weight: the chance to be first is its share
/// of all weights, whoever else takes part.
fn score(unit: &Unit, member: &Candidate<'_>) -> f64 {
    let hash = Fnv1a::default()
        .with(member.name.as_bytes())
        .with(b"\0")
        .with(unit.as_str().as_bytes());
    let bits = mixed(hash.value()) >> 11;
    // Between 0 and 1 and neither of them.
    let uniform = (bits as f64 + 0.5) / (1u64 << 53) as f64;
    -uniform.ln() / f64::from(member.weight.min(WEIGHT_MAX))
}

/// FNV changes few high bits for a change in the last bytes: this lets each bit of the input move each bit (the finalizer of
/// MurmurHash3).
fn mixed(mut hash: u64) -> u64 {
    hash = (hash ^ (hash >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    hash = (hash ^ (hash >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    hash ^ (hash >> 33)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn members<'n>(names: &[&'n str]) -> Vec<Candidate<'n>> {
        let of = |name: &&'n str| Candidate { name, weight: 1 };
        names.iter().map(of).collect()
    }

    #[test]
    fn replicas_are_told_by_number_or_all() {
        assert_eq!("3".parse(), Ok(Replicas::Count(3)));
        assert_eq!("all".parse(), Ok(Replicas::All));
        for text in ["0", "-1", "", "some"] {
            assert!(text.parse::<Replicas>().is_err(), "{text}");
        }
        let policy = Policy::default().with_override("pods=all").expect("well formed");
        assert_eq!(policy.of(&Unit::new("pods")), Replicas::All);
        assert_eq!(policy.of(&Unit::new("nodes")), Replicas::Count(2));
        for text in ["pods", "=2", "pods=none"] {
            assert!(Policy::default().with_override(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_unit_has_as_many_holders_as_there_are() {
        let unit = Unit::new("pods");
        let three = members(&["a", "b", "c"]);
        assert_eq!(holders(&unit, Replicas::Count(2), &three).len(), 2);
        assert_eq!(holders(&unit, Replicas::Count(9), &three).len(), 3);
        assert_eq!(holders(&unit, Replicas::All, &three).len(), 3);
        assert!(holders(&unit, Replicas::Count(2), &[]).is_empty());
    }

    #[test]
    fn a_member_without_weight_holds_nothing() {
        let mut two = members(&["a", "b"]);
        two[0].weight = 0;
        assert_eq!(holders(&Unit::new("pods"), Replicas::All, &two), [1]);
    }
}
