use super::*;
use schema::{Map, Value, tree};

fn texts(errors: &Errors) -> Vec<String> {
    errors.iter().map(ToString::to_string).collect()
}

fn claimed(devices: Value) -> Vec<String> {
    let mut errors = Errors::new();
    claims::claim(&tree!({"spec": {"devices": devices}}), &mut errors);
    texts(&errors)
}

/// What is told of one request, without its path.
fn requested(exactly: Value) -> Vec<String> {
    let told = claimed(tree!({"requests": [{"name": "r", "exactly": exactly}]}));
    told.iter()
        .map(|text| {
            text.trim_start_matches("spec.devices.requests[0].exactly.")
                .to_owned()
        })
        .collect()
}

fn exactly(change: impl FnOnce(&mut Map)) -> Value {
    let mut exactly = tree!({"deviceClassName": "c", "allocationMode": "ExactCount", "count": 1i64});
    change(exactly.as_map_mut().expect("a map"));
    exactly
}

#[test]
fn a_request_is_for_devices_of_a_class() {
    assert_eq!(requested(exactly(|_| {})), [""; 0]);
    assert_eq!(
        requested(exactly(|it| drop(it.remove("deviceClassName")))),
        ["deviceClassName: Required value"]
    );
    assert_eq!(
        requested(exactly(|it| drop(it.insert("count", -1i64)))),
        ["count: Invalid value: -1: must be greater than zero"]
    );
    assert_eq!(
        requested(exactly(|it| drop(it.insert("allocationMode", "All")))),
        ["count: Invalid value: 1: must not be specified when allocationMode is 'All'"]
    );
    assert_eq!(
        requested(exactly(|it| drop(it.insert("allocationMode", "Bogus")))),
        ["allocationMode: Unsupported value: \"Bogus\": supported values: \"All\", \"ExactCount\""]
    );
}

#[test]
fn selectors_are_few_and_short() {
    let of = |selectors: Value| requested(exactly(|it| drop(it.insert("selectors", selectors))));
    assert_eq!(of(tree!([{}])), ["selectors[0].cel: Required value"]);
    assert_eq!(
        of(tree!([{"cel": {"expression": ("x".repeat(10_241))}}])),
        ["selectors[0].cel.expression: Too long: may not be more than 10240 bytes"]
    );
    let many = Value::List((0..33).map(|_| tree!({})).collect());
    assert_eq!(of(many), ["selectors: Too many: 33: must have at most 32 items"]);
}

#[test]
fn requests_are_one_of_two_kinds_and_named_once() {
    let kinds = "exactly one of `exactly` or `firstAvailable` is required";
    assert_eq!(
        claimed(tree!({"requests": [{"name": "r"}]})),
        [format!("spec.devices.requests[0]: Required value: {kinds}")]
    );
    let both = tree!({"name": "r", "exactly": (exactly(|_| {})), "firstAvailable": [{"name": "s"}]});
    assert_eq!(
        claimed(tree!({"requests": [both]})),
        [format!(
            "spec.devices.requests[0]: Invalid value: null: {kinds}, but multiple fields are set"
        )]
    );
    let one = || tree!({"name": "r", "exactly": (exactly(|_| {}))});
    assert_eq!(
        claimed(tree!({"requests": [(one()), (one())]})),
        ["spec.devices.requests[1]: Duplicate value: \"r\""]
    );
}

#[test]
fn tolerations_are_well_formed() {
    let of = |toleration: Value| requested(exactly(|it| drop(it.insert("tolerations", vec![toleration]))));
    assert_eq!(of(tree!({"operator": "Exists"})), [""; 0]);
    for bad in [
        tree!({"operator": "Exists", "value": "a"}),
        tree!({"operator": "Equal", "value": "a b"}),
        tree!({"operator": "Bogus"}),
        tree!({"operator": ""}),
        tree!({"operator": "Exists", "effect": "Bogus"}),
        tree!({"operator": "Exists", "key": "a b"}),
    ] {
        assert_eq!(of(bad.clone()).len(), 1, "{bad:?}");
    }
}

