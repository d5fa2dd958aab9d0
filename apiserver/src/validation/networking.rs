//! Ingresses, ingress classes and network policies.
//! Routing and filtering are done by what reads them.

use object::meta;
use object::meta_validation::{IMMUTABLE, label_selector};
use object::names::{self, dns_label, dns_subdomain, path_segment, port_name};
use schema::Value;

use super::addresses::{load_balancer, parse, parse_range, range};
use super::place::Place;
use super::services::ports::number_or_name;
use crate::strategy::Errors;

const PATH_TYPES: [&str; 3] = ["Exact", "ImplementationSpecific", "Prefix"];
const CONTROLLER_BYTES_MAX: usize = 250;
const CLASS_ANNOTATION: &str = "kubernetes.io/ingress.class";

/// A new Ingress.
pub fn ingress_create(object: &Value, errors: &mut Errors) {
    let class = Place::root(object, "spec").field("ingressClassName");
    let annotation = meta::of(object).annotation(CLASS_ANNOTATION);
    if let Some(annotation) = annotation.filter(|annotation| class.is_set() && *annotation != class.text()) {
        let path = object::field::Path::root("annotations").child(CLASS_ANNOTATION);
        let detail = "must match `ingressClassName` when both are specified";
        errors.push(object::field::Error::invalid(&path, annotation, detail));
    }
    ingress(object, errors);
}

/// An Ingress after another.
pub fn ingress_update(object: &Value, _old: &Value, errors: &mut Errors) {
    ingress(object, errors);
}

/// An Ingress's status.
pub fn ingress_status(object: &Value, _old: &Value, errors: &mut Errors) {
    load_balancer(
        &Place::root(object, "status").field("loadBalancer"),
        false,
        errors,
    );
}

fn ingress(object: &Value, errors: &mut Errors) {
    let spec = Place::root(object, "spec");
    let (rules, default) = (spec.field("rules"), spec.field("defaultBackend"));
    if rules.list().is_empty() && !default.is_set() {
        let detail = "either `defaultBackend` or `rules` must be specified";
        errors.push(rules_missing(&spec, detail));
    }
    if default.is_set() {
        backend(&default, errors);
    }
    for rule in rules.items() {
        self::rule(&rule, errors);
    }
    for tls in spec.field("tls").items() {
        for host in tls.field("hosts").items() {
            self::host(&host, errors);
        }
        if !tls.field("secretName").is_empty() {
            tls.field("secretName").format(dns_subdomain, errors);
        }
    }
    let class = spec.field("ingressClassName");
    if class.is_set() {
        class.format(dns_subdomain, errors);
    }
}

/// Shown as the empty list that it is inside the reference.
fn rules_missing(spec: &Place<'_>, detail: &str) -> object::field::Error {
    spec.invalid_as(object::field::Printed::raw("[]"), detail)
}

fn rule(rule: &Place<'_>, errors: &mut Errors) {
    let name = rule.field("host");
    if !name.is_empty() {
        if parse(name.text()).is_some() {
            errors.push(name.invalid_text("must be a DNS name, not an IP address"));
        } else {
            host(&name, errors);
        }
    }
    let http = rule.field("http");
    if !http.is_set() {
        return;
    }
    let paths = http.field("paths");
    paths.require(errors);
    for path in paths.items() {
        self::path(&path, errors);
        backend(&path.field("backend"), errors);
    }
}

fn host(host: &Place<'_>, errors: &mut Errors) {
    match host.text().contains('*') {
        true => host.format(names::wildcard_dns_subdomain, errors),
        false => host.format(dns_subdomain, errors),
    }
}

fn path(entry: &Place<'_>, errors: &mut Errors) {
    let (kind, path) = (entry.field("pathType"), entry.field("path"));
    if !kind.is_set() {
        errors.push(kind.required("pathType must be specified"));
        return;
    }
    match kind.text() {
        "Exact" | "Prefix" => {
            if !path.text().starts_with('/') {
                errors.push(path.invalid_text("must be an absolute path"));
            }
            for part in ["//", "/./", "/../", "%2f", "%2F"]
                .into_iter()
                .filter(|part| path.text().contains(part))
            {
                errors.push(path.invalid_text(format!("must not contain '{part}'")));
            }
            for end in ["/..", "/."].into_iter().filter(|end| path.text().ends_with(end)) {
                errors.push(path.invalid_text(format!("cannot end with '{end}'")));
            }
        }
        "ImplementationSpecific" => {
            if !path.is_empty() && !path.text().starts_with('/') {
                errors.push(path.invalid_text("must be an absolute path"));
            }
        }
        _ => errors.push(kind.not_supported(&PATH_TYPES)),
    }
}

