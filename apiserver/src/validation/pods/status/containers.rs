//! What a pod's status says of its containers: who has ended stays so unless it is to start again; whom it runs as; how its devices are.

use std::collections::HashSet;

use schema::Value;

use crate::strategy::Errors;
use crate::validation::place::Place;

/// Statuses, and the containers that they are of.
const KINDS: [(&str, &str); 3] = [
    ("containerStatuses", "containers"),
    ("initContainerStatuses", "initContainers"),
    ("ephemeralContainerStatuses", "ephemeralContainers"),
];
const EPHEMERAL: &str = "ephemeralContainers";
const HEALTH: [&str; 3] = ["Healthy", "Unhealthy", "Unknown"];
const ID_MAX: i64 = i32::MAX as i64;

/// Checks a write of a status against the one before.
pub fn check(pod: &Value, old: &Value, errors: &mut Errors) {
    for (statuses, containers) in KINDS {
        let now = Place::root(pod, "status").field(statuses);
        let before = Place::root(old, "status").field(statuses);
        transitions(old, containers, &now, &before, errors);
        let os = pod.str_at(&["spec", "os", "name"]).unwrap_or("linux");
        now.items().for_each(|status| user(&status, os, errors));
        devices(pod, containers, &now, errors);
    }
}

/// The container of a name.
fn container<'a>(pod: &'a Value, containers: &str, name: &str) -> Option<&'a Value> {
    let all = pod.list_at(&["spec", containers]).iter();
    all.into_iter().find(|one| one.str_at(&["name"]) == Some(name))
}

fn transitions(old: &Value, containers: &str, now: &Place<'_>, before: &Place<'_>, errors: &mut Errors) {
    for (at, ended) in before.items().enumerate() {
        let Some(code) = exit_code(&ended) else { continue };
        let name = ended.field("name").text();
        let is_back = |status: &Place<'_>| status.field("name").text() == name && exit_code(status).is_none();
        if !now.items().any(|status| is_back(&status)) {
            continue;
        }
        let container = container(old, containers, name).filter(|_| containers != EPHEMERAL);
        if !container.is_some_and(|container| starts_again(old, container, code)) {
            let path = now.path().index(at).child("state");
            let detail = "may not be transitioned to non-terminated state";
            errors.push(Place::new(None, path).forbidden(detail));
        }
    }
}

fn exit_code(status: &Place<'_>) -> Option<i64> {
    let ended = status.field("state").field("terminated");
    ended.is_set().then(|| ended.field("exitCode").int())
}

/// Whether a container that ended so is started again: by the first of its rules that fits, by its policy, by its pod's.
fn starts_again(pod: &Value, container: &Value, code: i64) -> bool {
    let by = |policy: &str| match policy {
        "Never" => false,
        "OnFailure" => code != 0,
        _ => true,
    };
    let Some(own) = container.str_at(&["restartPolicy"]) else {
        return by(pod.str_at(&["spec", "restartPolicy"]).unwrap_or_default());
    };
    let rules = container.list_at(&["restartPolicyRules"]).iter();
    let fitting = rules.into_iter().find(|rule| {
        let is_listed = rule.list_at(&["exitCodes", "values"]).contains(&Value::Int(code));
        match rule.str_at(&["exitCodes", "operator"]) {
            Some("In") => is_listed,
            Some("NotIn") => !is_listed,
            _ => false,
        }
    });
    fitting.is_some_and(|rule| rule.str_at(&["action"]) == Some("Restart")) || by(own)
}

fn user(status: &Place<'_>, os: &str, errors: &mut Errors) {
    let linux = status.field("user").field("linux");
    if !linux.is_set() {
        return;
    }
    match os {
        "windows" => errors.push(linux.forbidden("cannot be set for a windows pod")),
        "linux" => {
            let ids = [linux.field("uid"), linux.field("gid")].into_iter();
            ids.chain(linux.field("supplementalGroups").items())
                .for_each(|id| id.within(0..=ID_MAX, errors));
        }
        _ => {}
    }
}