#[test]
fn constraints_and_configuration_are_about_requests_of_the_claim() {
    let with = |field: &'static str, value: Value| {
        let alternative =
            tree!({"name": "s", "deviceClassName": "c", "allocationMode": "ExactCount", "count": 1i64});
        let mut devices = tree!({"requests": [{"name": "r", "firstAvailable": [alternative]}]});
        devices.as_map_mut().expect("a map").insert(field, vec![value]);
        claimed(devices)
    };
    assert_eq!(
        with(
            "constraints",
            tree!({"requests": ["r", "r/s"], "matchAttribute": "a.b/c"})
        ),
        [""; 0]
    );
    assert_eq!(
        with(
            "constraints",
            tree!({"requests": ["none"], "matchAttribute": "bad"})
        ),
        [
            "spec.devices.constraints[0].requests[0]: Invalid value: \"none\": must be the name of a request in the claim or the name of a request and a subrequest separated by '/'",
            "spec.devices.constraints[0].matchAttribute: Invalid value: \"bad\": a fully qualified name must be a domain and a name separated by a slash",
        ]
    );
    for bad in [
        tree!({"requests": ["r/t"], "distinctAttribute": "a/b"}),
        tree!({"requests": ["r/s/t"], "matchAttribute": "a/b"}),
        tree!({"requests": ["r", "r"], "matchAttribute": "a/b"}),
        tree!({"matchAttribute": "/b"}),
        tree!({"matchAttribute": "a/"}),
        tree!({"matchAttribute": "a/b-c"}),
        tree!({}),
    ] {
        assert_eq!(with("constraints", bad.clone()).len(), 1, "{bad:?}");
    }
    let opaque = |parameters: Value| {
        with(
            "config",
            tree!({"opaque": {"driver": "a.b", "parameters": parameters}}),
        )
    };
    assert_eq!(opaque(tree!({})), [""; 0]);
    assert_eq!(
        with("config", tree!({})),
        ["spec.devices.config[0].opaque: Required value"]
    );
    assert_eq!(
        opaque(tree!([])),
        [
            "spec.devices.config[0].opaque.parameters: Invalid value: \"<value omitted>\": must be a valid JSON object"
        ]
    );
    assert_eq!(opaque(tree!({"a": ("x".repeat(10_240))})).len(), 1);
    assert_eq!(
        with(
            "config",
            tree!({"opaque": {"driver": ("a".repeat(64)), "parameters": {}}})
        )
        .len(),
        1
    );
}

#[test]
fn classes_name_extended_resources() {
    let of = |name: &str| {
        let mut errors = Errors::new();
        classes::class(&tree!({"spec": {"extendedResourceName": name}}), &mut errors);
        errors.len()
    };
    assert_eq!(of("example.com/gpu"), 0);
    assert_eq!(of("cpu"), 1);
}

fn sliced(change: impl FnOnce(&mut Map)) -> Vec<String> {
    let mut spec = tree!({"driver": "a.b", "nodeName": "n",
        "pool": {"name": "p", "generation": 1i64, "resourceSliceCount": 1i64}});
    change(spec.as_map_mut().expect("a map"));
    let mut errors = Errors::new();
    slices::slice(&tree!({"spec": spec}), &mut errors);
    texts(&errors)
}

#[test]
fn a_slice_is_of_a_pool_and_in_one_place() {
    assert_eq!(sliced(|_| {}), [""; 0]);
    assert_eq!(
        sliced(|spec| drop(spec.insert("pool", tree!({"name": "A/b", "generation": (-1i64)})))).len(),
        3
    );
    let place = "exactly one of `nodeName`, `nodeSelector`, `allNodes`, `perDeviceNodeSelection` is required";
    assert_eq!(
        sliced(|spec| drop(spec.remove("nodeName"))),
        [format!("spec: Required value: {place}")]
    );
    assert_eq!(
        sliced(|spec| drop(spec.insert("allNodes", true))),
        [format!(
            "spec: Invalid value: \"{{`nodeName`, `allNodes`}}\": {place}, but multiple fields are set"
        )]
    );
    assert_eq!(sliced(|spec| drop(spec.insert("allNodes", false))).len(), 1);
    let both = |spec: &mut Map| {
        spec.insert("devices", tree!([]));
        spec.insert("sharedCounters", tree!([]));
    };
    assert_eq!(
        sliced(both),
        ["spec: Invalid value: \"\": only one of `sharedCounters` or `devices` is allowed"]
    );
    assert_eq!(
        sliced(|spec| drop(spec.insert("sharedCounters", tree!([{"name": ""}])))).len(),
        2
    );
}

/// What is told of one device, without its path.
fn offered(device: Value) -> Vec<String> {
    let told = sliced(|spec| drop(spec.insert("devices", vec![device])));
    told.iter()
        .map(|text| {
            text.trim_start_matches("spec.devices[0]")
                .trim_start_matches('.')
                .to_owned()
        })
        .collect()
}

#[test]
fn attributes_have_one_value() {
    let of = |value: Value| offered(tree!({"name": "d", "attributes": {"a": value}}));
    assert_eq!(of(tree!({"version": "1.2.3"})), [""; 0]);
    assert_eq!(
        of(tree!({})),
        ["attributes[a]: Invalid value: \"\": exactly one value must be specified"]
    );
    assert_eq!(
        of(tree!({"int": 1i64, "bool": true})),
        [
            "attributes[a]: Invalid value: {\"IntValue\":1,\"BoolValue\":true,\"StringValue\":null,\"VersionValue\":null}: exactly one value must be specified"
        ]
    );
    assert_eq!(of(tree!({"version": "1"})).len(), 1);
    assert_eq!(of(tree!({"string": ("s".repeat(65))})).len(), 1);
    assert_eq!(
        offered(tree!({"name": "D", "attributes": {"a-b": {"int": 1i64}}})).len(),
        2
    );
}

