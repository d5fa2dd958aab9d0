//! Where a watch begins, by the rules of the API concepts page.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use render::negotiate::Output;
use render::options::ListOptions;
use render::{Call, Descriptions};
use serve::status::Status;
use storage::Revision;
use tokio::time::Instant;

use super::initial::Initial;
use super::schedule::Schedule;
use super::{Cursor, Interest, Phase, Watch, too_old};
use crate::forms::Encoder;
use crate::fresh;
use crate::index::{Bucket, Index};
use crate::past::Shown;
use crate::selected;
use crate::snapshot::Scope;
use crate::unit::{Generation, Unit};

/// A watch, and how its answer begins.
pub struct Opened {
    /// The body.
    pub watch: Watch,
    /// How it is encoded.
    pub output: Output,
}

/// What a client asks for.
struct Asked {
    revision: Revision,
    /// No revision was given: the watch begins at the store's present one.
    is_unset: bool,
    wants_initial: bool,
    with_bookmark: bool,
}

/// Opens a watch of a call's resource. What is wrong with the request is an error; what is wrong with the revision that it
/// asks for is an event, as in the reference.
pub async fn open(unit: &Arc<Unit>, call: &Call, texts: &Arc<Descriptions>) -> Result<Opened, Status> {
    let options = ListOptions::of_watch(&call.query)?;
    let selection = selected::by(unit, call, &options)?;
    let output = Output::of_watch(&call.headers, &call.query)?;
    let encoder = unit.forms().encoder(call, output, texts)?;
    let asked = Asked::of(&options)?;
    let name = Some(call.name())
        .filter(|name| !name.is_empty())
        .or(selection.name());
    let scope = Scope::new(unit.hub().namespaced, call.namespace(), name);
    let generation = asked.wait(unit).await?;
    let bucket = Index::new(unit.maker()).bucket(&scope, &selection);
    let interest = Interest {
        is_bucket_exact: bucket.is_exactly(&scope),
        scope,
        selection: (!selection.is_everything()).then(|| Box::new(selection)),
    };
    let (phase, after) = begin(&generation, &encoder, &interest, &asked, bucket);
    unit.counts().watchers.fetch_add(1, Ordering::Relaxed);
    let schedule = Schedule::new(
        Instant::now(),
        options.timeout_seconds,
        options.bookmarks,
        rand::random::<f64>(),
    );
    let watch = Watch {
        unit: unit.clone(),
        generation,
        encoder,
        interest,
        phase,
        schedule,
        after,
        sent: after,
        has_header: true,
    };
    Ok(Opened { watch, output })
}

impl Asked {
    fn of(options: &ListOptions) -> Result<Self, Status> {
        let revision = options.revision().map_err(|why| Status::failure(500, "", why))?;
        let is_any = revision == Revision(0);
        Ok(Self {
            revision,
            is_unset: options.resource_version.is_empty(),
            wants_initial: options.send_initial_events.unwrap_or(is_any),
            with_bookmark: options.send_initial_events == Some(true) && options.bookmarks,
        })
    }

    /// Waits until the cache is where the watch wants to begin.
    async fn wait(&self, unit: &Arc<Unit>) -> Result<Arc<Generation>, Status> {
        let generation = fresh::generation(unit)?;
        if self.is_unset {
            fresh::consistent(unit).await?;
        } else if self.wants_initial {
            fresh::not_older_than(unit, self.revision).await?;
        } else {
            return Ok(generation);
        }
        // It may have been loaded again meanwhile.
        fresh::generation(unit)
    }
}

/// The first phase of a watch, and the revision up to which nothing is sent.
fn begin(
    generation: &Generation,
    encoder: &Encoder,
    interest: &Interest,
    asked: &Asked,
    bucket: Bucket,
) -> (Phase, Revision) {
    let begun = if asked.wants_initial || asked.revision == Revision(0) {
        from_present(generation, interest, asked, bucket)
    } else {
        from_past(generation, asked.revision, bucket).map(|cursor| (Phase::Live(cursor), asked.revision))
    };
    begun.unwrap_or_else(|status| (Phase::Ending(encoder.error(&status)), asked.revision))
}

fn from_present(
    generation: &Generation,
    interest: &Interest,
    asked: &Asked,
    bucket: Bucket,
) -> Result<(Phase, Revision), Status> {
    let Shown { snapshot, position } = generation.shown().as_ref().clone();
    let after = snapshot.revision();
    let cursor = cursor(generation, bucket, position, after)?;
    if !asked.wants_initial {
        return Ok((Phase::Live(cursor), after));
    }
    if let Some(Err(why)) = snapshot.broken(&interest.scope).map(|item| item.content()) {
        return Err(Status::internal(why));
    }
    let initial = Initial::new(snapshot, asked.with_bookmark);
    Ok((Phase::Initial(Box::new(initial), cursor), after))
}

fn from_past(generation: &Generation, after: Revision, bucket: Bucket) -> Result<Cursor, Status> {
    let ring = generation.ring();
    let position = ring
        .position_at(after.0)
        .map_err(|_| too_old(after, ring.floor_revision()))?;
    cursor(generation, bucket, position, after)
}

fn cursor(
    generation: &Generation,
    bucket: Bucket,
    at: ring::Position,
    after: Revision,
) -> Result<Cursor, Status> {
    let scope = match &bucket {
        Bucket::All => ring::Scope::All,
        Bucket::Of(dimension, value) => ring::Scope::Bucket(ring::BucketKey {
            dimension: *dimension,
            value,
        }),
    };
    let ring = generation.ring();
    ring.open(scope, at)
        .map_err(|_| too_old(after, ring.floor_revision()))
}
