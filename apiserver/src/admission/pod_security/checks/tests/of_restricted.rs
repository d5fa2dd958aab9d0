//! Each check of restricted, in the versions between which it changes, with its message.

use super::*;

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