/// What is told of devices: of resources that the container asks for, each device once.
fn devices(pod: &Value, containers: &str, statuses: &Place<'_>, errors: &mut Errors) {
    for status in statuses.items() {
        let allocated = status.field("allocatedResourcesStatus");
        if containers == EPHEMERAL {
            if allocated.is_set() {
                errors.push(allocated.forbidden("cannot be set for a container status"));
            }
            continue;
        }
        let container = container(pod, containers, status.field("name").text());
        for resource in allocated.items() {
            if let Some(detail) =
                container.and_then(|container| unasked(container, resource.field("name").text()))
            {
                errors.push(resource.field("name").invalid_text(detail));
            }
            let mut seen = HashSet::new();
            for device in resource.field("resources").items() {
                device.field("health").one_of(&HEALTH, errors);
                if !seen.insert(device.field("resourceID").text()) {
                    errors.push(device.field("resourceID").duplicate());
                }
            }
        }
    }
}

/// Why a container does not ask for a resource, if it does not.
fn unasked(container: &Value, name: &str) -> Option<&'static str> {
    let Some(asked) = name.strip_prefix("claim:") else {
        let requests = container.at(&["resources", "requests"]).and_then(Value::as_map);
        let is_asked = requests.is_some_and(|requests| requests.contains_key(name));
        return (!is_asked).then_some("must match one of the container's resource requests");
    };
    let is_it = |claim: &Value| {
        let of = claim.str_at(&["name"]).unwrap_or_default();
        match claim.str_at(&["request"]).unwrap_or_default() {
            "" => asked == of,
            request => asked.split_once('/') == Some((of, request)),
        }
    };
    let is_asked = container.list_at(&["resources", "claims"]).iter().any(is_it);
    (!is_asked).then_some(
        "must match one of the container's resource claims in a format 'claim:<claimName>/<request>' or 'claim:<claimName>' if request is empty",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use schema::tree;

    fn pod(spec: Value, status: Value) -> Value {
        tree!({"spec": spec, "status": status})
    }

    fn found(now: &Value, old: &Value) -> Vec<String> {
        let mut errors = Errors::new();
        check(now, old, &mut errors);
        errors.iter().map(ToString::to_string).collect()
    }

    fn state(list: &'static str, state: Value) -> Value {
        let mut status = tree!({});
        let of = tree!([{"name": "c", "state": state}]);
        status.as_map_mut().expect("a map").insert(list, of);
        status
    }

    #[test]
    fn who_has_ended_is_back_only_if_it_is_started_again() {
        let back = |container: Value, policy: &str, code: i64| {
            let spec = tree!({"restartPolicy": policy, "containers": [container]});
            let ended = state("containerStatuses", tree!({"terminated": {"exitCode": code}}));
            let running = state("containerStatuses", tree!({"running": {}}));
            let now = pod(spec.clone(), running);
            assert!(found(&now, &now).is_empty());
            found(&now, &pod(spec, ended))
        };
        let plain = || tree!({"name": "c"});
        let refused =
            ["status.containerStatuses[0].state: Forbidden: may not be transitioned to non-terminated state"];
        assert!(back(plain(), "Always", 0).is_empty());
        assert_eq!(back(plain(), "Never", 1), refused);
        assert_eq!(back(plain(), "OnFailure", 0), refused);
        assert!(back(plain(), "OnFailure", 1).is_empty());
        assert!(back(tree!({"name": "c", "restartPolicy": "Always"}), "Never", 0).is_empty());
        let ruled = |code: i64| {
            let rules = tree!([{"action": "Restart", "exitCodes": {"operator": "In", "values": [42]}}]);
            back(
                tree!({"name": "c", "restartPolicy": "Never", "restartPolicyRules": rules}),
                "Never",
                code,
            )
        };
        assert!(ruled(42).is_empty());
        assert_eq!(ruled(41), refused);
        assert_eq!(back(tree!({"name": "other"}), "Always", 0), refused);
    }

    #[test]
    fn ephemeral_containers_are_never_back() {
        let spec = tree!({"restartPolicy": "Always", "ephemeralContainers": [{"name": "c"}]});
        let of = |inner: Value| pod(spec.clone(), state("ephemeralContainerStatuses", inner));
        let errors = found(
            &of(tree!({"running": {}})),
            &of(tree!({"terminated": {"exitCode": 0}})),
        );
        assert_eq!(
            errors,
            [
                "status.ephemeralContainerStatuses[0].state: Forbidden: may not be transitioned to non-terminated state"
            ]
        );
    }

    #[test]
    fn devices_are_of_what_is_asked_for_and_told_once() {
        let spec = tree!({"containers": [{"name": "c", "resources": {
            "requests": {"example.com/gpu": "1"}, "claims": [{"name": "net"}, {"name": "disk", "request": "fast"}]}}]});
        let of = |name: &str, devices: Value| {
            let status =
                tree!([{"name": "c", "allocatedResourcesStatus": [{"name": name, "resources": devices}]}]);
            let now = pod(spec.clone(), tree!({"containerStatuses": status}));
            found(&now, &now)
        };
        let one = || tree!([{"resourceID": "a", "health": "Healthy"}]);
        for good in ["example.com/gpu", "claim:net", "claim:disk/fast"] {
            assert!(of(good, one()).is_empty(), "{good}");
        }
        let at = "status.containerStatuses[0].allocatedResourcesStatus[0]";
        assert_eq!(
            of("cpu", one()),
            [format!(
                "{at}.name: Invalid value: \"cpu\": must match one of the container's resource requests"
            )]
        );
        assert!(of("claim:disk", one())[0].contains("'claim:<claimName>/<request>'"));
        let twice = tree!([{"resourceID": "a", "health": "Healthy"}, {"resourceID": "a", "health": "Ill"}]);
        assert_eq!(
            of("claim:net", twice),
            [
                format!(
                    "{at}.resources[1].health: Unsupported value: \"Ill\": supported values: \"Healthy\", \"Unhealthy\", \"Unknown\""
                ),
                format!("{at}.resources[1].resourceID: Duplicate value: \"a\""),
            ]
        );
    }

    #[test]
    fn ephemeral_containers_have_no_devices() {
        let spec = tree!({"ephemeralContainers": [{"name": "c"}]});
        let statuses = tree!([{"name": "c", "allocatedResourcesStatus": [{"name": "example.com/gpu"}]}]);
        let now = pod(spec, tree!({"ephemeralContainerStatuses": statuses}));
        assert_eq!(
            found(&now, &now),
            [
                "status.ephemeralContainerStatuses[0].allocatedResourcesStatus: Forbidden: cannot be set for a container status"
            ]
        );
    }

    #[test]
    fn users_are_numbers_of_linux() {
        let of = |os: &str, user: Value| {
            let status = tree!([{"name": "c", "user": {"linux": user}}]);
            let now = pod(tree!({"os": {"name": os}}), tree!({"containerStatuses": status}));
            found(&now, &now)
        };
        assert!(
            of(
                "linux",
                tree!({"uid": 0, "gid": 2147483647i64, "supplementalGroups": [1]})
            )
            .is_empty()
        );
        let at = "status.containerStatuses[0].user.linux";
        assert_eq!(
            of(
                "linux",
                tree!({"uid": (-1i64), "gid": 0, "supplementalGroups": [2147483648i64]})
            ),
            [
                format!("{at}.uid: Invalid value: -1: must be between 0 and 2147483647, inclusive"),
                format!(
                    "{at}.supplementalGroups[0]: Invalid value: 2147483648: must be between 0 and 2147483647, inclusive"
                ),
            ]
        );
        assert_eq!(
            of("windows", tree!({"uid": 0, "gid": 0})),
            [format!("{at}: Forbidden: cannot be set for a windows pod")]
        );
    }
}
