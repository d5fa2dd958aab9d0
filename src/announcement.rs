//! What the server tells whoever started it, on standard output: where it is, and what to type next.

use std::path::Path;
use std::time::{Duration, Instant};

use apiserver::bootstrap::hooks::HookState;
use serve::shutdown::Shutdown;

/// How often the hooks are asked.
const POLL: Duration = Duration::from_millis(10);

/// Waits until the hooks are done, then prints once. Returns early when the server stops before.
pub async fn when_ready(
    hooks: Vec<HookState>,
    url: String,
    kubeconfig: &Path,
    begun: Instant,
    shutdown: Shutdown,
) {
    while !hooks.iter().all(HookState::is_done) {
        if tokio::time::timeout(POLL, shutdown.requested()).await.is_ok() {
            return;
        }
    }
    let kubeconfig = kubeconfig.display();
    println!(
        "Shardplane serves at {url} (ready after {:.1} s).\nThe administrator's kubeconfig is {kubeconfig}\n\nNext:\n  \
         export KUBECONFIG={kubeconfig}\n  kubectl get namespaces",
        begun.elapsed().as_secs_f64()
    );
}
