//! Seccomp profiles: baseline forbids to run without one, restricted requires to name one. Until 1.19 they were annotations.

use std::collections::BTreeSet;

use object::field::quote;

use super::containers::{Forbidden, name, named, plural, quoted};
use super::{Pod, Violation};

/// The old annotation for a pod.
pub const POD_ANNOTATION: &str = "seccomp.security.alpha.kubernetes.io/pod";
/// The old annotation for a container; its name follows.
pub const CONTAINER_ANNOTATION_PREFIX: &str = "container.seccomp.security.alpha.kubernetes.io/";
const REASON: &str = "seccompProfile";

fn allows_annotation(value: &str) -> bool {
    matches!(value, "runtime/default" | "docker/default") || value.starts_with("localhost/")
}

fn allows_type(value: &str) -> bool {
    matches!(value, "RuntimeDefault" | "Localhost")
}

/// Baseline before 1.19.
pub(super) fn annotations(pod: &Pod<'_>) -> Option<Violation> {
    let keys = pod
        .containers()
        .map(|container| format!("{CONTAINER_ANNOTATION_PREFIX}{}", name(container)));
    let forbidden: BTreeSet<String> = std::iter::once(POD_ANNOTATION.to_owned())
        .chain(keys)
        .filter_map(|key| {
            let value = pod.annotation(&key).filter(|value| !allows_annotation(value))?;
            Some(format!("{key}={}", quote(value)))
        })
        .collect();
    (!forbidden.is_empty()).then(|| {
        let listed: Vec<&str> = forbidden.iter().map(String::as_str).collect();
        let what = plural(forbidden.len(), "annotation");
        Violation::new(REASON, format!("forbidden {what} {}", listed.join(", ")))
    })
}

/// Baseline from 1.19 on.
pub(super) fn forbidden_profiles(pod: &Pod<'_>) -> Option<Violation> {
    let found = Forbidden::in_security_context(pod, "seccompProfile", allows_type);
    let values = quoted(&found.values);
    let detail = format!(
        "{} must not set securityContext.seccompProfile.type to {values}",
        found.setters()?
    );
    Some(Violation::new(REASON, detail))
}

/// Restricted from 1.19 on.
pub(super) fn required_profiles(pod: &Pod<'_>) -> Option<Violation> {
    let profile = ["securityContext", "seccompProfile"];
    forbidden_profiles(pod).or_else(|| {
        // What is set is good, so a profile of the pod is one for all.
        let of_pod = pod.spec.at(&profile).is_some();
        let without = named(&pod.names_where(|container| !of_pod && container.at(&profile).is_none()))?;
        let detail = format!(
            "pod or {without} must set securityContext.seccompProfile.type to \"RuntimeDefault\" or \"Localhost\""
        );
        Some(Violation::new(REASON, detail))
    })
}
