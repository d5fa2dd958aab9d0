//! The caches of custom resources: they come with their definitions, are made anew when these change, and go with them. Which there
//! are is told by whoever follows definitions.

use std::sync::Arc;

use kinds::{Resource, Storage};
use storage::{Revision, Store};
use tokio::task::JoinHandle;

use super::{Cache, Holds, Units, address, end, unit};
use crate::limits::{CUSTOM_LOAD_MAX, CUSTOM_TURN_MAX, CUSTOM_TURN_POLL};
use crate::unit::Unit;

/// The units of another set of custom resources, on their way to take the place of those that there are.
pub struct Turn {
    next: Units,
    gone: Vec<Arc<Unit>>,
}

impl Cache {
    /// Makes units for these custom resources, each in the version that is stored, and begins to load those that are to be kept.
    /// A unit whose resource is the very same as before stays; the history of others begins with their definition, at a revision of
    /// `store`. Returns when they are loaded, or after a while.
    pub async fn prepare_custom(
        &self,
        store: &Arc<dyn Store>,
        resources: &[(Arc<Resource>, Revision)],
    ) -> Turn {
        let now = self.custom.load_full();
        let mut next = Units::new();
        for (resource, revision) in resources {
            let Some(storage) = &resource.storage else {
                continue;
            };
            if self.units.contains_key(&storage.key) || self.leaves_to_others(resource) {
                continue;
            }
            let before = now.get(&storage.key);
            let same = before.filter(|unit| Arc::ptr_eq(unit.hub(), resource));
            let unit = same
                .cloned()
                .unwrap_or_else(|| Arc::new(self.make_custom((resource, storage), (store, *revision))));
            let is_new = same.is_none();
            let is_wanted = match &self.config.holds {
                Holds::All => true,
                Holds::AsTold => before.is_some_and(|before| before.is_held()),
                Holds::Only(_) => false,
            };
            if is_new && is_wanted {
                self.hold(&unit);
            }
            next.insert(storage.key.clone(), unit);
        }
        let is_next = |unit: &&Arc<Unit>| next.values().any(|next| Arc::ptr_eq(next, unit));
        let gone = now.values().filter(|unit| !is_next(unit)).cloned().collect();
        let held: Vec<_> = next.values().filter(|unit| unit.is_held()).cloned().collect();
        // What cannot be loaded must not keep others from being served.
        let _ = tokio::time::timeout(CUSTOM_LOAD_MAX, loaded(&held)).await;
        Turn { next, gone }
    }

    /// From now on these are the units of custom resources. Open watches of those that go end, as if it was their time.
    pub fn turn_custom(&self, turn: Turn) {
        self.custom.store(Arc::new(turn.next));
        for unit in turn.gone {
            let tasks = self.running().remove(&address(&unit)).unwrap_or_default();
            tokio::spawn(leave(unit, tasks));
        }
    }

    /// Beside other servers, a member leaves to them what it may have to ask a webhook for.
    fn leaves_to_others(&self, resource: &Resource) -> bool {
        let needs_webhook = custom::Known::of(resource).is_some_and(custom::Known::needs_webhook);
        needs_webhook && matches!(self.config.holds, Holds::AsTold)
    }

    fn make_custom(
        &self,
        (resource, storage): (&Arc<Resource>, &Storage),
        (store, defined): (&Arc<dyn Store>, Revision),
    ) -> Unit {
        let span = self.config.keys.all(storage);
        let mut parts = self
            .parts
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        let (part, freshness) = parts.of(&self.store, span.start.as_bytes());
        // Revisions of different stores say nothing of each other.
        let begins_at = match Arc::ptr_eq(store, &part) {
            true => defined,
            false => Revision(0),
        };
        unit(resource, (&span, span.clone()), part, freshness, &self.config).beginning_at(begins_at)
    }
}

/// Returns when those of them that are still to be kept are loaded: one that another member keeps instead by now never will be.
async fn loaded(units: &[Arc<Unit>]) {
    for unit in units {
        let mut phases = unit.phases();
        // The unit, which is held here, has the sender.
        let _ = phases
            .wait_for(|_| unit.generation().is_some() || !unit.is_held())
            .await;
    }
}

/// Lets go of a unit when its watches have ended.
async fn leave(unit: Arc<Unit>, tasks: Vec<JoinHandle<()>>) {
    tracing::debug!(resource = %unit.name(), "is not served any more as it was");
    unit.ask_to_leave(1.0, CUSTOM_TURN_POLL);
    let gone = async {
        while unit.watchers() > 0 {
            tokio::time::sleep(CUSTOM_TURN_POLL).await;
        }
    };
    let _ = tokio::time::timeout(CUSTOM_TURN_MAX, gone).await;
    end(&unit, tasks).await;
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::time::Duration;

    use kinds::Catalog;
    use tokio::time::timeout;

    use super::*;
    use crate::cache::Config;
    use crate::testing::CountingStore;
    use crate::unit::Phase;

    #[tokio::test(start_paused = true)]
    async fn nobody_waits_for_what_is_kept_no_more() {
        let store: Arc<dyn Store> = Arc::new(CountingStore::default());
        let config_maps = Catalog::builtin().resource("", "v1", "configmaps");
        let cache = Cache::of(&store, &Config::default(), config_maps);
        let units = cache.units();
        let [unit] = units.as_slice() else {
            panic!("one resource has one unit");
        };
        unit.begin_to_hold();
        unit.set_phase(Phase::Loading);
        let mut waiting = pin!(loaded(&units));
        let looked = timeout(Duration::from_secs(1), &mut waiting).await;
        assert!(looked.is_err(), "it is still to be loaded");
        unit.cease_to_hold();
        unit.clear();
        let looked = timeout(Duration::from_secs(1), waiting).await;
        assert!(looked.is_ok(), "it never will be");
    }
}
