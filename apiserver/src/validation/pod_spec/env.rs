//! Rules of environment variables and of the references to fields of a pod, shared with downward API volumes.

use object::field::Error;
use object::names;

use super::super::place::Place;
use super::mounts;
use crate::strategy::Errors;

/// Fields of a pod that a variable may be taken from.
const ENV_FIELDS: [&str; 9] = [
    "metadata.name",
    "metadata.namespace",
    "metadata.uid",
    "spec.nodeName",
    "spec.serviceAccountName",
    "status.hostIP",
    "status.hostIPs",
    "status.podIP",
    "status.podIPs",
];
/// Fields of a pod that a file may be taken from.
const FILE_FIELDS: [&str; 5] = [
    "metadata.annotations",
    "metadata.labels",
    "metadata.name",
    "metadata.namespace",
    "metadata.uid",
];
/// Fields of a pod that have a name at all, beside those above.
const OTHER_FIELDS: [&str; 6] = [
    "spec.hostNetwork",
    "spec.restartPolicy",
    "spec.schedulerName",
    "status.nominatedNodeName",
    "status.phase",
    "spec.hostname",
];
/// Resources of a container that a variable or file may be taken from.
const RESOURCES: [&str; 6] = [
    "limits.cpu",
    "limits.ephemeral-storage",
    "limits.memory",
    "requests.cpu",
    "requests.ephemeral-storage",
    "requests.memory",
];

/// Who refers to a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum User {
    /// An environment variable.
    Variable,
    /// A file of a volume.
    File,
}

/// Checks `env` and `envFrom` of a container.
pub fn check(container: &Place<'_>, errors: &mut Errors) {
    for variable in container.field("env").items() {
        let name = variable.field("name");
        if name.require(errors) {
            name.format(names::env_var_name, errors);
        }
        check_source(&variable, errors);
    }
    for source in container.field("envFrom").items() {
        let prefix = source.field("prefix");
        if !prefix.is_empty() {
            prefix.format(names::env_var_name, errors);
        }
        check_from(&source, errors);
    }
}

/// Checks that the volumes that variables are read from are of the pod, and of the kind that containers may write.
pub fn check_file_volumes(spec: &Place<'_>, errors: &mut Errors) {
    for container in super::every_container(spec) {
        let variables = container.field("env").items();
        for from in variables
            .map(|variable| variable.field("valueFrom"))
            .filter(|from| from.has("fileKeyRef"))
        {
            let name = from.field("fileKeyRef").field("volumeName");
            let mut volumes = spec.field("volumes").items();
            match volumes.find(|volume| volume.field("name").text() == name.text()) {
                _ if name.is_empty() => {}
                None => errors.push(Error::not_found(name.path(), name.text())),
                Some(volume) if volume.has("emptyDir") => {}
                Some(_) => errors.push(name.invalid_text("referenced volume must be of type emptyDir")),
            }
        }
    }
}

fn check_from(source: &Place<'_>, errors: &mut Errors) {
    let given: Vec<_> = ["configMapRef", "secretRef"]
        .map(|name| source.field(name))
        .into_iter()
        .filter(Place::is_set)
        .collect();
    for reference in &given {
        require_name(reference, errors);
    }
    match given.len() {
        1 => {}
        0 => errors.push(source.invalid_as("", "must specify one of: `configMapRef` or `secretRef`")),
        _ => errors.push(source.invalid_as("", "may not have more than one field specified at a time")),
    }
}

fn require_name(reference: &Place<'_>, errors: &mut Errors) {
    let name = reference.field("name");
    if name.require(errors) {
        name.format(names::dns_subdomain, errors);
    }
}

fn check_source(variable: &Place<'_>, errors: &mut Errors) {
    let from = variable.field("valueFrom");
    if !from.is_set() {
        return;
    }
    let mut count = 0;
    for (name, check) in SOURCES {
        if from.has(name) {
            count += 1;
            check(&from.field(name), errors);
        }
    }
    let problem = match count {
        0 => "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef` or `secretKeyRef`",
        _ if !variable.field("value").is_empty() => "may not be specified when `value` is not empty",
        1 => return,
        _ => "may not have more than one field specified at a time",
    };
    errors.push(from.invalid_as("", problem));
}

