//! Controllers that follow changes: a round now, and another whenever something below certain keys changes.
//! What a round does is with each controller.

use std::future::Future;
use std::time::Duration;

use bytes::Bytes;
use futures_util::{StreamExt, stream};
use storage::{WatchBatch, WatchRequest};

use super::{HookState, Hooks, RETRY_INTERVAL};

/// A round comes after this long even if no change was seen.
const ROUND_INTERVAL: Duration = Duration::from_secs(60);

impl Hooks {
    /// Does rounds until the server stops. A round returns the key prefixes (below the store's own) that the next one
    /// depends on; the first success makes the hook done.
    pub(super) async fn follow<F: Future<Output = Result<Vec<String>, String>>>(
        &self,
        state: &HookState,
        what: &str,
        mut prefixes: Vec<String>,
        mut round: impl FnMut() -> F,
    ) {
        while !self.shutdown.is_requested() {
            // Watched before it is read, so that no change falls between.
            let changes = self.changes(&prefixes).await;
            let pause = match round().await {
                Ok(wanted) if wanted != prefixes => {
                    prefixes = wanted;
                    continue;
                }
                Ok(_) => {
                    state.set_done();
                    ROUND_INTERVAL
                }
                Err(error) => {
                    tracing::warn!(%error, "could not keep up {what}; trying again");
                    RETRY_INTERVAL
                }
            };
            tokio::select! {
                () = self.shutdown.requested() => return,
                () = tokio::time::sleep(pause) => {}
                () = changes => {}
            }
        }
    }

    /// Resolves at the next change below the prefixes; never if they cannot be watched.
    async fn changes(&self, prefixes: &[String]) -> impl Future<Output = ()> + use<> {
        let mut watches = Vec::new();
        for prefix in prefixes {
            let start = Bytes::from(format!("{}/{prefix}/", self.settings.key_prefix));
            let end = storage::store::prefix_end(&start);
            let request = WatchRequest {
                start,
                end,
                ..WatchRequest::default()
            };
            watches.extend(self.store.watch(request).await);
        }
        let mut changes = stream::select_all(watches);
        async move {
            while let Some(batch) = changes.next().await {
                if matches!(batch, Ok(WatchBatch::Events(_))) {
                    return;
                }
            }
            std::future::pending().await
        }
    }
}
