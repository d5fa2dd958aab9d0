//! How the rings of a process share one budget of bytes, from a sample of each.
//! It does not measure the rings and does not trim them.
//!
//! Each ring has a floor. Above the floors the budget goes by byte rate toward a common age: so that all rings reach
//! equally far back, a busy one has more bytes. When the budget is used up, the rings that reach back further than that age, and
//! only these, give up what is older. While there is room nobody gives up anything, and the room goes to those that
//! reach back least.

/// Of what a ring held at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sample {
    /// The weights of its events.
    pub held_bytes: usize,
    /// The age of its oldest event.
    pub oldest_age_ms: u64,
    /// What it may hold in any case.
    pub floor_bytes: usize,
}

/// A ring that has begun just now is taken to be this old: its rate is not known yet.
pub const RATE_AGE_MS_MIN: u64 = 1_000;
/// No ring is given more than what it would hold at this age.
pub const COMMON_AGE_MS_MAX: u64 = 1 << 40;

/// What each ring may hold, in the order of the samples. Together it is never more than the budget. Floors that do
/// not fit into it are cut, each by the same share.
pub fn share(budget_bytes: usize, samples: &[Sample]) -> Vec<usize> {
    let budget = budget_bytes as u128;
    let floors = total(samples, |sample| sample.floor_bytes as u128);
    if floors > budget {
        return samples
            .iter()
            .map(|sample| (sample.floor_bytes as u128 * budget / floors) as usize)
            .collect();
    }
    let kept = |sample: &Sample| sample.held_bytes.max(sample.floor_bytes) as u128;
    if total(samples, kept) <= budget {
        to_common_age(budget, samples, |sample, age_ms| {
            kept(sample).max(sample.bytes_at(age_ms))
        })
    } else {
        to_common_age(budget, samples, |sample, age_ms| {
            let younger = sample.bytes_at(age_ms).min(sample.held_bytes as u128);
            younger.max(sample.floor_bytes as u128)
        })
    }
}

impl Sample {
    /// What the ring would hold at an age, at its rate so far.
    fn bytes_at(&self, age_ms: u64) -> u128 {
        self.held_bytes as u128 * u128::from(age_ms) / u128::from(self.oldest_age_ms.max(RATE_AGE_MS_MIN))
    }
}

/// What the rings may hold at the highest age at which it fits. At age zero it does: that is the caller's to see to.
fn to_common_age(budget: u128, samples: &[Sample], at: impl Fn(&Sample, u64) -> u128) -> Vec<usize> {
    let (mut fits, mut exceeds) = (0, COMMON_AGE_MS_MAX + 1);
    while exceeds - fits > 1 {
        let middle = fits + (exceeds - fits) / 2;
        let is_within = total(samples, |sample| at(sample, middle)) <= budget;
        *(if is_within { &mut fits } else { &mut exceeds }) = middle;
    }
    samples
        .iter()
        .map(|sample| usize::try_from(at(sample, fits)).unwrap_or(usize::MAX))
        .collect()
}

fn total(samples: &[Sample], bytes: impl Fn(&Sample) -> u128) -> u128 {
    samples.iter().map(bytes).sum()
}
