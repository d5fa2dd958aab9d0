//! Between the store's types and those of etcd's client.

use bytes::Bytes;
use etcd_client::{
    Compare as EtcdCompare, CompareOp, Error as EtcdError, EventType, KeyValue, PutOptions, TxnOp,
    TxnOpResponse,
};

use crate::store::{AtRest, Compare, Entry, Error, Event, EventKind, LeaseId, Op, OpResult, Revision};

/// gRPC codes after which trying again may help: cancelled, unknown, deadline exceeded, resource exhausted, aborted,
/// internal, unavailable.
const PASSING: [i32; 7] = [1, 2, 4, 8, 10, 13, 14];

/// What etcd, and the transport below it, say of a request that is too large.
const TOO_LARGE: [&str; 3] = [
    "request is too large",
    "larger than max",
    "too many operations in txn request",
];

/// A key and what is there.
pub fn entry(found: &KeyValue) -> Entry {
    Entry {
        key: Bytes::copy_from_slice(found.key()),
        value: Bytes::copy_from_slice(found.value()),
        create_revision: Revision(found.create_revision()),
        mod_revision: Revision(found.mod_revision()),
        version: found.version(),
        lease: (found.lease() != 0).then(|| LeaseId(found.lease())),
        at_rest: AtRest::Current,
    }
}

/// A change; `None` for one without a key, which etcd does not send.
pub fn event(found: &etcd_client::Event) -> Option<Event> {
    let kind = match found.event_type() {
        EventType::Put => EventKind::Put,
        EventType::Delete => EventKind::Delete,
    };
    // A key without revisions stands for none.
    let previous = found
        .prev_kv()
        .filter(|previous| previous.mod_revision() != 0)
        .map(entry);
    Some(Event {
        kind,
        entry: entry(found.kv()?),
        previous,
    })
}

/// A condition.
pub fn compare(condition: Compare) -> EtcdCompare {
    match condition {
        Compare::ModRevision(key, revision) => EtcdCompare::mod_revision(key, CompareOp::Equal, revision.0),
        Compare::Version(key, version) => EtcdCompare::version(key, CompareOp::Equal, version),
    }
}

/// A step of a transaction.
pub fn op(step: Op) -> TxnOp {
    match step {
        Op::Get(key) => TxnOp::get(key, None),
        Op::Put { key, value, lease } => {
            let options = lease.map(|lease| PutOptions::new().with_lease(lease.0));
            TxnOp::put(key, value, options)
        }
        Op::Delete(key) => TxnOp::delete(key, None),
    }
}

/// What a step gave.
pub fn op_result(response: TxnOpResponse) -> OpResult {
    match response {
        TxnOpResponse::Get(found) => OpResult::Get(found.kvs().first().map(entry)),
        TxnOpResponse::Delete(done) => OpResult::Delete(done.deleted() > 0),
        TxnOpResponse::Put(_) | TxnOpResponse::Txn(_) => OpResult::Put,
    }
}

/// What went wrong, by etcd's texts: it has codes for classes only.
pub fn failed(error: EtcdError) -> Error {
    let status = match &error {
        EtcdError::GRpcStatus(status) => status,
        // The client's word for a lease that etcd does not know.
        EtcdError::LeaseKeepAliveError(_) => return Error::LeaseNotFound,
        _ => return Error::Unavailable(error.to_string()),
    };
    let text = status.message();
    // Etcd does not say which revisions it holds.
    match text {
        _ if text.contains("has been compacted") => Error::Compacted(Revision(0)),
        _ if text.contains("is a future revision") => Error::Future(Revision(0)),
        _ if text.contains("requested lease not found") => Error::LeaseNotFound,
        _ if TOO_LARGE.iter().any(|one| text.contains(one)) => Error::TooLarge,
        _ if PASSING.contains(&(status.code() as i32)) => Error::Unavailable(text.to_owned()),
        _ => Error::Fatal(text.to_owned()),
    }
}
