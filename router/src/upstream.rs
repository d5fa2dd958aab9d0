//! A member as the router reaches it: connections that many requests share, how many of them are under way, and whether it is fit to
//! be asked. Which member is asked is [`crate::choice`]'s.

mod all;
mod connection;
mod counts;
mod direct;
mod elsewhere;
mod error;
mod exchange;
mod relay;
mod source;
mod tunnel;
mod turn;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use http::HeaderMap;
use serve::load::Load;
use smol_str::SmolStr;
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::choice::Candidate;
use crate::ejection::{Fitness, Outcome};
use crate::limits::{CONNECTIONS_PER_MEMBER_MAX, STREAMS_PER_CONNECTION_MAX};

use connection::{Connection, Stream};
use elsewhere::Elsewhere;

pub use all::Upstreams;
pub(crate) use counts::Counted;
pub use counts::Counts;
pub use error::Error;
pub use exchange::{Failed, Safety};
pub use tunnel::upgrade;

/// The way to one member.
pub struct Upstream {
    address: SmolStr,
    connections: Mutex<Vec<Connection>>,
    /// One connection is made at a time: those who wait share it, and share that it failed.
    connecting: tokio::sync::Mutex<Option<Attempt>>,
    /// Ends what is not on shared connections.
    lost: Notify,
    /// How often what is under way was given up: what is opened meanwhile counts for nothing.
    given_up: AtomicU64,
    fitness: Mutex<Fitness>,
    /// What it does for others.
    elsewhere: Mutex<Elsewhere>,
    /// Numbers of what was done.
    pub counts: Counts,
}

/// A connection that could not be made.
struct Attempt {
    ended: Instant,
    why: String,
}

impl Upstream {
    fn new(address: SmolStr) -> Self {
        Self {
            address,
            connections: Mutex::default(),
            connecting: tokio::sync::Mutex::default(),
            lost: Notify::new(),
            given_up: AtomicU64::new(0),
            fitness: Mutex::default(),
            elsewhere: Mutex::default(),
            counts: Counts::default(),
        }
    }

    /// `host:port`.
    pub fn address(&self) -> &SmolStr {
        &self.address
    }

    /// As it is chosen.
    pub fn as_candidate(&self) -> Candidate {
        let elsewhere = self.elsewhere().at(Instant::now());
        Candidate {
            load: self.counts.open.load(Ordering::Relaxed).saturating_add(elsewhere),
            fitness: *self.fitness(),
        }
    }

    /// How many connections there are.
    pub fn connection_count(&self) -> usize {
        self.connections().iter().filter(|one| !one.has_ended()).count()
    }

    /// Takes note of how it answered.
    pub fn note(&self, outcome: Outcome) {
        if outcome != Outcome::Well {
            self.counts.failures.fetch_add(1, Ordering::Relaxed);
        }
        self.fitness().note(outcome, Instant::now());
    }

    /// Takes out of an answer's headers how much it says it has under way for everybody.
    pub(crate) fn take_load(&self, headers: &mut HeaderMap) {
        let Some(all) = Load::take(headers) else { return };
        let ours = self.counts.open.load(Ordering::Relaxed);
        *self.elsewhere() = Elsewhere::told(all.saturating_sub(ours), Instant::now());
    }

    /// A stream on a connection that is open, or on a new one.
    async fn stream(self: &Arc<Self>, upstreams: &Upstreams) -> Result<Stream, Error> {
        if let Some(stream) = self.free_stream().await {
            return Ok(stream);
        }
        let since = Instant::now();
        let mut last = self.connecting.lock().await;
        if let Some(stream) = self.free_stream().await {
            return Ok(stream);
        }
        let failed = |why: String| Error::Connect {
            address: self.address.clone(),
            why,
        };
        if let Some(attempt) = last.as_ref().filter(|attempt| attempt.ended >= since) {
            return Err(failed(attempt.why.clone()));
        }
        if self.connection_count() >= CONNECTIONS_PER_MEMBER_MAX {
            return Err(Error::Full(self.address.clone()));
        }
        // On the heap for the time that it takes: requests seldom need it, and would all have room for it.
        let stream = Box::pin(self.open(upstreams)).await.map_err(|why| {
            *last = Some(Attempt {
                ended: Instant::now(),
                why: why.clone(),
            });
            failed(why)
        })?;
        drop(last);
        let closed = || failed("the connection was closed at once".to_owned());
        stream.ready().await.ok_or_else(closed)
    }

    /// A stream on a new connection.
    async fn open(self: &Arc<Self>, upstreams: &Upstreams) -> Result<Stream, String> {
        let before = self.given_up.load(Ordering::Acquire);
        let connection = Connection::open(self, upstreams).await?;
        let mut connections = self.connections();
        if self.given_up.load(Ordering::Acquire) != before {
            connection.close();
            return Err("it was lost meanwhile".to_owned());
        }
        let stream = connection.stream();
        connections.push(connection);
        Ok(stream)
    }

    /// On the connection with the fewest streams, if it has room.
    async fn free_stream(&self) -> Option<Stream> {
        loop {
            let stream = {
                let mut connections = self.connections();
                connections.retain(|one| !one.has_ended());
                let open = connections.iter().filter(|one| one.is_open());
                let least = open.min_by_key(|one| one.stream_count())?;
                if least.stream_count() >= STREAMS_PER_CONNECTION_MAX {
                    return None;
                }
                least.stream()
            };
            // One that is about to close says so here; the next is tried.
            if let Some(ready) = stream.ready().await {
                return Some(ready);
            }
        }
    }

    fn give_up(&self) {
        let mut connections = self.connections();
        self.given_up.fetch_add(1, Ordering::AcqRel);
        self.lost.notify_waiters();
        connections.drain(..).for_each(|connection| connection.close());
    }

    fn connections(&self) -> MutexGuard<'_, Vec<Connection>> {
        self.connections.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn fitness(&self) -> MutexGuard<'_, Fitness> {
        self.fitness.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn elsewhere(&self) -> MutexGuard<'_, Elsewhere> {
        self.elsewhere.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn counted(self: &Arc<Self>, gauge: fn(&Counts) -> &AtomicU64) -> Counted {
        Counted::new(self, gauge)
    }
}
