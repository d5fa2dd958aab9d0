//! Annotations from before there were fields for seccomp and AppArmor profiles: their form, and that they agree with the fields.

use object::field::{Error, Path};
use schema::Value;

use super::super::place::Place;
use super::super::pod_spec::{check_local_descending, every_container};
use crate::strategy::Errors;

/// What annotations for AppArmor begin with; the container's name follows.
pub const APP_ARMOR: &str = "container.apparmor.security.beta.kubernetes.io/";
const SECCOMP_POD: &str = "seccomp.security.alpha.kubernetes.io/pod";
const SECCOMP_CONTAINER: &str = "container.seccomp.security.alpha.kubernetes.io/";
/// The profile that comes with the container runtime.
pub const RUNTIME_DEFAULT: &str = "runtime/default";
/// None.
pub const UNCONFINED: &str = "unconfined";
/// What the name of a profile on the node follows.
pub const LOCALHOST: &str = "localhost/";

/// Checks the form of both kinds of annotations.
pub fn check(annotations: &Place<'_>, spec: &Place<'_>, errors: &mut Errors) {
    for (key, profile) in annotations.entries() {
        if key == SECCOMP_POD || key.starts_with(SECCOMP_CONTAINER) {
            // The path is as of a field of that name.
            let path = annotations.path().child(key.clone());
            check_seccomp(&Place::new(Some(profile.value()), path), errors);
        } else if let Some(container) = key.strip_prefix(APP_ARMOR) {
            check_app_armor(&profile, container, spec, errors);
        }
    }
}

fn check_seccomp(profile: &Place<'_>, errors: &mut Errors) {
    match profile.text() {
        RUNTIME_DEFAULT | "docker/default" | UNCONFINED => {}
        text => match text.strip_prefix(LOCALHOST) {
            Some(file) => {
                let file = Value::from(file);
                check_local_descending(&Place::new(Some(&file), profile.path().clone()), errors);
            }
            None => errors.push(profile.invalid_text("must be a valid seccomp profile")),
        },
    }
}

fn check_app_armor(profile: &Place<'_>, container: &str, spec: &Place<'_>, errors: &mut Errors) {
    if !every_container(spec).any(|one| one.field("name").text() == container) {
        errors.push(profile.invalid_as(container, "container not found"));
    }
    let text = profile.text();
    if !matches!(text, "" | RUNTIME_DEFAULT | UNCONFINED) && !text.starts_with(LOCALHOST) {
        errors.push(profile.invalid_text(format!("invalid AppArmor profile name: {text:?}")));
    }
}

/// Checks that a new pod's annotations say what its fields say, where both are given.
pub fn check_agreement(pod: &Value, errors: &mut Errors) {
    let annotations = Place::root(pod, "metadata").field("annotations");
    if annotations.is_empty() {
        return;
    }
    let spec = Place::root(pod, "spec");
    let seccomp = spec.field("securityContext").field("seccompProfile");
    let annotation = |prefix: &str, name: &str| annotations.value().str_at(&[&format!("{prefix}{name}")]);
    if let Some(said) = annotation(SECCOMP_POD, "") {
        agree(said, &seccomp, "seccomp", errors);
    }
    let containers = || every_container(&spec);
    for container in containers() {
        if let Some(said) = annotation(SECCOMP_CONTAINER, container.field("name").text()) {
            let profile = container.field("securityContext").field("seccompProfile");
            agree(said, &profile, "seccomp", errors);
        }
    }
    for container in containers() {
        if let Some(said) = annotation(APP_ARMOR, container.field("name").text()) {
            let own = container.field("securityContext").field("appArmorProfile");
            let of_pod = spec.field("securityContext").field("appArmorProfile");
            let profile = if own.is_set() { own.value() } else { of_pod.value() };
            agree(
                said,
                &Place::new(Some(profile), own.path().clone()),
                "apparmor",
                errors,
            );
        }
    }
}

/// Requires an annotation to say what a profile does, if there is one. `what` is the reference's word.
fn agree(said: &str, profile: &Place<'_>, what: &str, errors: &mut Errors) {
    let differs = |path: Path, part: &str| {
        Error::forbidden(&path, format!("{what} {part} in annotation and field must match"))
    };
    let form = profile.field("type");
    let same = match form.text() {
        "Unconfined" => said == UNCONFINED,
        "RuntimeDefault" => said == RUNTIME_DEFAULT || (what == "seccomp" && said == "docker/default"),
        "Localhost" => said.starts_with(LOCALHOST),
        _ => true,
    };
    let local = profile.field("localhostProfile");
    if !same {
        errors.push(differs(form.path().clone(), "type"));
    } else if form.text() == "Localhost" && said.strip_prefix(LOCALHOST) != Some(local.text()) {
        errors.push(differs(local.path().clone(), "profile"));
    }
}
