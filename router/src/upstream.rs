//! A member as the router reaches it: connections that many requests share, how many of them are under way, and whether it is fit to
//! be asked. Which member is asked is [`crate::choice`]'s.

mod connection;
mod elsewhere;
mod exchange;
mod relay;
mod tunnel;
mod turn;

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arc_swap::ArcSwap;
use http::HeaderMap;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use serve::load::Load;
use smol_str::SmolStr;
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::choice::{Candidate, choose};
use crate::ejection::{Fitness, Outcome};
use crate::limits::{CONNECTIONS_PER_MEMBER_MAX, STREAMS_PER_CONNECTION_MAX};
use crate::members::Member;

use connection::{Connection, Stream};
use elsewhere::Elsewhere;

pub use exchange::{Failed, Safety};
pub use tunnel::upgrade;

/// Why a request has no answer.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No connection.
    #[error("{address}: {why}")]
    Connect {
        /// Of whom.
        address: SmolStr,
        /// Why.
        why: String,
    },
    /// No member is known.
    #[error("there is nobody to ask")]
    Nobody,
    /// All connections that it may have are full.
    #[error("{0} has too many requests under way")]
    Full(SmolStr),
    /// The exchange broke off before there was an answer.
    #[error(transparent)]
    Broken(#[from] h2::Error),
    /// The same on HTTP/1.1.
    #[error(transparent)]
    Http1(#[from] hyper::Error),
}

/// The ways to all members. Clones share them.
#[derive(Clone)]
pub struct Upstreams {
    shared: Arc<Shared>,
}

struct Shared {
    /// How members are known, and what the router shows them; exchanged when files change.
    tls: ArcSwap<ClientConfig>,
    by_address: Mutex<HashMap<SmolStr, Arc<Upstream>>>,
    /// What certificates are issued to, where that is not the address.
    names: Option<Names>,
}

/// By what name members are known.
struct Names {
    /// That of all who are found by their records.
    found: ServerName<'static>,
    /// Those who were given are known by their own.
    given: Vec<SmolStr>,
}

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

/// What goes through a member.
#[derive(Debug, Default)]
pub struct Counts {
    /// Requests that were sent.
    pub requests: AtomicU64,
    /// Those that had no answer.
    pub failures: AtomicU64,
    /// Answers under way, watches among them.
    pub open: AtomicU64,
    /// Watches under way.
    pub watches: AtomicU64,
}

/// One in a gauge of [`Counts`]; leaves it when dropped.
pub(crate) struct Counted {
    upstream: Arc<Upstream>,
    gauge: fn(&Counts) -> &AtomicU64,
}

impl Upstreams {
    /// With these TLS settings; the protocols to speak are added.
    pub fn new(tls: ClientConfig) -> Self {
        Self {
            shared: Arc::new(Shared {
                tls: ArcSwap::from_pointee(tls),
                by_address: Mutex::default(),
                names: None,
            }),
        }
    }

    /// The same, with no connection yet, where all have this name in their certificates but those whose addresses were given.
    #[must_use]
    pub fn known_as(self, name: ServerName<'static>, given: &[SmolStr]) -> Self {
        Self {
            shared: Arc::new(Shared {
                tls: ArcSwap::new(self.tls()),
                by_address: Mutex::default(),
                names: Some(Names {
                    found: name,
                    given: given.to_vec(),
                }),
            }),
        }
    }

    /// Uses other certificates for connections from now on.
    pub fn exchange_tls(&self, tls: ClientConfig) {
        self.shared.tls.store(Arc::new(tls));
    }

    /// The way to an address.
    pub fn to(&self, address: &SmolStr) -> Arc<Upstream> {
        let mut by_address = self.shared.lock();
        let made = by_address
            .entry(address.clone())
            .or_insert_with(|| Arc::new(Upstream::new(address.clone())));
        made.clone()
    }

    /// The way to one of these members, chosen by what they have to do.
    pub fn to_one_of(&self, members: &[Arc<Member>]) -> Option<Arc<Upstream>> {
        let ways: Vec<_> = members.iter().map(|member| self.to(&member.address)).collect();
        let candidates: Vec<_> = ways.iter().map(|way| way.as_candidate()).collect();
        let at = choose(&candidates, &[], Instant::now(), rand::random::<f64>)?;
        ways.into_iter().nth(at)
    }

    /// All ways, by address.
    pub fn all(&self) -> Vec<Arc<Upstream>> {
        let mut all: Vec<_> = self.shared.lock().values().cloned().collect();
        all.sort_by(|one, other| one.address.cmp(&other.address));
        all
    }

    /// Forgets who is no member any more. What is under way there goes on, unless the member is lost: then it breaks off, so that
    /// clients resume elsewhere and do not wait.
    pub fn retain(&self, is_member: impl Fn(&SmolStr) -> bool, is_lost: impl Fn(&SmolStr) -> bool) {
        let mut by_address = self.shared.lock();
        by_address.retain(|address, upstream| {
            if is_lost(address) {
                upstream.give_up();
            }
            is_member(address)
        });
    }

    fn tls(&self) -> Arc<ClientConfig> {
        self.shared.tls.load_full()
    }

    /// What the certificate of an address must be issued to, if not to that.
    fn server_name(&self, address: &SmolStr) -> Option<ServerName<'static>> {
        let names = self.shared.names.as_ref()?;
        (!names.given.contains(address)).then(|| names.found.clone())
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, HashMap<SmolStr, Arc<Upstream>>> {
        self.by_address.lock().unwrap_or_else(PoisonError::into_inner)
    }
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
        gauge(&self.counts).fetch_add(1, Ordering::Relaxed);
        Counted {
            upstream: self.clone(),
            gauge,
        }
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        (self.gauge)(&self.upstream.counts).fetch_sub(1, Ordering::Relaxed);
    }
}
