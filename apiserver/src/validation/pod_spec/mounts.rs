//! Rules of what a container mounts, and of paths inside volumes.

use object::field::Error;

use super::super::place::Place;
use super::containers::Scope;
use crate::strategy::Errors;

const PROPAGATION: [&str; 3] = ["Bidirectional", "HostToContainer", "None"];

/// Checks `volumeMounts` and `volumeDevices` of a container.
pub fn check(container: &Place<'_>, scope: &Scope<'_>, errors: &mut Errors) {
    let mut points = Vec::new();
    let devices = container.field("volumeDevices");
    let (by_device, device_paths): (Vec<_>, Vec<_>) = devices
        .items()
        .map(|device| (device.field("name").text(), device.field("devicePath").text()))
        .unzip();
    for mount in container.field("volumeMounts").items() {
        let (name, point) = (mount.field("name"), mount.field("mountPath"));
        name.require(errors);
        if !scope.volumes.contains(&name.text()) {
            errors.push(Error::not_found(name.path(), name.text()));
        }
        point.require(errors);
        if points.contains(&point.text()) {
            errors.push(point.invalid_text("must be unique"));
        }
        points.push(point.text());
        if device_paths.contains(&point.text()) {
            errors.push(point.invalid_text("must not already exist in volumeDevices"));
        }
        if by_device.contains(&name.text()) {
            errors.push(name.invalid_text("must not already exist in volumeDevices"));
        }
        check_sub_paths(&mount, errors);
        check_propagation(container, &mount, errors);
        check_recursion(container, &mount, errors);
    }
    check_devices(&devices, &points, scope, errors);
}

fn check_sub_paths(mount: &Place<'_>, errors: &mut Errors) {
    let (path, expression) = (mount.field("subPath"), mount.field("subPathExpr"));
    if !path.is_empty() {
        check_local_descending(&path, errors);
    }
    if !expression.is_empty() {
        if !path.is_empty() {
            errors.push(expression.invalid_text("subPathExpr and subPath are mutually exclusive"));
        }
        check_local_descending(&expression, errors);
    }
}

/// Reported at the list, as the reference does.
fn check_propagation(container: &Place<'_>, mount: &Place<'_>, errors: &mut Errors) {
    let asked = mount.field("mountPropagation");
    if !asked.is_set() {
        return;
    }
    let shown = container.field("volumeMounts").field("mountPropagation");
    let text = asked.text();
    if !PROPAGATION.contains(&text) {
        errors.push(Error::not_supported(shown.path(), text, &PROPAGATION));
    }
    let privileged = container.field("securityContext").field("privileged").is_true();
    if text == "Bidirectional" && !privileged {
        let problem = "Bidirectional mount propagation is available only to privileged containers";
        errors.push(shown.forbidden(problem));
    }
}

/// Reported at the list, as the reference does.
fn check_recursion(container: &Place<'_>, mount: &Place<'_>, errors: &mut Errors) {
    const KNOWN: [&str; 3] = ["Disabled", "Enabled", "IfPossible"];
    let asked = mount.field("recursiveReadOnly");
    let shown = container.field("volumeMounts").field("recursiveReadOnly");
    if !asked.is_set() || asked.text() == "Disabled" {
        return;
    }
    if !KNOWN.contains(&asked.text()) {
        errors.push(Error::not_supported(shown.path(), asked.text(), &KNOWN));
        return;
    }
    if !mount.field("readOnly").is_true() {
        errors.push(shown.forbidden("may only be specified when readOnly is true"));
    }
    if !matches!(mount.field("mountPropagation").text(), "" | "None") {
        let problem = "may only be specified when mountPropagation is None or not specified";
        errors.push(shown.forbidden(problem));
    }
}

fn check_devices(devices: &Place<'_>, points: &[&str], scope: &Scope<'_>, errors: &mut Errors) {
    let (mut names, mut paths) = (Vec::new(), Vec::new());
    for device in devices.items() {
        let (name, path) = (device.field("name"), device.field("devicePath"));
        name.require(errors);
        if names.contains(&name.text()) {
            errors.push(name.invalid_text("must be unique"));
        }
        names.push(name.text());
        if !scope.volumes.contains(&name.text()) {
            errors.push(Error::not_found(name.path(), name.text()));
        } else if !scope.blocks.contains(&name.text()) {
            errors.push(name.invalid_text(
                "can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode",
            ));
        }
        if path.require(errors) {
            if paths.contains(&path.text()) {
                errors.push(path.invalid_text("must be unique"));
            }
            check_no_back_steps(&path, errors);
        }
        paths.push(path.text());
        if points.contains(&path.text()) {
            errors.push(path.invalid_text("must not already exist in volumeMounts"));
        }
    }
}

/// A relative path that never goes up.
pub fn check_local_descending(path: &Place<'_>, errors: &mut Errors) {
    if path.text().starts_with('/') {
        errors.push(path.invalid_text("must be a relative path"));
    }
    check_no_back_steps(path, errors);
}

/// The same, and no name that begins with two dots.
pub fn check_local(path: &Place<'_>, errors: &mut Errors) {
    check_local_descending(path, errors);
    let text = path.text();
    if text.starts_with("..") && !text.starts_with("../") {
        errors.push(path.invalid_text("must not start with '..'"));
    }
}

/// A path without `..`.
pub fn check_no_back_steps(path: &Place<'_>, errors: &mut Errors) {
    if path.text().split('/').any(|step| step == "..") {
        errors.push(path.invalid_text("must not contain '..'"));
    }
}
