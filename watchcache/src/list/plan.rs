//! Which state a list shows and which part of it, by the rules of the API concepts page on resource versions.

use std::sync::Arc;

use render::options::{Continue, ListOptions, VersionMatch};
use serve::status::Status;
use storage::Revision;

use crate::fresh;
use crate::snapshot::{Scope, Snapshot};
use crate::unit::Unit;

/// What a list reads.
pub(super) struct Plan {
    /// The state.
    pub(super) state: State,
    /// Only keys after this one, below the unit's prefix.
    pub(super) after: Option<Vec<u8>>,
    /// At most this many objects; 0 for all.
    pub(super) limit: u64,
}

/// Where the state is read.
pub(super) enum State {
    /// In the cache.
    Cached(Snapshot),
    /// In the store, at a revision that the cache no longer knows, or at the present one when the cache is behind.
    Stored(Option<Revision>),
}

/// What a request means.
struct Wanted {
    at: At,
    after: Option<Vec<u8>>,
    limit: u64,
}

/// Which state is wanted.
enum At {
    /// Any.
    Any,
    /// The store's of this moment, or a later one.
    Now,
    /// This or a later one.
    NotBefore(Revision),
    /// Exactly this one.
    Exactly(Revision),
}

/// Decides what a list reads; waits until the cache is where it must be.
pub(super) async fn plan(unit: &Arc<Unit>, scope: &Scope, options: &ListOptions) -> Result<Plan, Status> {
    let wanted = wanted(scope, options)?;
    let state = match unit.is_held() {
        true => state(unit, wanted.at).await?,
        false => unheld(unit, &wanted)?,
    };
    Ok(Plan {
        state,
        after: wanted.after,
        limit: wanted.limit,
    })
}

/// What is not kept here is read from the store, page by page.
fn unheld(unit: &Unit, wanted: &Wanted) -> Result<State, Status> {
    if wanted.limit == 0 {
        return Err(fresh::away(unit));
    }
    Ok(State::Stored(match wanted.at {
        At::Exactly(revision) => Some(revision),
        At::Any | At::Now | At::NotBefore(_) => None,
    }))
}

async fn state(unit: &Arc<Unit>, at: At) -> Result<State, Status> {
    match at {
        At::Any => {}
        At::Now => match fresh::consistent(unit).await {
            // A tail that hangs must not make everybody blind.
            Err(status) if status.code == 504 => return Ok(State::Stored(None)),
            other => drop(other?),
        },
        At::NotBefore(revision) => fresh::not_older_than(unit, revision).await?,
        At::Exactly(revision) => {
            fresh::not_older_than(unit, revision).await?;
            let unit = unit.clone();
            // Many changes may have to be undone.
            let found = tokio::task::spawn_blocking(move || unit.at(revision)).await;
            let found = found.map_err(|panic| Status::internal(&panic.to_string()))?;
            return Ok(found.map_or(State::Stored(Some(revision)), State::Cached));
        }
    }
    let shown = fresh::generation(unit)?.shown();
    Ok(State::Cached(shown.snapshot.clone()))
}

fn wanted(scope: &Scope, options: &ListOptions) -> Result<Wanted, Status> {
    // With "0" the reference never pages.
    let is_zero = options.resource_version == "0";
    let limit = if is_zero { 0 } else { options.limit };
    if !options.continue_token.is_empty() {
        return further(scope, options, limit);
    }
    let invalid = |why: String| Status::bad_request(format!("invalid resource version: {why}"));
    let revision = options.revision().map_err(invalid)?;
    let is_exact = options.version_match == Some(VersionMatch::Exact)
        || (options.version_match.is_none() && options.limit > 0);
    let (at, limit) = match revision {
        Revision(0) if is_zero => (At::Any, 0),
        Revision(0) => (At::Now, limit),
        revision if is_exact => (At::Exactly(revision), limit),
        revision => (At::NotBefore(revision), 0),
    };
    Ok(Wanted {
        at,
        after: None,
        limit,
    })
}

/// A page after the first.
fn further(scope: &Scope, options: &ListOptions, limit: u64) -> Result<Wanted, Status> {
    if !matches!(options.resource_version.as_str(), "" | "0") {
        return Err(Status::bad_request(
            "specifying resource version is not allowed when using continue",
        ));
    }
    let token = Continue::decode(&options.continue_token)
        .map_err(|why| Status::bad_request(format!("invalid continue token: {why}")))?;
    let start = token.start.strip_suffix('\0').unwrap_or(&token.start);
    Ok(Wanted {
        at: token.revision.map_or(At::Now, At::Exactly),
        after: Some([scope.prefix().as_slice(), start.as_bytes()].concat()),
        limit,
    })
}
