//! The states of all keys that are held, by key and by revision: a pure structure, changed by whole revisions.
//! It knows no locks, no files and no clock.

use super::version::Version;
use crate::key_range::KeyRange;
use bytes::Bytes;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

/// Where a stored version lies in the checkpoint: revision and place in it.
pub type VersionId = (i64, u32);

/// All versions from `history_first` on, and for each key the one that was current there.
pub struct Index {
    /// Per key, oldest first; never empty.
    keys: BTreeMap<Bytes, Vec<Arc<Version>>>,
    /// The changes of each revision from `history_first` on, without a gap.
    history: VecDeque<Box<[Arc<Version>]>>,
    history_first: i64,
    /// The last revision.
    revision: i64,
    /// Reads before it are refused; what lies before it is dropped step by step.
    compacted: i64,
}

impl Index {
    /// A store without keys, as etcd's: revision 1, nothing compacted.
    pub fn empty() -> Self {
        Self { keys: BTreeMap::new(), history: VecDeque::new(), history_first: 2, revision: 1, compacted: 0 }
    }

    /// A store that is about to be loaded: what comes before `history_first` is state, not history.
    pub fn loading(history_first: i64, compacted: i64) -> Self {
        Self { history_first, compacted, revision: history_first - 1, ..Self::empty() }
    }

    pub fn revision(&self) -> i64 {
        self.revision
    }

    pub fn compacted(&self) -> i64 {
        self.compacted
    }

    pub fn history_first(&self) -> i64 {
        self.history_first
    }

    /// How many keys have any version.
    #[cfg(test)]
    pub fn key_count(&self) -> usize {
        self.keys.len()
    }

    /// Takes in a version that is older than the history.
    pub fn load(&mut self, version: Arc<Version>) {
        self.keys.entry(version.key.clone()).or_default().push(version);
    }

    /// Takes in the changes of the next revision.
    pub fn apply(&mut self, changes: Box<[Arc<Version>]>) {
        self.revision += 1;
        for version in &changes {
            debug_assert_eq!(version.modified, self.revision, "revisions come in order");
            match self.keys.get_mut(&version.key) {
                Some(versions) => versions.push(version.clone()),
                None => drop(self.keys.insert(version.key.clone(), vec![version.clone()])),
            }
        }
        self.history.push_back(changes);
    }

    /// Refuses reads before `at` from now on.
    pub fn compact(&mut self, at: i64) {
        self.compacted = self.compacted.max(at);
    }

    /// Drops what nobody can read any more of at most `revisions` revisions before `floor`; the dropped versions' places
    /// are added to `dead`. True when nothing before `floor` is left to drop.
    pub fn prune(&mut self, floor: i64, revisions: usize, dead: &mut Vec<VersionId>) -> bool {
        for _ in 0..revisions {
            if self.history_first >= floor {
                return true;
            }
            let Some(changes) = self.history.pop_front() else { return true };
            self.history_first += 1;
            changes.iter().for_each(|version| self.prune_key(&version.key, floor, dead));
        }
        self.history_first >= floor
    }

    fn prune_key(&mut self, key: &Bytes, floor: i64, dead: &mut Vec<VersionId>) {
        let Some(versions) = self.keys.get_mut(key) else { return };
        let held = versions.partition_point(|version| version.modified <= floor);
        let mut drop_count = held.saturating_sub(1);
        // A tombstone at the floor itself is still an event there.
        if held > 0 && versions[held - 1].deleted && versions[held - 1].modified < floor {
            drop_count = held;
        }
        dead.extend(versions.drain(..drop_count).map(|version| (version.modified, version.sub)));
        if versions.is_empty() {
            self.keys.remove(key);
        } else if versions.len() * 4 < versions.capacity() {
            versions.shrink_to_fit();
        }
    }

    /// The key's newest version, tombstones included.
    pub fn latest(&self, key: &[u8]) -> Option<&Arc<Version>> {
        self.keys.get(key)?.last()
    }

    /// The key's state at a revision.
    pub fn at(&self, key: &[u8], revision: i64) -> Option<&Arc<Version>> {
        visible(self.keys.get(key)?, revision)
    }

