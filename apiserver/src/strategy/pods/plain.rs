//! Strategies of the kinds around a pod template that only have rules of their own.

use schema::Value;

use super::super::{Errors, Strategy, WriteContext};
use crate::validation::workloads::{
    controller_revisions, cron_jobs, deployments, pod_templates, replica_sets, replication_controllers,
    stateful_sets,
};
use crate::validation::{pod_spec, pods, workloads};

type Create = fn(&Value, &mut Errors);
type Update = fn(&Value, &Value, &mut Errors);

/// A kind whose strategy is its rules.
#[derive(Debug)]
struct Plain {
    create: Create,
    update: Update,
    status: Update,
}

/// Each kind with its rules for a new object, an update, and a status update.
const KINDS: &[((&str, &str), Plain)] = &[
    (
        ("", "podtemplates"),
        plain(pod_templates::create, pod_templates::update, no_status),
    ),
    (
        ("", "replicationcontrollers"),
        plain(
            replication_controllers::create,
            replication_controllers::update,
            replica_sets::status,
        ),
    ),
    (
        ("apps", "deployments"),
        plain(deployments::create, deployments::update, deployments::status),
    ),
    (
        ("apps", "replicasets"),
        plain(replica_sets::create, replica_sets::update, replica_sets::status),
    ),
    (
        ("apps", "statefulsets"),
        plain(
            stateful_sets::create,
            stateful_sets::update,
            stateful_sets::status,
        ),
    ),
    (
        ("apps", "controllerrevisions"),
        plain(
            controller_revisions::create,
            controller_revisions::update,
            no_status,
        ),
    ),
    (
        ("batch", "cronjobs"),
        plain(cron_jobs::create, cron_jobs::update, no_status),
    ),
];

const fn plain(create: Create, update: Update, status: Update) -> Plain {
    Plain {
        create,
        update,
        status,
    }
}

/// For kinds whose status has no rules.
fn no_status(_: &Value, _: &Value, _: &mut Errors) {}

/// The strategy of a kind of this sort.
pub fn of(group: &str, resource: &str) -> Option<&'static dyn Strategy> {
    let found = KINDS
        .iter()
        .find(|((of, name), _)| *of == group && *name == resource);
    found.map(|(_, plain)| plain as &dyn Strategy)
}

impl Strategy for Plain {
    fn validate_create(&self, _cx: &WriteContext<'_>, object: &Value, errors: &mut Errors) {
        (self.create)(object, errors);
    }

    fn validate_update(&self, cx: &WriteContext<'_>, object: &Value, old: &Value, errors: &mut Errors) {
        match cx.subresource {
            "status" => (self.status)(object, old, errors),
            _ => (self.update)(object, old, errors),
        }
        forgive_label_values(cx, old, errors);
    }

    fn warnings(&self, cx: &WriteContext<'_>, object: &Value, old: Option<&Value>) -> Vec<String> {
        template_warnings(cx, object, old)
    }
}

/// Lets wrong values of node affinity stay in the pod template of an object.
pub fn forgive_label_values(cx: &WriteContext<'_>, old: &Value, errors: &mut Errors) {
    let template = kinds::pods::template_path(&cx.resource.kind).and_then(|path| old.at(path));
    pod_spec::forgive_label_values(template.and_then(|template| template.get("spec")), errors);
}

/// Warnings about the pod template of an object; none for kinds without, and none where it did not change.
pub fn template_warnings(cx: &WriteContext<'_>, object: &Value, old: Option<&Value>) -> Vec<String> {
    let Some(path) = kinds::pods::template_path(&cx.resource.kind).filter(|_| cx.subresource.is_empty())
    else {
        return Vec::new();
    };
    let mut warnings = workloads::name_warnings(&cx.resource.kind, object, old);
    let template = object.at(path);
    let changed = old.is_none_or(|old| old.at(path) != template);
    if let Some(template) = template.filter(|_| changed) {
        warnings.extend(pods::template_warnings(path, template));
    }
    warnings
}
