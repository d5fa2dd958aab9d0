//! What level baseline forbids.

use std::collections::BTreeSet;

use object::field::quote;
use schema::Value;

use super::containers::{Forbidden, name, named, plural, quoted, setters, uses};
use super::{Pod, Violation};

const APP_ARMOR_ANNOTATION_PREFIX: &str = "container.apparmor.security.beta.kubernetes.io/";
/// Capabilities that container runtimes give anyway.
const DEFAULT_CAPABILITIES: [&str; 13] = [
    "AUDIT_WRITE",
    "CHOWN",
    "DAC_OVERRIDE",
    "FOWNER",
    "FSETID",
    "KILL",
    "MKNOD",
    "NET_BIND_SERVICE",
    "SETFCAP",
    "SETGID",
    "SETPCAP",
    "SETUID",
    "SYS_CHROOT",
];
/// Types that containers run as, oldest first.
pub(super) const SE_LINUX_TYPES: [&str; 5] = [
    "",
    "container_t",
    "container_init_t",
    "container_kvm_t",
    // From 1.31 on.
    "container_engine_t",
];
/// Sysctls that reach no further than the pod, oldest first.
pub(super) const SYSCTLS: [&str; 12] = [
    "kernel.shm_rmid_forced",
    "net.ipv4.ip_local_port_range",
    "net.ipv4.tcp_syncookies",
    "net.ipv4.ping_group_range",
    "net.ipv4.ip_unprivileged_port_start",
    // From 1.27 on.
    "net.ipv4.ip_local_reserved_ports",
    // From 1.29 on.
    "net.ipv4.tcp_keepalive_time",
    "net.ipv4.tcp_fin_timeout",
    "net.ipv4.tcp_keepalive_intvl",
    "net.ipv4.tcp_keepalive_probes",
    // From 1.32 on.
    "net.ipv4.tcp_rmem",
    "net.ipv4.tcp_wmem",
];

pub(super) fn app_armor(pod: &Pod<'_>) -> Option<Violation> {
    let allows = |kind: &str| matches!(kind, "RuntimeDefault" | "Localhost");
    let found = Forbidden::in_security_context(pod, "appArmorProfile", allows);
    let annotations = pod.annotations().filter(|(key, value)| {
        let allowed = matches!(*value, "" | "runtime/default") || value.starts_with("localhost/");
        key.starts_with(APP_ARMOR_ANNOTATION_PREFIX) && !allowed
    });
    let annotations: BTreeSet<String> = annotations
        .map(|(key, value)| format!("{key}={}", quote(value)))
        .collect();
    let annotated = (!annotations.is_empty()).then(|| plural(annotations.len(), "annotation"));
    let who: Vec<String> = found.setters().into_iter().chain(annotated).collect();
    let count = found.values.len() + annotations.len();
    (!who.is_empty()).then(|| Violation {
        reason: plural(count, "forbidden AppArmor profile").into(),
        detail: format!(
            "{} must not set AppArmor profile type to {}",
            who.join(" and "),
            quoted(found.values.iter().chain(&annotations))
        ),
    })
}

pub(super) fn added_capabilities(pod: &Pod<'_>) -> Option<Violation> {
    let mut added = BTreeSet::new();
    let names = pod.names_where(|container| {
        let listed = container.list_at(&["securityContext", "capabilities", "add"]);
        let texts = listed.iter().filter_map(Value::as_str);
        let forbidden: Vec<&str> = texts.filter(|one| !DEFAULT_CAPABILITIES.contains(one)).collect();
        added.extend(forbidden.iter().map(|one| (*one).to_owned()));
        !forbidden.is_empty()
    });
    let detail = format!(
        "{} must not include {} in securityContext.capabilities.add",
        named(&names)?,
        quoted(&added)
    );
    Some(Violation::new("non-default capabilities", detail))
}

pub(super) fn host_namespaces(pod: &Pod<'_>) -> Option<Violation> {
    let shared: Vec<String> = ["hostNetwork", "hostPID", "hostIPC"]
        .into_iter()
        .filter(|field| pod.spec.bool_at(&[field]) == Some(true))
        .map(|field| format!("{field}=true"))
        .collect();
    (!shared.is_empty()).then(|| Violation::new("host namespaces", shared.join(", ")))
}

pub(super) fn host_paths(pod: &Pod<'_>) -> Option<Violation> {
    let volumes = pod.spec.list_at(&["volumes"]).iter();
    let names: Vec<&str> = volumes
        .filter(|volume| volume.get("hostPath").is_some())
        .map(name)
        .collect();
    (!names.is_empty()).then(|| {
        let detail = format!("{} {}", plural(names.len(), "volume"), quoted(&names));
        Violation::new("hostPath volumes", detail)
    })
}

