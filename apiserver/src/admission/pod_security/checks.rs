//! The checks of the standards: each with its level, and with the rule that it is in each version. A pod is judged by all
//! checks of its level and below, in the order of their names, baseline first.

mod baseline;
mod containers;
mod restricted;
pub mod seccomp;

use std::borrow::Cow;

use schema::{Map, Value};

use super::{Level, LevelVersion, Version};
use baseline::{SE_LINUX_TYPES, SYSCTLS};

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

/// Pods that a rule is not asked of.
#[derive(Clone, Copy)]
enum Unless {
    Never,
    /// What Windows does not have is not asked of pods that say that they are for it.
    Windows,
    /// Root in a user namespace of its own is nobody outside it (KEP-127).
    UserNamespace,
}

impl Unless {
    fn spares(self, pod: &Pod<'_>) -> bool {
        match self {
            Self::Never => false,
            Self::Windows => pod.spec.str_at(&["os", "name"]) == Some("windows"),
            Self::UserNamespace => pod.spec.bool_at(&["hostUsers"]) == Some(false),
        }
    }
}

/// A rule of a check, from a minor version on.
#[derive(Clone, Copy)]
struct Since {
    minor: i64,
    rule: Rule,
    unless: Unless,
}

const fn since(minor: i64, rule: Rule) -> Since {
    Since {
        minor,
        rule,
        unless: Unless::Never,
    }
}

impl Since {
    const fn unless(self, unless: Unless) -> Self {
        Self { unless, ..self }
    }

    fn judge(&self, pod: &Pod<'_>) -> Option<Violation> {
        let concerns = !self.unless.spares(pod);
        concerns.then(|| (self.rule)(pod)).flatten()
    }
}

/// A check and its history.
struct Check {
    name: &'static str,
    /// By ascending version.
    rules: &'static [Since],
    /// The baseline check that a restricted one takes the place of, where it has a rule.
    replaces: &'static str,
}

impl Check {
    const fn new(name: &'static str, rules: &'static [Since]) -> Self {
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

    fn rule(&self, minor: i64) -> Option<&'static Since> {
        self.rules.iter().rev().find(|rule| rule.minor <= minor)
    }
}

const BASELINE: [Check; 12] = [
    Check::new("appArmorProfile", &[since(0, baseline::app_armor)]),
    Check::new("capabilities_baseline", &[since(0, baseline::added_capabilities)]),
    Check::new("hostNamespaces", &[since(0, baseline::host_namespaces)]),
    Check::new("hostPathVolumes", &[since(0, baseline::host_paths)]),
    Check::new("hostPorts", &[since(0, baseline::host_ports)]),
    Check::new("hostProbesAndHostLifecycle", &[since(34, baseline::probed_hosts)]),
    Check::new("privileged", &[since(0, baseline::privileged)]),
    Check::new(
        "procMount",
        &[
            since(0, baseline::proc_mount),
            since(35, baseline::proc_mount).unless(Unless::UserNamespace),
        ],
    ),
    Check::new(
        "seLinuxOptions",
        &[
            since(0, |pod| baseline::se_linux(pod, &SE_LINUX_TYPES[..4])),
            since(31, |pod| baseline::se_linux(pod, &SE_LINUX_TYPES)),
        ],
    ),
    Check::new(
        "seccompProfile_baseline",
        &[
            since(0, seccomp::annotations),
            since(19, seccomp::forbidden_profiles),
        ],
    ),
    Check::new(
        "sysctls",
        &[
            since(0, |pod| baseline::sysctls(pod, &SYSCTLS[..5])),
            since(27, |pod| baseline::sysctls(pod, &SYSCTLS[..6])),
            since(29, |pod| baseline::sysctls(pod, &SYSCTLS[..10])),
            since(32, |pod| baseline::sysctls(pod, &SYSCTLS)),
        ],
    ),
    Check::new("windowsHostProcess", &[since(0, baseline::windows_host_process)]),
];

const RESTRICTED: [Check; 7] = [
    Check::new(
        "allowPrivilegeEscalation",
        &[
            since(8, restricted::privilege_escalation),
            since(25, restricted::privilege_escalation).unless(Unless::Windows),
        ],
    ),
    Check::new(
        "capabilities_restricted",
        &[
            since(22, restricted::capabilities),
            since(25, restricted::capabilities).unless(Unless::Windows),
        ],
    )
    .replacing("capabilities_baseline"),
    Check::new("procMount_restricted", &[since(35, baseline::proc_mount)]).replacing("procMount"),
    Check::new("restrictedVolumes", &[since(0, restricted::volumes)]).replacing("hostPathVolumes"),
    Check::new(
        "runAsNonRoot",
        &[
            since(0, restricted::run_as_non_root),
            since(35, restricted::run_as_non_root).unless(Unless::UserNamespace),
        ],
    ),
    Check::new(
        "runAsUser",
        &[
            since(23, restricted::run_as_user),
            since(35, restricted::run_as_user).unless(Unless::UserNamespace),
        ],
    ),
    Check::new(
        "seccompProfile_restricted",
        &[
            since(19, seccomp::required_profiles),
            since(25, seccomp::required_profiles).unless(Unless::Windows),
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
            .filter_map(|(_, rule)| rule.judge(&pod))
            .collect(),
    )
}

fn rules(level: Level, minor: i64) -> impl Iterator<Item = (&'static str, &'static Since)> {
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
