//! What a stricter level means for the pods that a namespace has already: they stay, and who changes the label is warned.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use object::meta;
use schema::{SmolStr, Value};

use super::{LevelVersion, Pod, evaluate};
use crate::limits::POD_SECURITY_PODS_MAX;

/// A look through the pods of a namespace. It is taken in steps: it may be long, and others wait for the thread.
pub struct Survey<'a> {
    enforce: LevelVersion,
    pods: Vec<&'a Value>,
    judged: usize,
    violations: BTreeMap<String, Group<'a>>,
}

/// Pods of one kind of violation.
struct Group<'a> {
    first: &'a str,
    count: usize,
}

impl<'a> Survey<'a> {
    /// Of pods but those of some runtime classes.
    pub fn new(
        enforce: LevelVersion,
        pods: &'a [Arc<Value>],
        exempt_runtime_classes: &HashSet<SmolStr>,
    ) -> Self {
        Self {
            enforce,
            pods: in_order_of_worth(pods, exempt_runtime_classes),
            judged: 0,
            violations: BTreeMap::new(),
        }
    }

    /// Judges so many pods more. Returns whether there are others yet.
    pub fn judge(&mut self, count: usize) -> bool {
        let most = self.pods.len().min(POD_SECURITY_PODS_MAX);
        let end = most.min(self.judged.saturating_add(count));
        for pod in &self.pods[self.judged..end] {
            let violations = evaluate(self.enforce, Pod::of(pod));
            if violations.is_empty() {
                continue;
            }
            let name = meta::of(pod).name();
            let new = Group {
                first: name,
                count: 0,
            };
            let group = self.violations.entry(violations.reasons()).or_insert(new);
            group.first = group.first.min(name);
            group.count += 1;
        }
        self.judged = end;
        end < most
    }

    /// What there is to warn of, as far as pods were judged.
    pub fn warnings(&self, namespace: &str) -> Vec<String> {
        let (judged, all) = (self.judged, self.pods.len());
        let mut warnings = Vec::new();
        if judged < all {
            warnings.push(format!(
                "new PodSecurity enforce level only checked against the first {judged} of {all} existing pods"
            ));
        }
        if !self.violations.is_empty() {
            let enforce = self.enforce;
            warnings.push(format!(
                "existing pods in namespace \"{namespace}\" violate the new PodSecurity enforce level \"{enforce}\""
            ));
        }
        let told = self.violations.iter().map(|(reasons, group)| group.told(reasons));
        let mut of_pods: Vec<String> = told.collect();
        of_pods.sort();
        warnings.extend(of_pods);
        warnings
    }
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
fn in_order_of_worth<'a>(
    pods: &'a [Arc<Value>],
    exempt_runtime_classes: &HashSet<SmolStr>,
) -> Vec<&'a Value> {
    let mut seen = HashSet::new();
    let is_judged = |pod: &&Value| {
        let class = pod.str_at(&["spec", "runtimeClassName"]).unwrap_or_default();
        class.is_empty() || !exempt_runtime_classes.contains(class)
    };
    let (mut first, others): (Vec<_>, Vec<_>) =
        pods.iter()
            .map(Arc::as_ref)
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

    fn pod(name: &str, owner: &str, spec: Value) -> Arc<Value> {
        let owners = match owner {
            "" => tree!([]),
            uid => tree!([{"uid": uid, "controller": true}]),
        };
        Arc::new(tree!({"metadata": {"name": name, "ownerReferences": owners}, "spec": spec}))
    }

    fn host(name: &str, owner: &str) -> Arc<Value> {
        pod(name, owner, tree!({"hostNetwork": true}))
    }

    fn warnings(pods: &[Arc<Value>], judged: usize) -> Vec<String> {
        let mut survey = Survey::new(BASELINE, pods, &HashSet::new());
        survey.judge(judged);
        survey.warnings("ns")
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
            warnings(&pods, 10),
            [
                "existing pods in namespace \"ns\" violate the new PodSecurity enforce level \"baseline:latest\"",
                "a (and 2 other pods): host namespaces",
                "d: host namespaces, hostPath volumes",
            ]
        );
        assert_eq!(
            warnings(&pods[..2], 10)[1],
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
            warnings(&pods, 1),
            [
                "new PodSecurity enforce level only checked against the first 1 of 3 existing pods",
                "existing pods in namespace \"ns\" violate the new PodSecurity enforce level \"baseline:latest\"",
                "a: host namespaces",
            ]
        );
    }

    #[test]
    fn steps_end_at_the_last_pod_and_at_the_limit() {
        let pods = vec![host("a", ""); POD_SECURITY_PODS_MAX + 1];
        let mut survey = Survey::new(BASELINE, &pods[..3], &HashSet::new());
        assert_eq!(
            (survey.judge(2), survey.judge(2), survey.judge(2)),
            (true, false, false)
        );
        assert_eq!(survey.warnings("ns")[1], "a (and 2 other pods): host namespaces");
        let mut survey = Survey::new(BASELINE, &pods, &HashSet::new());
        while survey.judge(1_000) {}
        assert_eq!(
            survey.warnings("ns")[0],
            "new PodSecurity enforce level only checked against the first 3000 of 3001 existing pods"
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
        let mut survey = Survey::new(BASELINE, &pods, &exempt);
        assert!(!survey.judge(1));
        assert!(survey.warnings("ns").is_empty());
    }
}
