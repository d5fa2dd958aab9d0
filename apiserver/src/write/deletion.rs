//! What a deletion means for an object: at once, after a grace period, or when its finalizers are gone. Pure decisions.

use kinds::Resource;
use object::meta;
use schema::time::Time;
use schema::{SmolStr, Value};

use crate::options::{DeleteOptions, Propagation};
use crate::strategy::Strategy;

/// The garbage collector takes owners away from dependents, then removes it.
const ORPHAN: &str = "orphan";
/// The garbage collector deletes dependents, then removes it.
const FOREGROUND: &str = "foregroundDeletion";

/// What is to be done with an object that is to be deleted.
#[derive(Debug, PartialEq)]
pub(super) enum Next {
    /// It goes now.
    Remove,
    /// It is written in this state; if `then_remove`, it goes right after.
    Write {
        /// With its deletion time, grace and finalizers.
        object: Value,
        /// Nothing holds it any more.
        then_remove: bool,
    },
    /// Its deletion is under way and this one asks for nothing sooner.
    Pending,
}

/// How graceful a deletion is.
enum Grace {
    None,
    Pending,
    Seconds(i64),
}

/// Decides. `now` is RFC 3339.
pub(super) fn decide(
    hub: &Resource,
    strategy: &dyn Strategy,
    options: &DeleteOptions,
    object: &Value,
    now: &SmolStr,
) -> Next {
    let mut next = object.clone();
    let grace = grace(strategy, options, &mut next, now);
    if matches!(grace, Grace::Pending) {
        return Next::Pending;
    }
    if let Some(finalizers) = finalizers(hub, options, object) {
        meta::edit(&mut next).set_finalizers(finalizers);
    }
    let held = meta::of(&next).finalizers().next().is_some();
    match grace {
        Grace::Seconds(seconds) => Next::Write {
            object: next,
            then_remove: !held && seconds == 0,
        },
        _ if held => {
            mark(&mut next, now);
            Next::Write {
                object: next,
                then_remove: false,
            }
        }
        _ => Next::Remove,
    }
}

/// Whether an update lets a deleted object go: nothing holds it any more.
pub(super) fn ends_with_update(hub: &Resource, object: &Value, old: &Value) -> bool {
    let (new, old) = (meta::of(object), meta::of(old));
    let held = new.finalizers().next().is_some() || !old.is_deleting();
    let is_namespace = hub.group.is_empty() && hub.resource == "namespaces";
    let held_by_namespace = is_namespace && !object.list_at(&["spec", "finalizers"]).is_empty();
    !held && !held_by_namespace && old.deletion_grace_period_seconds().unwrap_or(0) == 0
}

/// The finalizers that the propagation policy asks for, if they are not what they should be.
pub(super) fn finalizers(hub: &Resource, options: &DeleteOptions, object: &Value) -> Option<Vec<SmolStr>> {
    let (orphan, foreground) = propagation(hub, options, object)?;
    let have: Vec<SmolStr> = meta::of(object).finalizers().map(SmolStr::new).collect();
    let mut wanted: Vec<SmolStr> = have
        .iter()
        .filter(|name| *name != ORPHAN && *name != FOREGROUND)
        .cloned()
        .collect();
    wanted.extend(orphan.then(|| ORPHAN.into()));
    wanted.extend(foreground.then(|| FOREGROUND.into()));
    let same = have.len() == wanted.len() && have.iter().all(|name| wanted.contains(name));
    (!same).then_some(wanted)
}

/// Whether dependents are orphaned, and whether they are deleted first. `None` where there is no garbage collection.
fn propagation(hub: &Resource, options: &DeleteOptions, object: &Value) -> Option<(bool, bool)> {
    if hub.kind == "Event" {
        return None;
    }
    if let Some(orphan) = options.orphan_dependents {
        return Some((orphan, false));
    }
    if let Some(policy) = options.propagation {
        return Some((policy == Propagation::Orphan, policy == Propagation::Foreground));
    }
    let found = meta::of(object)
        .finalizers()
        .find(|name| *name == ORPHAN || *name == FOREGROUND);
    Some(match found {
        Some(name) => (name == ORPHAN, name == FOREGROUND),
        None => (orphans_by_default(hub), false),
    })
}

/// What a client that deletes an object without saying what becomes of its dependents is told.
pub(super) fn warning(hub: &Resource, options: &DeleteOptions) -> Option<&'static str> {
    let is_job = hub.group == "batch" && hub.resource == "jobs";
    let is_silent = options.propagation.is_none() && options.orphan_dependents.is_none();
    (is_job && is_silent).then_some(
        "child pods are preserved by default when jobs are deleted; set propagationPolicy=Background to remove them or set propagationPolicy=Orphan to suppress this warning",
    )
}

/// As it was before there was a garbage collector.
fn orphans_by_default(hub: &Resource) -> bool {
    matches!(
        (hub.group.as_str(), hub.resource.as_str()),
        ("", "replicationcontrollers") | ("batch", "jobs")
    )
}