type Check = fn(&Place<'_>, &mut Errors);

const SOURCES: [(&str, Check); 5] = [
    ("fieldRef", |source, errors| {
        check_field(source, User::Variable, errors)
    }),
    ("resourceFieldRef", |source, errors| {
        check_resource(source, User::Variable, errors)
    }),
    ("configMapKeyRef", check_key),
    ("secretKeyRef", check_key),
    ("fileKeyRef", check_file_key),
];

fn check_key(source: &Place<'_>, errors: &mut Errors) {
    source.field("name").format(names::dns_subdomain, errors);
    let key = source.field("key");
    if key.require(errors) {
        key.format(names::config_map_key, errors);
    }
}

fn check_file_key(source: &Place<'_>, errors: &mut Errors) {
    let (key, volume, path) = (
        source.field("key"),
        source.field("volumeName"),
        source.field("path"),
    );
    if key.require(errors) {
        key.format(names::env_var_name, errors);
    }
    if volume.require(errors) {
        volume.format(names::dns_label, errors);
    }
    if path.require(errors) {
        mounts::check_local(&path, errors);
    }
}

/// Checks a reference to a field of the pod.
pub fn check_field(source: &Place<'_>, user: User, errors: &mut Errors) {
    let (version, field) = (source.field("apiVersion"), source.field("fieldPath"));
    if !version.require(errors) || !field.require(errors) {
        return;
    }
    let text = field.text();
    if let Some((map, key)) = subscript(text) {
        check_subscript(&field, map, key, errors);
        return;
    }
    let known: &[&str] = match user {
        User::Variable => &ENV_FIELDS,
        User::File => &FILE_FIELDS,
    };
    let named = ENV_FIELDS
        .iter()
        .chain(&FILE_FIELDS)
        .chain(&OTHER_FIELDS)
        .any(|name| *name == text);
    if !named {
        errors.push(field.invalid_text(format!(
            "error converting fieldPath: field label not supported: {text}"
        )));
    } else if !known.contains(&text) {
        errors.push(field.not_supported(known));
    }
}

/// `metadata.labels['key']` as map and key.
fn subscript(path: &str) -> Option<(&str, &str)> {
    path.strip_suffix("']")?.split_once("['")
}

fn check_subscript(field: &Place<'_>, map: &str, key: &str, errors: &mut Errors) {
    match map {
        "metadata.annotations" => {
            for problem in names::qualified_name(&key.to_lowercase()) {
                errors.push(field.invalid_as(key, problem));
            }
        }
        "metadata.labels" => field.text_format(key, names::qualified_name, errors),
        _ => errors.push(field.invalid_as(map, "does not support subscript")),
    }
}

/// Checks a reference to a resource of a container.
pub fn check_resource(source: &Place<'_>, user: User, errors: &mut Errors) {
    if user == User::File && !source.field("containerName").require(errors) {
        return;
    }
    let resource = source.field("resource");
    if !resource.require(errors) {
        return;
    }
    let text = resource.text();
    let huge = ["requests.hugepages-", "limits.hugepages-"]
        .iter()
        .any(|prefix| text.starts_with(prefix));
    if !RESOURCES.contains(&text) && !huge {
        errors.push(resource.not_supported(&RESOURCES));
        return;
    }
    check_divisor(source, text, errors);
}

fn check_divisor(source: &Place<'_>, resource: &str, errors: &mut Errors) {
    let divisor = source.field("divisor");
    let allowed: &[&str] = match resource {
        "limits.cpu" | "requests.cpu" => &["0", "1m", "1"],
        _ => &[
            "0", "1", "1k", "1M", "1G", "1T", "1P", "1E", "1Ki", "1Mi", "1Gi", "1Ti", "1Pi", "1Ei",
        ],
    };
    if divisor.is_empty() || allowed.contains(&divisor.text()) {
        return;
    }
    let (kind, texts) = match allowed.len() {
        3 => ("cpu", "1m and 1"),
        _ => (
            "memory",
            "1, 1k, 1M, 1G, 1T, 1P, 1E, 1Ki, 1Mi, 1Gi, 1Ti, 1Pi, 1Ei",
        ),
    };
    let problem = format!("only divisor's values {texts} are supported with the {kind} resource");
    errors.push(Error::invalid(divisor.path(), divisor.text(), problem));
}
