//! The storage contract, with etcd's semantics: one revision counter over all keys, transactions, watches, leases.
//! It does not say how: [`crate::etcd`] and [`crate::embedded`] do, and one conformance suite holds for both.

use async_trait::async_trait;
use bytes::Bytes;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

/// A point in the store's history: the number of the transaction that made it. Starts at 1 for an empty store.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Revision(pub i64);

/// A lease's id; never 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct LeaseId(pub i64);

/// One key's state at a revision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The whole key, prefix included.
    pub key: Bytes,
    /// What is stored.
    pub value: Bytes,
    /// The revision that created the key.
    pub create_revision: Revision,
    /// The revision that wrote this value.
    pub mod_revision: Revision,
    /// How often it was written since its creation; 1 at creation.
    pub version: i64,
    /// The lease that it hangs on.
    pub lease: Option<LeaseId>,
    /// How the value stands to the encryption that is configured.
    pub at_rest: AtRest,
}

impl Entry {
    /// The value, or why it cannot be read.
    ///
    /// # Errors
    /// The reason in the reference's words: what a reader of this object is to be told.
    pub fn readable(&self) -> Result<&Bytes, &str> {
        match &self.at_rest {
            AtRest::Unreadable(why) => Err(why),
            AtRest::Current | AtRest::Stale => Ok(&self.value),
        }
    }

    /// Whether a write of the same value would change what is stored. Such a write is not to be left out.
    pub fn is_stale(&self) -> bool {
        self.at_rest == AtRest::Stale
    }
}

/// A stored value and the encryption that is configured ([`crate::Encrypted`]). Without encryption all are current.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum AtRest {
    /// Stored as it would be written now.
    #[default]
    Current,
    /// Readable, but another key or provider writes now.
    Stale,
    /// It cannot be decrypted, for this reason. The entry's value is empty, so that nobody serves it by accident.
    Unreadable(Arc<str>),
}

/// A read of keys in `[start, end)`; `end` empty reads the one key `start`.
#[derive(Clone, Debug, Default)]
pub struct Range {
    /// First key.
    pub start: Bytes,
    /// First key after the range; empty for a single key.
    pub end: Bytes,
    /// At this revision; `None` is now (linearized).
    pub at: Option<Revision>,
    /// At most this many entries; 0 is all.
    pub limit: u64,
    /// Leave values empty.
    pub keys_only: bool,
    /// Return only the count.
    pub count_only: bool,
}

/// What a range read found, in key order.
#[derive(Clone, Debug, Default)]
pub struct RangeResult {
    /// The store's revision when it was read (not the revision asked for).
    pub revision: Revision,
    /// The entries.
    pub entries: Vec<Entry>,
    /// There are more than the limit.
    pub more: bool,
    /// How many keys the whole range has.
    pub count: u64,
}

/// A condition of a transaction.
#[derive(Clone, Debug)]
pub enum Compare {
    /// The key was last written at this revision; 0 means that it does not exist.
    ModRevision(Bytes, Revision),
    /// The key has this version; 0 means that it does not exist.
    Version(Bytes, i64),
}

/// One step of a transaction.
#[derive(Clone, Debug)]
pub enum Op {
    /// Reads one key.
    Get(Bytes),
    /// Writes one key.
    Put {
        /// The key.
        key: Bytes,
        /// The new value.
        value: Bytes,
        /// Hang it on this lease.
        lease: Option<LeaseId>,
    },
    /// Deletes one key.
    Delete(Bytes),
}

/// If all of `when` hold, `then` is done, else `otherwise`; all at one revision.
#[derive(Clone, Debug, Default)]
pub struct Txn {
    /// Conditions.
    pub when: Vec<Compare>,
    /// Steps if all hold.
    pub then: Vec<Op>,
    /// Steps if one fails.
    pub otherwise: Vec<Op>,
}

/// What one step gave.
#[derive(Clone, Debug)]
pub enum OpResult {
    /// Of [`Op::Get`].
    Get(Option<Entry>),
    /// Of [`Op::Put`].
    Put,
    /// Of [`Op::Delete`]: whether there was something.
    Delete(bool),
}

/// What a transaction did.
#[derive(Clone, Debug)]
pub struct TxnResult {
    /// Whether the conditions held.
    pub succeeded: bool,
    /// The store's revision after it: that of its writes if it made any.
    pub revision: Revision,
    /// One result a step.
    pub results: Vec<OpResult>,
}

/// A watch of the keys in `[start, end)`.
#[derive(Clone, Debug, Default)]
pub struct WatchRequest {
    /// First key.
    pub start: Bytes,
    /// First key after the range; empty for a single key.
    pub end: Bytes,
    /// First revision of interest; `None` is the next one.
    pub from: Option<Revision>,
    /// Send the entry before the change too.
    pub previous: bool,
}

