//! The last change that this process made to each resource: by it a cache tells whether it shows what the process itself has done.

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, Ordering};

use kinds::{Catalog, Resource};
use schema::SmolStr;
use storage::Revision;

/// By the part of the key that a resource's objects share.
#[derive(Debug)]
pub(super) struct Written(HashMap<SmolStr, AtomicI64>);

impl Default for Written {
    fn default() -> Self {
        let resources = Catalog::builtin().iter();
        let keys = resources.filter_map(|resource| Some(resource.storage.as_ref()?.key.clone()));
        Self(keys.map(|key| (key, AtomicI64::new(0))).collect())
    }
}

impl Written {
    /// A change was made.
    pub fn note(&self, resource: &Resource, revision: Revision) {
        if let Some(last) = self.of(resource) {
            last.fetch_max(revision.0, Ordering::AcqRel);
        }
    }

    /// The last one.
    pub fn last(&self, resource: &Resource) -> Revision {
        Revision(self.of(resource).map_or(0, |last| last.load(Ordering::Acquire)))
    }

    fn of(&self, resource: &Resource) -> Option<&AtomicI64> {
        self.0.get(&resource.storage.as_ref()?.key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_change_of_each_resource_is_known() {
        let (written, catalog) = (Written::default(), Catalog::builtin());
        let of = |resource| catalog.resource("", "v1", resource).expect("built in");
        written.note(of("secrets"), Revision(7));
        written.note(of("secrets"), Revision(5));
        assert_eq!(written.last(of("secrets")), Revision(7));
        assert_eq!(written.last(of("configmaps")), Revision(0));
    }
}
