//! Each check, in the versions between which it changes, with its message.

use schema::{Value, tree};

use super::*;

fn judged(level: Level, minor: i64, spec: Value) -> Vec<String> {
    with_annotations(level, minor, spec, Value::Null)
}

fn with_annotations(level: Level, minor: i64, spec: Value, annotations: Value) -> Vec<String> {
    let pod = tree!({"metadata": {"annotations": annotations}, "spec": spec});
    let wanted = LevelVersion {
        level,
        version: Version::Minor(minor),
    };
    let violations = evaluate(wanted, Pod::of(&pod));
    violations
        .0
        .iter()
        .map(|one| format!("{} ({})", one.reason, one.detail))
        .collect()
}

/// What baseline says of a pod in the newest version.
fn baseline(spec: Value) -> Vec<String> {
    judged(Level::Baseline, 35, spec)
}

/// A pod of one container with a security context.
fn container(context: Value) -> Value {
    tree!({"containers": [{"name": "a", "securityContext": context}]})
}

/// A pod that no level forbids anything, with its container's security context changed by a key.
fn hardened(key: &str, value: Value) -> Value {
    let mut context = tree!({
        "allowPrivilegeEscalation": false,
        "runAsNonRoot": true,
        "capabilities": {"drop": ["ALL"]},
        "seccompProfile": {"type": "RuntimeDefault"},
    });
    if let Some(map) = context.as_map_mut() {
        match value {
            Value::Null => map.remove(key),
            value => map.insert(key, value),
        };
    }
    container(context)
}

fn restricted(minor: i64, spec: Value) -> Vec<String> {
    judged(Level::Restricted, minor, spec)
}

fn with(mut spec: Value, key: &str, value: Value) -> Value {
    if let Some(map) = spec.as_map_mut() {
        map.insert(key, value);
    }
    spec
}

#[test]
fn checks_stand_in_the_order_of_their_names() {
    for checks in [&BASELINE[..], &RESTRICTED[..]] {
        assert!(checks.is_sorted_by_key(|check| check.name));
        assert!(
            checks
                .iter()
                .all(|check| check.rules.is_sorted_by_key(|(since, _)| *since))
        );
    }
    let names = BASELINE.map(|check| check.name);
    let replaced = RESTRICTED.iter().filter(|check| !check.replaces.is_empty());
    assert!(replaced.clone().count() == 4 && replaced.clone().all(|check| names.contains(&check.replaces)));
}

#[test]
fn restricted_checks_take_the_place_of_baseline_ones_once_they_exist() {
    let names = |minor| -> Vec<&str> { rules(Level::Restricted, minor).map(|(name, _)| name).collect() };
    assert!(names(18).contains(&"seccompProfile_baseline"));
    assert!(!names(19).contains(&"seccompProfile_baseline"));
    assert!(names(21).contains(&"capabilities_baseline"));
    assert!(!names(22).contains(&"capabilities_baseline"));
    assert!(names(34).contains(&"procMount"));
    assert!(!names(35).contains(&"procMount"));
    assert!(!names(0).contains(&"hostPathVolumes"));
    assert_eq!(rules(Level::Privileged, 35).count(), 0);
}

#[test]
fn later_versions_are_like_the_newest() {
    let spec = with(
        container(tree!({"procMount": "Unmasked"})),
        "hostUsers",
        tree!(false),
    );
    assert_eq!(judged(Level::Baseline, 34, spec.clone()).len(), 1);
    assert!(judged(Level::Baseline, 35, spec.clone()).is_empty());
    assert!(judged(Level::Baseline, 99, spec).is_empty());
}

#[test]
fn a_hardened_pod_violates_nothing_in_any_version() {
    for minor in 0..=36 {
        assert!(restricted(minor, hardened("none", Value::Null)).is_empty());
    }
}

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

#[test]
fn restricted_requires_seccomp_from_19_on() {
    let without = hardened("seccompProfile", Value::Null);
    let told = [
        "seccompProfile (pod or container \"a\" must set securityContext.seccompProfile.type to \"RuntimeDefault\" or \"Localhost\")",
    ];
    assert!(restricted(18, without.clone()).is_empty());
    assert_eq!(restricted(19, without.clone()), told);
    let of_pod = tree!({"seccompProfile": {"type": "Localhost"}});
    assert!(restricted(35, with(without.clone(), "securityContext", of_pod)).is_empty());
    let windows = with(without, "os", tree!({"name": "windows"}));
    assert_eq!(restricted(24, windows.clone()), told);
    assert!(restricted(25, windows).is_empty());
}

