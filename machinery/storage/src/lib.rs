//! Where objects are kept: the [`Store`] trait, etcd, the embedded store, encryption at rest, the key layout.
//! It holds keys and bytes; what the bytes mean is the callers' affair.

pub mod compactor;
pub mod embedded;
pub mod encrypted;
pub mod etcd;
pub mod key_range;
pub mod lease_pool;
pub mod measured;
pub mod resource_keys;
pub mod routed;
pub mod store;

pub use embedded::Embedded;
pub use encrypted::Encrypted;
pub use etcd::Etcd;
pub use lease_pool::LeasePool;
pub use measured::Measured;
pub use resource_keys::{GroupResource, ResourceKeys};
pub use routed::Routed;
pub use store::{
    AtRest, Compare, Entry, Error, Event, EventKind, LeaseId, Op, OpResult, Range, RangeResult, Revision,
    Store, Txn, TxnResult, WatchBatch, WatchRequest, WatchStream, part_of, prefix_end,
};
