//! Rules of security contexts and of what a pod's operating system allows.

use object::field::Error;

use super::super::internal_form;
use super::super::place::Place;
use super::INT32_MAX;
use super::windows;
use crate::strategy::Errors;

/// What a path may have on Linux: the name of an AppArmor profile that the node has.
pub const APP_ARMOR_NAME_BYTES_MAX: usize = 4095;
const SYSCTL_BYTES_MAX: usize = 253;
const PROFILES: [&str; 3] = ["Localhost", "RuntimeDefault", "Unconfined"];
const WINDOWS: &str = "cannot be set for a windows pod";

/// Fields of pods, by path, that windows has not; the first three stand in the spec.
const LINUX_ONLY: [&str; 16] = [
    "hostPID",
    "hostIPC",
    "hostUsers",
    "appArmorProfile",
    "seLinuxOptions",
    "seccompProfile",
    "fsGroup",
    "fsGroupChangePolicy",
    "sysctls",
    "shareProcessNamespace",
    "runAsUser",
    "runAsGroup",
    "supplementalGroups",
    "supplementalGroupsPolicy",
    "hostNetwork",
    "seLinuxChangePolicy",
];
/// Fields of a container's security context that windows has not.
const LINUX_ONLY_IN_CONTAINERS: [&str; 9] = [
    "appArmorProfile",
    "seLinuxOptions",
    "seccompProfile",
    "capabilities",
    "readOnlyRootFilesystem",
    "privileged",
    "allowPrivilegeEscalation",
    "procMount",
    "runAsUser",
];

/// Checks the security context of a pod, and its namespaces.
pub fn check_pod(spec: &Place<'_>, errors: &mut Errors) {
    let context = spec.field("securityContext");
    if context.is_set() {
        check_id(&context.field("fsGroup"), errors);
        check_id(&context.field("runAsUser"), errors);
        check_id(&context.field("runAsGroup"), errors);
        context
            .field("supplementalGroups")
            .items()
            .for_each(|group| check_id(&group, errors));
    }
    // It is a field of the spec, but the reference keeps and names it otherwise.
    let shared = spec.field("shareProcessNamespace");
    if shared.is_true() && spec.field("hostPID").is_true() {
        let at = context.field("shareProcessNamespace");
        errors.push(at.invalid_as(true, "ShareProcessNamespace and HostPID cannot both be enabled"));
    }
    check_sysctls(spec, &context.field("sysctls"), errors);
    context
        .field("fsGroupChangePolicy")
        .one_of_if_set(&["Always", "OnRootMismatch"], errors);
    check_seccomp(&context.field("seccompProfile"), errors);
    windows::check(&context.field("windowsOptions"), errors);
    check_app_armor(&context.field("appArmorProfile"), errors);
    context
        .field("supplementalGroupsPolicy")
        .one_of_if_set(&["Merge", "Strict"], errors);
    context
        .field("seLinuxChangePolicy")
        .one_of_if_set(&["MountOption", "Recursive"], errors);
    let users = spec.field("hostUsers");
    if users.is_set() && !users.is_true() {
        for name in ["hostPID", "hostIPC"] {
            let shared = spec.field(name);
            if shared.is_true() {
                errors.push(shared.forbidden("when `hostUsers` is false"));
            }
        }
    }
}

/// Checks the security context of a container; `own_users` where the pod has a user namespace of its own.
pub fn check_container(context: &Place<'_>, own_users: bool, errors: &mut Errors) {
    if !context.is_set() {
        return;
    }
    check_id(&context.field("runAsUser"), errors);
    check_id(&context.field("runAsGroup"), errors);
    let mount = context.field("procMount");
    if mount.is_set() {
        mount.one_of(&["Default", "Unmasked"], errors);
        if mount.text() == "Unmasked" && !own_users {
            errors.push(mount.invalid_text("`hostUsers` must be false to use `Unmasked`"));
        }
    }
    check_seccomp(&context.field("seccompProfile"), errors);
    let escalation = context.field("allowPrivilegeEscalation");
    if escalation.is_set() && !escalation.is_true() {
        let form = || internal_form::compact("SecurityContext", context.value());
        if context.field("privileged").is_true() {
            let problem = "cannot set `allowPrivilegeEscalation` to false and `privileged` to true";
            errors.push(context.invalid_as(form(), problem));
        }
        if context
            .field("capabilities")
            .field("add")
            .texts()
            .contains(&"CAP_SYS_ADMIN")
        {
            let problem =
                "cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN";
            errors.push(context.invalid_as(form(), problem));
        }
    }
    windows::check(&context.field("windowsOptions"), errors);
    check_app_armor(&context.field("appArmorProfile"), errors);
}

fn check_id(id: &Place<'_>, errors: &mut Errors) {
    if id.is_set() {
        id.within(0..=INT32_MAX, errors);
    }
}

