//! The ports of a service.
//! It does not know which node ports are taken.

use std::collections::HashSet;

use object::field::{Error, Printed, quote};
use object::names::{dns_label, port_name, qualified_name};
use schema::Value;

use crate::strategy::Errors;
use crate::strategy::services::{Kind, is_headless, kind};
use crate::validation::place::Place;

pub(in crate::validation) const PROTOCOLS: [&str; 3] = ["SCTP", "TCP", "UDP"];

/// All but headless services and aliases have ports.
pub fn required(object: &Value, spec: &Place<'_>, errors: &mut Errors) {
    let ports = spec.field("ports");
    if ports.list().is_empty() && !is_headless(object) && kind(object) != Kind::ExternalName {
        errors.push(ports.required(""));
    }
}

/// Each port by itself, and names.
pub fn each(spec: &Place<'_>, errors: &mut Errors) {
    let ports = spec.field("ports");
    let several = ports.list().len() > 1;
    let mut names = HashSet::new();
    for port in ports.items() {
        let name = port.field("name");
        match name.text() {
            "" if several => errors.push(name.required("")),
            "" => {}
            text => {
                name.format(dns_label, errors);
                if !names.insert(text) {
                    errors.push(name.duplicate());
                }
            }
        }
        port.field("port").port(errors);
        port.field("protocol").require_one_of(&PROTOCOLS, errors);
        number_or_name(&port.field("targetPort"), errors);
        if port.field("appProtocol").is_set() {
            port.field("appProtocol").format(qualified_name, errors);
        }
    }
}

/// Requires a port's number or name.
pub fn number_or_name(place: &Place<'_>, errors: &mut Errors) {
    match place.value() {
        Value::String(_) => place.format(port_name, errors),
        _ => place.port(errors),
    }
}

/// Node ports only where the type has them, and no port twice.
pub fn unique(object: &Value, spec: &Place<'_>, errors: &mut Errors) {
    let ports = spec.field("ports");
    if object.str_at(&["spec", "type"]) == Some("ClusterIP") {
        for port in ports
            .items()
            .map(|port| port.field("nodePort"))
            .filter(|port| port.int() != 0)
        {
            errors.push(port.forbidden("may not be used when `type` is 'ClusterIP'"));
        }
    }
    let mut node_ports = HashSet::new();
    for port in ports.items() {
        let node_port = port.field("nodePort");
        if node_port.int() != 0 && !node_ports.insert((port.field("protocol").text(), node_port.int())) {
            errors.push(node_port.duplicate());
        }
    }
    let mut seen = HashSet::new();
    for port in ports.items() {
        let (protocol, number) = (port.field("protocol").text(), port.field("port").int());
        if !seen.insert((protocol, number)) {
            let shown = format!(
                "{{\"Name\":\"\",\"Protocol\":{},\"AppProtocol\":null,\"Port\":{number},\"TargetPort\":0,\"NodePort\":0}}",
                quote(protocol)
            );
            errors.push(Error::duplicate(port.path(), Printed::raw(shown)));
        }
    }
}
