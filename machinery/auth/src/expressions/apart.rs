//! Where expressions are evaluated that may take their time: apart from what serves requests, a few at a time.

use tokio::sync::Semaphore;

use crate::limits::EVALUATIONS_MAX;

/// Does what may take long where nothing waits for it. What comes of it, or why it did not come to an end.
pub async fn apart<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, String> {
    static PLACES: Semaphore = Semaphore::const_new(EVALUATIONS_MAX);
    let place = PLACES.acquire().await.map_err(|error| error.to_string())?;
    // The place is held for as long as it takes, whether somebody still waits for it or not.
    let done = tokio::task::spawn_blocking(move || {
        let done = work();
        drop(place);
        done
    });
    done.await.map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::thread;

    #[tokio::test]
    async fn a_few_are_done_at_a_time_and_none_here() {
        let here = thread::current().id();
        let [now, most] = [Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0))];
        let one = |_| {
            let (now, most) = (now.clone(), most.clone());
            tokio::spawn(apart(move || {
                most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                thread::yield_now();
                now.fetch_sub(1, Ordering::SeqCst);
                thread::current().id()
            }))
        };
        let all: Vec<_> = (0..10 * EVALUATIONS_MAX).map(one).collect();
        for done in all {
            assert_ne!(done.await.expect("no panic"), Ok(here));
        }
        assert!(most.load(Ordering::SeqCst) <= EVALUATIONS_MAX);
    }
}