fn check_seccomp(profile: &Place<'_>, errors: &mut Errors) {
    if !profile.is_set() {
        return;
    }
    let (form, local) = (profile.field("type"), profile.field("localhostProfile"));
    match form.text() {
        "" => errors.push(form.required("type is required when seccompProfile is set")),
        _ => form.one_of(&PROFILES, errors),
    }
    if form.text() != "Localhost" {
        if local.is_set() {
            let shown = internal_form::compact("SeccompProfile", profile.value());
            errors.push(local.invalid_as(shown, "can only be set when seccomp type is Localhost"));
        }
    } else if local.is_set() {
        super::mounts::check_local_descending(&local, errors);
    } else {
        errors.push(local.required("must be set when seccomp type is Localhost"));
    }
}

fn check_app_armor(profile: &Place<'_>, errors: &mut Errors) {
    if !profile.is_set() {
        return;
    }
    let (form, local) = (profile.field("type"), profile.field("localhostProfile"));
    match form.text() {
        "Localhost" => check_app_armor_name(&local, errors),
        "RuntimeDefault" | "Unconfined" if local.is_set() => {
            errors.push(local.invalid_text("can only be set when AppArmor type is Localhost"));
        }
        "" => errors.push(form.required("type is required when appArmorProfile is set")),
        _ => form.one_of(&PROFILES, errors),
    }
}

/// A profile that the node has.
fn check_app_armor_name(local: &Place<'_>, errors: &mut Errors) {
    let name = local.text();
    if name.trim() != name {
        errors.push(local.invalid_text("must not be padded with whitespace"));
    } else if name.is_empty() {
        errors.push(local.required("must be set when AppArmor type is Localhost"));
    }
    local.at_most_bytes(APP_ARMOR_NAME_BYTES_MAX, errors);
}

fn check_sysctls(spec: &Place<'_>, sysctls: &Place<'_>, errors: &mut Errors) {
    let mut seen = Vec::new();
    for sysctl in sysctls.items() {
        let name = sysctl.field("name");
        let text = name.text();
        if text.is_empty() {
            errors.push(name.required(""));
        } else if !valid_sysctl(text) {
            let problem = format!(
                "must have at most {SYSCTL_BYTES_MAX} characters and match regex \
                 ^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$"
            );
            errors.push(name.invalid_text(problem));
        } else if seen.contains(&text) {
            errors.push(name.duplicate());
        }
        seen.push(text);
        let host = [
            ("net.", "hostNetwork"),
            ("kernel.shm", "hostIPC"),
            ("kernel.msg", "hostIPC"),
            ("fs.mqueue.", "hostIPC"),
        ];
        for (prefix, space) in host {
            if text.starts_with(prefix) && spec.field(space).is_true() {
                errors.push(name.invalid_text(format!("may not be specified when '{space}' is true")));
            }
        }
    }
}

fn valid_sysctl(name: &str) -> bool {
    let segment = |segment: &str| {
        let edge = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        let bytes = segment.as_bytes();
        bytes.first().is_some_and(edge)
            && bytes.last().is_some_and(edge)
            && bytes.iter().all(|byte| edge(byte) || matches!(byte, b'-' | b'_'))
    };
    name.len() <= SYSCTL_BYTES_MAX && name.split(['.', '/']).all(segment)
}

/// Checks `os` and what it forbids.
pub fn check_os(spec: &Place<'_>, errors: &mut Errors) {
    let os = spec.field("os");
    if !os.is_set() {
        return;
    }
    let name = os.field("name");
    if name.is_empty() {
        errors.push(name.required("cannot be empty"));
        return;
    }
    name.one_of(&["linux", "windows"], errors);
    match name.text() {
        "windows" => check_windows(spec, errors),
        "linux" => check_linux(spec, errors),
        _ => {}
    }
}

fn check_windows(spec: &Place<'_>, errors: &mut Errors) {
    let context = spec.field("securityContext");
    for name in LINUX_ONLY {
        let in_spec = matches!(name, "hostPID" | "hostIPC" | "hostUsers");
        let field = match name {
            "hostNetwork" => continue,
            "shareProcessNamespace" if spec.field(name).is_set() => {
                errors.push(Error::forbidden(context.field(name).path(), WINDOWS));
                continue;
            }
            _ if in_spec => spec.field(name),
            _ => context.field(name),
        };
        if !field.is_empty() {
            errors.push(field.forbidden(WINDOWS));
        }
    }
    for list in ["containers", "initContainers"] {
        for container in spec.field(list).items() {
            let context = container.field("securityContext");
            let given = LINUX_ONLY_IN_CONTAINERS
                .into_iter()
                .map(|name| context.field(name))
                .filter(Place::is_set);
            given.for_each(|field| errors.push(field.forbidden(WINDOWS)));
        }
    }
}

fn check_linux(spec: &Place<'_>, errors: &mut Errors) {
    let contexts = ["containers", "initContainers"]
        .into_iter()
        .flat_map(|list| spec.field(list).items())
        .map(|container| container.field("securityContext"));
    for context in std::iter::once(spec.field("securityContext")).chain(contexts) {
        let options = context.field("windowsOptions");
        if options.is_set() {
            errors.push(options.forbidden("windows options cannot be set for a linux pod"));
        }
    }
}

#[cfg(test)]
mod tests;
