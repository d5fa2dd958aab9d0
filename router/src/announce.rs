//! Keeps a member's own record: written at once when something changes, renewed while nothing does, and deleted at the end.

use std::sync::Arc;

use tokio::sync::watch;

use crate::frontends::Frontends;
use crate::limits::{RENEWAL_INTERVAL, RENEWAL_PAUSE};
use crate::members::Member;
use crate::record::{LEASES, Record};

/// Tells of a member for as long as this runs; what is told follows `member`.
pub async fn keep(frontends: Frontends, mut member: watch::Receiver<Arc<Member>>) {
    let mut was_told = true;
    loop {
        let now = member.borrow_and_update().clone();
        let told = tell(&frontends, &now).await;
        match &told {
            Err(error) if was_told => tracing::warn!(%error, "this member's record is not renewed"),
            Ok(()) if !was_told => tracing::info!("this member's record is renewed again"),
            _ => {}
        }
        was_told = told.is_ok();
        // A change is told at once, and so is one that came while the last was told.
        let pause = match was_told {
            true => RENEWAL_INTERVAL,
            false => RENEWAL_PAUSE,
        };
        if let Ok(Err(_)) = tokio::time::timeout(pause, member.changed()).await {
            return;
        }
    }
}

/// Tells once.
///
/// # Errors
/// No frontend took it.
pub async fn tell(frontends: &Frontends, member: &Member) -> Result<(), crate::frontends::Error> {
    let path = format!("{LEASES}/{}", member.name);
    frontends.apply(&path, &Record::lease(member)).await.map(drop)
}

/// Says goodbye: nobody waits for the lease to run out.
///
/// # Errors
/// No frontend took it.
pub async fn leave(frontends: &Frontends, member: &Member) -> Result<(), crate::frontends::Error> {
    let path = format!("{LEASES}/{}", member.name);
    frontends.delete(&path).await.map(drop)
}
