//! What clients are warned of in a pod or a pod template: things that are allowed and will not do what they seem to.

use object::field::Path;
use object::names;
use schema::Value;
use schema::quantity::Quantity;

use super::super::place::Place;
use super::profiles::APP_ARMOR;

/// Node labels that have newer names.
const OLD_LABELS: [(&str, &str); 8] = [
    (
        "beta.kubernetes.io/arch",
        "deprecated since v1.14; use \"kubernetes.io/arch\" instead",
    ),
    (
        "beta.kubernetes.io/os",
        "deprecated since v1.14; use \"kubernetes.io/os\" instead",
    ),
    (
        "failure-domain.beta.kubernetes.io/region",
        "deprecated since v1.17; use \"topology.kubernetes.io/region\" instead",
    ),
    (
        "failure-domain.beta.kubernetes.io/zone",
        "deprecated since v1.17; use \"topology.kubernetes.io/zone\" instead",
    ),
    (
        "beta.kubernetes.io/instance-type",
        "deprecated since v1.17; use \"node.kubernetes.io/instance-type\" instead",
    ),
    (
        "failure-domain.kubernetes.io/region",
        "deprecated since v1.17; use \"topology.kubernetes.io/region\" instead",
    ),
    (
        "failure-domain.kubernetes.io/zone",
        "deprecated since v1.17; use \"topology.kubernetes.io/zone\" instead",
    ),
    (
        "kubernetes.io/instance-type",
        "deprecated since v1.17; use \"node.kubernetes.io/instance-type\" instead",
    ),
];
/// Volumes whose plugins are gone or going.
const OLD_VOLUMES: [(&str, &str); 9] = [
    (
        "photonPersistentDisk",
        "deprecated in v1.11, non-functional in v1.16+",
    ),
    (
        "gitRepo",
        "deprecated in v1.11, and disabled by default in v1.33+",
    ),
    ("scaleIO", "deprecated in v1.16, non-functional in v1.22+"),
    ("flocker", "deprecated in v1.22, non-functional in v1.25+"),
    ("storageos", "deprecated in v1.22, non-functional in v1.25+"),
    ("quobyte", "deprecated in v1.22, non-functional in v1.25+"),
    ("glusterfs", "deprecated in v1.25, non-functional in v1.26+"),
    ("cephfs", "deprecated in v1.28, non-functional in v1.31+"),
    ("rbd", "deprecated in v1.28, non-functional in v1.31+"),
];
const SECCOMP: &str = "seccomp.security.alpha.kubernetes.io/pod";

/// Warnings about a pod, new or changed.
pub fn warnings(pod: &Value, old: Option<&Value>) -> Vec<String> {
    if old.is_some_and(|old| old.get("spec") == pod.get("spec")) {
        return Vec::new();
    }
    let mut warnings = Vec::new();
    if old.is_none() {
        let problems = names::dns_label(object::meta::of(pod).name());
        if !problems.is_empty() {
            let use_of = "metadata.name: this is used in the Pod's hostname, which can result in surprising behavior; a DNS \
                          label is recommended";
            warnings.push(format!("{use_of}: [{}]", problems.join(" ")));
        }
    }
    warnings.extend(template_warnings(&[], pod));
    warnings
}

/// Warnings about a pod template, or a pod, that stands at a path.
pub fn template_warnings(path: &[&str], template: &Value) -> Vec<String> {
    let at = path.split_first().map_or(Path::none(), |(first, rest)| {
        rest.iter()
            .fold(Path::root(*first), |path, step| path.child(*step))
    });
    let part = |name: &'static str| {
        let path = if path.is_empty() {
            Path::root(name)
        } else {
            at.child(name)
        };
        Place::new(template.get(name), path)
    };
    let (metadata, spec) = (part("metadata"), part("spec"));
    let mut warnings = Vec::new();
    node_labels(&spec, &mut warnings);
    spread(&spec, &mut warnings);
    let annotations = metadata.field("annotations");
    if annotations.has(SECCOMP) {
        warnings.push(format!(
            "{}: non-functional in v1.27+; use the \"seccompProfile\" field instead",
            annotations.key(SECCOMP).path()
        ));
    }
    if !path.is_empty() {
        app_armor(&annotations, &spec, &mut warnings);
    }
    host_aliases(&spec, &mut warnings);
    for volume in spec.field("volumes").items() {
        let old = OLD_VOLUMES
            .iter()
            .filter(|(name, _)| volume.value().get(name).is_some());
        warnings.extend(old.map(|(name, words)| format!("{}: {words}", volume.path().child(*name))));
    }
    pull_secrets(&spec, &mut warnings);
    for list in ["initContainers", "containers"] {
        spec.field(list)
            .items()
            .for_each(|container| of_container(&container, &mut warnings));
    }
    warnings
}