#[test]
fn restricted_forbids_privilege_escalation_from_8_on() {
    let silent = hardened("allowPrivilegeEscalation", Value::Null);
    let told = [
        "allowPrivilegeEscalation != false (container \"a\" must set securityContext.allowPrivilegeEscalation=false)",
    ];
    assert!(restricted(7, silent.clone()).is_empty());
    assert_eq!(restricted(8, silent.clone()), told);
    let windows = with(silent, "os", tree!({"name": "windows"}));
    assert_eq!(restricted(24, windows.clone()), told);
    assert!(restricted(25, windows).is_empty());
}

#[test]
fn restricted_wants_all_capabilities_dropped_from_22_on() {
    let spec = hardened("capabilities", tree!({"add": ["CHOWN", "NET_BIND_SERVICE"]}));
    let told = [
        "unrestricted capabilities (container \"a\" must set securityContext.capabilities.drop=[\"ALL\"]; container \"a\" must not include \"CHOWN\" in securityContext.capabilities.add)",
    ];
    assert!(restricted(21, spec.clone()).is_empty());
    assert_eq!(restricted(22, spec.clone()), told);
    let windows = with(spec, "os", tree!({"name": "windows"}));
    assert_eq!(restricted(24, windows.clone()), told);
    assert!(restricted(25, windows).is_empty());
}

#[test]
fn restricted_knows_harmless_volumes() {
    let harmless: Vec<Value> = restricted_sources()
        .iter()
        .map(|source| {
            let mut volume = tree!({"name": "v"});
            volume.as_map_mut().unwrap().insert(*source, tree!({}));
            volume
        })
        .collect();
    let spec = with(hardened("none", Value::Null), "volumes", Value::List(harmless));
    assert!(restricted(0, spec).is_empty());
    let others = tree!([{"name": "a", "nfs": {}}, {"name": "b", "hostPath": {}}, {"name": "c", "nfs": {}}]);
    assert_eq!(
        restricted(35, with(hardened("none", Value::Null), "volumes", others)),
        [
            "restricted volume types (volumes \"a\", \"b\", \"c\" use restricted volume types \"hostPath\", \"nfs\")"
        ]
    );
}

fn restricted_sources() -> [&'static str; 9] {
    [
        "secret",
        "configMap",
        "emptyDir",
        "projected",
        "downwardAPI",
        "persistentVolumeClaim",
        "ephemeral",
        "csi",
        "image",
    ]
}

#[test]
fn restricted_wants_no_root() {
    let silent = hardened("runAsNonRoot", Value::Null);
    let told = ["runAsNonRoot != true (pod or container \"a\" must set securityContext.runAsNonRoot=true)"];
    assert_eq!(restricted(0, silent.clone()), told);
    let refused = hardened("runAsNonRoot", tree!(false));
    assert_eq!(
        restricted(
            35,
            with(refused, "securityContext", tree!({"runAsNonRoot": false}))
        ),
        ["runAsNonRoot != true (pod and container \"a\" must not set securityContext.runAsNonRoot=false)"]
    );
    let of_pod = with(silent.clone(), "securityContext", tree!({"runAsNonRoot": true}));
    assert!(restricted(35, of_pod).is_empty());
    let apart = with(silent, "hostUsers", tree!(false));
    assert_eq!(restricted(34, apart.clone()), told);
    assert!(restricted(35, apart).is_empty());
}

#[test]
fn restricted_forbids_user_zero_from_23_on() {
    let root = hardened("runAsUser", tree!(0i64));
    let told = ["runAsUser=0 (container \"a\" must not set runAsUser=0)"];
    assert!(restricted(22, root.clone()).is_empty());
    assert_eq!(restricted(23, root.clone()), told);
    assert_eq!(
        restricted(34, with(root.clone(), "hostUsers", tree!(false))),
        told
    );
    assert!(restricted(35, with(root, "hostUsers", tree!(false))).is_empty());
    assert!(restricted(35, hardened("runAsUser", tree!(1i64))).is_empty());
}
