//! Validation of `metadata`, the same for all kinds, on create and on update, and of label selectors.
//! What a kind asks for beyond that is with the kind; the order of the errors is the reference's.
//!
//! The reference runs these checks twice on a write, once for all objects and once within the kind's own validation, and
//! reports both: the message shows an error once, the causes show it twice. Callers do the same.

mod fields;
mod owners;
mod selector;

use schema::{SmolStr, Value};

use crate::field::{Error, Path, Printed};
use crate::meta::View;
use crate::names::{self, Problems};

pub use fields::{annotations, field_manager, labels, managed_fields};
pub use owners::owner_references;
pub use selector::label_selector;

/// What all kinds say that an unchangeable field is.
pub const IMMUTABLE: &str = "field is immutable";

/// What a kind asks of its objects' metadata.
#[derive(Clone, Copy)]
pub struct Rules<'a> {
    /// Whether objects live in a namespace.
    pub namespaced: bool,
    /// What is wrong with a name, or (`true`) with the beginning of one.
    pub name: &'a dyn Fn(&str, bool) -> Problems,
}

/// Checks metadata on create; a name has been generated if one was asked for.
pub fn create(meta: View<'_>, rules: Rules<'_>, path: &Path) -> Vec<Error> {
    let mut errors = Vec::new();
    name(meta, rules, path, &mut errors);
    namespace(
        meta.namespace(),
        rules.namespaced,
        &path.child("namespace"),
        &mut errors,
    );
    if meta.generation() < 0 {
        let problem = "must be greater than or equal to 0";
        errors.push(Error::invalid(
            &path.child("generation"),
            meta.generation(),
            problem,
        ));
    }
    errors.extend(labels(meta.labels(), &path.child("labels")));
    errors.extend(annotations(meta.annotations(), &path.child("annotations")));
    errors.extend(owner_references(meta, &path.child("ownerReferences")));
    errors.extend(finalizers(meta, &path.child("finalizers")));
    errors.extend(managed_fields(
        meta.managed_fields(),
        &path.child("managedFields"),
    ));
    errors
}

/// Checks metadata on update, against what is stored.
///
/// Before that, an absent uid, creation and deletion time and grace period are to be taken over from what is stored.
pub fn update(new: View<'_>, old: View<'_>, path: &Path) -> Vec<Error> {
    let mut errors = Vec::new();
    if old.is_deleting() {
        errors.extend(new_finalizers(new, old, &path.child("finalizers")));
    }
    if new.resource_version().is_empty() {
        let problem = "must be specified for an update";
        errors.push(Error::invalid(
            &path.child("resourceVersion"),
            new.resource_version(),
            problem,
        ));
    }
    if new.generation() < old.generation() {
        errors.push(Error::invalid(
            &path.child("generation"),
            new.generation(),
            "must not be decremented",
        ));
    }
    immutable(new, old, path, &mut errors);
    errors.extend(labels(new.labels(), &path.child("labels")));
    errors.extend(annotations(new.annotations(), &path.child("annotations")));
    errors.extend(owner_references(new, &path.child("ownerReferences")));
    errors.extend(managed_fields(new.managed_fields(), &path.child("managedFields")));
    errors
}

/// Checks that finalizers without a domain are those that Kubernetes itself knows. Core kinds ask for it, on create and
/// update, after all else of their metadata; extension kinds do not.
pub fn standard_finalizers(meta: View<'_>, path: &Path) -> Vec<Error> {
    let known =
        |name: &str| name.contains('/') || ["kubernetes", "orphan", "foregroundDeletion"].contains(&name);
    let path = path.child("finalizers");
    let unknown = meta.finalizers().enumerate().filter(|(_, name)| !known(name));
    let problem = "name is neither a standard finalizer name nor is it fully qualified";
    unknown
        .map(|(at, name)| Error::invalid(&path.index(at), name, problem))
        .collect()
}

fn name(meta: View<'_>, rules: Rules<'_>, path: &Path, errors: &mut Vec<Error>) {
    let prefix = meta.generate_name();
    if !prefix.is_empty() {
        let problems = (rules.name)(prefix, true);
        errors.extend(invalid_each(&path.child("generateName"), prefix, problems));
    }
    let path = path.child("name");
    match meta.name() {
        "" => errors.push(Error::required(&path, "name or generateName is required")),
        name => errors.extend(invalid_each(&path, name, (rules.name)(name, false))),
    }
}

fn namespace(namespace: &str, namespaced: bool, path: &Path, errors: &mut Vec<Error>) {
    match (namespaced, namespace.is_empty()) {
        (true, true) => errors.push(Error::required(path, "")),
        (true, false) => errors.extend(invalid_each(path, namespace, names::dns_label(namespace))),
        (false, true) => {}
        (false, false) => errors.push(Error::forbidden(path, "not allowed on this type")),
    }
}

fn finalizers(meta: View<'_>, path: &Path) -> Vec<Error> {
    let names = || meta.finalizers();
    let mut errors: Vec<Error> = names()
        .flat_map(|name| invalid_each(path, name, names::qualified_name(name)))
        .collect();
    if meta.has_finalizer("orphan") && meta.has_finalizer("foregroundDeletion") {
        let all = Value::List(names().map(Value::from).collect());
        let problem = "finalizer orphan and foregroundDeletion cannot be both set";
        errors.push(Error::invalid(path, &all, problem));
    }
    errors
}

fn new_finalizers(new: View<'_>, old: View<'_>, path: &Path) -> Option<Error> {
    let mut added: Vec<&str> = new.finalizers().filter(|name| !old.has_finalizer(name)).collect();
    added.sort_unstable();
    added.dedup();
    let quoted: Vec<_> = added.into_iter().map(crate::field::quote).collect();
    let problem = "no new finalizers can be added if the object is being deleted, found new finalizers";
    (!quoted.is_empty())
        .then(|| Error::forbidden(path, format!("{problem} []string{{{}}}", quoted.join(", "))))
}

fn immutable(new: View<'_>, old: View<'_>, path: &Path, errors: &mut Vec<Error>) {
    let unset = [("name", "\"\""), ("namespace", "\"\""), ("uid", "\"\"")];
    let null = [
        "creationTimestamp",
        "deletionTimestamp",
        "deletionGracePeriodSeconds",
    ]
    .map(|field| (field, "null"));
    for (field, absent) in unset.into_iter().chain(null) {
        let (now, before) = (new.get(field), old.get(field));
        if now != before {
            let shown = now.map_or_else(|| Printed::raw(absent), Printed::from);
            errors.push(Error::invalid(
                &path.child(SmolStr::new_static(field)),
                shown,
                IMMUTABLE,
            ));
        }
    }
}

/// One error for each thing that is wrong with a text.
pub(crate) fn invalid_each(path: &Path, value: &str, problems: Problems) -> Vec<Error> {
    problems
        .into_iter()
        .map(|problem| Error::invalid(path, value, problem))
        .collect()
}

#[cfg(test)]
mod tests;
