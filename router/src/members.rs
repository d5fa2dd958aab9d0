//! Who takes part: the members of each tier as their records tell of them, and who may be asked for a unit. How records travel is
//! [`crate::record`]'s and [`crate::follow`]'s.

mod member;

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use smol_str::SmolStr;

use crate::assignment::{Candidate, Policy, holders};
use crate::unit::Unit;

pub use member::{Member, State, Tier};

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

/// What the first member that stays was told.
fn policy(caches: &[Arc<Member>]) -> Policy {
    let staying = caches.iter().find(|member| member.state == State::Serving);
    staying
        .or(caches.first())
        .map(|member| member.policy.clone())
        .unwrap_or_default()
}

#[cfg(test)]
pub(crate) mod tests;
