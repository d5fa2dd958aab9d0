//! Rules of where a pod may be placed: affinity, spread, tolerations.

use object::field::Error;
use object::{meta_validation, names};
use schema::Value;

use super::super::place::Place;
use super::{match_keys, terms};
use crate::strategy::Errors;

const REQUIRED: &str = "requiredDuringSchedulingIgnoredDuringExecution";
const PREFERRED: &str = "preferredDuringSchedulingIgnoredDuringExecution";
const EFFECTS: [&str; 3] = ["NoSchedule", "PreferNoSchedule", "NoExecute"];

/// Checks affinity and spread of a pod spec.
pub fn check(spec: &Place<'_>, errors: &mut Errors) {
    let affinity = spec.field("affinity");
    check_node_affinity(&affinity.field("nodeAffinity"), errors);
    for name in ["podAffinity", "podAntiAffinity"] {
        let pods = affinity.field(name);
        for term in pods.field(REQUIRED).items() {
            check_pod_term(&term, errors);
        }
        for weighted in pods.field(PREFERRED).items() {
            check_weight(&weighted, errors);
            check_pod_term(&weighted.field("podAffinityTerm"), errors);
        }
    }
    check_spread(&spec.field("topologySpreadConstraints"), errors);
}

/// Takes back what is told of label values in required node affinity, where the spec had such a value before.
pub fn forgive_label_values(before: Option<&Value>, errors: &mut Errors) {
    let required = before.and_then(|spec| spec.at(&["affinity", "nodeAffinity", REQUIRED]));
    terms::forgive_values(required, errors);
}

fn check_weight(weighted: &Place<'_>, errors: &mut Errors) {
    let weight = weighted.field("weight");
    if !(1..=100).contains(&weight.int()) {
        errors.push(weight.invalid_int("must be in the range 1-100"));
    }
}

fn check_node_affinity(affinity: &Place<'_>, errors: &mut Errors) {
    let required = affinity.field(REQUIRED);
    if required.is_set() {
        terms::check_selector(&required, errors);
    }
    for preferred in affinity.field(PREFERRED).items() {
        check_weight(&preferred, errors);
        terms::check_preferred(&preferred.field("preference"), errors);
    }
}

pub(super) fn check_pod_term(term: &Place<'_>, errors: &mut Errors) {
    for name in ["labelSelector", "namespaceSelector"] {
        let selector = term.field(name);
        errors.extend(meta_validation::label_selector(
            selector.value(),
            true,
            selector.path(),
        ));
    }
    for namespace in term.field("namespaces").items() {
        for problem in names::dns_label(namespace.text()) {
            errors.push(term.field("namespace").invalid_as(namespace.text(), problem));
        }
    }
    match_keys::check(term, errors);
    let topology = term.field("topologyKey");
    if topology.is_empty() {
        errors.push(topology.required("can not be empty"));
    }
    topology.format(names::qualified_name, errors);
}

pub(super) fn check_spread(constraints: &Place<'_>, errors: &mut Errors) {
    let pairs: Vec<_> = constraints
        .items()
        .map(|constraint| spread_of(&constraint))
        .collect();
    for (at, constraint) in constraints.items().enumerate() {
        let skew = constraint.field("maxSkew");
        if skew.int() <= 0 {
            errors.push(skew.invalid_int("must be greater than zero"));
        }
        let (key, when) = (
            constraint.field("topologyKey"),
            constraint.field("whenUnsatisfiable"),
        );
        if key.is_empty() {
            errors.push(key.required("can not be empty"));
        }
        when.one_of(&["DoNotSchedule", "ScheduleAnyway"], errors);
        let pair = pairs[at];
        // The earlier of two is the one that is reported.
        if pairs[at + 1..].contains(&pair) {
            let shown = constraint.path().child("{topologyKey, whenUnsatisfiable}");
            errors.push(Error::duplicate(&shown, format!("{{{}, {}}}", pair.0, pair.1)));
        }
        check_domains(&constraint, errors);
        for policy in ["nodeAffinityPolicy", "nodeTaintsPolicy"] {
            constraint
                .field(policy)
                .one_of_if_set(&["Honor", "Ignore"], errors);
        }
        match_keys::check(&constraint, errors);
        let selector = constraint.field("labelSelector");
        errors.extend(meta_validation::label_selector(
            selector.value(),
            true,
            selector.path(),
        ));
    }
}

/// Over what a constraint spreads, and how strictly; each pair may be there once.
fn spread_of<'a>(constraint: &Place<'a>) -> (&'a str, &'a str) {
    (
        constraint.field("topologyKey").text(),
        constraint.field("whenUnsatisfiable").text(),
    )
}

fn check_domains(constraint: &Place<'_>, errors: &mut Errors) {
    let domains = constraint.field("minDomains");
    if !domains.is_set() {
        return;
    }
    if domains.int() <= 0 {
        errors.push(domains.invalid_int("must be greater than zero"));
    }
    let when = constraint.field("whenUnsatisfiable").text();
    if when != "DoNotSchedule" {
        let problem = format!("can only use minDomains if whenUnsatisfiable=DoNotSchedule, not {when}");
        errors.push(domains.invalid_int(problem));
    }
}

/// Checks `tolerations`.
pub fn check_tolerations(tolerations: &Place<'_>, errors: &mut Errors) {
    for toleration in tolerations.items() {
        let (key, operator, value) = (
            toleration.field("key"),
            toleration.field("operator"),
            toleration.field("value"),
        );
        if !key.is_empty() {
            key.format(names::qualified_name, errors);
        }
        if key.is_empty() && operator.text() != "Exists" {
            let problem =
                "operator must be Exists when `key` is empty, which means \"match all values and all keys\"";
            errors.push(operator.invalid_text(problem));
        }
        let effect = toleration.field("effect");
        if toleration.field("tolerationSeconds").is_set() && effect.text() != "NoExecute" {
            errors.push(effect.invalid_text("effect must be 'NoExecute' when `tolerationSeconds` is set"));
        }
        match operator.text() {
            "Equal" | "" => {
                let problems = names::label_value(value.text()).join(";");
                if !problems.is_empty() {
                    errors.push(Error::invalid(operator.path(), value.text(), problems));
                }
            }
            "Exists" if !value.is_empty() => {
                let problem = "value must be empty when `operator` is 'Exists'";
                errors.push(Error::invalid(operator.path(), value.text(), problem));
            }
            "Exists" => {}
            _ => errors.push(operator.not_supported(&["Equal", "Exists"])),
        }
        if !effect.is_empty() {
            effect.one_of(&EFFECTS, errors);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use object::field::Path;
    use schema::tree;

    #[test]
    fn domains_are_counted_only_where_pods_wait() {
        let list = tree!([{"maxSkew": 1i64, "topologyKey": "zone", "whenUnsatisfiable": "ScheduleAnyway", "minDomains": 1i64}]);
        let mut errors = Errors::new();
        check_spread(&Place::new(Some(&list), Path::root("s")), &mut errors);
        let texts: Vec<_> = errors.iter().map(ToString::to_string).collect();
        assert_eq!(
            texts,
            [
                "s[0].minDomains: Invalid value: 1: can only use minDomains if whenUnsatisfiable=DoNotSchedule, not ScheduleAnyway"
            ]
        );
    }
}