/// Annotations of a template where there could be fields. A pod's are told when they become fields.
fn app_armor(annotations: &Place<'_>, spec: &Place<'_>, warnings: &mut Vec<String>) {
    let has_profile = |place: &Place<'_>| place.field("securityContext").field("appArmorProfile").is_set();
    if !annotations.is_set() || has_profile(spec) {
        return;
    }
    for list in ["initContainers", "containers"] {
        for container in spec
            .field(list)
            .items()
            .filter(|container| !has_profile(container))
        {
            let key = format!("{APP_ARMOR}{}", container.field("name").text());
            if annotations.has(&key) {
                warnings.push(app_armor_warning(annotations.key(&key).path()));
            }
        }
    }
}

/// Of an annotation.
pub fn app_armor_warning(annotation: &Path) -> String {
    format!("{annotation}: deprecated since v1.30; use the \"appArmorProfile\" field instead")
}

fn node_labels(spec: &Place<'_>, warnings: &mut Vec<String>) {
    let selector = spec.field("nodeSelector");
    for (name, words) in OLD_LABELS.into_iter().filter(|(name, _)| selector.has(name)) {
        warnings.push(format!("{}: {words}", selector.key(name).path()));
    }
}

fn spread(spec: &Place<'_>, warnings: &mut Vec<String>) {
    for constraint in spec.field("topologySpreadConstraints").items() {
        let selector = constraint.field("labelSelector");
        if !selector.is_set() {
            warnings.push(format!(
                "{}: a null labelSelector results in matching no pod",
                selector.path()
            ));
        }
    }
}

fn host_aliases(spec: &Place<'_>, warnings: &mut Vec<String>) {
    let mut seen = Vec::new();
    for alias in spec.field("hostAliases").items() {
        let ip = alias.field("ip");
        if seen.contains(&ip.text()) {
            warnings.push(format!(
                "{}: duplicate ip {}",
                ip.path(),
                object::field::quote(ip.text())
            ));
        }
        seen.push(ip.text());
    }
}

fn pull_secrets(spec: &Place<'_>, warnings: &mut Vec<String>) {
    let mut seen = Vec::new();
    for secret in spec.field("imagePullSecrets").items() {
        let name = secret.field("name");
        if name.is_empty() {
            warnings.push(format!("{}: invalid empty name \"\"", name.path()));
        } else if seen.contains(&name.text()) {
            warnings.push(format!(
                "{}: duplicate name {}",
                name.path(),
                object::field::quote(name.text())
            ));
        }
        seen.push(name.text());
    }
}

fn of_container(container: &Place<'_>, warnings: &mut Vec<String>) {
    for list in ["limits", "requests"] {
        let amounts = container.field("resources").field(list);
        for name in ["memory", "ephemeral-storage"] {
            if !amounts.has(name) {
                continue;
            }
            let amount = amounts.key(name);
            if Quantity::parse(amount.text()).is_ok_and(|amount| !amount.is_multiple_of(0)) {
                let shown = object::field::quote(amount.text());
                warnings.push(format!(
                    "{}: fractional byte value {shown} is invalid, must be an integer",
                    amount.path()
                ));
            }
        }
    }
    let mut seen = Vec::new();
    for variable in container.field("env").items() {
        let name = variable.field("name").text();
        if seen.contains(&name) {
            let shown = object::field::quote(name);
            warnings.push(format!(
                "{}: hides previous definition of {shown}, which may be dropped when using apply",
                variable.path()
            ));
        }
        seen.push(name);
    }
    ports(container, warnings);
}

fn ports(container: &Place<'_>, warnings: &mut Vec<String>) {
    let mut seen: Vec<(_, Path)> = Vec::new();
    for port in container.field("ports").items() {
        let key = (
            port.field("containerPort").int(),
            port.field("hostPort").int(),
            port.field("hostIP").text(),
            port.field("protocol").text(),
        );
        match seen.iter().find(|(have, _)| *have == key) {
            Some((_, first)) => {
                warnings.push(format!("{}: duplicate port definition with {first}", port.path()))
            }
            None => seen.push((key, port.path().clone())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use schema::tree;

    #[test]
    fn annotations_of_templates_are_told_where_there_is_no_field() {
        let told = |path: &[&str], of_pod: Value, of_container: Value| {
            let template = tree!({
                "metadata": {"annotations": {"container.apparmor.security.beta.kubernetes.io/a": "unconfined"}},
                "spec": {"securityContext": of_pod, "containers": [
                    {"name": "a", "securityContext": of_container},
                    {"name": "b"},
                ]},
            });
            template_warnings(path, &template)
        };
        let (none, unconfined) = (
            || tree!({}),
            || tree!({"appArmorProfile": {"type": "Unconfined"}}),
        );
        let words = "spec.template.metadata.annotations[container.apparmor.security.beta.kubernetes.io/a]: deprecated since \
                     v1.30; use the \"appArmorProfile\" field instead";
        assert_eq!(told(&["spec", "template"], none(), none()), [words]);
        assert!(told(&["spec", "template"], unconfined(), none()).is_empty());
        assert!(told(&["spec", "template"], none(), unconfined()).is_empty());
        assert!(told(&[], none(), none()).is_empty());
    }
}
