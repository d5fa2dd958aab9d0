//! One HTTP/2 connection and all its watches in one task: what the socket has is read at once, cut into frames, and each frame's
//! bytes go to their watch where they lie. It decides when watches are opened, given room, closed and opened again.

mod lane;
mod phase;
mod receive;
mod session;
mod streams;
mod wire;

use std::future::poll_fn;

use tokio::time::sleep;

use super::Watch;
use super::desk::Desk;
use super::reading::Shared;
use crate::limits;
use session::Session;

/// Opens and reads the watches of one connection until all are over. With resuming, until it is dropped. They are numbered one after the
/// other among all, from `first`.
pub(super) async fn run(shared: &Shared, watches: &mut [Watch], first: u32, desk: &Desk) {
    let mut cut = shared.cut.clone();
    loop {
        let mut asked = false;
        match Session::open(shared, watches, first).await {
            Ok(mut session) => {
                asked = tokio::select! {
                    Ok(()) = cut.changed() => true,
                    () = poll_fn(|context| session.poll(context, &mut desk.scratch())) => false,
                };
                session.close(asked);
            }
            Err(error) if !shared.plan.resume => return shared.fail(error),
            Err(_) => {}
        }
        if !shared.plan.resume {
            return;
        }
        if !asked {
            sleep(limits::RECONNECT_PAUSE).await;
        }
    }
}