    /// Visits at most `keys_max` keys of the range from after `after` on, with their states at a revision. Returns the last
    /// key visited if there may be more.
    pub fn scan(
        &self,
        range: &KeyRange,
        after: Option<&[u8]>,
        revision: i64,
        keys_max: usize,
        mut visit: impl FnMut(&Arc<Version>),
    ) -> Option<Bytes> {
        let bounds = range.bounds(after)?;
        let mut last = None;
        for (seen, (key, versions)) in self.keys.range::<[u8], _>(bounds).enumerate() {
            if seen == keys_max {
                return last;
            }
            if let Some(version) = visible(versions, revision) {
                visit(version);
            }
            if seen + 1 == keys_max {
                last = Some(key.clone());
            }
        }
        None
    }

    /// The changes of the revisions from `from` on that are held.
    pub fn changes_from(&self, from: i64) -> impl Iterator<Item = (i64, &[Arc<Version>])> {
        let first = from.max(self.history_first);
        let skip = usize::try_from(first - self.history_first).unwrap_or(usize::MAX);
        (first..).zip(self.history.iter().skip(skip.min(self.history.len())).map(|changes| changes.as_ref()))
    }
}

fn visible(versions: &[Arc<Version>], revision: i64) -> Option<&Arc<Version>> {
    // Almost always the newest is asked for.
    let held = match versions.last() {
        Some(last) if last.modified <= revision => versions.len(),
        _ => versions.partition_point(|version| version.modified <= revision),
    };
    versions[..held].last().filter(|version| !version.deleted)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(index: &mut Index, key: &str) {
        let revision = index.revision() + 1;
        let before = index.latest(key.as_bytes()).cloned();
        let version = Version::put(before.as_deref(), revision, 0, key.as_bytes(), b"v", 0);
        index.apply(Box::new([Arc::new(version)]));
    }

    fn delete(index: &mut Index, key: &str) {
        let revision = index.revision() + 1;
        index.apply(Box::new([Arc::new(Version::tombstone(Bytes::copy_from_slice(key.as_bytes()), revision, 0))]));
    }

    #[test]
    fn a_state_is_read_at_each_revision() {
        let mut index = Index::empty();
        put(&mut index, "a");
        put(&mut index, "a");
        delete(&mut index, "a");
        assert!(index.at(b"a", 1).is_none());
        assert_eq!(index.at(b"a", 2).map(|version| version.version), Some(1));
        assert_eq!(index.at(b"a", 3).map(|version| version.version), Some(2));
        assert!(index.at(b"a", 4).is_none());
    }

    #[test]
    fn pruning_keeps_the_state_at_the_floor_and_drops_older_ones() {
        let mut index = Index::empty();
        put(&mut index, "a"); // 2
        put(&mut index, "a"); // 3
        put(&mut index, "b"); // 4
        delete(&mut index, "b"); // 5
        put(&mut index, "c"); // 6
        let mut dead = Vec::new();
        assert!(index.prune(6, 100, &mut dead));
        dead.sort_unstable();
        assert_eq!(dead, [(2, 0), (4, 0), (5, 0)]);
        assert_eq!(index.at(b"a", 6).map(|version| version.modified), Some(3));
        assert_eq!(index.key_count(), 2);
    }

    #[test]
    fn a_deletion_at_the_floor_stays_an_event_until_the_next_floor() {
        let mut index = Index::empty();
        put(&mut index, "a"); // 2
        delete(&mut index, "a"); // 3
        put(&mut index, "b"); // 4
        let mut dead = Vec::new();
        assert!(index.prune(3, 100, &mut dead));
        let first = index.changes_from(3).next().expect("revision 3 is held");
        assert!(first.0 == 3 && first.1[0].deleted);
        assert!(index.prune(4, 100, &mut dead));
        assert_eq!(dead, [(2, 0), (3, 0)]);
        assert_eq!(index.key_count(), 1);
    }

    #[test]
    fn a_scan_continues_where_it_stopped() {
        let mut index = Index::empty();
        ["a", "b", "c", "d", "e"].iter().for_each(|key| put(&mut index, key));
        let range = KeyRange::new(Bytes::from_static(b"b"), Bytes::from_static(b"e"));
        let mut seen = Vec::new();
        let mut after = None;
        loop {
            after = index.scan(&range, after.as_deref(), 100, 2, |version| seen.push(version.key.clone()));
            if after.is_none() {
                break;
            }
        }
        assert_eq!(seen, ["b", "c", "d"]);
    }
}
