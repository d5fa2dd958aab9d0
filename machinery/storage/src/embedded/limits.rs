//! Every bound of the embedded store, in one place.
//! It holds numbers only.

use std::time::Duration;

/// Keys and values of one transaction, in bytes; etcd's default of `--max-request-bytes`.
pub const REQUEST_BYTES_MAX: usize = 1536 * 1024;
/// Steps or conditions of one transaction; etcd's default of `--max-txn-ops`.
pub const TXN_OPS_MAX: usize = 128;
/// Writes that wait for the writer; the next one waits for a place.
pub const QUEUED_WRITES_MAX: usize = 8192;
/// Writes that share one sync.
pub const BATCH_WRITES_MAX: usize = 1024;
/// Log bytes after which a batch takes no further write.
pub const BATCH_BYTES_MAX: usize = 8 * 1024 * 1024;
/// The log is lengthened by this much at a time, with zeros, so that a sync has no file metadata to write.
pub const PREALLOCATE_BYTES: u64 = 1024 * 1024;
/// Log bytes after which a checkpoint is made and the log begins anew.
pub const CHECKPOINT_LOG_BYTES: u64 = 32 * 1024 * 1024;
/// Cache of the checkpoint file.
pub const CHECKPOINT_CACHE_BYTES: usize = 4 * 1024 * 1024;
/// The checkpoint file is rewritten when it is larger than this and than twice its contents.
pub const CHECKPOINT_SLACK_BYTES: u64 = 16 * 1024 * 1024;
/// Keys that a range visits under one hold of the lock.
pub const RANGE_CHUNK_KEYS: usize = 512;
/// Revisions that a watch visits under one hold of the lock.
pub const WATCH_CHUNK_REVISIONS: usize = 1024;
/// Events after which a watch's batch takes no further revision.
pub const WATCH_BATCH_EVENTS: usize = 512;
/// Revisions whose superseded versions are dropped under one hold of the lock.
pub const PRUNE_CHUNK_REVISIONS: usize = 256;
/// Shortest time to live of a lease.
pub const LEASE_TTL_MIN: Duration = Duration::from_secs(1);
/// Longest time to live of a lease; etcd's limit.
pub const LEASE_TTL_MAX: Duration = Duration::from_secs(9_000_000_000);
/// How long a health check waits for the writer.
pub const HEALTH_WAIT: Duration = Duration::from_secs(2);
