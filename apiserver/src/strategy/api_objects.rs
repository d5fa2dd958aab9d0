//! Strategies of everything that carries no pod template: configuration, services, storage, networking, policy, cluster objects.
//! It is a table; the parts are below and in [`crate::validation`].

mod certificates;
mod events;
mod extension;
mod namespaces;
mod small;
mod volumes;

pub use extension::DEFINITION_CLEANUP;

use schema::{SmolStr, Value};

use super::Strategy;
use super::parts::Parts;
use crate::validation as valid;

/// The strategy of a resource of this family.
pub fn of(group: &str, resource: &str) -> Option<&'static dyn Strategy> {
    let parts: &'static Parts = match (group, resource) {
        ("", "namespaces") => &NAMESPACES,
        ("", "persistentvolumeclaims") => &CLAIMS,
        ("", "persistentvolumes") => &VOLUMES,
        ("", "serviceaccounts") => &SERVICE_ACCOUNTS,
        ("", "services") => &SERVICES,
        ("apiextensions.k8s.io", "customresourcedefinitions") => &DEFINITIONS,
        ("apiregistration.k8s.io", "apiservices") => &API_SERVICES,
        ("certificates.k8s.io", "certificatesigningrequests") => &SIGNING_REQUESTS,
        ("certificates.k8s.io", "clustertrustbundles") => &TRUST_BUNDLES,
        ("coordination.k8s.io", "leases") => &LEASES,
        ("" | "events.k8s.io", "events") => return Some(&events::Events),
        ("flowcontrol.apiserver.k8s.io", "flowschemas") => &FLOW_SCHEMAS,
        ("flowcontrol.apiserver.k8s.io", "prioritylevelconfigurations") => &PRIORITY_LEVELS,
        ("discovery.k8s.io", "endpointslices") => &SLICES,
        ("", "configmaps") => &CONFIG_MAPS,
        ("", "secrets") => &SECRETS,
        ("", "nodes") => &NODES,
        ("autoscaling", "horizontalpodautoscalers") => &AUTOSCALERS,
        ("policy", "poddisruptionbudgets") => &BUDGETS,
        ("networking.k8s.io", "ipaddresses") => &IP_ADDRESSES,
        ("networking.k8s.io", "servicecidrs") => &SERVICE_CIDRS,
        ("node.k8s.io", "runtimeclasses") => &RUNTIME_CLASSES,
        ("scheduling.k8s.io", "priorityclasses") => &PRIORITY_CLASSES,
        ("storage.k8s.io", "csidrivers") => &CSI_DRIVERS,
        ("storage.k8s.io", "csinodes") => &CSI_NODES,
        ("storage.k8s.io", "csistoragecapacities") => &CSI_CAPACITIES,
        ("storage.k8s.io", "storageclasses") => &STORAGE_CLASSES,
        ("storage.k8s.io", "volumeattachments") => &ATTACHMENTS,
        ("storage.k8s.io", "volumeattributesclasses") => &ATTRIBUTES_CLASSES,
        ("networking.k8s.io", "ingresses") => &INGRESSES,
        ("networking.k8s.io", "ingressclasses") => &INGRESS_CLASSES,
        ("networking.k8s.io", "networkpolicies") => &NETWORK_POLICIES,
        ("", "endpoints") => &ENDPOINTS,
        ("rbac.authorization.k8s.io", "roles") => &ROLES,
        ("rbac.authorization.k8s.io", "clusterroles") => &CLUSTER_ROLES,
        ("rbac.authorization.k8s.io", "rolebindings") => &BINDINGS,
        ("rbac.authorization.k8s.io", "clusterrolebindings") => &CLUSTER_BINDINGS,
        ("", "limitranges") => &LIMIT_RANGES,
        ("", "resourcequotas") => &QUOTAS,
        ("resource.k8s.io", "resourceclaims") => &DEVICE_CLAIMS,
        ("resource.k8s.io", "resourceclaimtemplates") => &DEVICE_CLAIM_TEMPLATES,
        ("resource.k8s.io", "deviceclasses") => &DEVICE_CLASSES,
        ("resource.k8s.io", "resourceslices") => &DEVICE_SLICES,
        ("resource.k8s.io", "devicetaintrules") => &DEVICE_TAINT_RULES,
        ("admissionregistration.k8s.io", "validatingwebhookconfigurations") => &VALIDATING_WEBHOOKS,
        ("admissionregistration.k8s.io", "mutatingwebhookconfigurations") => &MUTATING_WEBHOOKS,
        ("admissionregistration.k8s.io", "validatingadmissionpolicies") => &VALIDATING_POLICIES,
        ("admissionregistration.k8s.io", "mutatingadmissionpolicies") => &MUTATING_POLICIES,
        ("admissionregistration.k8s.io", "validatingadmissionpolicybindings") => &VALIDATING_BINDINGS,
        ("admissionregistration.k8s.io", "mutatingadmissionpolicybindings") => &MUTATING_BINDINGS,
        _ => return None,
    };
    Some(parts)
}

