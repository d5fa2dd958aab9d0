//! Decoded objects, kept for the next request that reads the same version of them: namespaces, accounts and classes are read by every
//! create and hardly ever change.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use dashmap::DashMap;
use kinds::Resource;
use schema::Value;
use serve::status::Status;
use storage::Revision;

/// The encoded bytes of all that is kept; as trees they take five to ten times that. When it is reached, all of it goes.
const BYTES: usize = 4 << 20;
/// The encoded bytes of one object that is kept.
const OBJECT_BYTES: usize = 64 << 10;

/// The hub resource, by its address, and the object's key as its reader has it.
type Key = (usize, Box<[u8]>);

/// Trees by object, each of one version.
#[derive(Default)]
pub struct Trees {
    kept: DashMap<Key, (Revision, Arc<Value>)>,
    bytes: AtomicUsize,
}

/// One version of an object, as a store or a cache has it.
pub struct Version<'a> {
    /// Its resource, in its hub version.
    pub hub: &'static Arc<Resource>,
    /// Its key in the store, or in the cache.
    pub key: &'a [u8],
    /// When it was written.
    pub revision: Revision,
    /// The bytes that it is encoded in.
    pub size: usize,
}

impl Trees {
    /// The tree of a version: the one that is kept, or what `decode` makes of it.
    ///
    /// # Errors
    /// As `decode`; nothing is kept then.
    pub fn of(
        &self,
        version: &Version<'_>,
        decode: impl FnOnce() -> Result<Value, Status>,
    ) -> Result<Arc<Value>, Status> {
        let key = (Arc::as_ptr(version.hub).addr(), Box::from(version.key));
        if let Some(found) = self.kept.get(&key)
            && found.0 == version.revision
        {
            return Ok(found.1.clone());
        }
        let tree = Arc::new(decode()?);
        if version.size <= OBJECT_BYTES {
            self.keep(key, version, tree.clone());
        }
        Ok(tree)
    }

    /// Each version counts until all go: what took another's place is counted twice, so that the limit errs on the safe side.
    fn keep(&self, key: Key, version: &Version<'_>, tree: Arc<Value>) {
        let bytes = self.bytes.fetch_add(version.size, Ordering::Relaxed);
        if bytes + version.size > BYTES {
            self.kept.clear();
            self.bytes.store(version.size, Ordering::Relaxed);
        }
        self.kept.insert(key, (version.revision, tree));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kinds::Catalog;
    use schema::tree;

    fn version(key: &[u8], revision: i64, size: usize) -> Version<'_> {
        let hub = Catalog::builtin()
            .resource("", "v1", "namespaces")
            .expect("built in");
        Version {
            hub,
            key,
            revision: Revision(revision),
            size,
        }
    }

    #[test]
    fn a_version_is_decoded_once_and_the_next_one_again() {
        let trees = Trees::default();
        let of = |revision: i64, at: i64| {
            let read = trees.of(&version(b"a", revision, 10), || Ok(tree!({"at": at})));
            read.expect("decoded").int_at(&["at"])
        };
        assert_eq!(of(1, 1), Some(1));
        assert_eq!(of(1, 2), Some(1), "kept");
        assert_eq!(of(2, 3), Some(3), "another version");
        assert_eq!(of(1, 4), Some(4), "an older one of a reader that is behind");
    }

    #[test]
    fn what_cannot_be_decoded_is_not_kept() {
        let trees = Trees::default();
        let fails = trees.of(&version(b"a", 1, 10), || Err(Status::internal("broken")));
        assert!(fails.is_err());
        assert!(trees.of(&version(b"a", 1, 10), || Ok(tree!({}))).is_ok());
    }

    #[test]
    fn what_is_kept_has_a_limit() {
        let trees = Trees::default();
        let size = OBJECT_BYTES;
        for at in 0..1000 {
            let key = format!("{at}");
            let read = trees.of(&version(key.as_bytes(), 1, size), || Ok(tree!({})));
            assert!(read.is_ok());
            assert!(trees.kept.len() <= BYTES / size);
        }
        let large = trees.of(&version(b"large", 1, OBJECT_BYTES + 1), || Ok(tree!({})));
        assert!(large.is_ok());
        assert!(trees.kept.iter().all(|one| &*one.key().1 != b"large"));
    }
}
