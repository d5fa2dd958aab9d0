//! Where objects are kept: the [`Store`] trait, etcd, the embedded store, the key layout.
//! It holds keys and bytes; what the bytes mean is the callers' affair.

pub mod compactor;
pub mod embedded;
pub mod etcd;
pub mod key_range;
pub mod lease_pool;
pub mod store;

pub use embedded::Embedded;
pub use etcd::Etcd;
pub use lease_pool::LeasePool;
pub use store::{
    Compare, Entry, Error, Event, EventKind, LeaseId, Op, OpResult, Range, RangeResult, Revision, Store, Txn, TxnResult,
    WatchBatch, WatchRequest, WatchStream, prefix_end,
};
