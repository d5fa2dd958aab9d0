//! Rules of container ports, alone and together on a node.

use object::field::Error;
use object::names;

use super::super::place::Place;
use super::Owner;
use crate::strategy::Errors;

const PROTOCOLS: [&str; 3] = ["SCTP", "TCP", "UDP"];

/// Checks `ports` of a container.
pub fn check(ports: &Place<'_>, errors: &mut Errors) {
    let mut names = Vec::new();
    for port in ports.items() {
        let name = port.field("name");
        if !name.is_empty() {
            let before = errors.len();
            name.format(names::port_name, errors);
            if errors.len() == before && names.contains(&name.text()) {
                errors.push(name.duplicate());
            }
            names.push(name.text());
        }
        let number = port.field("containerPort");
        if number.int() == 0 {
            errors.push(number.required(""));
        } else {
            number.port(errors);
        }
        let host = port.field("hostPort");
        if host.int() != 0 {
            host.port(errors);
        }
        port.field("protocol").require_one_of(&PROTOCOLS, errors);
    }
}

/// Checks ports of the node: each once, and those of a pod in the node's network equal to the container's.
pub fn check_host(spec: &Place<'_>, owner: Owner, errors: &mut Errors) {
    let on_host = spec.field("hostNetwork").is_true();
    let mut taken = Vec::new();
    for list in ["containers", "initContainers"] {
        for container in spec.field(list).items() {
            if list == "initContainers" && container.field("restartPolicy").text() != "Always" {
                continue;
            }
            for port in container.field("ports").items() {
                let (host, inside) = (port.field("hostPort"), port.field("containerPort"));
                let exempt = owner == Owner::Template && host.int() == 0;
                if on_host && !exempt && host.int() != inside.int() {
                    errors.push(Error::invalid(
                        inside.path(),
                        inside.int(),
                        "must match `hostPort` when `hostNetwork` is true",
                    ));
                }
                if host.int() != 0 {
                    check_taken(&port, &mut taken, errors);
                }
            }
        }
    }
}

fn check_taken(port: &Place<'_>, taken: &mut Vec<String>, errors: &mut Errors) {
    let host = port.field("hostPort");
    let text = format!(
        "{}/{}/{}",
        port.field("protocol").text(),
        port.field("hostIP").text(),
        host.int()
    );
    if taken.contains(&text) {
        errors.push(Error::duplicate(host.path(), text));
    } else {
        taken.push(text);
    }
}
