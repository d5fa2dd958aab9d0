use super::*;
use schema::tree;

fn service(change: impl FnOnce(&mut schema::Map)) -> Value {
    let mut service = tree!({"spec": {"type": "ClusterIP", "clusterIP": "10.96.0.9", "clusterIPs": ["10.96.0.9"],
        "ipFamilies": ["IPv4"], "ipFamilyPolicy": "SingleStack", "sessionAffinity": "None",
        "internalTrafficPolicy": "Cluster",
        "ports": [{"port": 80i64, "protocol": "TCP", "targetPort": 80i64}]}});
    change(service.as_map_mut().expect("a map").map_at("spec"));
    service
}

fn created(change: impl FnOnce(&mut schema::Map)) -> Vec<String> {
    let mut errors = Errors::new();
    create(&service(change), &mut errors);
    errors.iter().map(ToString::to_string).collect()
}

#[test]
fn a_plain_service_is_valid() {
    assert_eq!(created(|_| {}), [""; 0]);
}

#[test]
fn ports_are_numbers_names_and_unique() {
    let of = |ports: Value| created(|spec| drop(spec.insert("ports", ports)));
    assert_eq!(of(tree!([])), ["spec.ports: Required value"]);
    let twice = of(
        tree!([{"name": "a", "port": 80i64, "protocol": "TCP", "targetPort": 80i64},
        {"name": "b", "port": 80i64, "protocol": "TCP", "targetPort": 81i64}]),
    );
    let shown = r#"{"Name":"","Protocol":"TCP","AppProtocol":null,"Port":80,"TargetPort":0,"NodePort":0}"#;
    assert_eq!(twice, [format!("spec.ports[1]: Duplicate value: {shown}")]);
    assert_eq!(
        of(tree!([{"port": 80i64, "protocol": "TCP", "targetPort": "bad_port!"}])).len(),
        1
    );
    let node = of(tree!([{"port": 80i64, "protocol": "TCP", "targetPort": 80i64, "nodePort": 30_000i64}]));
    assert_eq!(
        node,
        ["spec.ports[0].nodePort: Forbidden: may not be used when `type` is 'ClusterIP'"]
    );
}

#[test]
fn fields_fit_the_type() {
    assert_eq!(
        created(|spec| drop(spec.insert("loadBalancerClass", "a.b/c"))).len(),
        1
    );
    assert_eq!(
        created(|spec| drop(spec.insert("allocateLoadBalancerNodePorts", true))).len(),
        1
    );
    assert_eq!(
        created(|spec| drop(spec.insert("externalTrafficPolicy", "Local"))).len(),
        1
    );
    assert_eq!(
        created(|spec| drop(spec.insert("healthCheckNodePort", 30_000i64))).len(),
        1
    );
    assert_eq!(created(|spec| drop(spec.insert("type", "Bogus"))).len(), 1);
    let alias = created(|spec| drop(spec.insert("type", "ExternalName")));
    assert!(
        alias.contains(&"spec.clusterIPs: Forbidden: may not be set for ExternalName services".to_owned())
    );
    assert!(alias.contains(&"spec.externalName: Required value".to_owned()));
}

#[test]
fn affinity_has_a_bounded_timeout() {
    let of = |seconds: i64| {
        created(|spec| {
            spec.insert("sessionAffinity", "ClientIP");
            spec.insert(
                "sessionAffinityConfig",
                tree!({"clientIP": {"timeoutSeconds": seconds}}),
            );
        })
    };
    assert!(of(10).is_empty());
    assert!(of(0)[0].ends_with("must be greater than 0 and less than 86400"));
}

#[test]
fn external_addresses_are_reachable() {
    let of = |ip: &str| {
        created(|spec| {
            spec.insert("externalIPs", tree!([ip]));
            spec.insert("externalTrafficPolicy", "Cluster");
        })
    };
    assert!(of("1.2.3.4").is_empty());
    assert!(of("127.0.0.1")[0].contains("loopback range"));
    assert!(of("notip")[0].contains("must be a valid IP address"));
}

#[test]
fn addresses_and_families_agree_and_stay() {
    let v6 = created(|spec| drop(spec.insert("ipFamilies", tree!(["IPv6"]))));
    assert!(v6[0].contains("expected an IPv6 value as indicated by `ipFamilies[0]`"));
    let other = service(|spec| {
        spec.insert("clusterIP", "10.96.0.10");
        spec.insert("clusterIPs", tree!(["10.96.0.10"]));
    });
    let mut errors = Errors::new();
    update(&other, &service(|_| {}), &mut errors);
    let text = r#"spec.clusterIPs[0]: Invalid value: ["10.96.0.10"]: may not change once set"#;
    assert_eq!(errors[0].to_string(), text);
    errors.clear();
    update(&service(|_| {}), &service(|_| {}), &mut errors);
    assert!(errors.is_empty());
}

#[test]
fn only_load_balancers_have_ingress_addresses() {
    let mut object = service(|_| {});
    if let Some(map) = object.as_map_mut() {
        map.insert(
            "status",
            tree!({"loadBalancer": {"ingress": [{"ip": "1.2.3.4", "ipMode": "VIP"}]}}),
        );
    }
    let mut errors = Errors::new();
    status(&object, &object, &mut errors);
    assert_eq!(errors.len(), 1);
}

#[test]
fn an_ingress_address_has_a_mode() {
    let of = |ingress: Value| {
        let mut object = tree!({"spec": {"type": "LoadBalancer"}});
        let told = tree!({"loadBalancer": {"ingress": [ingress]}});
        object.as_map_mut().expect("a map").insert("status", told);
        let mut errors = Errors::new();
        status(&object, &object, &mut errors);
        errors.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    let at = "status.loadBalancer.ingress[0].ipMode";
    assert!(of(tree!({"ip": "1.2.3.4", "ipMode": "Proxy"})).is_empty());
    assert_eq!(
        of(tree!({"ip": "1.2.3.4"})),
        [format!(
            "{at}: Required value: must be specified when `ip` is set"
        )]
    );
    assert_eq!(
        of(tree!({"ip": "1.2.3.4", "ipMode": "Other"})),
        [format!(
            "{at}: Unsupported value: \"Other\": supported values: \"Proxy\", \"VIP\""
        )]
    );
    assert_eq!(
        of(tree!({"hostname": "a", "ipMode": "VIP"})),
        [format!(
            "{at}: Forbidden: may not be specified when `ip` is not set"
        )]
    );
}
