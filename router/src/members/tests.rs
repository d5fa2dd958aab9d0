//! Who is asked, and members for the tests of others.

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