static NAMESPACES: Parts = Parts {
    prepare_create: namespaces::prepare_create,
    prepare_update: namespaces::prepare_update,
    create: valid::namespaces::create,
    update: valid::namespaces::update,
    status: valid::namespaces::status,
    other: |object, _, errors| valid::namespaces::finalize(object, errors),
};
static CLAIMS: Parts = Parts {
    prepare_create: volumes::prepare_create_claim,
    prepare_update: volumes::prepare_update_claim,
    create: valid::claims::create,
    update: valid::claims::update,
    status: valid::claims::status,
    ..Parts::NOTHING
};
static VOLUMES: Parts = Parts {
    prepare_create: volumes::prepare_create_volume,
    prepare_update: volumes::prepare_update_volume,
    create: valid::volumes::create,
    update: valid::volumes::update,
    ..Parts::NOTHING
};
static SERVICE_ACCOUNTS: Parts = Parts {
    prepare_create: small::service_account,
    prepare_update: |cx, object, _| small::service_account(cx, object),
    ..Parts::NOTHING
};
static SERVICES: Parts = Parts {
    prepare_create: small::prepare_create_service,
    prepare_update: small::prepare_update_service,
    create: valid::services::create,
    update: valid::services::update,
    status: valid::services::status,
    ..Parts::NOTHING
};
static DEFINITIONS: Parts = Parts {
    prepare_create: extension::prepare_create_definition,
    prepare_update: extension::prepare_update_definition,
    create: valid::definitions::create,
    update: valid::definitions::update,
    status: valid::definitions::status,
    ..Parts::NOTHING
};
static API_SERVICES: Parts = Parts {
    prepare_create: extension::prepare_create_api_service,
    create: valid::api_services::create,
    update: valid::api_services::update,
    status: valid::api_services::status,
    ..Parts::NOTHING
};
static SIGNING_REQUESTS: Parts = Parts {
    prepare_create: certificates::prepare_create,
    prepare_update: certificates::prepare_update,
    create: valid::certificates::create,
    status: valid::certificates::answers::status,
    other: valid::certificates::answers::approval,
    ..Parts::NOTHING
};
static TRUST_BUNDLES: Parts = Parts {
    create: valid::trust_bundles::create,
    update: valid::trust_bundles::update,
    ..Parts::NOTHING
};
static FLOW_SCHEMAS: Parts = Parts {
    create: valid::flow_control::schema,
    update: valid::flow_control::schema_update,
    ..Parts::NOTHING
};
static PRIORITY_LEVELS: Parts = Parts {
    create: valid::flow_control::level,
    update: valid::flow_control::level_update,
    ..Parts::NOTHING
};
static LEASES: Parts = Parts {
    prepare_create: small::prepare_create_lease,
    prepare_update: small::prepare_update_lease,
    create: valid::cluster::lease,
    update: valid::cluster::lease_update,
    ..Parts::NOTHING
};
static SLICES: Parts = Parts {
    prepare_create: small::prepare_create_slice,
    prepare_update: small::prepare_update_slice,
    create: valid::endpoints::slice,
    update: valid::endpoints::slice_update,
    ..Parts::NOTHING
};

static CONFIG_MAPS: Parts = Parts {
    create: valid::config::config_map,
    update: valid::config::config_map_update,
    ..Parts::NOTHING
};
static SECRETS: Parts = Parts {
    create: valid::config::secret,
    update: valid::config::secret_update,
    ..Parts::NOTHING
};
static NODES: Parts = Parts {
    prepare_create: small::prepare_create_node,
    prepare_update: small::prepare_update_node,
    create: valid::nodes::create,
    update: valid::nodes::update,
    status: valid::nodes::status,
    ..Parts::NOTHING
};
static AUTOSCALERS: Parts = Parts {
    create: valid::autoscaling::create,
    update: valid::autoscaling::update,
    status: valid::autoscaling::status,
    ..Parts::NOTHING
};
static BUDGETS: Parts = Parts {
    create: valid::disruption::create,
    update: valid::disruption::update,
    status: valid::disruption::status,
    ..Parts::NOTHING
};
static IP_ADDRESSES: Parts = Parts {
    create: valid::addresses::ip_address,
    update: valid::addresses::ip_address_update,
    ..Parts::NOTHING
};
static SERVICE_CIDRS: Parts = Parts {
    create: valid::addresses::service_cidr,
    update: valid::addresses::service_cidr_update,
    ..Parts::NOTHING
};
static RUNTIME_CLASSES: Parts = Parts {
    create: valid::cluster::runtime_class,
    update: valid::cluster::runtime_class_update,
    ..Parts::NOTHING
};
static PRIORITY_CLASSES: Parts = Parts {
    create: valid::cluster::priority_class,
    update: valid::cluster::priority_class_update,
    ..Parts::NOTHING
};
static CSI_DRIVERS: Parts = Parts {
    create: valid::storage::driver,
    update: valid::storage::driver_update,
    ..Parts::NOTHING
};
static CSI_NODES: Parts = Parts {
    create: valid::storage::node,
    update: valid::storage::node_update,
    ..Parts::NOTHING
};
static CSI_CAPACITIES: Parts = Parts {
    create: valid::storage::capacity,
    update: valid::storage::capacity_update,
    ..Parts::NOTHING
};
static STORAGE_CLASSES: Parts = Parts {
    create: valid::storage::class,
    update: valid::storage::class_update,
    ..Parts::NOTHING
};
static ATTACHMENTS: Parts = Parts {
    create: valid::storage::attachments::attachment,
    update: valid::storage::attachments::update,
    status: valid::storage::attachments::status,
    ..Parts::NOTHING
};
static ATTRIBUTES_CLASSES: Parts = Parts {
    create: valid::storage::attributes_class,
    update: valid::storage::attributes_class_update,
    ..Parts::NOTHING
};

