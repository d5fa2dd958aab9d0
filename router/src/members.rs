//! Who takes part: the members of each tier as their records tell of them, and who may be asked for a unit. How records travel is
//! [`crate::record`]'s and [`crate::follow`]'s.

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::sync::Arc;

use smol_str::SmolStr;

use crate::assignment::{Candidate, Policy, holders};
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

/// All members at one moment.
#[derive(Debug, Default)]
pub struct Members {
    frontends: Vec<Arc<Member>>,
    caches: Vec<Arc<Member>>,
    policy: Policy,
    /// Whom to ask for each unit that somebody is ready for.
    routes: HashMap<Unit, Vec<Arc<Member>>>,
    /// Addresses of members that have vanished without a word.
    lost: BTreeSet<SmolStr>,
    /// Whether anybody has told who the members are, were it that there are none.
    is_told: bool,
}

impl Members {
    /// Of these, in any order.
    pub fn new(mut all: Vec<Arc<Member>>) -> Self {
        all.sort_by(|one, other| one.name.cmp(&other.name));
        let (frontends, caches): (Vec<_>, Vec<_>) =
            all.into_iter().partition(|member| member.tier == Tier::Frontend);
        let mut members = Self {
            policy: policy(&caches),
            frontends,
            caches,
            routes: HashMap::new(),
            lost: BTreeSet::new(),
            is_told: true,
        };
        let units: BTreeSet<&Unit> = members.caches.iter().flat_map(|member| &member.ready).collect();
        let routes = units
            .into_iter()
            .map(|unit| (unit.clone(), members.askable(unit)));
        members.routes = routes.collect();
        members
    }

    /// And of members at these addresses that have vanished without a word.
    #[must_use]
    pub fn without(self, lost: BTreeSet<SmolStr>) -> Self {
        Self { lost, ..self }
    }

    /// Addresses of members that have vanished without a word.
    pub fn lost(&self) -> &BTreeSet<SmolStr> {
        &self.lost
    }

    /// Whether anybody has told who the members are: some frontend answers, be it one that keeps no record of itself.
    pub fn is_told(&self) -> bool {
        self.is_told
    }

    /// Whom to ask what is not for the watch tier: those that stay, or else those that are left.
    pub fn frontends(&self) -> impl Iterator<Item = &Arc<Member>> {
        let stays = |member: &&Arc<Member>| member.state == State::Serving;
        let all_leave = !self.frontends.iter().any(|member| stays(&member));
        self.frontends
            .iter()
            .filter(move |member| all_leave || stays(member))
    }

    /// The members of the watch tier.
    pub fn caches(&self) -> &[Arc<Member>] {
        &self.caches
    }

    /// Everybody, frontends first.
    pub fn all(&self) -> impl Iterator<Item = &Arc<Member>> {
        self.frontends.iter().chain(&self.caches)
    }

    /// How many members are to hold each unit: what the first of them was told, so that all say the same.
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// Whom to ask for a unit; empty if nobody is ready for it.
    pub fn ready_for(&self, unit: &Unit) -> &[Arc<Member>] {
        self.routes.get(unit).map_or(&[], Vec::as_slice)
    }

    /// The units that somebody is ready for, with whom to ask.
    pub fn routes(&self) -> impl Iterator<Item = (&Unit, &[Arc<Member>])> {
        self.routes
            .iter()
            .map(|(unit, members)| (unit, members.as_slice()))
    }

    /// Whether each unit that somebody is ready for is ready with all who are to hold it, and with nobody else: nothing is being
    /// loaded or handed over.
    pub fn is_settled(&self) -> bool {
        let mut units = self.routes.keys().peekable();
        let is_with_its_holders = |unit| {
            let assigned: BTreeSet<&str> = self
                .assigned(unit)
                .into_iter()
                .map(|member| member.name.as_str())
                .collect();
            let ready = self.caches.iter().filter(|member| member.ready.contains(unit));
            assigned == ready.map(|member| member.name.as_str()).collect()
        };
        units.peek().is_some() && units.all(is_with_its_holders)
    }

    /// Who is to hold a unit, be it ready or not. Members that leave hold nothing.
    pub fn assigned(&self, unit: &Unit) -> Vec<&Arc<Member>> {
        let staying: Vec<&Arc<Member>> = self
            .caches
            .iter()
            .filter(|member| member.state == State::Serving)
            .collect();
        let candidates: Vec<Candidate> = staying.iter().map(|member| member.as_candidate()).collect();
        let held = holders(unit, self.policy.of(unit), &candidates);
        held.into_iter().map(|at| staying[at]).collect()
    }

