//! What assignment promises, over random memberships: a change moves what it must and nothing else, and shares follow weights.

use proptest::prelude::*;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use router::assignment::{Candidate, Replicas, holders};
use router::unit::Unit;
use shardplane_router as router;

/// Enough for every resource of a cluster with some operators.
const UNITS: usize = 60;

fn units() -> Vec<Unit> {
    (0..UNITS)
        .map(|number| Unit::new(format!("resource{number}.example.com")))
        .collect()
}

fn candidates(names: &[String]) -> Vec<Candidate<'_>> {
    names.iter().map(|name| Candidate { name, weight: 1 }).collect()
}

/// Names of members that hold a unit.
fn names<'m>(unit: &Unit, replicas: Replicas, members: &[Candidate<'m>]) -> Vec<&'m str> {
    holders(unit, replicas, members)
        .into_iter()
        .map(|at| members[at].name)
        .collect()
}

/// Of thousands of random memberships: the share of all pairs of unit and replica that a change of one member moves, over what R/N
/// allows, must not exceed 1 on average.
#[test]
fn a_change_of_one_member_moves_its_share_and_no_more() {
    let (units, mut random) = (units(), StdRng::seed_from_u64(1));
    let (mut moved, mut allowed, mut expected) = (0.0, 0.0, 0.0);
    for _ in 0..4_000 {
        let count = random.random_range(2..13_usize);
        let replicas = random.random_range(1..=3.min(count - 1));
        let members: Vec<String> = (0..count)
            .map(|_| format!("10.0.{}.{}:6444", random.random::<u8>(), random.random::<u32>()))
            .collect();
        let gone = random.random_range(0..count);
        let mut rest = members.clone();
        rest.remove(gone);
        let (before, after) = (candidates(&members), candidates(&rest));
        let factor = Replicas::Count(u32::try_from(replicas).expect("small"));
        let unit = &units[random.random_range(0..UNITS)];
        let (was, is) = (names(unit, factor, &before), names(unit, factor, &after));
        moved += was.iter().filter(|name| !is.contains(name)).count() as f64 / replicas as f64;
        allowed += replicas as f64 / count as f64;
        expected += 1.0 / count as f64;
    }
    assert!(moved <= allowed, "{moved} of {allowed}");
    // Rendezvous hashing moves 1/N of the pairs: what the member held itself.
    assert!((moved / expected - 1.0).abs() < 0.1, "{moved} of {expected}");
}

/// One hot member's weight is its share of the units.
#[test]
fn shares_follow_weights() {
    let weights = [1, 2, 4];
    let mut held = [0u32; 3];
    for number in 0..20_000 {
        let members = ["a", "b", "c"]
            .into_iter()
            .zip(weights)
            .map(|(name, weight)| Candidate { name, weight });
        let members: Vec<_> = members.collect();
        held[holders(&Unit::new(format!("unit{number}")), Replicas::Count(1), &members)[0]] += 1;
    }
    for (held, weight) in held.into_iter().zip(weights) {
        let share = f64::from(held) / 20_000.0 * 7.0 / f64::from(weight);
        assert!((share - 1.0).abs() < 0.05, "weight {weight} holds {held}");
    }
}

proptest! {
    /// Whoever stays keeps what it had; what the one that goes had is all that moves.
    #[test]
    fn who_stays_keeps_what_it_has(
        members in prop::collection::btree_set("[a-z]{1,8}", 2..12),
        gone in any::<prop::sample::Index>(),
        replicas in 1u32..4,
    ) {
        let members: Vec<String> = members.into_iter().collect();
        let gone = gone.get(&members).clone();
        let rest: Vec<String> = members.iter().filter(|name| **name != gone).cloned().collect();
        for unit in units() {
            let was = names(&unit, Replicas::Count(replicas), &candidates(&members));
            let is = names(&unit, Replicas::Count(replicas), &candidates(&rest));
            let kept: Vec<_> = was.iter().filter(|name| **name != gone).collect();
            prop_assert!(kept.iter().all(|name| is.contains(name)), "{unit}: {was:?} became {is:?}");
        }
    }

    /// Everybody computes the same, in whatever order the members are listed.
    #[test]
    fn order_does_not_matter(
        members in prop::collection::btree_map("[a-z]{1,8}", 0u32..5, 1..10),
        replicas in 1u32..4,
    ) {
        let mut list: Vec<Candidate> = members.iter().map(|(name, weight)| Candidate { name, weight: *weight }).collect();
        for unit in units() {
            let one = names(&unit, Replicas::Count(replicas), &list);
            list.reverse();
            prop_assert_eq!(names(&unit, Replicas::Count(replicas), &list), one);
        }
    }
}
