//! The checks of the standards: each with its level, and with the rule that it is in each version. A pod is judged by all
//! checks of its level and below, in the order of their names, baseline first.

mod baseline;
mod containers;
mod restricted;
pub mod seccomp;

use std::borrow::Cow;

use schema::{Map, Value};

use super::{Level, LevelVersion, Version};

/// The newest version that differs from the one before it; `latest` and all later ones are like it.
const NEWEST_MINOR: i64 = 35;

/// A pod, or the template of one.
#[derive(Clone, Copy, Debug)]
pub struct Pod<'a> {
    annotations: Option<&'a Map>,
    spec: &'a Value,
}

impl<'a> Pod<'a> {
    /// Of an object with `metadata` and `spec`.
    pub fn of(object: &'a Value) -> Self {
        Self {
            annotations: object.map_at(&["metadata", "annotations"]),
            spec: object.get("spec").unwrap_or(&Value::Null),
        }
    }

    fn annotations(&self) -> impl Iterator<Item = (&'a str, &'a str)> + use<'a> {
        let pairs = self.annotations.into_iter().flat_map(Map::iter);
        pairs.filter_map(|(key, value)| Some((key.as_str(), value.as_str()?)))
    }

    fn annotation(&self, key: &str) -> Option<&'a str> {
        self.annotations?.get(key)?.as_str()
    }

    /// From a version on, what Windows does not have is not asked of pods that say that they are for it.
    fn is_windows(&self) -> bool {
        self.spec.str_at(&["os", "name"]) == Some("windows")
    }

    /// Root in a user namespace of its own is nobody outside it (KEP-127).
    fn has_user_namespace(&self) -> bool {
        self.spec.bool_at(&["hostUsers"]) == Some(false)
    }
}

/// What a check forbids.
#[derive(Debug, PartialEq, Eq)]
struct Violation {
    /// Few words, e.g. `host namespaces`.
    reason: Cow<'static, str>,
    /// Which, e.g. `hostPID=true`.
    detail: String,
}

impl Violation {
    fn new(reason: &'static str, detail: String) -> Self {
        Self {
            reason: reason.into(),
            detail,
        }
    }
}

/// `None` when the pod is allowed.
type Rule = fn(&Pod<'_>) -> Option<Violation>;

/// A check and its history.
struct Check {
    name: &'static str,
    /// From the minor version on; ascending.
    rules: &'static [(i64, Rule)],
    /// The baseline check that a restricted one takes the place of, where it has a rule.
    replaces: &'static str,
}

impl Check {
    const fn new(name: &'static str, rules: &'static [(i64, Rule)]) -> Self {
        Self {
            name,
            rules,
            replaces: "",
        }
    }

    const fn replacing(self, name: &'static str) -> Self {
        Self {
            replaces: name,
            ..self
        }
    }

    fn rule(&self, minor: i64) -> Option<Rule> {
        let (_, rule) = self.rules.iter().rev().find(|(since, _)| *since <= minor)?;
        Some(*rule)
    }
}

const BASELINE: [Check; 12] = [
    Check::new("appArmorProfile", &[(0, baseline::app_armor)]),
    Check::new("capabilities_baseline", &[(0, baseline::added_capabilities)]),
    Check::new("hostNamespaces", &[(0, baseline::host_namespaces)]),
    Check::new("hostPathVolumes", &[(0, baseline::host_paths)]),
    Check::new("hostPorts", &[(0, baseline::host_ports)]),
    Check::new("hostProbesAndHostLifecycle", &[(34, baseline::probed_hosts)]),
    Check::new("privileged", &[(0, baseline::privileged)]),
    Check::new(
        "procMount",
        &[
            (0, baseline::proc_mount),
            (35, baseline::proc_mount_without_user_namespace),
        ],
    ),
    Check::new(
        "seLinuxOptions",
        &[(0, baseline::se_linux), (31, baseline::se_linux_since_31)],
    ),
    Check::new(
        "seccompProfile_baseline",
        &[(0, seccomp::annotations), (19, seccomp::forbidden_profiles)],
    ),
    Check::new(
        "sysctls",
        &[
            (0, baseline::sysctls),
            (27, baseline::sysctls_since_27),
            (29, baseline::sysctls_since_29),
            (32, baseline::sysctls_since_32),
        ],
    ),
    Check::new("windowsHostProcess", &[(0, baseline::windows_host_process)]),
];

const RESTRICTED: [Check; 7] = [
    Check::new(
        "allowPrivilegeEscalation",
        &[
            (8, restricted::privilege_escalation),
            (25, restricted::privilege_escalation_but_windows),
        ],
    ),
    Check::new(
        "capabilities_restricted",
        &[
            (22, restricted::capabilities),
            (25, restricted::capabilities_but_windows),
        ],
    )
    .replacing("capabilities_baseline"),
    Check::new("procMount_restricted", &[(35, baseline::proc_mount)]).replacing("procMount"),
    Check::new("restrictedVolumes", &[(0, restricted::volumes)]).replacing("hostPathVolumes"),
    Check::new(
        "runAsNonRoot",
        &[
            (0, restricted::run_as_non_root),
            (35, restricted::run_as_non_root_without_user_namespace),
        ],
    ),
    Check::new(
        "runAsUser",
        &[
            (23, restricted::run_as_user),
            (35, restricted::run_as_user_without_user_namespace),
        ],
    ),
    Check::new(
        "seccompProfile_restricted",
        &[
            (19, seccomp::required_profiles),
            (25, seccomp::required_profiles_but_windows),
        ],
    )
    .replacing("seccompProfile_baseline"),
];

/// What a pod violates.
#[derive(Debug, Default)]
pub struct Violations(Vec<Violation>);

impl Violations {
    /// The pod is allowed.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// `host namespaces, privileged`.
    pub fn reasons(&self) -> String {
        let reasons: Vec<_> = self.0.iter().map(|one| &*one.reason).collect();
        reasons.join(", ")
    }

    /// `host namespaces (hostPID=true), privileged (container "a" must not …)`.
    pub fn details(&self) -> String {
        let told = self
            .0
            .iter()
            .map(|one| format!("{} ({})", one.reason, one.detail));
        told.collect::<Vec<_>>().join(", ")
    }
}

/// Judges a pod.
pub fn evaluate(wanted: LevelVersion, pod: Pod<'_>) -> Violations {
    let minor = match wanted.version {
        Version::Minor(minor) => minor.min(NEWEST_MINOR),
        Version::Latest => NEWEST_MINOR,
    };
    Violations(
        rules(wanted.level, minor)
            .filter_map(|(_, rule)| rule(&pod))
            .collect(),
    )
}

fn rules(level: Level, minor: i64) -> impl Iterator<Item = (&'static str, Rule)> {
    let baseline: &'static [Check] = if level >= Level::Baseline { &BASELINE } else { &[] };
    let restricted: &'static [Check] = if level == Level::Restricted {
        &RESTRICTED
    } else {
        &[]
    };
    let is_replaced = move |check: &&Check| {
        restricted
            .iter()
            .any(|other| other.replaces == check.name && other.rule(minor).is_some())
    };
    baseline
        .iter()
        .filter(move |check| !is_replaced(check))
        .chain(restricted)
        .filter_map(move |check| Some((check.name, check.rule(minor)?)))
}

#[cfg(test)]
mod tests;
