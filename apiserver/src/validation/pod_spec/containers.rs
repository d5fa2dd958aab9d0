//! Rules of containers: regular, init and ephemeral ones.

use object::names;

use super::super::place::Place;
use super::{Owner, env, handlers, mounts, ports, resources, security};
use crate::strategy::Errors;

const PULL: [&str; 3] = ["Always", "IfNotPresent", "Never"];
const TERMINATION: [&str; 2] = ["FallbackToLogsOnError", "File"];
/// What an ephemeral container may not have, in the order of its fields.
const NOT_EPHEMERAL: [&str; 8] = [
    "ports",
    "resources",
    "resizePolicy",
    "restartPolicyRules",
    "livenessProbe",
    "readinessProbe",
    "startupProbe",
    "lifecycle",
];
const HOOKS: [&str; 4] = ["lifecycle", "livenessProbe", "readinessProbe", "startupProbe"];
const NO_HOOKS: &str = "may not be set for init containers without restartPolicy=Always";

/// What containers see of their pod.
#[derive(Debug)]
pub struct Scope<'a> {
    /// Names of the pod's valid volumes.
    pub volumes: &'a [&'a str],
    /// Names of the volumes that may be used as block devices.
    pub blocks: Vec<&'a str>,
    /// Names of its resource claims.
    pub claims: Vec<&'a str>,
    owner: Owner,
    grace: i64,
    never_restarts: bool,
    own_users: bool,
    regular: Vec<&'a str>,
    init: Vec<&'a str>,
}

impl<'a> Scope<'a> {
    /// The scope of a pod spec's containers.
    pub fn of(spec: &Place<'a>, volumes: &'a [&'a str], owner: Owner) -> Self {
        let named = |list: &'static str| {
            spec.field(list)
                .items()
                .map(|item| item.field("name").text())
                .collect()
        };
        let users = spec.field("hostUsers");
        let blocks = spec.field("volumes").items();
        let blocks = blocks.filter(|volume| volume.has("persistentVolumeClaim") || volume.has("ephemeral"));
        Self {
            volumes,
            blocks: blocks.map(|volume| volume.field("name").text()).collect(),
            claims: named("resourceClaims"),
            owner,
            grace: spec.field("terminationGracePeriodSeconds").int(),
            never_restarts: spec.field("restartPolicy").text() == "Never",
            own_users: users.is_set() && !users.is_true(),
            regular: named("containers"),
            init: named("initContainers"),
        }
    }
}

/// Checks `containers`.
pub fn check(containers: &Place<'_>, scope: &Scope<'_>, errors: &mut Errors) {
    if containers.list().is_empty() {
        errors.push(containers.required(""));
        return;
    }
    let mut seen = Vec::new();
    for container in containers.items() {
        check_common(&container, scope, errors);
        unique(&container, &mut seen, errors);
        handlers::check(&container, scope.grace, errors);
        container
            .field("restartPolicy")
            .one_of_if_set(&["Always", "Never", "OnFailure"], errors);
        check_restart_rules(&container, errors);
    }
}

/// Checks `initContainers`.
pub fn check_init(containers: &Place<'_>, scope: &Scope<'_>, errors: &mut Errors) {
    let mut seen = scope.regular.clone();
    for container in containers.items() {
        check_common(&container, scope, errors);
        let policy = container.field("restartPolicy");
        policy.one_of_if_set(&["Always", "Never", "OnFailure"], errors);
        unique(&container, &mut seen, errors);
        if policy.text() == "Always" {
            handlers::check(&container, scope.grace, errors);
        } else {
            let given = HOOKS
                .into_iter()
                .map(|name| container.field(name))
                .filter(Place::is_set);
            given.for_each(|hook| errors.push(hook.forbidden(NO_HOOKS)));
            check_init_resize(&container.field("resizePolicy"), errors);
        }
        check_restart_rules(&container, errors);
    }
}

/// Checks `ephemeralContainers`.
pub fn check_ephemeral(containers: &Place<'_>, scope: &Scope<'_>, errors: &mut Errors) {
    let mut seen: Vec<&str> = scope.regular.iter().chain(&scope.init).copied().collect();
    for container in containers.items() {
        check_common(&container, scope, errors);
        unique(&container, &mut seen, errors);
        let target = container.field("targetContainerName");
        if !target.is_empty()
            && !scope
                .regular
                .iter()
                .chain(&scope.init)
                .any(|name| *name == target.text())
        {
            errors.push(object::field::Error::not_found(target.path(), target.text()));
        }
        let given = NOT_EPHEMERAL
            .into_iter()
            .map(|name| container.field(name))
            .filter(|field| !field.is_empty());
        given.for_each(|field| errors.push(field.forbidden("cannot be set for an Ephemeral Container")));
        let policy = container.field("restartPolicy");
        if policy.is_set() {
            errors.push(policy.forbidden("cannot be set for an Ephemeral Container"));
        }
        for mount in container.field("volumeMounts").items() {
            let paths = ["subPath", "subPathExpr"].map(|name| mount.field(name));
            let given = paths.into_iter().filter(|path| !path.is_empty());
            given.for_each(|path| errors.push(path.forbidden("cannot be set for an Ephemeral Container")));
        }
    }
}

