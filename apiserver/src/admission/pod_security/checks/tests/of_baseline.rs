//! Each check of baseline, in the versions between which it changes, with its message.

use super::*;

#[test]
fn host_namespaces() {
    assert_eq!(
        baseline(tree!({"hostIPC": true, "hostPID": true, "hostNetwork": true})),
        ["host namespaces (hostNetwork=true, hostPID=true, hostIPC=true)"]
    );
    assert!(baseline(tree!({"hostIPC": false})).is_empty());
}

#[test]
fn privileged_containers_of_all_kinds() {
    let named = |name: &str| tree!([{"name": name, "securityContext": {"privileged": true}}]);
    let (main, init, debug) = (named("main"), named("init"), named("debug"));
    let spec = tree!({"containers": main, "initContainers": init, "ephemeralContainers": debug});
    assert_eq!(
        baseline(spec),
        [
            "privileged (containers \"init\", \"main\", \"debug\" must not set securityContext.privileged=true)"
        ]
    );
}

#[test]
fn added_capabilities() {
    let adding = |add: Value| container(tree!({"capabilities": {"add": add}}));
    assert!(baseline(adding(tree!(["CHOWN", "NET_BIND_SERVICE"]))).is_empty());
    assert_eq!(
        baseline(adding(tree!(["SYS_TIME", "NET_RAW", "CHOWN"]))),
        [
            "non-default capabilities (container \"a\" must not include \"NET_RAW\", \"SYS_TIME\" in securityContext.capabilities.add)"
        ]
    );
}

#[test]
fn host_paths_and_ports() {
    let volumes =
        tree!({"volumes": [{"name": "v", "hostPath": {"path": "/"}}, {"name": "e", "emptyDir": {}}]});
    assert_eq!(baseline(volumes), ["hostPath volumes (volume \"v\")"]);
    let ports = tree!({"containers": [
        {"name": "a", "ports": [{"hostPort": 9i64}, {"hostPort": 10i64}]},
        {"name": "b", "ports": [{"hostPort": 10i64}]},
        {"name": "c", "ports": [{"containerPort": 10i64}]},
    ]});
    assert_eq!(
        baseline(ports),
        ["hostPort (containers \"a\", \"b\" use hostPorts 10, 9)"]
    );
}

#[test]
fn probes_of_other_hosts_are_forbidden_from_34_on() {
    let spec = tree!({"containers": [{
        "name": "a",
        "livenessProbe": {"httpGet": {"host": "b.example"}},
        "lifecycle": {"preStop": {"tcpSocket": {"host": "a.example"}}},
    }]});
    assert!(judged(Level::Baseline, 33, spec.clone()).is_empty());
    assert_eq!(
        judged(Level::Baseline, 34, spec),
        [
            "probe or lifecycle host (container \"a\" uses probe or lifecycle hosts \"a.example\", \"b.example\")"
        ]
    );
}

#[test]
fn proc_mounts() {
    let spec = container(tree!({"procMount": "Unmasked"}));
    let told = ["procMount (container \"a\" must not set securityContext.procMount to \"Unmasked\")"];
    assert_eq!(baseline(spec.clone()), told);
    assert_eq!(judged(Level::Baseline, 0, spec.clone()), told);
    assert!(baseline(with(spec, "hostUsers", tree!(false))).is_empty());
    let unmasked = with(
        hardened("procMount", tree!("Unmasked")),
        "hostUsers",
        tree!(false),
    );
    assert_eq!(restricted(35, unmasked), told);
}

#[test]
fn se_linux_options() {
    let with_type = |kind: &str| tree!({"securityContext": {"seLinuxOptions": {"type": kind}}});
    assert!(baseline(with_type("container_engine_t")).is_empty());
    assert_eq!(
        judged(Level::Baseline, 30, with_type("container_engine_t")).len(),
        1
    );
    let spec = with(
        container(tree!({"seLinuxOptions": {"role": "r"}})),
        "securityContext",
        tree!({"seLinuxOptions": {"type": "x", "user": "u"}}),
    );
    assert_eq!(
        baseline(spec),
        [
            "seLinuxOptions (pod and container \"a\" set forbidden securityContext.seLinuxOptions: type \"x\"; user may not be set; role may not be set)"
        ]
    );
}

#[test]
fn safe_sysctls_grow_with_versions() {
    let history = [
        ("net.ipv4.tcp_syncookies", 0),
        ("net.ipv4.ip_local_reserved_ports", 27),
        ("net.ipv4.tcp_keepalive_time", 29),
        ("net.ipv4.tcp_fin_timeout", 29),
        ("net.ipv4.tcp_keepalive_intvl", 29),
        ("net.ipv4.tcp_keepalive_probes", 29),
        ("net.ipv4.tcp_rmem", 32),
        ("net.ipv4.tcp_wmem", 32),
    ];
    for (name, since) in history {
        for minor in 0..=36 {
            let spec = tree!({"securityContext": {"sysctls": [{"name": name, "value": "1"}]}});
            let found = judged(Level::Baseline, minor, spec);
            let told = [format!("forbidden sysctls ({name})")];
            assert_eq!(
                found,
                if minor < since { &told[..] } else { &[] },
                "{name} {minor}"
            );
        }
    }
}

#[test]
fn app_armor_profiles_and_annotations() {
    let spec = with(
        container(tree!({"appArmorProfile": {"type": "Localhost"}})),
        "securityContext",
        tree!({"appArmorProfile": {"type": "Unconfined"}}),
    );
    let annotations = tree!({
        "container.apparmor.security.beta.kubernetes.io/a": "unconfined",
        "container.apparmor.security.beta.kubernetes.io/b": "localhost/x",
    });
    assert_eq!(
        with_annotations(Level::Baseline, 0, spec.clone(), annotations),
        [
            "forbidden AppArmor profiles (pod and annotation must not set AppArmor profile type to \"Unconfined\", \"container.apparmor.security.beta.kubernetes.io/a=\"unconfined\"\")"
        ]
    );
    assert_eq!(
        baseline(spec),
        ["forbidden AppArmor profile (pod must not set AppArmor profile type to \"Unconfined\")"]
    );
}

#[test]
fn host_processes() {
    let options = tree!({"windowsOptions": {"hostProcess": true}});
    let spec = with(container(options.clone()), "securityContext", options);
    assert_eq!(
        baseline(spec),
        [
            "hostProcess (pod and container \"a\" must not set securityContext.windowsOptions.hostProcess=true)"
        ]
    );
}

#[test]
fn seccomp_was_annotations_before_19() {
    let spec = container(tree!({"seccompProfile": {"type": "Unconfined"}}));
    let annotations = tree!({
        "seccomp.security.alpha.kubernetes.io/pod": "docker/default",
        "container.seccomp.security.alpha.kubernetes.io/a": "unconfined",
        "container.seccomp.security.alpha.kubernetes.io/other": "unconfined",
    });
    assert_eq!(
        with_annotations(Level::Baseline, 18, spec.clone(), annotations.clone()),
        [
            "seccompProfile (forbidden annotation container.seccomp.security.alpha.kubernetes.io/a=\"unconfined\")"
        ]
    );
    assert_eq!(
        with_annotations(Level::Baseline, 19, spec, annotations),
        [
            "seccompProfile (container \"a\" must not set securityContext.seccompProfile.type to \"Unconfined\")"
        ]
    );
}