/// What happened to a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventKind {
    /// Created or changed.
    Put,
    /// Deleted; the entry has the key and the deletion's revision as `mod_revision`, and no value.
    Delete,
}

/// One change.
#[derive(Clone, Debug)]
pub struct Event {
    /// What happened.
    pub kind: EventKind,
    /// The key's state after it.
    pub entry: Entry,
    /// Its state before it, where asked for and not compacted.
    pub previous: Option<Entry>,
}

/// What a watch yields. All events of one revision are in one batch, batches are in revision order.
#[derive(Clone, Debug)]
pub enum WatchBatch {
    /// Changes; never empty. May hold several whole revisions.
    Events(Vec<Event>),
    /// No event up to and including this revision is outstanding.
    Progress(Revision),
}

/// Batches until an error; [`Error::Compacted`] when the start is no longer held. Dropping it ends the watch.
pub type WatchStream = Pin<Box<dyn futures_util::Stream<Item = Result<WatchBatch, Error>> + Send>>;

/// Why a store could not answer.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The revision asked for is older than what is held; the value is the oldest that is.
    #[error("required revision has been compacted (oldest held is {})", .0.0)]
    Compacted(Revision),
    /// The revision asked for has not happened yet; the value is the current one.
    #[error("required revision is a future revision (current is {})", .0.0)]
    Future(Revision),
    /// The lease is gone.
    #[error("requested lease not found")]
    LeaseNotFound,
    /// The request is larger than the store takes, in bytes or in steps of a transaction. It is not done.
    #[error("request is too large")]
    TooLarge,
    /// No answer, or not in time. Whether a write took place is not known.
    #[error("store is unavailable: {0}")]
    Unavailable(String),
    /// The store's data or its use is broken; trying again does not help.
    #[error("store failed: {0}")]
    Fatal(String),
}

impl Error {
    /// Whether the same read may succeed when tried again.
    pub fn is_retriable(&self) -> bool {
        matches!(self, Error::Unavailable(_))
    }
}

/// A store with etcd's semantics. Every implementation passes the suite `tests/conformance_suite.rs`.
#[async_trait]
pub trait Store: Send + Sync + 'static {
    /// Reads keys at one revision.
    async fn range(&self, range: Range) -> Result<RangeResult, Error>;

    /// Does a transaction; when it returns, the writes are durable.
    async fn txn(&self, txn: Txn) -> Result<TxnResult, Error>;

    /// Watches keys; returns once the watch is registered. Watches are independent: one that is not read holds up no other
    /// and no other call. One that falls behind a compaction ends with [`Error::Compacted`].
    async fn watch(&self, request: WatchRequest) -> Result<WatchStream, Error>;

    /// Asks that running watches report [`WatchBatch::Progress`] soon.
    async fn request_progress(&self) -> Result<(), Error>;

    /// The current revision, linearized.
    async fn current_revision(&self) -> Result<Revision, Error>;

    /// The store that has `key`, where this one is put together of several; `None` where this one has all keys. Revisions,
    /// leases, compaction and progress are of one part: whoever means those of a key's part calls it through [`part_of`].
    fn part(&self, _key: &[u8]) -> Option<Arc<dyn Store>> {
        None
    }

    /// The last revision that was compacted at; 0 before the first compaction. States from it on can be read, changes after
    /// it can be watched.
    async fn compacted_revision(&self) -> Result<Revision, Error>;

    /// Forgets states before `at`.
    async fn compact(&self, at: Revision) -> Result<(), Error>;

    /// A lease that ends after `ttl` (whole seconds) without renewal.
    async fn grant_lease(&self, ttl: Duration) -> Result<LeaseId, Error>;

    /// Begins the lease's time anew.
    async fn renew_lease(&self, lease: LeaseId) -> Result<(), Error>;

    /// Ends the lease and deletes its keys.
    async fn revoke_lease(&self, lease: LeaseId) -> Result<(), Error>;

    /// Whether the store can serve; an error says why not.
    async fn health(&self) -> Result<(), Error>;

    /// How much it takes on disk.
    async fn size_bytes(&self) -> Result<u64, Error> {
        Err(Error::Unavailable("its size is not known".to_owned()))
    }
}

/// The store to ask for revisions, leases and compaction of the keys around `key`.
pub fn part_of(store: &Arc<dyn Store>, key: &[u8]) -> Arc<dyn Store> {
    store.part(key).unwrap_or_else(|| store.clone())
}

/// The first key after all keys that begin with `prefix`: the `end` of its range.
pub fn prefix_end(prefix: &[u8]) -> Bytes {
    let mut end = prefix.to_vec();
    while let Some(last) = end.pop() {
        if last < 0xff {
            end.push(last + 1);
            return Bytes::from(end);
        }
    }
    // All keys.
    Bytes::from_static(b"\0")
}
