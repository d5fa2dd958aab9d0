//! Which of several members is asked: two at random, and of them the one that has less to do. A pure function: chance comes in.

use tokio::time::Instant;

use crate::ejection::Fitness;

/// A member as choice sees it.
#[derive(Clone, Copy, Debug)]
pub struct Candidate {
    /// What it has to do: open watches, or requests under way.
    pub load: u64,
    /// How it answered so far.
    pub fitness: Fitness,
}

/// The place of the one to ask, of those that were not `tried`; none if all were. `random` gives numbers from 0 up to 1.
///
/// Members that are left out are asked only when there is nobody else: the one first whose time is over first.
pub fn choose(
    candidates: &[Candidate],
    tried: &[usize],
    now: Instant,
    mut random: impl FnMut() -> f64,
) -> Option<usize> {
    let untried = || (0..candidates.len()).filter(|at| !tried.contains(at));
    let mut fit: Vec<usize> = untried()
        .filter(|at| candidates[*at].fitness.share(now) > 0.0)
        .collect();
    if fit.is_empty() {
        return untried().min_by_key(|at| candidates[*at].fitness.out_until(now));
    }
    let first = fit.swap_remove(place(fit.len(), random()));
    if fit.is_empty() {
        return Some(first);
    }
    let second = fit[place(fit.len(), random())];
    let weight = |at: usize| {
        let one = &candidates[at];
        // Who comes back gets as much less as its share is smaller.
        (one.load as f64 + 1.0) / one.fitness.share(now)
    };
    Some(if weight(second) < weight(first) {
        second
    } else {
        first
    })
}

fn place(count: usize, random: f64) -> usize {
    ((random * count as f64) as usize).min(count - 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ejection::Outcome;
    use std::time::Duration;

    fn candidates(loads: &[u64]) -> Vec<Candidate> {
        let of = |load: &u64| Candidate {
            load: *load,
            fitness: Fitness::default(),
        };
        loads.iter().map(of).collect()
    }

    /// Numbers that fill 0 to 1 evenly.
    fn even(mut at: u32) -> impl FnMut() -> f64 {
        move || {
            at = at.wrapping_add(0x9E37_79B9);
            f64::from(at) / (f64::from(u32::MAX) + 1.0)
        }
    }

    /// Opens watches one after the other; what each member has in the end.
    fn opened(mut members: Vec<Candidate>, watches: usize, now: Instant) -> Vec<u64> {
        let mut random = even(1);
        for _ in 0..watches {
            let at = choose(&members, &[], now, &mut random).expect("somebody");
            members[at].load += 1;
        }
        members.iter().map(|member| member.load).collect()
    }

    #[test]
    fn watches_are_shared_out_evenly() {
        let loads = opened(candidates(&[0; 5]), 1_000, Instant::now());
        assert!(loads.iter().all(|load| (190..=210).contains(load)), "{loads:?}");
    }

    #[test]
    fn who_has_less_catches_up() {
        let loads = opened(candidates(&[300, 0, 300]), 300, Instant::now());
        assert!(loads[1] > 180, "{loads:?}");
    }

    #[test]
    fn who_is_left_out_is_asked_when_nobody_else_is_there() {
        let now = Instant::now();
        let mut two = candidates(&[0, 0]);
        two[0].fitness.note(Outcome::Unreachable, now);
        assert!((0..100).all(|seed| choose(&two, &[], now, even(seed)) == Some(1)));
        two[1]
            .fitness
            .note(Outcome::Unreachable, now + Duration::from_millis(1));
        assert_eq!(choose(&two, &[], now, even(1)), Some(0));
        assert_eq!(choose(&two, &[0], now, even(1)), Some(1));
        assert_eq!(choose(&two, &[0, 1], now, even(1)), None);
        assert_eq!(choose(&[], &[], now, even(1)), None);
    }

    #[test]
    fn who_comes_back_gets_a_small_share_first() {
        let now = Instant::now();
        let mut two = candidates(&[100, 0]);
        two[1].fitness.note(Outcome::Unreachable, now);
        let loads = opened(two.clone(), 200, now + Duration::from_millis(1_001));
        assert!(loads[1] < 40, "{loads:?}");
        let loads = opened(two, 200, now + Duration::from_secs(12));
        assert!(loads[1] > 140, "{loads:?}");
    }
}
