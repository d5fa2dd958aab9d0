//! Services: ports, types, traffic policies, addresses given by the client, and what may change.
//! Which addresses and ports are free is for [`crate::allocate`].

mod addresses;
pub(super) mod ports;

use object::meta_validation::labels;
use object::names::{dns_subdomain, qualified_name};
use schema::Value;

use super::addresses::{ip, load_balancer, parse, range, reachable};
use super::place::Place;
use crate::strategy::Errors;
use crate::strategy::services::{Kind, kind, needs_health_check_port};

const TYPES: [&str; 4] = ["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"];
const POLICIES: [&str; 2] = ["Cluster", "Local"];
const DISTRIBUTIONS: [&str; 3] = ["PreferClose", "PreferSameNode", "PreferSameZone"];
const ONLY_LOAD_BALANCER: &str = "may only be used when `type` is 'LoadBalancer'";
const AFFINITY_SECONDS_MAX: i64 = 86_400;

/// A service by itself.
pub fn create(object: &Value, errors: &mut Errors) {
    let spec = Place::root(object, "spec");
    topology(object, errors);
    ports::required(object, &spec, errors);
    addresses::by_type(object, &spec, errors);
    ports::each(&spec, errors);
    let selector = spec.field("selector");
    errors.extend(labels(selector.value().as_map(), selector.path()));
    affinity(&spec, errors);
    addresses::related(object, &spec, errors);
    for external in spec.field("externalIPs").items() {
        match parse(external.text()) {
            Some(ip) => reachable(&external, ip, errors),
            None => ip(&external, errors),
        }
    }
    spec.field("type").require_one_of(&TYPES, errors);
    ports::unique(object, &spec, errors);
    source_ranges(object, &spec, errors);
    load_balancer_fields(object, &spec, errors);
    traffic(object, &spec, errors);
}

/// A service after another.
pub fn update(object: &Value, old: &Value, errors: &mut Errors) {
    addresses::changed(object, old, errors);
    let both = kind(object) == Kind::LoadBalancer && kind(old) == Kind::LoadBalancer;
    let class = |object| Place::root(object, "spec").field("loadBalancerClass");
    if both && class(object).value() != class(old).value() {
        errors.push(class(object).invalid("may not change once set"));
    }
    let health = |object| Place::root(object, "spec").field("healthCheckNodePort");
    let needed = needs_health_check_port(object) && needs_health_check_port(old);
    if needed && health(object).int() != health(old).int() {
        errors.push(health(object).forbidden("field is immutable"));
    }
    create(object, errors);
}

/// A service's status.
pub fn status(object: &Value, _old: &Value, errors: &mut Errors) {
    let balancer = Place::root(object, "status").field("loadBalancer");
    let ingress = balancer.field("ingress");
    if kind(object) != Kind::LoadBalancer && !ingress.is_empty() {
        errors.push(ingress.forbidden("may only be used when `spec.type` is 'LoadBalancer'"));
    }
    load_balancer(&balancer, true, errors);
}

/// Two annotations for one thing agree, while the older of them is still read.
fn topology(object: &Value, errors: &mut Errors) {
    const MODE: &str = "service.kubernetes.io/topology-mode";
    const HINTS: &str = "service.kubernetes.io/topology-aware-hints";
    let annotations = Place::root(object, "metadata").field("annotations");
    let (mode, hints) = (annotations.key(MODE), annotations.key(HINTS));
    if mode.is_set() && hints.is_set() && mode.text() != hints.text() {
        errors.push(mode.invalid_text(format!("must match annotations[{HINTS}] when both are specified")));
    }
}

fn affinity(spec: &Place<'_>, errors: &mut Errors) {
    let affinity = spec.field("sessionAffinity");
    affinity.require_one_of(&["ClientIP", "None"], errors);
    let config = spec.field("sessionAffinityConfig");
    match affinity.text() {
        "ClientIP" => {
            let client = config.field("clientIP");
            let seconds = client.field("timeoutSeconds");
            let detail = "when session affinity type is ClientIP";
            match [&config, &client, &seconds]
                .into_iter()
                .find(|place| !place.is_set())
            {
                Some(missing) => errors.push(missing.required(detail)),
                None if (1..=AFFINITY_SECONDS_MAX).contains(&seconds.int()) => {}
                None => {
                    let detail = format!("must be greater than 0 and less than {AFFINITY_SECONDS_MAX}");
                    errors.push(seconds.invalid_int(detail));
                }
            }
        }
        "None" if config.is_set() => {
            errors.push(config.forbidden("must not be set when session affinity is None"));
        }
        _ => {}
    }
}

fn source_ranges(object: &Value, spec: &Place<'_>, errors: &mut Errors) {
    let ranges = spec.aliased("loadBalancerSourceRanges", "LoadBalancerSourceRanges");
    if ranges.is_empty() {
        return;
    }
    if kind(object) != Kind::LoadBalancer {
        errors.push(ranges.forbidden(ONLY_LOAD_BALANCER));
    }
    ranges
        .items()
        .for_each(|item| range(&item, item.text().trim(), errors));
}

fn load_balancer_fields(object: &Value, spec: &Place<'_>, errors: &mut Errors) {
    let (node_ports, class) = (
        spec.field("allocateLoadBalancerNodePorts"),
        spec.field("loadBalancerClass"),
    );
    if kind(object) == Kind::LoadBalancer {
        if !node_ports.is_set() {
            errors.push(node_ports.required(""));
        }
        if class.is_set() {
            class.format(qualified_name, errors);
        }
        return;
    }
    for field in [node_ports, class].into_iter().filter(Place::is_set) {
        errors.push(field.forbidden(ONLY_LOAD_BALANCER));
    }
}

fn traffic(object: &Value, spec: &Place<'_>, errors: &mut Errors) {
    let external = spec.field("externalTrafficPolicy");
    let reachable = match kind(object) {
        Kind::NodePort | Kind::LoadBalancer => true,
        Kind::ClusterIp => !spec.field("externalIPs").is_empty(),
        Kind::ExternalName => false,
    };
    if reachable {
        external.require_one_of(&POLICIES, errors);
    } else if !external.is_empty() {
        errors.push(external.invalid("may only be set for externally-accessible services"));
    }
    let health = spec.field("healthCheckNodePort");
    match (needs_health_check_port(object), health.int()) {
        (true, 0) => errors.push(health.required("")),
        (true, _) => health.port(errors),
        (false, 0) => {}
        (false, _) => {
            let detail =
                "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'";
            errors.push(health.invalid_int(detail));
        }
    }
    let internal = spec.field("internalTrafficPolicy");
    match internal.is_set() {
        true => internal.one_of(&POLICIES, errors),
        false if kind(object) == Kind::ExternalName => {}
        false => errors.push(internal.required("")),
    }
    spec.field("trafficDistribution")
        .one_of_if_set(&DISTRIBUTIONS, errors);
}

fn external_name(spec: &Place<'_>, errors: &mut Errors) {
    let name = spec.field("externalName");
    match name.text().strip_suffix('.').unwrap_or(name.text()) {
        "" => errors.push(name.required("")),
        text => name.text_format(text, dns_subdomain, errors),
    }
}

#[cfg(test)]
mod tests;
