//! What a member does for others than this router, by what it tells in its answers. It counts for less the longer ago it was told:
//! otherwise one that had much to do would not be asked, and so could not tell that this is over.

use std::time::Duration;

use tokio::time::Instant;

/// After this long, what was told counts half.
const HALF_LIFE: Duration = Duration::from_secs(10);

/// What a member said, and when.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Elsewhere {
    told: Option<(u64, Instant)>,
}

impl Elsewhere {
    pub(super) fn told(load: u64, now: Instant) -> Self {
        Self {
            told: Some((load, now)),
        }
    }

    /// What it is taken for at a time.
    pub(super) fn at(self, now: Instant) -> u64 {
        let Some((load, told)) = self.told else { return 0 };
        let half_lives = now.saturating_duration_since(told).as_secs_f64() / HALF_LIFE.as_secs_f64();
        (load as f64 * 0.5_f64.powf(half_lives)) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_told_long_ago_counts_for_less() {
        let now = Instant::now();
        let told = Elsewhere::told(1_000, now);
        assert_eq!(
            [0, 1, 4].map(|times| told.at(now + HALF_LIFE * times)),
            [1_000, 500, 62]
        );
        assert_eq!(Elsewhere::default().at(now), 0);
    }
}