pub(super) fn host_ports(pod: &Pod<'_>) -> Option<Violation> {
    // In the order of their texts, as the reference lists them.
    let mut ports = BTreeSet::new();
    let names = pod.names_where(|container| {
        let of_container = container.list_at(&["ports"]).iter();
        let set = of_container.filter_map(|port| port.int_at(&["hostPort"]).filter(|port| *port != 0));
        let set: Vec<String> = set.map(|port| port.to_string()).collect();
        let any = !set.is_empty();
        ports.extend(set);
        any
    });
    let who = named(&names)?;
    let listed: Vec<&str> = ports.iter().map(String::as_str).collect();
    let detail = format!(
        "{who} {} {} {}",
        uses(names.len()),
        plural(ports.len(), "hostPort"),
        listed.join(", ")
    );
    Some(Violation::new("hostPort", detail))
}

/// A kubelet that probes another host on a container's behalf is a way around network policies.
pub(super) fn probed_hosts(pod: &Pod<'_>) -> Option<Violation> {
    let handlers: [&[&str]; 5] = [
        &["livenessProbe"],
        &["readinessProbe"],
        &["startupProbe"],
        &["lifecycle", "postStart"],
        &["lifecycle", "preStop"],
    ];
    let mut hosts = BTreeSet::new();
    let names = pod.names_where(|container| {
        let handlers = handlers.iter().filter_map(|path| container.at(path));
        let set: Vec<&str> = handlers
            .flat_map(|handler| {
                [["httpGet", "host"], ["tcpSocket", "host"]].map(|path| handler.str_at(&path))
            })
            .flatten()
            .filter(|host| !host.is_empty())
            .collect();
        hosts.extend(set.iter().map(|host| (*host).to_owned()));
        !set.is_empty()
    });
    let names: BTreeSet<&str> = names.into_iter().collect();
    let names: Vec<&str> = names.into_iter().collect();
    let who = named(&names)?;
    let detail = format!(
        "{who} {} {} {}",
        uses(names.len()),
        plural(hosts.len(), "probe or lifecycle host"),
        quoted(&hosts)
    );
    Some(Violation::new("probe or lifecycle host", detail))
}

pub(super) fn privileged(pod: &Pod<'_>) -> Option<Violation> {
    let names =
        pod.names_where(|container| container.bool_at(&["securityContext", "privileged"]) == Some(true));
    let detail = format!("{} must not set securityContext.privileged=true", named(&names)?);
    Some(Violation::new("privileged", detail))
}

pub(super) fn proc_mount(pod: &Pod<'_>) -> Option<Violation> {
    let mut mounts = BTreeSet::new();
    let names = pod.names_where(|container| {
        let mount = container.str_at(&["securityContext", "procMount"]);
        let wrong = mount.filter(|mount| *mount != "Default");
        mounts.extend(wrong.map(str::to_owned));
        wrong.is_some()
    });
    let detail = format!(
        "{} must not set securityContext.procMount to {}",
        named(&names)?,
        quoted(&mounts)
    );
    Some(Violation::new("procMount", detail))
}

pub(super) fn se_linux(pod: &Pod<'_>, types: &[&str]) -> Option<Violation> {
    let option = |holder: &Value, field: &str| -> String {
        let text = holder.str_at(&["securityContext", "seLinuxOptions", field]);
        text.unwrap_or_default().to_owned()
    };
    let mut wrong_types = BTreeSet::new();
    let (mut user, mut role) = (false, false);
    let mut forbids = |holder: &Value| {
        let kind = option(holder, "type");
        let wrong_type = !types.contains(&kind.as_str());
        let (has_user, has_role) = (
            !option(holder, "user").is_empty(),
            !option(holder, "role").is_empty(),
        );
        if wrong_type {
            wrong_types.insert(kind);
        }
        user |= has_user;
        role |= has_role;
        wrong_type || has_user || has_role
    };
    let of_pod = forbids(pod.spec);
    let who = setters(of_pod, &pod.names_where(|container| forbids(container)))?;
    let kinds = (!wrong_types.is_empty())
        .then(|| format!("{} {}", plural(wrong_types.len(), "type"), quoted(&wrong_types)));
    let problems: Vec<String> = kinds
        .into_iter()
        .chain(user.then(|| "user may not be set".to_owned()))
        .chain(role.then(|| "role may not be set".to_owned()))
        .collect();
    let detail = format!(
        "{who} set forbidden securityContext.seLinuxOptions: {}",
        problems.join("; ")
    );
    Some(Violation::new("seLinuxOptions", detail))
}

pub(super) fn sysctls(pod: &Pod<'_>, allowed: &[&str]) -> Option<Violation> {
    let set = pod.spec.list_at(&["securityContext", "sysctls"]).iter().map(name);
    let forbidden: Vec<&str> = set.filter(|name| !allowed.contains(name)).collect();
    (!forbidden.is_empty()).then(|| Violation::new("forbidden sysctls", forbidden.join(", ")))
}

pub(super) fn windows_host_process(pod: &Pod<'_>) -> Option<Violation> {
    let is_set =
        |holder: &Value| holder.bool_at(&["securityContext", "windowsOptions", "hostProcess"]) == Some(true);
    let who = setters(is_set(pod.spec), &pod.names_where(|container| is_set(container)))?;
    let detail = format!("{who} must not set securityContext.windowsOptions.hostProcess=true");
    Some(Violation::new("hostProcess", detail))
}