    /// Whether everybody who is to hold a unit, `but` aside, is ready for it, and there is somebody: what `but` has of it may go.
    pub fn is_handed_over(&self, unit: &Unit, but: &str) -> bool {
        let others = self
            .assigned(unit)
            .into_iter()
            .filter(|member| member.name != but);
        let mut is_ready = others.map(|member| member.ready.contains(unit)).peekable();
        is_ready.peek().is_some() && is_ready.all(|is| is)
    }

    /// Of those that are ready, and not behind where anybody is not: who is to hold it, with as many others that stay as are missing
    /// while some of those load; or else anybody.
    fn askable(&self, unit: &Unit) -> Vec<Arc<Member>> {
        let is_current = |member: &&Arc<Member>| member.ready.contains(unit) && !member.behind.contains(unit);
        let are_all_behind = !self.caches.iter().any(|member| is_current(&member));
        let is_ready = |member: &&Arc<Member>| match are_all_behind {
            true => member.ready.contains(unit),
            false => is_current(member),
        };
        let assigned = self.assigned(unit);
        let is_assigned = |member: &Arc<Member>| assigned.iter().any(|one| one.name == member.name);
        let ready = self.caches.iter().filter(is_ready).cloned();
        let (staying, leaving): (Vec<_>, Vec<_>) = ready.partition(|member| member.state == State::Serving);
        let (mut asked, others): (Vec<_>, Vec<_>) = staying.into_iter().partition(is_assigned);
        // Nobody takes over alone what several had.
        let missing = assigned.len().max(1).saturating_sub(asked.len());
        asked.extend(others.into_iter().take(missing));
        if asked.is_empty() { leaving } else { asked }
    }
}

impl Member {
    fn as_candidate(&self) -> Candidate<'_> {
        Candidate {
            name: &self.name,
            weight: self.weight,
        }
    }
}

