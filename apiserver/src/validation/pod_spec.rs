//! Rules of pod specs, in a pod or in a template. What a change may touch is with [`super::pods`].

mod claims;
mod containers;
mod dns;
mod env;
mod handlers;
pub(super) mod iscsi;
mod match_keys;
mod mounts;
mod pod_resources;
mod ports;
pub mod resources;
pub(super) mod scheduling;
mod security;
pub(super) mod terms;
pub(super) mod volume_sources;
mod volumes;
mod windows;

use object::field::Error;
use object::{meta_validation, names};

pub(super) use mounts::check_local_descending;
pub use scheduling::forgive_label_values;
pub use security::APP_ARMOR_NAME_BYTES_MAX;

use super::place::Place;
use crate::strategy::Errors;

/// Where a spec stands; a few rules differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    /// In a pod itself.
    Pod,
    /// In a pod template.
    Template,
}

/// The greatest number of seconds, ids and the like.
pub const INT32_MAX: i64 = i32::MAX as i64;
/// What Linux allows.
const HOSTNAME_BYTES_MAX: usize = 64;
/// Values of `restartPolicy` of a pod.
const RESTART: [&str; 3] = ["Always", "OnFailure", "Never"];

/// Checks a pod spec.
pub fn check(spec: &Place<'_>, owner: Owner, errors: &mut Errors) {
    let known = volumes::check(&spec.field("volumes"), owner, errors);
    claims::check(&spec.field("resourceClaims"), errors);
    let scope = containers::Scope::of(spec, &known, owner);
    containers::check(&spec.field("containers"), &scope, errors);
    containers::check_init(&spec.field("initContainers"), &scope, errors);
    containers::check_ephemeral(&spec.field("ephemeralContainers"), &scope, errors);
    env::check_file_volumes(spec, errors);
    pod_resources::check(spec, errors);
    ports::check_host(spec, owner, errors);
    spec.field("restartPolicy").require_one_of(&RESTART, errors);
    dns::check_policy(&spec.field("dnsPolicy"), errors);
    let selector = spec.field("nodeSelector");
    errors.extend(meta_validation::labels(
        selector.value().as_map(),
        selector.path(),
    ));
    security::check_pod(spec, errors);
    dns::check_config(spec, errors);
    check_gates(spec, errors);
    scheduling::check(spec, errors);
    windows::check_host_process(spec, errors);
    check_names(spec, errors);
    scheduling::check_tolerations(&spec.field("tolerations"), errors);
    dns::check_host_aliases(&spec.field("hostAliases"), errors);
    check_classes(spec, errors);
    security::check_os(spec, errors);
}

/// All containers of a pod, of whatever kind.
pub(super) fn every_container<'a>(spec: &Place<'a>) -> impl Iterator<Item = Place<'a>> + use<'a> {
    let lists = ["initContainers", "containers", "ephemeralContainers"].map(|list| spec.field(list));
    lists.into_iter().flat_map(|list| list.items())
}

fn check_gates(spec: &Place<'_>, errors: &mut Errors) {
    for gate in spec.field("readinessGates").items() {
        gate.field("conditionType").format(names::qualified_name, errors);
    }
    let mut seen = Vec::new();
    for gate in spec.field("schedulingGates").items() {
        let name = gate.field("name");
        name.format(names::qualified_name, errors);
        if seen.contains(&name.text()) {
            errors.push(Error::duplicate(gate.path(), name.text()));
        }
        seen.push(name.text());
    }
}

fn check_names(spec: &Place<'_>, errors: &mut Errors) {
    let account = spec.field("serviceAccountName");
    if !account.is_empty() {
        account.format(names::dns_subdomain, errors);
    }
    let node = spec.field("nodeName");
    if !node.is_empty() {
        node.format(names::dns_subdomain, errors);
    }
    let hostname = spec.field("hostnameOverride");
    if hostname.is_set() {
        hostname.at_most_bytes(HOSTNAME_BYTES_MAX, errors);
        hostname.format(names::dns_subdomain, errors);
        for other in ["setHostnameAsFQDN", "hostNetwork"] {
            if spec.field(other).is_true() {
                errors.push(hostname.forbidden(format!("may not be specified when `{other}` is true")));
            }
        }
    }
    let deadline = spec.field("activeDeadlineSeconds");
    if deadline.is_set() {
        deadline.within(1..=INT32_MAX, errors);
    }
    for name in ["hostname", "subdomain"] {
        let label = spec.field(name);
        if !label.is_empty() {
            label.format(names::dns_label, errors);
        }
    }
}

fn check_classes(spec: &Place<'_>, errors: &mut Errors) {
    for name in ["priorityClassName", "runtimeClassName"] {
        let class = spec.field(name);
        if !class.is_empty() {
            class.format(names::dns_subdomain, errors);
        }
    }
    let preemption = spec.field("preemptionPolicy");
    if preemption.is_set() {
        preemption.require_one_of(&["PreemptLowerPriority", "Never"], errors);
    }
    let overhead = spec.field("overhead");
    if overhead.is_set() {
        let limits = schema::tree!({"limits": (overhead.value().clone())});
        resources::check(&Place::new(Some(&limits), overhead.path().clone()), &[], errors);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use schema::{Value, tree};

    #[test]
    fn a_pod_with_a_hostname_of_its_own_has_its_own_network() {
        let told = |spec: Value| {
            let (pod, mut errors) = (tree!({"spec": spec}), Errors::new());
            check_names(&Place::root(&pod, "spec"), &mut errors);
            errors.iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        assert_eq!(
            told(tree!({"hostnameOverride": "a.b", "hostNetwork": false})),
            [""; 0]
        );
        for other in ["hostNetwork", "setHostnameAsFQDN"] {
            let mut spec = tree!({"hostnameOverride": "a.b"});
            spec.as_map_mut().expect("a map").insert(other, true);
            let told = told(spec);
            assert_eq!(told.len(), 1, "{told:?}");
            assert!(
                told[0].starts_with("spec.hostnameOverride: Forbidden: "),
                "{told:?}"
            );
        }
    }
}
