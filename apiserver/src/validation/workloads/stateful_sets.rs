//! Rules of stateful sets.

use object::names;
use schema::{Map, Value, tree};

use super::{
    check_at_most_all, check_bounds, check_collisions, check_count_or_percent, check_counters,
    check_selector, check_template_for, count_or_percent, spec,
};
use crate::strategy::Errors;
use crate::validation::claims;
use crate::validation::internal_form;
use crate::validation::place::Place;

/// Fields of the spec that may change.
const MUTABLE: [&str; 7] = [
    "replicas",
    "ordinals",
    "template",
    "updateStrategy",
    "revisionHistoryLimit",
    "persistentVolumeClaimRetentionPolicy",
    "minReadySeconds",
];

/// Checks a new stateful set.
pub fn create(set: &Value, errors: &mut Errors) {
    check_spec(&spec(set), true, errors);
}

/// Checks a changed stateful set.
pub fn update(set: &Value, old: &Value, errors: &mut Errors) {
    check_spec(&spec(set), false, errors);
    if fixed(set) != fixed(old) {
        let names: Vec<String> = MUTABLE.iter().map(|name| format!("'{name}'")).collect();
        let (last, others) = names.split_last().expect("some fields are mutable");
        let problem = format!(
            "updates to statefulset spec for fields other than {} and {last} are forbidden",
            others.join(", ")
        );
        errors.push(spec(set).forbidden(problem));
    }
}

/// The part of the spec that stays.
fn fixed(set: &Value) -> Map {
    let mut spec = set.map_at(&["spec"]).cloned().unwrap_or_default();
    spec.retain(|name, _| !MUTABLE.contains(&name));
    spec
}

/// Checks a changed status.
pub fn status(set: &Value, old: &Value, errors: &mut Errors) {
    let status = Place::root(set, "status");
    let counters = [
        "replicas",
        "readyReplicas",
        "currentReplicas",
        "updatedReplicas",
        "availableReplicas",
        "observedGeneration",
    ];
    check_counters(&status, &counters, errors);
    check_collisions(&status, old, errors);
    let bounds = [
        ("readyReplicas", "replicas"),
        ("currentReplicas", "replicas"),
        ("updatedReplicas", "replicas"),
        ("availableReplicas", "replicas"),
        ("availableReplicas", "readyReplicas"),
    ];
    check_bounds(&status, &bounds, errors);
}

fn check_spec(spec: &Place<'_>, new: bool, errors: &mut Errors) {
    check_management(&spec.field("podManagementPolicy"), errors);
    check_strategy(&spec.field("updateStrategy"), errors);
    let retention = spec.field("persistentVolumeClaimRetentionPolicy");
    if retention.is_set() {
        for name in ["whenDeleted", "whenScaled"] {
            retention.field(name).one_of(&["Retain", "Delete"], errors);
        }
    }
    spec.field("replicas").not_negative(errors);
    spec.field("minReadySeconds").not_negative(errors);
    spec.field("ordinals").field("start").not_negative(errors);
    let service = spec.field("serviceName");
    if new && !service.is_empty() {
        service.format(names::dns_label, errors);
    }
    if new {
        for template in spec.field("volumeClaimTemplates").items() {
            claims::spec(&template.field("spec"), errors);
        }
    }
    let selector = spec.field("selector");
    check_selector(&selector, "statefulset", errors);
    let template = spec.field("template");
    let whole = with_claims(template.value(), &spec.field("volumeClaimTemplates"));
    let whole = Place::new(Some(&whole), template.path().clone());
    check_template_for(&selector, &whole, "StatefulSet", errors);
}

/// The template with a volume for each claim that its pods will have: containers may mount it.
fn with_claims(template: &Value, claims: &Place<'_>) -> Value {
    let mut whole = template.clone();
    let Some(spec) = whole.at_mut(&["spec"]).and_then(Value::as_map_mut) else {
        return whole;
    };
    let volumes = spec.entry_or_insert_with("volumes", || Value::from(Vec::new()));
    let Some(volumes) = volumes.as_list_mut() else {
        return whole;
    };
    for claim in claims.items() {
        let name = claim.field("metadata").field("name");
        let name = name.text();
        if !volumes
            .iter()
            .any(|volume| volume.str_at(&["name"]) == Some(name))
        {
            volumes.push(tree!({"name": name, "emptyDir": {}}));
        }
    }
    whole
}

fn check_management(policy: &Place<'_>, errors: &mut Errors) {
    match policy.text() {
        "" => errors.push(policy.required("")),
        "OrderedReady" | "Parallel" => {}
        _ => errors.push(policy.invalid_text("must be 'OrderedReady' or 'Parallel'")),
    }
}

fn check_strategy(strategy: &Place<'_>, errors: &mut Errors) {
    let rolling = strategy.field("rollingUpdate");
    let form = || internal_form::compact("StatefulSetUpdateStrategy", strategy.value());
    match strategy.field("type").text() {
        "" => errors.push(strategy.required("")),
        "OnDelete" => {
            if rolling.is_set() {
                let shown = internal_form::compact("RollingUpdateStatefulSetStrategy", rolling.value());
                let problem = "only allowed for updateStrategy 'RollingUpdate'";
                errors.push(rolling.invalid_as(shown, problem));
            }
        }
        "RollingUpdate" => {
            rolling.field("partition").not_negative(errors);
            check_unavailable(&rolling.field("maxUnavailable"), errors);
        }
        _ => errors.push(strategy.invalid_as(form(), "must be 'RollingUpdate' or 'OnDelete'")),
    }
}

fn check_unavailable(unavailable: &Place<'_>, errors: &mut Errors) {
    if !unavailable.is_set() {
        return;
    }
    check_count_or_percent(unavailable, errors);
    if count_or_percent(unavailable) == 0 {
        errors.push(unavailable.invalid("cannot be 0"));
    }
    check_at_most_all(unavailable, errors);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pods_may_mount_the_claims_that_they_will_have() {
        let set = |mounted: &str| {
            tree!({
                "spec": {
                    "selector": {"matchLabels": {"app": "a"}},
                    "volumeClaimTemplates": [{"metadata": {"name": "data"}}],
                    "template": {
                        "metadata": {"labels": {"app": "a"}},
                        "spec": {"containers": [{"name": "a", "volumeMounts": [{"name": mounted, "mountPath": "/data"}]}]},
                    },
                },
            })
        };
        let is_refused = |mounted: &str| {
            let mut errors = Errors::default();
            create(&set(mounted), &mut errors);
            format!("{errors:?}").contains("volumeMounts")
        };
        assert!(!is_refused("data") && is_refused("other"));
    }

    #[test]
    fn pods_that_end_by_themselves_are_refused_in_the_name_of_the_set() {
        let set = tree!({"spec": {
            "selector": {"matchLabels": {"app": "a"}},
            "template": {"metadata": {"labels": {"app": "a"}}, "spec": {"activeDeadlineSeconds": 1i64}},
        }});
        let mut errors = Errors::default();
        create(&set, &mut errors);
        let told = "spec.template.spec.activeDeadlineSeconds: Forbidden: activeDeadlineSeconds in StatefulSet is not Supported";
        assert!(errors.iter().any(|error| error.to_string() == told), "{errors:?}");
    }
}
