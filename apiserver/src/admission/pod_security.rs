//! PodSecurity: the Pod Security Standards, level by level and version by version, and which of them a namespace wants.
//! It judges trees and tells what it finds; the plugin reads namespaces and pods and answers the client.
//!
//! The rules are those of the Pod Security Standards page of the Kubernetes documentation, as 1.36 has them.

pub mod checks;
pub mod configuration;
pub mod existing_pods;
pub mod numbers;
pub mod policy;
pub mod significance;

pub use checks::{Pod, Violations, evaluate};
pub use configuration::Configuration;
pub use numbers::{Mode, Numbers};
pub use policy::{Level, LevelVersion, Policy, Version};

use schema::Value;

/// The pod, or the template, that an object of a resource is made of. `None` for resources that have none.
pub fn pod_of<'a>(group: &str, resource: &str, object: &'a Value) -> Option<&'a Value> {
    let path: &[&str] = match (group, resource) {
        ("", "pods") => &[],
        ("", "podtemplates") => &["template"],
        ("", "replicationcontrollers")
        | ("apps", "replicasets" | "deployments" | "statefulsets" | "daemonsets")
        | ("batch", "jobs") => &["spec", "template"],
        ("batch", "cronjobs") => &["spec", "jobTemplate", "spec", "template"],
        _ => return None,
    };
    object.at(path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use schema::tree;

    fn host_pid(group: &str, resource: &str, object: &Value) -> Option<bool> {
        pod_of(group, resource, object)?.bool_at(&["spec", "hostPID"])
    }

    #[test]
    fn templates_are_found_where_workloads_have_them() {
        let job = tree!({"spec": {"template": {"spec": {"hostPID": true}}}});
        assert_eq!(host_pid("batch", "jobs", &job), Some(true));
        let cron = tree!({"spec": {"jobTemplate": job}});
        assert_eq!(host_pid("batch", "cronjobs", &cron), Some(true));
        assert_eq!(host_pid("", "configmaps", &cron), None);
    }
}
