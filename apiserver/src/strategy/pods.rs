//! Strategies of pods and of everything that carries a pod template: workloads, jobs, pod templates.
//! What is valid in them is for [`crate::validation`].

mod app_armor;
mod daemon_sets;
mod jobs;
mod match_keys;
mod plain;
mod pod;
pub mod qos;
mod subresources;

use super::Strategy;

/// The strategy of a resource of this family.
pub fn of(group: &str, resource: &str) -> Option<&'static dyn Strategy> {
    Some(match (group, resource) {
        ("", "pods") => &pod::Pods,
        ("apps", "daemonsets") => &daemon_sets::DaemonSets,
        ("batch", "jobs") => &jobs::Jobs,
        _ => plain::of(group, resource)?,
    })
}