#[test]
fn capacity_is_shared_by_a_policy() {
    let of = |policy: Value| {
        let capacity = tree!({"value": "10", "requestPolicy": policy});
        offered(tree!({"name": "d", "allowMultipleAllocations": true, "capacity": {"c": capacity}}))
    };
    assert_eq!(of(tree!({"default": "1", "validValues": ["1", "2"]})), [""; 0]);
    assert_eq!(
        of(tree!({"default": "4", "validRange": {"min": "2", "max": "8", "step": "2"}})),
        [""; 0]
    );
    for (bad, count) in [
        (tree!({"validValues": ["1"]}), 1),
        (tree!({"validRange": {"min": "1"}}), 1),
        (tree!({"default": "1", "validRange": {}}), 1),
        (
            tree!({"default": "1", "validValues": ["1"], "validRange": {"min": "1"}}),
            1,
        ),
        (tree!({"default": "3", "validValues": ["1", "2"]}), 1),
        (tree!({"default": "1", "validValues": ["2", "1"]}), 1),
        (tree!({"default": "1", "validValues": ["1", "11"]}), 1),
        (tree!({"default": "1", "validValues": ["1", "1"]}), 1),
        (tree!({"default": "1", "validRange": {"min": "2"}}), 1),
        (tree!({"default": "9", "validRange": {"min": "2", "max": "8"}}), 1),
        (
            tree!({"default": "3", "validRange": {"min": "2", "step": "2"}}),
            1,
        ),
        (
            tree!({"default": "2", "validRange": {"min": "2", "max": "11"}}),
            1,
        ),
        (
            tree!({"default": "2", "validRange": {"min": "2", "step": "0"}}),
            1,
        ),
        // The one remainder that does not fit.
        (
            tree!({"default": "-9223372036854775808", "validRange": {"min": "0", "step": "-1"}}),
            2,
        ),
    ] {
        assert_eq!(of(bad.clone()).len(), count, "{bad:?}");
    }
    let alone = tree!({"name": "d", "capacity": {"c": {"value": "1", "requestPolicy": {}}}});
    assert_eq!(
        offered(alone),
        ["capacity[c].requestPolicy: Forbidden: allowMultipleAllocations must be true"]
    );
}

#[test]
fn devices_have_taints_counters_and_conditions_of_good_form() {
    for (bad, count) in [
        (tree!({"name": "d", "taints": [{"key": "a"}]}), 1),
        (
            tree!({"name": "d", "taints": [{"key": "a", "effect": "Bogus"}]}),
            1,
        ),
        (tree!({"name": "d", "consumesCounters": [{"counterSet": "s"}]}), 1),
        (
            tree!({"name": "d", "consumesCounters": [{"counterSet": "s", "counters": {"A": {"value": "1"}}}]}),
            1,
        ),
        (tree!({"name": "d", "bindingConditions": ["a"]}), 1),
        (
            tree!({"name": "d", "bindingConditions": ["a", "a"], "bindingFailureConditions": ["a"]}),
            2,
        ),
        (tree!({"name": "d", "nodeName": "n"}), 1),
    ] {
        assert_eq!(offered(bad.clone()).len(), count, "{bad:?}");
    }
    let attributes: Map = (0..33)
        .map(|at| (format!("a{at}").into(), tree!({"int": 1i64})))
        .collect();
    assert_eq!(
        offered(tree!({"name": "d", "attributes": attributes})),
        [": Invalid value: 33: the total number of attributes and capacities must not exceed 32"]
    );
}

#[test]
fn slices_stay_where_they_are() {
    let slice = |driver: &str, pool: &str, node: &str| {
        tree!({"spec": {"driver": driver, "nodeName": node,
            "pool": {"name": pool, "generation": 1i64, "resourceSliceCount": 1i64}}})
    };
    let mut errors = Errors::new();
    slices::slice_update(&slice("a", "b", "c"), &slice("d", "e", "f"), &mut errors);
    let paths: Vec<_> = errors.iter().map(|error| error.path.as_str()).collect();
    assert_eq!(paths, ["spec.pool.name", "spec.driver", "spec.nodeName"]);
}

