//! Which members hold which resource, and how its watches spread over them: weighted rendezvous hashing of equal weights, as the router
//! does it, and for each watch the emptier of two members drawn at random. It knows no costs.

use super::queue::Random;

/// The members that hold a unit: those whose hash with it is highest.
pub fn members_of(unit: &str, replicas: usize, members: usize) -> Vec<usize> {
    let mut scored: Vec<(u64, usize)> = (0..members).map(|member| (score(unit, member), member)).collect();
    scored.sort_unstable_by(|one, other| other.cmp(one));
    scored
        .into_iter()
        .take(replicas)
        .map(|(_, member)| member)
        .collect()
}

fn score(unit: &str, member: usize) -> u64 {
    // FNV-1a of the name, mixed with the member's number.
    let name = unit.bytes().fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    Random(name ^ (member as u64).wrapping_mul(0xa076_1d64_78bd_642f)).number()
}

/// How many of `watches` each of `members` gets, by two choices. So many are drawn one by one as are told apart; they stand for more.
pub fn spread(watches: f64, members: usize, random: &mut Random) -> Vec<f64> {
    const DRAWN_MAX: f64 = 100_000.0;
    if members == 0 {
        return Vec::new();
    }
    let drawn = watches.min(DRAWN_MAX).ceil() as usize;
    let mut counts = vec![0_u64; members];
    for _ in 0..drawn {
        let [one, other] = [(); 2].map(|()| (random.number() % members as u64) as usize);
        let emptier = if counts[other] < counts[one] { other } else { one };
        counts[emptier] += 1;
    }
    counts
        .into_iter()
        .map(|count| count as f64 * watches / drawn.max(1) as f64)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_member_that_goes_moves_only_what_it_had() {
        let before = members_of("pods", 3, 10);
        assert_eq!(before.len(), 3);
        let after = members_of("pods", 3, 9);
        let kept = before
            .iter()
            .filter(|member| **member != 9 && after.contains(member))
            .count();
        assert_eq!(kept, before.iter().filter(|member| **member != 9).count());
    }

    #[test]
    fn two_choices_spread_evenly_and_lose_nobody() {
        let counts = spread(1_000_000.0, 10, &mut Random(1));
        assert!((counts.iter().sum::<f64>() - 1_000_000.0).abs() < 1.0);
        assert!(
            counts.iter().all(|count| (99_000.0..101_000.0).contains(count)),
            "{counts:?}"
        );
    }
}
