//! What a stricter level means for the pods that a namespace has already: they stay, and who changes the label is warned.

use std::collections::{BTreeMap, HashSet};

use object::meta;
use schema::{SmolStr, Value};

use super::{LevelVersion, Pod, evaluate};
use crate::limits::POD_SECURITY_PODS_MAX;

/// Pods of one kind of violation.
struct Group<'a> {
    first: &'a str,
    count: usize,
}

/// Warnings about a namespace's pods. `in_time` is asked after each pod.
pub fn warnings(
    namespace: &str,
    enforce: LevelVersion,
    pods: &[Value],
    exempt_runtime_classes: &HashSet<SmolStr>,
    mut in_time: impl FnMut() -> bool,
) -> Vec<String> {
    let pods = in_order_of_worth(pods, exempt_runtime_classes);
    let mut groups = BTreeMap::<String, Group<'_>>::new();
    let mut checked = 0;
    for pod in pods.iter().take(POD_SECURITY_PODS_MAX) {
        checked += 1;
        let violations = evaluate(enforce, Pod::of(pod));
        if !violations.is_empty() {
            let name = meta::of(pod).name();
            let group = groups.entry(violations.reasons()).or_insert(Group {
                first: name,
                count: 0,
            });
            group.first = group.first.min(name);
            group.count += 1;
        }
        if !in_time() {
            break;
        }
    }
    let mut warnings = Vec::new();
    if checked < pods.len() {
        warnings.push(format!(
            "new PodSecurity enforce level only checked against the first {checked} of {} existing pods",
            pods.len()
        ));
    }
    if !groups.is_empty() {
        warnings.push(format!(
            "existing pods in namespace \"{namespace}\" violate the new PodSecurity enforce level \"{enforce}\""
        ));
    }
    let mut of_pods: Vec<String> = groups
        .iter()
        .map(|(reasons, group)| group.told(reasons))
        .collect();
    of_pods.sort();
    warnings.extend(of_pods);
    warnings
}

impl Group<'_> {
    fn told(&self, reasons: &str) -> String {
        let first = self.first;
        match self.count {
            1 => format!("{first}: {reasons}"),
            2 => format!("{first} (and 1 other pod): {reasons}"),
            count => format!("{first} (and {} other pods): {reasons}", count - 1),
        }
    }
}

/// One pod of each controller comes before the others of it: they are alike, and time is short.
fn in_order_of_worth<'a>(pods: &'a [Value], exempt_runtime_classes: &HashSet<SmolStr>) -> Vec<&'a Value> {
    let mut seen = HashSet::new();
    let is_judged = |pod: &&Value| {
        let class = pod.str_at(&["spec", "runtimeClassName"]).unwrap_or_default();
        class.is_empty() || !exempt_runtime_classes.contains(class)
    };
    let (mut first, others): (Vec<_>, Vec<_>) =
        pods.iter()
            .filter(is_judged)
            .partition(|pod| match meta::of(pod).controller() {
                Some(owner) => seen.insert(owner.uid()),
                None => true,
            });
    first.extend(others);
    first
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::admission::pod_security::{Level, Version};
    use schema::tree;

    const BASELINE: LevelVersion = LevelVersion {
        level: Level::Baseline,
        version: Version::Latest,
    };

    fn pod(name: &str, owner: &str, spec: Value) -> Value {
        let owners = match owner {
            "" => tree!([]),
            uid => tree!([{"uid": uid, "controller": true}]),
        };
        tree!({"metadata": {"name": name, "ownerReferences": owners}, "spec": spec})
    }

    fn host(name: &str, owner: &str) -> Value {
        pod(name, owner, tree!({"hostNetwork": true}))
    }

    #[test]
    fn pods_of_one_violation_are_told_together() {
        let pods = [
            host("c", ""),
            host("a", ""),
            host("b", ""),
            pod("ok", "", tree!({})),
            pod(
                "d",
                "",
                tree!({"hostPID": true, "volumes": [{"name": "v", "hostPath": {}}]}),
            ),
        ];
        assert_eq!(
            warnings("ns", BASELINE, &pods, &HashSet::new(), || true),
            [
                "existing pods in namespace \"ns\" violate the new PodSecurity enforce level \"baseline:latest\"",
                "a (and 2 other pods): host namespaces",
                "d: host namespaces, hostPath volumes",
            ]
        );
        assert_eq!(
            warnings("ns", BASELINE, &pods[..2], &HashSet::new(), || true)[1],
            "a (and 1 other pod): host namespaces"
        );
    }

    #[test]
    fn out_of_time_tells_how_many_were_seen() {
        let pods = [
            host("a", "x"),
            host("b", "x"),
            pod("c", "", tree!({"hostIPC": true})),
        ];
        assert_eq!(
            warnings("ns", BASELINE, &pods, &HashSet::new(), || false),
            [
                "new PodSecurity enforce level only checked against the first 1 of 3 existing pods",
                "existing pods in namespace \"ns\" violate the new PodSecurity enforce level \"baseline:latest\"",
                "a: host namespaces",
            ]
        );
    }

    #[test]
    fn second_pods_of_a_controller_come_last() {
        let pods = [host("a", "x"), host("b", "x"), host("c", "y")];
        let names: Vec<_> = in_order_of_worth(&pods, &HashSet::new())
            .into_iter()
            .map(|pod| meta::of(pod).name().to_owned())
            .collect();
        assert_eq!(names, ["a", "c", "b"]);
    }

    #[test]
    fn exempt_runtime_classes_are_not_judged() {
        let pods = [pod("a", "", tree!({"hostPID": true, "runtimeClassName": "kata"}))];
        let exempt = HashSet::from([SmolStr::new("kata")]);
        assert!(warnings("ns", BASELINE, &pods, &exempt, || true).is_empty());
    }
}