fn unique<'a>(container: &Place<'a>, seen: &mut Vec<&'a str>, errors: &mut Errors) {
    let name = container.field("name");
    if name.is_empty() {
        return;
    }
    if seen.contains(&name.text()) {
        errors.push(name.duplicate());
    }
    seen.push(name.text());
}

fn check_common(container: &Place<'_>, scope: &Scope<'_>, errors: &mut Errors) {
    let name = container.field("name");
    if name.require(errors) {
        name.format(names::dns_label, errors);
    }
    let image = container.field("image");
    if image.require(errors) && scope.owner == Owner::Pod && image.text().trim() != image.text() {
        errors.push(image.invalid_text("must not have leading or trailing whitespace"));
    }
    container
        .field("terminationMessagePolicy")
        .require_one_of(&TERMINATION, errors);
    ports::check(&container.field("ports"), errors);
    env::check(container, errors);
    mounts::check(container, scope, errors);
    container.field("imagePullPolicy").require_one_of(&PULL, errors);
    resources::check(&container.field("resources"), &scope.claims, errors);
    check_resize(container, scope, errors);
    security::check_container(&container.field("securityContext"), scope.own_users, errors);
}

/// Reported at the list, as the reference does.
fn check_resize(container: &Place<'_>, scope: &Scope<'_>, errors: &mut Errors) {
    let list = container.field("resizePolicy");
    let mut seen = Vec::new();
    for policy in list.items() {
        let (resource, restart) = (
            policy.field("resourceName").text(),
            policy.field("restartPolicy").text(),
        );
        if seen.contains(&resource) {
            errors.push(object::field::Error::duplicate(list.path(), resource));
        }
        seen.push(resource);
        supported(&list, resource, &["cpu", "memory"], errors);
        supported(&list, restart, &["NotRequired", "RestartContainer"], errors);
        if scope.never_restarts && restart == "RestartContainer" {
            let problem = "must be 'NotRequired' when `restartPolicy` is 'Never'";
            errors.push(list.invalid_as(restart, problem));
        }
    }
}

/// What ends before the pod runs is not restarted to be resized. Reported at the list, as the other rules of it.
fn check_init_resize(list: &Place<'_>, errors: &mut Errors) {
    for policy in list.items() {
        let restart = policy.field("restartPolicy").text();
        if restart == "RestartContainer" {
            let problem = "must be 'NotRequired' for init containers without restartPolicy=Always";
            errors.push(list.invalid_as(restart, problem));
        }
    }
}

fn supported(list: &Place<'_>, text: &str, known: &[&str], errors: &mut Errors) {
    if text.is_empty() {
        errors.push(list.required(""));
    } else if !known.contains(&text) {
        errors.push(object::field::Error::not_supported(list.path(), text, known));
    }
}

fn check_restart_rules(container: &Place<'_>, errors: &mut Errors) {
    const RULES_MAX: usize = 20;
    const VALUES_MAX: usize = 255;
    let (rules, policy) = (
        container.field("restartPolicyRules"),
        container.field("restartPolicy"),
    );
    if rules.is_empty() {
        return;
    }
    if !policy.is_set() {
        errors.push(policy.required("must specify restartPolicy when restart rules are used"));
    }
    if rules.list().len() > RULES_MAX {
        errors.push(object::field::Error::too_many(
            rules.path(),
            rules.list().len(),
            RULES_MAX,
        ));
    }
    for rule in rules.items() {
        rule.field("action").one_of(&["Restart"], errors);
        let codes = rule.field("exitCodes");
        if !codes.is_set() {
            errors.push(codes.required("must be specified"));
            continue;
        }
        codes.field("operator").one_of(&["In", "NotIn"], errors);
        let values = codes.field("values");
        if values.list().len() > VALUES_MAX {
            errors.push(object::field::Error::too_many(
                values.path(),
                values.list().len(),
                VALUES_MAX,
            ));
        }
    }
}
