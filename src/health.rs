//! The health checks of a server: what is checked under which path, in the order of the reference.

use std::sync::Arc;
use std::time::Duration;

use apiserver::bootstrap::hooks::HookState;
use serve::health::{Check, Health};
use serve::shutdown::Shutdown;
use storage::Store;
use watchcache::Cache;

/// How long the store may take to say that it is well.
const STORE_TIMEOUT: Duration = Duration::from_secs(2);

/// The checks of all three paths.
pub fn checks(
    store: Arc<dyn Store>,
    cache: &Arc<Cache>,
    hooks: Vec<HookState>,
    shutdown: Shutdown,
) -> Health {
    let base = [Check::ping("ping"), Check::ping("log")];
    let hooks: Vec<Check> = hooks.into_iter().map(hook_check).collect();
    let live = [&base[..], &[store_check("etcd", store.clone())], &hooks].concat();
    let ready = [
        &base[..],
        &[store_check("storage-readiness", store)],
        &[cache_check(cache.clone())],
        &hooks,
        &[stopping(shutdown)],
    ]
    .concat();
    Health {
        healthz: live.clone(),
        livez: live,
        readyz: ready,
        ..Health::default()
    }
}

/// The checks of a member of the watch tier: it is ready when each resource that it keeps is loaded, which each has a path for.
pub fn of_member(store: Arc<dyn Store>, cache: &Arc<Cache>, shutdown: Shutdown) -> Health {
    let live = vec![Check::ping("ping"), store_check("etcd", store)];
    let units = cache.built_in().map(|unit| {
        let (name, unit) = (format!("watchcache/{}", unit.name()), unit.clone());
        Check::immediate(&name, move || match unit.generation() {
            Some(_) => Ok(()),
            None if !unit.is_held() => Ok(()),
            None => Err(format!("{:?}", unit.phase())),
        })
    });
    let mut units: Vec<Check> = units.collect();
    units.sort_by(|one, other| one.name().cmp(other.name()));
    let ready = [&live[..], &units, &[stopping(shutdown)]].concat();
    Health {
        healthz: live.clone(),
        livez: live,
        readyz: ready,
        ..Health::default()
    }
}

/// Whether the process goes on.
pub fn stopping(shutdown: Shutdown) -> Check {
    Check::immediate("shutdown", move || match shutdown.is_requested() {
        true => Err("process is shutting down".to_owned()),
        false => Ok(()),
    })
}

fn store_check(name: &str, store: Arc<dyn Store>) -> Check {
    Check::new(name, move || {
        let store = store.clone();
        async move {
            let answer = tokio::time::timeout(STORE_TIMEOUT, store.health()).await;
            answer
                .map_err(|_| "no answer in time".to_owned())?
                .map_err(|error| error.to_string())
        }
    })
}

/// Whether lists and watches of every resource are served.
fn cache_check(cache: Arc<Cache>) -> Check {
    Check::immediate("informer-sync", move || match cache.unready().as_slice() {
        [] => Ok(()),
        [(resource, phase), rest @ ..] => Err(format!("{resource} is {phase:?}, and {} more", rest.len())),
    })
}

fn hook_check(hook: HookState) -> Check {
    Check::immediate(&format!("poststarthook/{}", hook.name), move || {
        match hook.is_done() {
            true => Ok(()),
            false => Err("not finished".to_owned()),
        }
    })
}
