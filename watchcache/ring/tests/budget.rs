//! What holds of the sharing rule, whatever the rings are like.

use proptest::prelude::*;
use ring::budget::{COMMON_AGE_MS_MAX, RATE_AGE_MS_MIN, Sample, share};

fn sample() -> impl Strategy<Value = Sample> {
    let held = prop_oneof![Just(0_usize), 0..10_000_usize, 0..1_usize << 34];
    let age = prop_oneof![Just(0_u64), 0..5_000_u64, 0..1_u64 << 32];
    let floor = prop_oneof![Just(0_usize), 0..1_usize << 24];
    (held, age, floor).prop_map(|(held_bytes, oldest_age_ms, floor_bytes)| Sample {
        held_bytes,
        oldest_age_ms,
        floor_bytes,
    })
}

fn age(sample: &Sample) -> u64 {
    sample.oldest_age_ms.max(RATE_AGE_MS_MIN)
}

proptest! {
    #[test]
    fn rings_together_stay_within_the_budget(budget in 0..1_usize << 36, samples in prop::collection::vec(sample(), 0..20)) {
        let shares = share(budget, &samples);
        prop_assert_eq!(shares.len(), samples.len());
        prop_assert!(shares.iter().sum::<usize>() <= budget);
    }

    #[test]
    fn floors_hold_where_they_fit(budget in 0..1_usize << 36, samples in prop::collection::vec(sample(), 0..20)) {
        prop_assume!(samples.iter().map(|sample| sample.floor_bytes).sum::<usize>() <= budget);
        for (sample, share) in samples.iter().zip(share(budget, &samples)) {
            prop_assert!(share >= sample.floor_bytes);
        }
    }

    #[test]
    fn nothing_shrinks_while_there_is_room(slack in 0..1_usize << 30, samples in prop::collection::vec(sample(), 0..20)) {
        let kept = |sample: &Sample| sample.held_bytes.max(sample.floor_bytes);
        let budget = samples.iter().map(kept).sum::<usize>() + slack;
        for (sample, share) in samples.iter().zip(share(budget, &samples)) {
            prop_assert!(share >= kept(sample));
        }
    }

    /// A ring that shrinks above its floor reaches back at least as far as every ring that shrinks not at all, and stays so.
    #[test]
    fn the_oldest_above_its_floor_shrinks_first(budget in 0..1_usize << 36, samples in prop::collection::vec(sample(), 0..20)) {
        let shares = share(budget, &samples);
        prop_assume!(samples.iter().map(|sample| sample.floor_bytes).sum::<usize>() <= budget);
        let pairs = || samples.iter().zip(&shares);
        for (shrunk, left) in pairs().filter(|(sample, share)| **share < sample.held_bytes) {
            for (whole, _) in pairs().filter(|(sample, share)| **share >= sample.held_bytes && sample.held_bytes > sample.floor_bytes) {
                prop_assert!(age(shrunk) >= age(whole));
                // Shrunk above its floor it still reaches as far back as the others, to a byte and a millisecond of rounding.
                if *left > shrunk.floor_bytes {
                    let reach = (*left as u128 + 1) * u128::from(age(shrunk)) / shrunk.held_bytes as u128;
                    prop_assert!(reach + 1 >= u128::from(age(whole)));
                }
            }
        }
    }

    #[test]
    fn the_order_of_the_rings_means_nothing(budget in 0..1_usize << 36, samples in prop::collection::vec(sample(), 0..20)) {
        let backward: Vec<_> = samples.iter().rev().copied().collect();
        let mut shares = share(budget, &backward);
        shares.reverse();
        prop_assert_eq!(shares, share(budget, &samples));
    }

    /// Nearly all of the budget is given out as soon as any ring has a rate: rounding to a millisecond of age keeps the rest.
    #[test]
    fn the_budget_is_used(budget in 1 << 20..1_usize << 36, samples in prop::collection::vec(sample(), 1..20)) {
        let floors = samples.iter().map(|sample| sample.floor_bytes).sum::<usize>();
        prop_assume!(floors <= budget && samples.iter().any(|sample| sample.held_bytes > 0 && age(sample) < 1 << 20));
        let per_ms: u128 = samples.iter().map(|sample| sample.held_bytes as u128 / u128::from(age(sample)) + 2).sum();
        // What all would hold at the highest age that is shared out may be less than there is.
        let reached: u128 = samples
            .iter()
            .map(|sample| sample.held_bytes as u128 * u128::from(COMMON_AGE_MS_MAX) / u128::from(age(sample)))
            .sum();
        let given = share(budget, &samples).iter().map(|share| *share as u128).sum::<u128>();
        prop_assert!(given + per_ms >= (budget as u128).min(reached));
    }
}

#[test]
fn a_busy_ring_gets_the_room_of_one_that_reaches_back_further() {
    let busy = Sample {
        held_bytes: 60,
        oldest_age_ms: 10_000,
        floor_bytes: 10,
    };
    let slow = Sample {
        held_bytes: 60,
        oldest_age_ms: 60_000,
        floor_bytes: 10,
    };
    let shares = share(100, &[busy, slow]);
    assert_eq!(shares, [60, 40]);
    assert_eq!(share(70, &[busy, slow]), [60, 10]);
    assert_eq!(share(200, &[busy, slow]), [140, 60]);
    assert_eq!(share(10, &[busy, slow]), [5, 5]);
}
