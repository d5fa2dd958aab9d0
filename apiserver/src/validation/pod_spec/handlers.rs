//! Rules of probes and lifecycle hooks: what is called, how often, with what patience.

use object::names;
use schema::Value;

use super::super::place::Place;
use crate::strategy::Errors;

const HANDLERS: [&str; 5] = ["exec", "httpGet", "tcpSocket", "grpc", "sleep"];
const COUNTS: [&str; 5] = [
    "initialDelaySeconds",
    "timeoutSeconds",
    "periodSeconds",
    "successThreshold",
    "failureThreshold",
];

/// Checks hooks and probes of a container; `grace` is the pod's grace period in seconds.
pub fn check(container: &Place<'_>, grace: i64, errors: &mut Errors) {
    let lifecycle = container.field("lifecycle");
    for hook in ["postStart", "preStop"] {
        let hook = lifecycle.field(hook);
        if hook.is_set() {
            check_handler(&hook, grace, errors);
        }
    }
    for name in ["livenessProbe", "readinessProbe", "startupProbe"] {
        let probe = container.field(name);
        if probe.is_set() {
            check_probe(&probe, name, grace, errors);
        }
    }
}

fn check_probe(probe: &Place<'_>, name: &str, grace: i64, errors: &mut Errors) {
    check_handler(probe, grace, errors);
    for count in COUNTS {
        probe.field(count).not_negative(errors);
    }
    let patience = probe.field("terminationGracePeriodSeconds");
    if patience.is_set() && patience.int() <= 0 {
        errors.push(patience.invalid_int("must be greater than 0"));
    }
    if name == "readinessProbe" {
        if patience.is_set() {
            errors.push(patience.invalid_int("must not be set for readinessProbes"));
        }
        return;
    }
    let successes = probe.field("successThreshold");
    if successes.int() != 1 {
        errors.push(successes.invalid_int("must be 1"));
    }
}

fn check_handler(owner: &Place<'_>, grace: i64, errors: &mut Errors) {
    let mut count = 0;
    for name in HANDLERS {
        if !owner.has(name) {
            continue;
        }
        let handler = owner.field(name);
        count += 1;
        match name {
            _ if count > 1 => errors.push(handler.forbidden("may not specify more than 1 handler type")),
            "exec" => {
                handler.field("command").require(errors);
            }
            "httpGet" => check_http(&handler, errors),
            "tcpSocket" => check_port(&handler.field("port"), errors),
            "grpc" => handler.field("port").port(errors),
            _ => check_sleep(&handler, grace, errors),
        }
    }
    if count == 0 {
        errors.push(owner.required("must specify a handler type"));
    }
}

fn check_http(get: &Place<'_>, errors: &mut Errors) {
    get.field("path").require(errors);
    check_port(&get.field("port"), errors);
    get.field("scheme").one_of(&["HTTP", "HTTPS"], errors);
    for header in get.field("httpHeaders").items() {
        let headers = get.field("httpHeaders");
        headers.text_format(header.field("name").text(), names::http_header_name, errors);
    }
}

/// A port by number or by name.
fn check_port(port: &Place<'_>, errors: &mut Errors) {
    match port.value() {
        Value::String(name) => port.text_format(name, names::port_name, errors),
        _ => port.port(errors),
    }
}

fn check_sleep(sleep: &Place<'_>, grace: i64, errors: &mut Errors) {
    let seconds = sleep.field("seconds").int();
    if seconds < 0 || seconds > grace {
        let problem = format!("must be non-negative and less than terminationGracePeriodSeconds ({grace})");
        errors.push(sleep.invalid_as(seconds, problem));
    }
}
