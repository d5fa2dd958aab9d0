//! Strategies of everything that carries no pod template: configuration, services, storage, networking, policy, cluster objects.
//! It is a table; the parts are below and in [`crate::validation`].

mod certificates;
mod extension;
mod namespaces;
mod small;
mod volumes;

use schema::{SmolStr, Value};

use super::Strategy;
use super::parts::Parts;

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
        ("coordination.k8s.io", "leases") => &LEASES,
        ("discovery.k8s.io", "endpointslices") => &SLICES,
        _ => return None,
    };
    Some(parts)
}

static NAMESPACES: Parts = Parts {
    prepare_create: namespaces::prepare_create,
    prepare_update: namespaces::prepare_update,
    ..Parts::NOTHING
};
static CLAIMS: Parts = Parts {
    prepare_create: volumes::prepare_create_claim,
    prepare_update: volumes::prepare_update_claim,
    ..Parts::NOTHING
};
static VOLUMES: Parts = Parts {
    prepare_create: volumes::prepare_create_volume,
    prepare_update: volumes::prepare_update_volume,
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
    ..Parts::NOTHING
};
static DEFINITIONS: Parts = Parts {
    prepare_create: extension::prepare_create_definition,
    prepare_update: extension::prepare_update_definition,
    ..Parts::NOTHING
};
static API_SERVICES: Parts = Parts {
    prepare_create: extension::prepare_create_api_service,
    ..Parts::NOTHING
};
static SIGNING_REQUESTS: Parts = Parts {
    prepare_create: certificates::prepare_create,
    prepare_update: certificates::prepare_update,
    ..Parts::NOTHING
};
static LEASES: Parts = Parts {
    prepare_create: small::prepare_create_lease,
    prepare_update: small::prepare_update_lease,
    ..Parts::NOTHING
};
static SLICES: Parts = Parts {
    prepare_create: small::prepare_create_slice,
    prepare_update: small::prepare_update_slice,
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
