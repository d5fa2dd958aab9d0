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
    units: BTreeMap<Unit, Phase>,
    /// What is behind, and whether its watches were asked to leave.
    behind: BTreeMap<Unit, bool>,
    /// How many members were asked for a unit when it was last looked at.
    asked: BTreeMap<Unit, usize>,
    view: Arc<Members>,
    /// The units that there were when it was last looked at: those of custom resources come and go.
    all: Vec<Unit>,
    /// What of all it is to keep by that view; nothing is said while it is not in the view itself.
    wanted: Option<BTreeSet<Unit>>,
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
            units: BTreeMap::new(),
            behind: BTreeMap::new(),
            asked: BTreeMap::new(),
            view: Arc::default(),
            all: Vec::new(),
            wanted: None,
        }
    }

    /// What it answers for.
    pub fn ready(&self) -> BTreeSet<Unit> {
        let ready = self.units.iter().filter(|(_, phase)| **phase == Phase::Ready);
        ready.map(|(unit, _)| unit.clone()).collect()
    }

    /// Those of them of which the store has not been heard of for too long.
    pub fn behind(&self) -> BTreeSet<Unit> {
        self.behind.keys().cloned().collect()
    }

    /// Whether it has all that is assigned to it, as far as it can read it.
    pub fn is_ready(&self) -> bool {
        let mut wanted = self.wanted.iter().flatten();
        let is_loaded = |unit: &Unit| matches!(self.units.get(unit), Some(Phase::Ready | Phase::Withheld));
        self.wanted.is_some() && wanted.all(is_loaded)
    }

    /// Whether watches of something are still on their way elsewhere.
    pub fn is_leaving(&self) -> bool {
        let mut phases = self.units.values();
        phases.any(|phase| matches!(phase, Phase::Leaving { .. }))
    }

    /// What to do now. `all` are the units that there are.
    pub fn advance(
        &mut self,
        view: &Arc<Members>,
        all: &[Unit],
        standing: impl Fn(&Unit) -> Standing,
        now: Instant,
    ) -> Vec<Step> {
        if !Arc::ptr_eq(&self.view, view) || self.wanted.is_none() || self.all != all {
            self.view = view.clone();
            self.all = all.to_vec();
            self.wanted = self.wanted_of(all);
        }
        let mut steps = Vec::new();
        self.take_over(&mut steps);
        let units: Vec<Unit> = self.units.keys().cloned().collect();
        for unit in units {
            self.move_on(&unit, standing(&unit), now, &mut steps);
        }
        steps
    }

    fn wanted_of(&self, all: &[Unit]) -> Option<BTreeSet<Unit>> {
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
            if !self.units.contains_key(unit) {
                self.units.insert(unit.clone(), Phase::Loading);
                steps.push(Step::Hold(unit.clone()));
            }
        }
    }

    fn move_on(&mut self, unit: &Unit, standing: Standing, now: Instant, steps: &mut Vec<Step>) {
        let Some(phase) = self.units.get(unit).copied() else {
            return;
        };
        let is_unwanted = self.wanted.as_ref().is_some_and(|wanted| !wanted.contains(unit));
        let next = match phase {
            // Nobody can take over what is there no more.
            _ if !self.all.contains(unit) => None,
            Phase::Loading | Phase::Withheld if is_unwanted => None,
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
                self.units.insert(unit.clone(), next);
            }
            None => {
                self.units.remove(unit);
                steps.push(Step::Release(unit.clone()));
            }
        }
        if next == Some(Phase::Ready) {
            steps.extend(self.share(unit));
        } else {
            self.asked.remove(unit);
        }
        let is_behind = standing.is_behind && next == Some(Phase::Ready);
        steps.extend(self.fall_behind(unit, is_behind));
    }

    /// What has not been heard of for too long is said to be behind. When that is known and others are asked instead, its watches go
    /// there, once. Without a store nothing is written: then nobody hears of it, and watches stay where they are.
    fn fall_behind(&mut self, unit: &Unit, is_behind: bool) -> Option<Step> {
        if !is_behind {
            self.behind.remove(unit);
            return None;
        }
        let are_others_asked = self.are_others_asked(unit);
        let have_left = self.behind.entry(unit.clone()).or_insert(false);
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
        let before = self.asked.insert(unit.clone(), count)?;
        let part = count.checked_sub(before).filter(|more| *more > 0)? as f64 / count as f64;
        Some(Step::Shed(unit.clone(), part))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::members::tests::{cache, frontend, members};
    use crate::members::{Member, State};

    const LOADED: Standing = Standing {
        is_loaded: true,
        is_foreign: false,
        is_behind: false,
        watchers: 3,
    };
    const EMPTY: Standing = Standing {
        is_loaded: false,
        is_foreign: false,
        is_behind: false,
        watchers: 0,
    };

    fn pods() -> Unit {
        Unit::new("pods")
    }

    struct Scene {
        holding: Holding,
        now: Instant,
    }

    impl Scene {
        /// The member "a".
        fn new() -> Self {
            Self {
                holding: Holding::new("a".into()),
                now: Instant::now(),
            }
        }

        fn sees(&mut self, all: Vec<Member>, standing: Standing) -> Vec<Step> {
            let view = Arc::new(members(all));
            self.holding.advance(&view, &[pods()], |_| standing, self.now)
        }
    }

    fn draining(member: Member) -> Member {
        Member {
            state: State::Draining,
            ..member
        }
    }

    #[test]
    fn what_is_there_no_more_is_released_at_once() {
        let mut scene = Scene::new();
        assert_eq!(scene.sees(vec![cache("a", &[])], EMPTY), [Step::Hold(pods())]);
        scene.sees(vec![cache("a", &[])], LOADED);
        let view = scene.holding.view.clone();
        let steps = scene.holding.advance(&view, &[], |_| LOADED, scene.now);
        assert_eq!(steps, [Step::Release(pods())]);
        assert!(scene.holding.ready().is_empty());
    }

    #[test]
    fn what_is_taken_over_is_loaded_before_it_is_served() {
        let mut scene = Scene::new();
        let alone = || vec![frontend("f"), cache("a", &[])];
        assert_eq!(scene.sees(vec![frontend("f")], EMPTY), []);
        assert_eq!(scene.sees(alone(), EMPTY), [Step::Hold(pods())]);
        assert_eq!(scene.sees(alone(), EMPTY), []);
        assert!(scene.holding.ready().is_empty());
        scene.sees(alone(), LOADED);
        assert!(scene.holding.ready().contains(&pods()));
    }

    #[test]
    fn what_is_given_up_is_served_until_others_are_ready() {
        let mut scene = Scene::new();
        scene.sees(vec![cache("a", &[])], EMPTY);
        scene.sees(vec![cache("a", &["pods"])], LOADED);
        let leaving = || draining(cache("a", &["pods"]));
        assert_eq!(scene.sees(vec![leaving(), cache("b", &[])], LOADED), []);
        assert!(scene.holding.ready().contains(&pods()));
        let taken_over = || vec![leaving(), cache("b", &["pods"])];
        assert_eq!(scene.sees(taken_over(), LOADED), [Step::Leave(pods())]);
        assert!(scene.holding.ready().is_empty() && scene.holding.is_leaving());
        assert_eq!(scene.sees(taken_over(), LOADED), []);
        assert_eq!(scene.sees(taken_over(), EMPTY), [Step::Release(pods())]);
        assert!(!scene.holding.is_leaving());
    }

    #[test]
    fn what_only_others_can_read_is_left_to_them() {
        let foreign = Standing {
            is_foreign: true,
            ..LOADED
        };
        let mut scene = Scene::new();
        let alone = || vec![frontend("f"), cache("a", &[])];
        assert_eq!(scene.sees(alone(), foreign), [Step::Hold(pods())]);
        assert_eq!(scene.sees(alone(), foreign), []);
        assert!(scene.holding.ready().is_empty());
        assert!(scene.holding.is_ready(), "it is not waited for");
        assert_eq!(scene.sees(alone(), LOADED), []);
        assert!(scene.holding.ready().contains(&pods()));
        // Then somebody writes what cannot be read: whoever watches is to leave.
        assert_eq!(scene.sees(alone(), foreign), [Step::Leave(pods())]);
        assert!(scene.holding.ready().is_empty());
        assert_eq!(scene.sees(alone(), foreign), []);
        assert_eq!(scene.sees(vec![frontend("f")], foreign), []);
    }

    #[test]
    fn clients_that_do_not_leave_are_not_waited_for() {
        let mut scene = Scene::new();
        scene.sees(vec![cache("a", &[])], LOADED);
        let taken_over = || vec![draining(cache("a", &["pods"])), cache("b", &["pods"])];
        assert_eq!(scene.sees(taken_over(), LOADED), [Step::Leave(pods())]);
        scene.now += LEAVE_MAX;
        assert_eq!(scene.sees(taken_over(), LOADED), [Step::Release(pods())]);
    }

    #[test]
    fn who_joins_gets_its_part_of_the_watches() {
        let mut scene = Scene::new();
        scene.sees(vec![cache("a", &[])], LOADED);
        assert_eq!(scene.sees(vec![cache("a", &["pods"])], LOADED), []);
        assert_eq!(
            scene.sees(vec![cache("a", &["pods"]), cache("b", &[])], LOADED),
            []
        );
        let both = || vec![cache("a", &["pods"]), cache("b", &["pods"])];
        assert_eq!(scene.sees(both(), LOADED), [Step::Shed(pods(), 0.5)]);
        assert_eq!(scene.sees(both(), LOADED), []);
        // When it goes and comes back, it has nothing again.
        assert_eq!(scene.sees(vec![cache("a", &["pods"])], LOADED), []);
        assert_eq!(scene.sees(both(), LOADED), [Step::Shed(pods(), 0.5)]);
    }

    #[test]
    fn who_is_cut_off_from_the_store_lets_others_serve() {
        let behind = Standing {
            is_behind: true,
            ..LOADED
        };
        let told = |member: Member| Member {
            behind: [pods()].into(),
            ..member
        };
        let mut scene = Scene::new();
        scene.sees(vec![cache("a", &[])], LOADED);
        let both = || vec![cache("a", &["pods"]), cache("b", &["pods"])];
        scene.sees(both(), LOADED);
        assert_eq!(scene.sees(both(), behind), []);
        assert!(scene.holding.behind().contains(&pods()) && scene.holding.ready().contains(&pods()));
        assert_eq!(scene.sees(both(), behind), [], "nobody has heard of it yet");
        let known = || vec![told(cache("a", &["pods"])), cache("b", &["pods"])];
        assert_eq!(scene.sees(known(), behind), [Step::Leave(pods())]);
        assert_eq!(scene.sees(known(), behind), []);
        // If all are, all go on.
        let all = || vec![told(cache("a", &["pods"])), told(cache("b", &["pods"]))];
        assert_eq!(scene.sees(all(), behind), []);
        assert_eq!(scene.sees(known(), LOADED), []);
        assert!(scene.holding.behind().is_empty());
    }

    #[test]
    fn nothing_changes_while_it_is_not_seen_itself() {
        let mut scene = Scene::new();
        scene.sees(vec![cache("a", &[])], LOADED);
        for view in [vec![], vec![cache("b", &["pods"])]] {
            assert_eq!(scene.sees(view, LOADED), []);
            assert!(scene.holding.ready().contains(&pods()));
        }
    }

    #[test]
    fn what_is_unwanted_before_it_is_loaded_goes_at_once() {
        let mut scene = Scene::new();
        scene.sees(vec![cache("a", &[])], EMPTY);
        let gone = vec![draining(cache("a", &[])), cache("b", &[])];
        assert_eq!(scene.sees(gone, EMPTY), [Step::Release(pods())]);
    }
}
