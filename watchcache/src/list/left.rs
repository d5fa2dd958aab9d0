//! How many objects are left after a page. To count them costs what is left, so that a long list in pages would cost its square:
//! what was left after a page is remembered for the next one of the same list. Forgetting costs a count and nothing else.

use std::hash::{BuildHasher, RandomState};
use std::sync::{Mutex, MutexGuard, PoisonError};

use storage::Revision;

use crate::limits::LISTS_REMEMBERED_MAX;
use crate::snapshot::{Scope, Snapshot};

/// What was left after the last pages.
#[derive(Debug)]
pub struct Left {
    hasher: RandomState,
    /// Each page has one place, which it takes from whatever is there.
    places: Box<[Mutex<Option<Known>>]>,
}

#[derive(Debug)]
struct Known {
    revision: Revision,
    scope: Scope,
    after: Box<[u8]>,
    count: usize,
}

impl Left {
    /// How many objects of a scope are left after a page of `items` that begins after a key and ends with `last`. All of the
    /// scope must be in the pages.
    pub(super) fn after(
        &self,
        snapshot: &Snapshot,
        scope: &Scope,
        begin: Option<&[u8]>,
        items: usize,
        last: &[u8],
    ) -> usize {
        let revision = snapshot.revision();
        let known = begin.and_then(|begin| self.recall(revision, scope, begin));
        let before = known.unwrap_or_else(|| snapshot.count(scope, begin));
        let count = before.saturating_sub(items);
        *self.place(revision, last) = Some(Known {
            revision,
            scope: scope.clone(),
            after: last.into(),
            count,
        });
        count
    }

    fn recall(&self, revision: Revision, scope: &Scope, after: &[u8]) -> Option<usize> {
        let place = self.place(revision, after);
        let known = place.as_ref()?;
        let is_it = known.revision == revision && known.scope == *scope && *known.after == *after;
        is_it.then_some(known.count)
    }

    fn place(&self, revision: Revision, after: &[u8]) -> MutexGuard<'_, Option<Known>> {
        let at = self.hasher.hash_one((revision.0, after)) as usize % self.places.len();
        self.places[at].lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for Left {
    fn default() -> Self {
        Self {
            hasher: RandomState::new(),
            places: (0..LISTS_REMEMBERED_MAX).map(|_| Mutex::default()).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::testing::item;

    #[test]
    fn what_is_left_is_what_counting_finds() {
        let keys: Vec<String> = (0..50)
            .map(|at| format!("{}/{at:02}", ["a", "b"][at % 2]))
            .collect();
        let items = keys.iter().map(|key| Arc::new(item(key, 1)));
        let snapshot = Snapshot::new(items, Revision(9));
        let left = Left::default();
        for scope in [Scope::All, Scope::Namespace("b".into())] {
            let all: Vec<&[u8]> = snapshot.range(&scope, None).map(|item| item.key()).collect();
            let mut begin: Option<&[u8]> = None;
            for page in all.chunks(7) {
                let last = page[page.len() - 1];
                let told = left.after(&snapshot, &scope, begin, page.len(), last);
                assert_eq!(told, snapshot.count(&scope, Some(last)));
                assert_eq!(left.recall(Revision(9), &scope, last), Some(told));
                assert_eq!(left.recall(Revision(8), &scope, last), None);
                begin = Some(last);
            }
        }
    }
}