#[test]
fn the_status_of_a_claim_fits_its_requests() {
    let claim = |status: Value| {
        tree!({"metadata": {"deletionTimestamp": "2026-01-01T00:00:00Z"},
            "spec": {"devices": {"requests": [{"name": "r"}]}}, "status": status})
    };
    let result = || tree!({"request": "r", "driver": "a.b", "pool": "p", "device": "d"});
    let told = |status: Value, before: Value| {
        let mut errors = Errors::new();
        claim_status(&claim(status), &claim(before), &mut errors);
        texts(&errors)
    };
    let allocation = || tree!({"devices": {"results": [(result())]}});
    let good =
        || tree!({"allocation": (allocation()), "devices": [{"driver": "a.b", "pool": "p", "device": "d"}]});
    assert_eq!(told(good(), tree!({})), [""; 0]);
    assert_eq!(
        told(
            tree!({"devices": [{"driver": "a.b", "pool": "p", "device": "e"}]}),
            tree!({})
        ),
        ["status.devices[0]: Invalid value: \"a.b/p/e\": must be an allocated device in the claim"]
    );
    let reserved = || tree!([{"resource": "pods", "name": "a", "uid": "u"}]);
    assert_eq!(
        told(tree!({"reservedFor": (reserved())}), tree!({})),
        ["status.reservedFor: Forbidden: may not be specified when `allocated` is not set"]
    );
    assert_eq!(
        told(
            tree!({"reservedFor": (reserved()), "allocation": (allocation())}),
            good()
        ),
        [
            "status.reservedFor: Forbidden: new entries may not be added while `deallocationRequested` or `deletionTimestamp` are set"
        ]
    );
    let other = tree!({"allocation": {"devices": {"results": []}}});
    assert!(told(other, good())[0].ends_with("field is immutable"));
    for (bad, count) in [
        (
            tree!({"allocation": {"devices": {"results": [{"request": "x", "driver": "", "pool": "", "device": ""}]}}}),
            4,
        ),
        (
            tree!({"allocation": {"devices": {"results": [], "config": [{"source": "Bogus"}]}}}),
            2,
        ),
        (tree!({"allocation": {"devices": {}, "nodeSelector": {}}}), 1),
    ] {
        assert_eq!(told(bad.clone(), tree!({})).len(), count, "{bad:?}");
    }
    let network = |data: Value| {
        let device = tree!({"driver": "a.b", "pool": "p", "device": "d", "networkData": data});
        told(
            tree!({"allocation": (allocation()), "devices": [device]}),
            tree!({}),
        )
        .len()
    };
    assert_eq!(network(tree!({"ips": ["10.0.0.1/8", "fd00::1/64"]})), 0);
    assert_eq!(network(tree!({"ips": ["10.0.0.1", "010.0.0.1/8"]})), 2);
    assert_eq!(
        network(tree!({"interfaceName": ("i".repeat(257)), "hardwareAddress": ("h".repeat(129))})),
        2
    );
}

#[test]
fn shares_have_uids() {
    let of = |share: &str| {
        let device = tree!({"driver": "a.b", "pool": "p", "device": "d", "shareID": share});
        let object = tree!({"status": {"allocation": {"devices": {"results": [(device.clone())]}}, "devices": [device]}});
        let mut errors = Errors::new();
        claim_status(&object, &object, &mut errors);
        errors.len()
    };
    assert_eq!(of("00000000-0000-4000-8000-00000000000a"), 0);
    for bad in [
        "x",
        "00000000-0000-4000-8000-00000000000A",
        "00000000-0000-4000-8000-00000000000g",
    ] {
        assert_eq!(of(bad), 1, "{bad}");
    }
}

#[test]
fn taint_rules_select_devices() {
    let of = |spec: Value| {
        let mut errors = Errors::new();
        taint_rules::rule(&tree!({"spec": spec}), &mut errors);
        errors.len()
    };
    let taint = || tree!({"key": "a", "effect": "NoExecute"});
    assert_eq!(
        of(tree!({"deviceSelector": {"driver": "a.b", "pool": "p", "device": "d"}, "taint": (taint())})),
        0
    );
    assert_eq!(
        of(tree!({"deviceSelector": {"driver": "A_", "pool": "P", "device": "D"}, "taint": (taint())})),
        3
    );
    assert_eq!(
        of(tree!({"taint": {"key": "", "value": "a b", "effect": "Bogus"}})),
        4
    );
    let mut errors = Errors::new();
    let bogus = tree!({"spec": {"taint": {"key": "a", "effect": "Bogus"}}});
    taint_rules::rule_update(&bogus, &bogus, &mut errors);
    assert_eq!(errors, []);
    let conditions = Value::List((0..9).map(|_| tree!({})).collect());
    taint_rules::rule_status(
        &tree!({"status": {"conditions": conditions}}),
        &bogus,
        &mut errors,
    );
    assert!(
        errors
            .iter()
            .any(|error| error.to_string() == "status.conditions: Too many: 9: must have at most 8 items")
    );
}