fn backend(backend: &Place<'_>, errors: &mut Errors) {
    let (service, resource) = (backend.field("service"), backend.field("resource"));
    match (service.is_set(), resource.is_set()) {
        (true, true) => errors.push(backend.invalid_as("", "cannot set both resource and service backends")),
        (false, false) => errors.push(backend.invalid_as("", "resource or service backend is required")),
        (false, true) => reference(&resource, errors),
        (true, false) => service_backend(backend, &service, errors),
    }
}

fn service_backend(backend: &Place<'_>, service: &Place<'_>, errors: &mut Errors) {
    let name = service.field("name");
    if name.require(errors) {
        name.format(dns_label, errors);
    }
    let port = service.field("port");
    let (text, number) = (port.field("name"), port.field("number"));
    match (text.is_empty(), number.int()) {
        (false, 0) => text.format(port_name, errors),
        (false, _) => errors.push(backend.invalid_as("", "cannot set both port name & port number")),
        (true, 0) => errors.push(backend.required("port name or number is required")),
        (true, _) => number.port(errors),
    }
}

/// A reference to an object by group, kind and name.
fn reference(place: &Place<'_>, errors: &mut Errors) {
    let group = place.field("apiGroup");
    if group.is_set() {
        group.format(dns_subdomain, errors);
    }
    for field in ["kind", "name"] {
        if place.field(field).require(errors) {
            place.field(field).format(path_segment, errors);
        }
    }
}

/// An IngressClass by itself.
pub fn class(object: &Value, errors: &mut Errors) {
    let spec = Place::root(object, "spec");
    let controller = spec.field("controller");
    controller.at_most_bytes(CONTROLLER_BYTES_MAX, errors);
    if controller.require(errors) {
        controller.format(names::domain_prefixed_path, errors);
    }
    let parameters = spec.field("parameters");
    if parameters.is_set() {
        self::parameters(&parameters, errors);
    }
}

fn parameters(parameters: &Place<'_>, errors: &mut Errors) {
    reference(parameters, errors);
    let (scope, namespace) = (parameters.field("scope"), parameters.field("namespace"));
    match scope.text() {
        "" => errors.push(scope.required("")),
        "Namespace" if !namespace.is_set() => {
            errors.push(namespace.required("`parameters.scope` is set to 'Namespace'"));
        }
        "Namespace" => namespace.format(dns_label, errors),
        "Cluster" if namespace.is_set() => {
            errors.push(namespace.forbidden("`parameters.scope` is set to 'Cluster'"));
        }
        "Cluster" => {}
        _ => errors.push(scope.not_supported(&["Cluster", "Namespace"])),
    }
}

/// An IngressClass after another.
pub fn class_update(object: &Value, old: &Value, errors: &mut Errors) {
    let of = |object| Place::root(object, "spec").field("controller");
    if of(object).text() != of(old).text() {
        errors.push(of(object).invalid_text(IMMUTABLE));
    }
    class(object, errors);
}

/// A NetworkPolicy by itself.
pub fn policy(object: &Value, errors: &mut Errors) {
    let spec = Place::root(object, "spec");
    let selector = spec.field("podSelector");
    errors.extend(label_selector(selector.value(), true, selector.path()));
    for (direction, peers) in [("ingress", "from"), ("egress", "to")] {
        for rule in spec.field(direction).items() {
            rule.field("ports")
                .items()
                .for_each(|port| policy_port(&port, errors));
            rule.field(peers)
                .items()
                .for_each(|peer| self::peer(&peer, errors));
        }
    }
    let types = spec.field("policyTypes");
    if types.list().len() > 2 {
        errors.push(types.invalid("may not specify more than two policyTypes"));
        return;
    }
    types
        .items()
        .for_each(|kind| kind.one_of(&["Ingress", "Egress"], errors));
}

/// A NetworkPolicy after another.
pub fn policy_update(object: &Value, _old: &Value, errors: &mut Errors) {
    policy(object, errors);
}