/// What the first member that stays was told.
fn policy(caches: &[Arc<Member>]) -> Policy {
    let staying = caches.iter().find(|member| member.state == State::Serving);
    staying
        .or(caches.first())
        .map(|member| member.policy.clone())
        .unwrap_or_default()
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

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::assignment::Replicas;

    /// A member that is ready for these units.
    pub(crate) fn cache(name: &str, ready: &[&str]) -> Member {
        Member {
            name: name.into(),
            run: "1".into(),
            tier: Tier::WatchCache,
            address: format!("{name}:6444").into(),
            weight: 1,
            state: State::Serving,
            ready: ready.iter().map(|unit| Unit::new(*unit)).collect(),
            behind: BTreeSet::new(),
            policy: Policy::uniform(Replicas::Count(2)),
        }
    }

    pub(crate) fn frontend(name: &str) -> Member {
        Member {
            tier: Tier::Frontend,
            ..cache(name, &[])
        }
    }

    pub(crate) fn members(all: Vec<Member>) -> Members {
        Members::new(all.into_iter().map(Arc::new).collect())
    }

    fn names(members: &[Arc<Member>]) -> Vec<&str> {
        members.iter().map(|member| member.name.as_str()).collect()
    }

    fn pods() -> Unit {
        Unit::new("pods")
    }

    #[test]
    fn nothing_is_asked_of_who_is_not_ready() {
        let view = members(vec![cache("a", &[]), cache("b", &["pods"])]);
        assert_eq!(names(view.ready_for(&pods())), ["b"]);
        assert!(view.ready_for(&Unit::new("nodes")).is_empty());
        assert_eq!(view.assigned(&pods()).len(), 2);
    }

    #[test]
    fn who_is_assigned_goes_before_who_is_only_ready() {
        let all = ["a", "b", "c", "d"].map(|name| cache(name, &["pods"]));
        let view = members(all.to_vec());
        let assigned: Vec<_> = view.assigned(&pods()).into_iter().cloned().collect();
        assert_eq!(assigned.len(), 2);
        assert_eq!(names(view.ready_for(&pods())), names(&assigned));
    }

    #[test]
    fn who_had_a_unit_helps_until_all_have_it_who_are_to() {
        let of = |ready: &[&str]| {
            let all = ["a", "b", "c", "d"].map(|name| match ready.contains(&name) {
                true => cache(name, &["pods"]),
                false => cache(name, &[]),
            });
            members(all.to_vec())
        };
        let assigned: Vec<String> = {
            let view = of(&[]);
            let names = view
                .assigned(&pods())
                .into_iter()
                .map(|member| member.name.to_string());
            names.collect()
        };
        let others: Vec<&str> = ["a", "b", "c", "d"]
            .into_iter()
            .filter(|name| !assigned.iter().any(|one| one == name))
            .collect();
        let asked = |ready: &[&str]| -> BTreeSet<String> {
            let view = of(ready);
            view.ready_for(&pods())
                .iter()
                .map(|member| member.name.to_string())
                .collect()
        };
        let set = |names: &[&str]| {
            names
                .iter()
                .map(|name| (*name).to_owned())
                .collect::<BTreeSet<_>>()
        };
        let (first, second) = (assigned[0].as_str(), assigned[1].as_str());
        assert_eq!(asked(&others), set(&others), "nobody has taken over");
        let [helper, _] = [others[0], others[1]];
        assert_eq!(asked(&[first, others[0], others[1]]), set(&[first, helper]));
        assert_eq!(asked(&[first, second, others[0]]), set(&[first, second]));
        assert_eq!(asked(&[first]), set(&[first]));
    }

    #[test]
    fn who_is_behind_is_asked_only_when_all_are() {
        let behind = |name: &str| Member {
            behind: [Unit::new("pods")].into(),
            ..cache(name, &["pods"])
        };
        let asked = |all: Vec<Member>| -> Vec<SmolStr> {
            let view = members(all);
            view.ready_for(&Unit::new("pods"))
                .iter()
                .map(|member| member.name.clone())
                .collect()
        };
        assert_eq!(asked(vec![behind("a"), cache("b", &["pods"])]), ["b"]);
        let mut all = asked(vec![behind("a"), behind("b")]);
        all.sort_unstable();
        assert_eq!(all, ["a", "b"]);
    }

    #[test]
    fn who_leaves_is_asked_only_while_nobody_else_is_ready() {
        let mut leaving = cache("a", &["pods"]);
        leaving.state = State::Draining;
        let alone = members(vec![leaving.clone(), cache("b", &[])]);
        assert_eq!(names(alone.ready_for(&pods())), ["a"]);
        assert!(!alone.is_handed_over(&pods(), "a"));
        let taken_over = members(vec![leaving, cache("b", &["pods"])]);
        assert_eq!(names(taken_over.ready_for(&pods())), ["b"]);
        assert!(taken_over.is_handed_over(&pods(), "a"));
    }

    #[test]
    fn it_is_settled_when_exactly_those_are_ready_who_are_to_be() {
        let all = |ready: [&[&str]; 3]| {
            let caches = ["a", "b", "c"]
                .iter()
                .zip(ready)
                .map(|(name, ready)| cache(name, ready));
            members(caches.collect())
        };
        let assigned: Vec<SmolStr> = {
            let view = all([&["pods"], &["pods"], &["pods"]]);
            let unit = Unit::new("pods");
            view.assigned(&unit)
                .iter()
                .map(|member| member.name.clone())
                .collect()
        };
        let of = |name: &str| -> &[&str] {
            if assigned.iter().any(|one| one == name) {
                &["pods"]
            } else {
                &[]
            }
        };
        assert!(all([of("a"), of("b"), of("c")]).is_settled());
        assert!(
            !all([&["pods"], &["pods"], &["pods"]]).is_settled(),
            "one has still to give it up"
        );
        let first = assigned[0].as_str();
        let without = |name: &str| -> &[&str] { if name != first { of(name) } else { &[] } };
        assert!(
            !all([without("a"), without("b"), without("c")]).is_settled(),
            "{first} loads it"
        );
        assert!(!all([&[], &[], &[]]).is_settled(), "nobody has anything yet");
    }

    #[test]
    fn a_unit_is_not_given_up_while_nobody_is_to_have_it() {
        let mut leaving = cache("a", &["pods"]);
        leaving.state = State::Draining;
        assert!(!members(vec![leaving]).is_handed_over(&pods(), "a"));
    }

    #[test]
    fn frontends_that_leave_are_asked_only_when_all_do() {
        let mut leaving = frontend("a");
        leaving.state = State::Draining;
        let asked = |view: &Members| {
            view.frontends()
                .map(|member| member.name.clone())
                .collect::<Vec<_>>()
        };
        assert_eq!(asked(&members(vec![leaving.clone(), frontend("b")])), ["b"]);
        assert_eq!(asked(&members(vec![leaving])), ["a"]);
    }

    #[test]
    fn all_follow_the_policy_of_the_first() {
        let mut first = cache("a", &["pods"]);
        first.policy = Policy::uniform(Replicas::Count(1));
        let view = members(vec![cache("b", &["pods"]), first]);
        assert_eq!(view.assigned(&pods()).len(), 1);
    }
}
