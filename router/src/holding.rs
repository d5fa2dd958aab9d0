//! What a member of the watch tier keeps as others come and go: what it takes over it loads before anybody is sent to it, and what it
//! gives up it serves until others are ready. A pure state machine: it says what to do, and somebody else does it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use smol_str::SmolStr;
use tokio::time::Instant;

use crate::limits::LEAVE_MAX;
use crate::members::Members;
use crate::unit::Unit;

/// What a member keeps.
#[derive(Debug)]
pub struct Holding {
    name: SmolStr,
    kept: Kept,
    view: Arc<Members>,
    /// The units that there were when it was last looked at: those of custom resources come and go.
    all: BTreeSet<Unit>,
    /// What of all it is to keep by that view; nothing is said while it is not in the view itself.
    wanted: Option<BTreeSet<Unit>>,
    /// How what it keeps stood when there was nothing to do the last time; until then it is looked at whole.
    settled: Option<Vec<Standing>>,
}

/// What it keeps now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Kept {
    units: BTreeMap<Unit, Phase>,
    /// What is behind, and whether its watches were asked to leave.
    behind: BTreeMap<Unit, bool>,
    /// How many members were asked for a unit when it was last looked at.
    asked: BTreeMap<Unit, usize>,
}

/// How far a unit is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Loading,
    Ready,
    /// It has objects that only others can read, who are asked instead.
    Withheld,
    /// Its watches end; then it goes, at the latest at this time.
    Leaving {
        until: Instant,
    },
}

/// What to do.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// Load a unit and keep it.
    Hold(Unit),
    /// Ask this part of a unit's watches to go elsewhere: another member has become ready for it.
    Shed(Unit, f64),
    /// Ask all watches of a unit to go elsewhere.
    Leave(Unit),
    /// Keep a unit no longer.
    Release(Unit),
}

/// How a unit stands at the member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Whether it can be served.
    pub is_loaded: bool,
    /// Whether it has objects that cannot be read here, but perhaps by a frontend.
    pub is_foreign: bool,
    /// Whether the store has not been heard of for too long.
    pub is_behind: bool,
    /// Its open watches.
    pub watchers: u64,
}

impl Holding {
    /// Of the member of this name; nothing at first.
    pub fn new(name: SmolStr) -> Self {
        Self {
            name,
            kept: Kept::default(),
            view: Arc::default(),
            all: BTreeSet::new(),
            wanted: None,
            settled: None,
        }
    }

    /// What it answers for.
    pub fn ready(&self) -> BTreeSet<Unit> {
        let ready = self
            .kept
            .units
            .iter()
            .filter(|(_, phase)| **phase == Phase::Ready);
        ready.map(|(unit, _)| unit.clone()).collect()
    }

    /// Those of them of which the store has not been heard of for too long.
    pub fn behind(&self) -> BTreeSet<Unit> {
        self.kept.behind.keys().cloned().collect()
    }

    /// Whether it has all that is assigned to it, as far as it can read it.
    pub fn is_ready(&self) -> bool {
        let mut wanted = self.wanted.iter().flatten();
        let is_loaded =
            |unit: &Unit| matches!(self.kept.units.get(unit), Some(Phase::Ready | Phase::Withheld));
        self.wanted.is_some() && wanted.all(is_loaded)
    }

    /// Whether watches of something are still on their way elsewhere.
    pub fn is_leaving(&self) -> bool {
        let mut phases = self.kept.units.values();
        phases.any(|phase| matches!(phase, Phase::Leaving { .. }))
    }

    /// What to do now; `None` if all is as it was when there was nothing to do. `all` are the units that there are.
    pub fn advance(
        &mut self,
        view: &Arc<Members>,
        all: &BTreeSet<Unit>,
        standing: impl Fn(&Unit) -> Standing,
        now: Instant,
    ) -> Option<Vec<Step>> {
        if !Arc::ptr_eq(&self.view, view) || self.wanted.is_none() || self.all != *all {
            self.view = view.clone();
            self.all = all.clone();
            self.wanted = self.wanted_of(all);
            self.settled = None;
        }
        let mut steps = Vec::new();
        if self.settled.is_none() {
            self.take_over(&mut steps);
        }
        let units: Vec<Unit> = self.kept.units.keys().cloned().collect();
        let standings: Vec<Standing> = units.iter().map(standing).collect();
        if self.is_as_it_was(&standings) {
            return None;
        }
        let before = self.kept.clone();
        for (unit, standing) in units.iter().zip(&standings) {
            self.move_on(unit, *standing, now, &mut steps);
        }
        // What leaves goes by the clock too.
        let is_settled = steps.is_empty() && self.kept == before && !self.is_leaving();
        self.settled = is_settled.then_some(standings);
        Some(steps)
    }