fn policy_port(entry: &Place<'_>, errors: &mut Errors) {
    entry
        .field("protocol")
        .one_of_if_set(&["TCP", "UDP", "SCTP"], errors);
    let (port, end) = (entry.field("port"), entry.field("endPort"));
    if !port.is_set() {
        if end.is_set() {
            errors.push(end.invalid_int("may not be specified when `port` is not specified"));
        }
        return;
    }
    number_or_name(&port, errors);
    if !end.is_set() {
        return;
    }
    if port.value().as_int().is_none() {
        errors.push(end.invalid_int("may not be specified when `port` is non-numeric"));
        return;
    }
    if end.int() < port.int() {
        errors.push(end.invalid_as(port.int(), "must be greater than or equal to `port`"));
    }
    end.port(errors);
}

fn peer(peer: &Place<'_>, errors: &mut Errors) {
    let mut count = 0;
    for selector in ["podSelector", "namespaceSelector"].map(|field| peer.field(field)) {
        if selector.is_set() {
            count += 1;
            errors.extend(label_selector(selector.value(), true, selector.path()));
        }
    }
    let block = peer.field("ipBlock");
    match (count, block.is_set()) {
        (0, false) => errors.push(peer.required("must specify a peer")),
        (0, true) => ip_block(&block, errors),
        (_, true) => {
            ip_block(&block, errors);
            errors.push(peer.forbidden("may not specify both ipBlock and another peer"));
        }
        _ => {}
    }
}

fn ip_block(block: &Place<'_>, errors: &mut Errors) {
    let cidr = block.field("cidr");
    if !cidr.require(errors) {
        return;
    }
    range(&cidr, cidr.text(), errors);
    let Some(outer) = parse_range(cidr.text()) else {
        return;
    };
    for except in block.field("except").items() {
        range(&except, except.text(), errors);
        let Some(inner) = parse_range(except.text()) else {
            continue;
        };
        if !outer.contains(&inner.addr()) || outer.prefix_len() >= inner.prefix_len() {
            errors.push(except.invalid_text("must be a strict subset of `cidr`"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use schema::tree;

    fn texts(check: fn(&Value, &mut Errors), spec: Value) -> Vec<String> {
        let mut errors = Errors::new();
        check(&tree!({"spec": spec}), &mut errors);
        errors.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn ingress_paths_have_a_type_and_one_backend() {
        let of = |path: Value| {
            texts(
                ingress_create,
                tree!({"rules": [{"host": "a.b", "http": {"paths": [path]}}]}),
            )
        };
        let backend = tree!({"service": {"name": "a", "port": {"number": 80i64}}});
        let good = tree!({"path": "/", "pathType": "Prefix", "backend": (backend.clone())});
        assert_eq!(of(good), [""; 0]);
        let at = "spec.rules[0].http.paths[0]";
        let none = of(tree!({"path": "/", "pathType": "Prefix", "backend": {}}));
        assert_eq!(
            none,
            [format!(
                "{at}.backend: Invalid value: \"\": resource or service backend is required"
            )]
        );
        assert_eq!(
            of(tree!({"path": "x", "pathType": "Prefix", "backend": (backend.clone())})).len(),
            1
        );
        assert_eq!(of(tree!({"path": "/", "backend": backend})).len(), 1);
    }

    #[test]
    fn ingress_classes_name_a_controller_that_stays() {
        assert_eq!(texts(class, tree!({"controller": "a.b/c"})), [""; 0]);
        assert_eq!(texts(class, tree!({})), ["spec.controller: Required value"]);
        let mut errors = Errors::new();
        let of = |name: &str| tree!({"spec": {"controller": name}});
        class_update(&of("a.b/d"), &of("a.b/c"), &mut errors);
        assert_eq!(errors.len(), 1);
    }

    #[test]
    fn network_policies_have_peers_and_port_ranges() {
        let of = |rule: Value| {
            texts(
                policy,
                tree!({"podSelector": {}, "ingress": [rule], "policyTypes": ["Ingress"]}),
            )
        };
        assert_eq!(
            of(tree!({"from": [{"ipBlock": {"cidr": "10.0.0.0/8", "except": ["10.1.0.0/16"]}}]})),
            [""; 0]
        );
        assert_eq!(
            of(tree!({"from": [{}]})),
            ["spec.ingress[0].from[0]: Required value: must specify a peer"]
        );
        assert_eq!(of(tree!({"ports": [{"port": 80i64, "endPort": 70i64}]})).len(), 1);
        assert_eq!(
            of(tree!({"from": [{"ipBlock": {"cidr": "10.0.0.0/8", "except": ["11.0.0.0/16"]}}]})).len(),
            1
        );
    }
}
