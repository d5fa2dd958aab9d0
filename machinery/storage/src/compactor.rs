//! Compaction by kube-apiserver's protocol: several servers, ours or its, share one key and one of them forgets old history
//! once an interval. It decides when; the store does it.
//!
//! Each server keeps the version of the key and the revision that it noted at its last tick. At a tick it writes that
//! revision under the condition that the key's version is still the one it knows: who wins compacts there, who loses takes
//! the winner's version. So history is kept for one interval at least and two at most.

use bytes::Bytes;
use std::sync::Arc;
use std::time::Duration;

use crate::store::{Compare, Error, Op, OpResult, Revision, Store, Txn};

/// The shared key; it stands outside of every prefix.
const KEY: &[u8] = b"compact_rev_key";

/// What a server remembers between ticks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tick {
    /// The key's version when it was last seen; 0 before the first write of anybody.
    pub version: i64,
    /// The store's revision then: where the next compaction of this server is.
    pub revision: Revision,
}

/// One tick: compacts if it is this server's turn. Returns what to remember.
pub async fn tick(store: &dyn Store, last: Tick) -> Result<Tick, Error> {
    let key = Bytes::from_static(KEY);
    let value = Bytes::from(last.revision.0.to_string());
    let txn = Txn {
        when: vec![Compare::Version(key.clone(), last.version)],
        then: vec![Op::Put { key: key.clone(), value, lease: None }],
        otherwise: vec![Op::Get(key)],
    };
    let done = store.txn(txn).await?;
    if !done.succeeded {
        let version = match done.results.first() {
            Some(OpResult::Get(Some(entry))) => entry.version,
            _ => 0,
        };
        return Ok(Tick { version, revision: done.revision });
    }
    if last.revision > Revision(0) {
        match store.compact(last.revision).await {
            // Somebody did it already.
            Ok(()) | Err(Error::Compacted(_)) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(Tick { version: last.version + 1, revision: done.revision })
}

/// Ticks until it is dropped. A tick that fails is tried again at the next.
pub async fn run(store: Arc<dyn Store>, interval: Duration) {
    let mut last = Tick::default();
    loop {
        tokio::time::sleep(interval).await;
        match tick(&*store, last).await {
            Ok(next) => last = next,
            Err(error) => tracing::warn!(%error, "the store's history could not be compacted"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Embedded, Range};

    async fn write(store: &dyn Store) -> Revision {
        let op = Op::Put { key: "/a".into(), value: "x".into(), lease: None };
        store.txn(Txn { then: vec![op], ..Txn::default() }).await.expect("a write").revision
    }

    async fn is_held(store: &dyn Store, at: Revision) -> bool {
        store.range(Range { start: "/a".into(), at: Some(at), ..Range::default() }).await.is_ok()
    }

    #[tokio::test]
    async fn history_is_forgotten_one_interval_later() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Embedded::open(folder.path()).expect("a new store");
        let old = write(&store).await;
        let first = tick(&store, Tick::default()).await.expect("nothing to compact");
        assert!(is_held(&store, old).await);
        write(&store).await;
        tick(&store, first).await.expect("it compacts");
        assert!(!is_held(&store, old).await);
        assert!(is_held(&store, first.revision).await);
    }

    #[tokio::test]
    async fn of_two_servers_one_compacts() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Embedded::open(folder.path()).expect("a new store");
        write(&store).await;
        let mine = tick(&store, Tick::default()).await.expect("the first");
        let theirs = tick(&store, Tick::default()).await.expect("a server that comes later");
        assert_eq!(theirs.version, mine.version, "it takes over the version that it finds");
        let old = write(&store).await;
        write(&store).await;
        let mine = tick(&store, mine).await.expect("it is its turn");
        let lost = tick(&store, theirs).await.expect("it is too late");
        assert_eq!(lost.version, mine.version);
        assert!(is_held(&store, old).await, "the loser compacts nothing");
    }
}
