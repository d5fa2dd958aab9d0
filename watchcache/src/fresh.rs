//! Reads that want the cache to be somewhere: at the store's present revision, or at one that a client knows.

use std::sync::Arc;
use std::time::Duration;

use render::errors;
use serve::status::Status;
use storage::Revision;
use tokio::sync::watch;

use crate::limits::{FRESHNESS_TIMEOUT, PROGRESS_INTERVAL};
use crate::unit::{Counts, Generation, Unit};

/// What a unit shows; 429 while it has nothing to show, as the reference says it.
pub fn generation(unit: &Unit) -> Result<Arc<Generation>, Status> {
    unit.generation().ok_or_else(|| match unit.is_held() {
        true => Status::too_many_requests("storage is (re)initializing", 1),
        false => away(unit),
    })
}

/// Nobody who keeps a unit was asked: a lost tier must not become a storm on the store.
pub fn away(unit: &Unit) -> Status {
    let name = unit.name();
    Status::too_many_requests(
        format!("watches and whole lists of {name} are served by the watch tier, which is not ready"),
        1,
    )
}

/// Waits until the cache shows the store's revision of this moment or a later one, which is returned.
///
/// # Errors
/// 504 when it does not within [`FRESHNESS_TIMEOUT`], and what the store answers.
pub async fn consistent(unit: &Unit) -> Result<Revision, Status> {
    let reached = reach_present(unit).await;
    Counts::count(match reached {
        Ok(_) => &unit.counts().consistent_reads,
        Err(_) => &unit.counts().consistent_failures,
    });
    reached
}

async fn reach_present(unit: &Unit) -> Result<Revision, Status> {
    let revision = present(unit).await?;
    wait(unit, revision).await?;
    Ok(revision)
}

/// Waits until the cache shows a revision or a later one. One that the store has not come to is not waited for.
///
/// # Errors
/// 504 when it does not within [`FRESHNESS_TIMEOUT`]; clients wait a second and ask again.
pub async fn not_older_than(unit: &Unit, revision: Revision) -> Result<(), Status> {
    if unit.current() >= revision {
        return Ok(());
    }
    if present(unit).await? < revision {
        return Err(too_large(unit, revision));
    }
    wait(unit, revision).await
}

/// The store's revision of this moment.
async fn present(unit: &Unit) -> Result<Revision, Status> {
    match tokio::time::timeout(FRESHNESS_TIMEOUT, unit.freshness().revision()).await {
        Ok(revision) => revision.map_err(errors::store),
        Err(_) => Err(Status::timeout("the store does not say how current it is")),
    }
}

async fn wait(unit: &Unit, revision: Revision) -> Result<(), Status> {
    if unit.current() >= revision {
        return Ok(());
    }
    let reached = tokio::time::timeout(FRESHNESS_TIMEOUT, reach(unit, revision)).await;
    reached.map_err(|_| too_large(unit, revision))
}

fn too_large(unit: &Unit, revision: Revision) -> Status {
    Status::too_large_resource_version(revision.0, unit.current().0)
}

/// Asks the store for progress until the cache has come so far: a quiet resource hears of others' changes only then.
async fn reach(unit: &Unit, revision: Revision) {
    let mut progress = unit.progress();
    let mut pause = Duration::ZERO;
    loop {
        tokio::select! {
            () = come_to(&mut progress, revision) => return,
            () = tokio::time::sleep(pause) => {
                if let Err(error) = unit.store().request_progress().await {
                    tracing::debug!(%error, "no progress was asked for");
                }
                pause = PROGRESS_INTERVAL;
            }
        }
    }
}

async fn come_to(progress: &mut watch::Receiver<Revision>, revision: Revision) {
    // The unit, which is held, has the sender.
    let _ = progress.wait_for(|current| *current >= revision).await;
}
