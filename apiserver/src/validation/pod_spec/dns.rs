//! Rules of how a pod finds names: its DNS policy and configuration, and its own host entries.

use std::net::IpAddr;

use object::names;

use super::super::place::Place;
use crate::strategy::Errors;

const POLICIES: [&str; 4] = ["ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"];
const NAMESERVERS_MAX: usize = 3;
const SEARCHES_MAX: usize = 32;
const SEARCH_BYTES_MAX: usize = 2048;
const NOT_AN_IP: &str = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)";

/// Checks `dnsPolicy`.
pub fn check_policy(policy: &Place<'_>, errors: &mut Errors) {
    policy.require_one_of(&POLICIES, errors);
}

/// Checks `dnsConfig`.
pub fn check_config(spec: &Place<'_>, errors: &mut Errors) {
    let config = spec.field("dnsConfig");
    let own_only = spec.field("dnsPolicy").text() == "None";
    if own_only && !config.is_set() {
        errors.push(config.required("must provide `dnsConfig` when `dnsPolicy` is None"));
        return;
    }
    let servers = config.field("nameservers");
    if own_only && servers.is_empty() {
        errors.push(servers.required("must provide at least one DNS nameserver when `dnsPolicy` is None"));
        return;
    }
    if servers.list().len() > NAMESERVERS_MAX {
        errors.push(servers.invalid(format!("must not have more than {NAMESERVERS_MAX} nameservers")));
    }
    for server in servers.items() {
        check_ip(&server, errors);
    }
    check_searches(&config.field("searches"), errors);
    for option in config.field("options").items() {
        if option.field("name").is_empty() {
            errors.push(option.required("must not be empty"));
        }
    }
}

fn check_searches(searches: &Place<'_>, errors: &mut Errors) {
    let texts = searches.texts();
    if texts.len() > SEARCHES_MAX {
        errors.push(searches.invalid(format!("must not have more than {SEARCHES_MAX} search paths")));
    }
    if texts.join(" ").len() > SEARCH_BYTES_MAX {
        let problem = format!(
            "must not have more than {SEARCH_BYTES_MAX} characters (including spaces) in the search list"
        );
        errors.push(searches.invalid(problem));
    }
    for search in searches.items().filter(|search| search.text() != ".") {
        let text = search.text();
        search.text_format(
            text.strip_suffix('.').unwrap_or(text),
            names::dns_subdomain_with_underscore,
            errors,
        );
    }
}

/// Checks `hostAliases`.
pub fn check_host_aliases(aliases: &Place<'_>, errors: &mut Errors) {
    for alias in aliases.items() {
        check_ip(&alias.field("ip"), errors);
        for host in alias.field("hostnames").items() {
            for problem in names::dns_subdomain(host.text()) {
                errors.push(alias.field("hostnames").invalid_as(host.text(), problem));
            }
        }
    }
}

fn check_ip(place: &Place<'_>, errors: &mut Errors) {
    if place.text().parse::<IpAddr>().is_err() {
        errors.push(place.invalid_text(NOT_AN_IP));
    }
}
