//! The containers of a pod, and how messages name those that violate a check.

use std::collections::BTreeSet;

use schema::Value;

use super::Pod;
use crate::admission::pod_references::containers_of;

impl<'a> Pod<'a> {
    /// All of them: those that initialize, those that run, those that were added to debug.
    pub(super) fn containers(&self) -> impl Iterator<Item = &'a Value> + use<'a> {
        containers_of(self.spec)
    }

    /// Their names where something holds, each as often as it does.
    pub(super) fn names_where(&self, holds: impl FnMut(&&'a Value) -> bool) -> Vec<&'a str> {
        self.containers().filter(holds).map(name).collect()
    }
}

/// A container's name.
pub(super) fn name(container: &Value) -> &str {
    container.str_at(&["name"]).unwrap_or_default()
}

/// `container "a"` or `containers "a", "b"`; `None` without any.
pub(super) fn named(names: &[&str]) -> Option<String> {
    (!names.is_empty()).then(|| format!("{} {}", plural(names.len(), "container"), quoted(names)))
}

/// Who says something: `pod`, `container "a"`, or `pod and container "a"`; `None` when nobody does.
pub(super) fn setters(pod: bool, containers: &[&str]) -> Option<String> {
    let both: Vec<String> = pod
        .then(|| "pod".to_owned())
        .into_iter()
        .chain(named(containers))
        .collect();
    (!both.is_empty()).then(|| both.join(" and "))
}

/// `"a", "b"`.
pub(super) fn quoted<S: AsRef<str>>(items: impl IntoIterator<Item = S>) -> String {
    let items: Vec<String> = items
        .into_iter()
        .map(|item| format!("\"{}\"", item.as_ref()))
        .collect();
    items.join(", ")
}

/// The word for one, or for several.
pub(super) fn plural(count: usize, word: &str) -> String {
    let end = if count == 1 { "" } else { "s" };
    format!("{word}{end}")
}

/// The verb for one, or for several.
pub(super) fn uses(count: usize) -> &'static str {
    if count == 1 { "uses" } else { "use" }
}

/// What containers set that they may not: who, and the values in order.
#[derive(Default)]
pub(super) struct Forbidden<'a> {
    pub pod: bool,
    pub containers: Vec<&'a str>,
    pub values: BTreeSet<String>,
}

impl<'a> Forbidden<'a> {
    /// Types of a profile in `securityContext`, of the pod and of its containers, that a test does not allow.
    pub fn in_security_context(pod: &Pod<'a>, profile: &str, allows: impl Fn(&str) -> bool) -> Self {
        let mut found = Self::default();
        let mut forbids = |holder: &'a Value| {
            let set = holder.at(&["securityContext", profile]);
            let text = set.map(|set| set.str_at(&["type"]).unwrap_or_default());
            let wrong = text.filter(|text| !allows(text));
            found.values.extend(wrong.map(str::to_owned));
            wrong.is_some()
        };
        let of_pod = forbids(pod.spec);
        let containers = pod.names_where(|container| forbids(container));
        Self {
            pod: of_pod,
            containers,
            ..found
        }
    }

    /// See [`setters`].
    pub fn setters(&self) -> Option<String> {
        setters(self.pod, &self.containers)
    }
}