static INGRESSES: Parts = Parts {
    create: valid::networking::ingress_create,
    update: valid::networking::ingress_update,
    status: valid::networking::ingress_status,
    ..Parts::NOTHING
};
static INGRESS_CLASSES: Parts = Parts {
    create: valid::networking::class,
    update: valid::networking::class_update,
    ..Parts::NOTHING
};
static NETWORK_POLICIES: Parts = Parts {
    create: valid::networking::policy,
    update: valid::networking::policy_update,
    ..Parts::NOTHING
};
static ENDPOINTS: Parts = Parts {
    create: valid::endpoints::endpoints,
    update: valid::endpoints::endpoints_update,
    ..Parts::NOTHING
};
static ROLES: Parts = Parts {
    create: valid::rbac::role,
    update: |object, _, errors| valid::rbac::role(object, errors),
    ..Parts::NOTHING
};
static CLUSTER_ROLES: Parts = Parts {
    create: valid::rbac::cluster_role,
    update: |object, _, errors| valid::rbac::cluster_role(object, errors),
    ..Parts::NOTHING
};
static BINDINGS: Parts = Parts {
    create: valid::rbac::binding,
    update: valid::rbac::binding_update,
    ..Parts::NOTHING
};
static CLUSTER_BINDINGS: Parts = Parts {
    create: valid::rbac::cluster_binding,
    update: valid::rbac::cluster_binding_update,
    ..Parts::NOTHING
};

static LIMIT_RANGES: Parts = Parts {
    create: valid::limits::create,
    update: valid::limits::update,
    ..Parts::NOTHING
};
static QUOTAS: Parts = Parts {
    create: valid::quotas::create,
    update: valid::quotas::update,
    status: valid::quotas::status,
    ..Parts::NOTHING
};

static DEVICE_CLAIMS: Parts = Parts {
    create: valid::devices::claims::claim,
    update: valid::devices::claims::claim_update,
    status: valid::devices::claim_status,
    ..Parts::NOTHING
};
static DEVICE_CLAIM_TEMPLATES: Parts = Parts {
    create: valid::devices::claims::template,
    update: valid::devices::claims::template_update,
    ..Parts::NOTHING
};
static DEVICE_CLASSES: Parts = Parts {
    create: valid::devices::classes::class,
    update: valid::devices::classes::class_update,
    ..Parts::NOTHING
};
static DEVICE_SLICES: Parts = Parts {
    create: valid::devices::slices::slice,
    update: valid::devices::slices::slice_update,
    ..Parts::NOTHING
};
static DEVICE_TAINT_RULES: Parts = Parts {
    create: valid::devices::taint_rules::rule,
    update: valid::devices::taint_rules::rule_update,
    status: valid::devices::taint_rules::rule_status,
    ..Parts::NOTHING
};

static VALIDATING_WEBHOOKS: Parts = Parts {
    create: valid::webhooks::validating,
    update: valid::webhooks::validating_update,
    ..Parts::NOTHING
};
static MUTATING_WEBHOOKS: Parts = Parts {
    create: valid::webhooks::mutating,
    update: valid::webhooks::mutating_update,
    ..Parts::NOTHING
};
static VALIDATING_POLICIES: Parts = Parts {
    create: valid::admission_policies::validating,
    update: valid::admission_policies::validating_update,
    status: valid::admission_policies::validating_status,
    ..Parts::NOTHING
};
static MUTATING_POLICIES: Parts = Parts {
    create: valid::admission_policies::mutating,
    update: valid::admission_policies::mutating_update,
    ..Parts::NOTHING
};
static VALIDATING_BINDINGS: Parts = Parts {
    create: valid::admission_policies::bindings::validating,
    update: valid::admission_policies::bindings::validating_update,
    ..Parts::NOTHING
};
static MUTATING_BINDINGS: Parts = Parts {
    create: valid::admission_policies::bindings::mutating,
    update: valid::admission_policies::bindings::mutating_update,
    ..Parts::NOTHING
};

/// Makes the value at a path what it was in the old object.
fn kept(object: &mut Value, old: &Value, path: &[&str]) {
    let Some((last, parents)) = path.split_last() else {
        return;
    };
    let before = old.at(path).cloned();
    if before.is_none() && object.at(path).is_none() {
        return;
    }
    let Some(mut target) = object.as_map_mut() else {
        return;
    };
    for key in parents {
        target = target.map_at(key);
    }
    match before {
        Some(before) => target.insert(SmolStr::new(last), before),
        None => target.remove(last),
    };
}

#[cfg(test)]
mod tests;