    /// How many watch does not matter to what stays.
    fn is_as_it_was(&self, standings: &[Standing]) -> bool {
        let Some(settled) = &self.settled else {
            return false;
        };
        let without_watchers = |standing: &Standing| Standing {
            watchers: 0,
            ..*standing
        };
        settled
            .iter()
            .map(without_watchers)
            .eq(standings.iter().map(without_watchers))
    }

    fn wanted_of(&self, all: &BTreeSet<Unit>) -> Option<BTreeSet<Unit>> {
        let is_me = |name: &SmolStr| *name == self.name;
        if !self.view.caches().iter().any(|member| is_me(&member.name)) {
            return None;
        }
        let is_mine = |unit: &&Unit| {
            let assigned = self.view.assigned(unit);
            assigned.into_iter().any(|member| is_me(&member.name))
        };
        Some(all.iter().filter(is_mine).cloned().collect())
    }

    fn take_over(&mut self, steps: &mut Vec<Step>) {
        for unit in self.wanted.iter().flatten() {
            if !self.kept.units.contains_key(unit) {
                self.kept.units.insert(unit.clone(), Phase::Loading);
                steps.push(Step::Hold(unit.clone()));
            }
        }
    }

    fn move_on(&mut self, unit: &Unit, standing: Standing, now: Instant, steps: &mut Vec<Step>) {
        let Some(phase) = self.kept.units.get(unit).copied() else {
            return;
        };
        let is_unwanted = self.wanted.as_ref().is_some_and(|wanted| !wanted.contains(unit));
        let next = match phase {
            // Nobody can take over what is there no more.
            _ if !self.all.contains(unit) => None,
            Phase::Loading | Phase::Withheld if is_unwanted => None,
            // Another has come in its place, of a definition that went and came back meanwhile.
            Phase::Ready | Phase::Withheld if !standing.is_loaded => {
                steps.push(Step::Hold(unit.clone()));
                Some(Phase::Loading)
            }
            Phase::Loading if standing.is_loaded && standing.is_foreign => Some(Phase::Withheld),
            Phase::Loading if standing.is_loaded => Some(Phase::Ready),
            Phase::Ready if standing.is_foreign => {
                steps.push(Step::Leave(unit.clone()));
                Some(Phase::Withheld)
            }
            Phase::Withheld if !standing.is_foreign => Some(Phase::Ready),
            Phase::Ready if is_unwanted && self.view.is_handed_over(unit, &self.name) => {
                steps.push(Step::Leave(unit.clone()));
                Some(Phase::Leaving {
                    until: now + LEAVE_MAX,
                })
            }
            Phase::Leaving { until } if standing.watchers == 0 || until <= now => None,
            other => Some(other),
        };
        match next {
            Some(next) => {
                self.kept.units.insert(unit.clone(), next);
            }
            None => {
                self.kept.units.remove(unit);
                steps.push(Step::Release(unit.clone()));
            }
        }
        if next == Some(Phase::Ready) {
            steps.extend(self.share(unit));
        } else {
            self.kept.asked.remove(unit);
        }
        let is_behind = standing.is_behind && next == Some(Phase::Ready);
        steps.extend(self.fall_behind(unit, is_behind));
    }

    /// What has not been heard of for too long is said to be behind. When that is known and others are asked instead, its watches go
    /// there, once. Without a store nothing is written: then nobody hears of it, and watches stay where they are.
    fn fall_behind(&mut self, unit: &Unit, is_behind: bool) -> Option<Step> {
        if !is_behind {
            self.kept.behind.remove(unit);
            return None;
        }
        let are_others_asked = self.are_others_asked(unit);
        let have_left = self.kept.behind.entry(unit.clone()).or_insert(false);
        let is_time = are_others_asked && !std::mem::replace(have_left, *have_left || are_others_asked);
        is_time.then(|| Step::Leave(unit.clone()))
    }

    /// Whether they are, and this member is not.
    fn are_others_asked(&self, unit: &Unit) -> bool {
        let asked = self.view.ready_for(unit);
        !asked.is_empty() && asked.iter().all(|member| member.name != self.name)
    }

    /// When more members are asked for a unit than before, they get their part of the watches.
    fn share(&mut self, unit: &Unit) -> Option<Step> {
        let asked = self.view.ready_for(unit);
        if !asked.iter().any(|member| member.name == self.name) {
            return None;
        }
        let count = asked.len();
        let before = self.kept.asked.insert(unit.clone(), count)?;
        let part = count.checked_sub(before).filter(|more| *more > 0)? as f64 / count as f64;
        Some(Step::Shed(unit.clone(), part))
    }
}

#[cfg(test)]
mod tests;