fn grace(strategy: &dyn Strategy, options: &DeleteOptions, object: &mut Value, now: &SmolStr) -> Grace {
    // Negative periods count as a second.
    let asked = options
        .grace_period_seconds
        .map(|seconds| if seconds < 0 { 1 } else { seconds });
    let Some(period) = strategy.grace_seconds(object, asked) else {
        return Grace::None;
    };
    let view = meta::of(object);
    let (deletion, pending) = (
        view.deletion_timestamp().map(SmolStr::new),
        view.deletion_grace_period_seconds(),
    );
    match (deletion, pending) {
        (Some(_), None) => Grace::None,
        (Some(end), Some(pending)) => match asked {
            // It may only come sooner.
            Some(asked) if asked < pending => {
                let end = shifted(&end, asked - pending);
                meta::edit(object)
                    .set_deletion_timestamp(Some(end))
                    .set_deletion_grace_period_seconds(Some(asked));
                Grace::Seconds(asked)
            }
            _ => Grace::Pending,
        },
        (None, _) => {
            bump(object);
            let end = shifted(now, period);
            meta::edit(object)
                .set_deletion_timestamp(Some(end))
                .set_deletion_grace_period_seconds(Some(period));
            Grace::Seconds(period)
        }
    }
}

/// An object without graceful deletion that finalizers hold.
fn mark(object: &mut Value, now: &SmolStr) {
    if meta::of(object).deletion_timestamp().is_none() {
        bump(object);
        meta::edit(object).set_deletion_timestamp(Some(now.clone()));
    }
    meta::edit(object).set_deletion_grace_period_seconds(Some(0));
}

/// Being deleted is a change that controllers must see.
fn bump(object: &mut Value) {
    let generation = meta::of(object).generation();
    if generation > 0 {
        meta::edit(object).set_generation(generation + 1);
    }
}

fn shifted(time: &str, seconds: i64) -> SmolStr {
    Time::parse(time).map_or_else(
        |_| time.into(),
        |time| {
            Time {
                seconds: time.seconds + seconds,
                ..time
            }
            .format()
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use kinds::Catalog;
    use schema::tree;

    struct Graceful;
    impl Strategy for Graceful {
        fn grace_seconds(&self, _object: &Value, asked: Option<i64>) -> Option<i64> {
            Some(asked.unwrap_or(30))
        }
    }

    fn config_maps() -> &'static Resource {
        Catalog::builtin()
            .resource("", "v1", "configmaps")
            .expect("built in")
    }

    fn decide_plain(options: &DeleteOptions, object: &Value) -> Next {
        decide(
            config_maps(),
            &crate::strategy::Plain,
            options,
            object,
            &"2026-01-01T00:00:00Z".into(),
        )
    }

    #[test]
    fn finalizers_hold_an_object() {
        let free = tree!({"metadata": {"name": "a"}});
        assert_eq!(decide_plain(&DeleteOptions::default(), &free), Next::Remove);
        let held = tree!({"metadata": {"name": "a", "generation": 1i64, "finalizers": ["x/y"]}});
        let Next::Write { object, then_remove } = decide_plain(&DeleteOptions::default(), &held) else {
            panic!("held")
        };
        assert!(!then_remove);
        assert_eq!(object.int_at(&["metadata", "generation"]), Some(2));
        assert_eq!(
            object.int_at(&["metadata", "deletionGracePeriodSeconds"]),
            Some(0)
        );
    }

    #[test]
    fn propagation_adds_finalizers() {
        let options = DeleteOptions {
            propagation: Some(Propagation::Foreground),
            ..DeleteOptions::default()
        };
        let Next::Write { object, .. } = decide_plain(&options, &tree!({"metadata": {"name": "a"}})) else {
            panic!("held")
        };
        assert!(meta::of(&object).has_finalizer("foregroundDeletion"));
    }

    #[test]
    fn grace_may_only_be_shortened() {
        let pods = Catalog::builtin().resource("", "v1", "pods").expect("built in");
        let now = SmolStr::new("2026-01-01T00:00:00Z");
        let seconds = |seconds| DeleteOptions {
            grace_period_seconds: Some(seconds),
            ..DeleteOptions::default()
        };
        let pod = tree!({"metadata": {"name": "a"}});
        let Next::Write { object, then_remove } = decide(pods, &Graceful, &seconds(7), &pod, &now) else {
            panic!("graceful")
        };
        assert!(!then_remove);
        assert_eq!(
            object.str_at(&["metadata", "deletionTimestamp"]),
            Some("2026-01-01T00:00:07Z")
        );
        assert_eq!(decide(pods, &Graceful, &seconds(9), &object, &now), Next::Pending);
        let Next::Write { object, then_remove } = decide(pods, &Graceful, &seconds(0), &object, &now) else {
            panic!("sooner")
        };
        assert!(then_remove);
        assert_eq!(
            object.str_at(&["metadata", "deletionTimestamp"]),
            Some("2026-01-01T00:00:00Z")
        );
    }
}
