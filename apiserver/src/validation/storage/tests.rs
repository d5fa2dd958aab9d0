use super::*;
use schema::tree;

fn texts(check: fn(&Value, &mut Errors), object: &Value) -> Vec<String> {
    let mut errors = Errors::new();
    check(object, &mut errors);
    errors.iter().map(ToString::to_string).collect()
}

fn updated(check: fn(&Value, &Value, &mut Errors), object: &Value, old: &Value) -> Vec<String> {
    let mut errors = Errors::new();
    check(object, old, &mut errors);
    errors.iter().map(ToString::to_string).collect()
}

#[test]
fn a_class_has_a_provisioner_and_known_modes() {
    let good = tree!({"provisioner": "a.b/c", "reclaimPolicy": "Delete", "volumeBindingMode": "Immediate"});
    assert_eq!(texts(class, &good), [""; 0]);
    assert_eq!(
        texts(class, &tree!({"volumeBindingMode": "Immediate"})),
        ["provisioner: Required value"]
    );
    let other = tree!({"provisioner": "a.b/c", "reclaimPolicy": "Retain", "volumeBindingMode": "Immediate"});
    let text = r#"reclaimPolicy: Invalid value: "Retain": field is immutable"#;
    assert_eq!(updated(class_update, &other, &good), [text]);
}

#[test]
fn attributes_classes_do_not_change() {
    let good = tree!({"driverName": "a.b", "parameters": {"a": "b"}});
    assert_eq!(texts(attributes_class, &good), [""; 0]);
    let empty = "parameters: Required value: must contain at least one key/value pair";
    assert_eq!(texts(attributes_class, &tree!({"driverName": "a.b"})), [empty]);
    let other = tree!({"driverName": "c.d", "parameters": {"a": "b"}});
    let text = "driverName: Forbidden: updates to driverName are forbidden.";
    assert_eq!(updated(attributes_class_update, &other, &good), [text]);
}

#[test]
fn drivers_keep_how_they_attach() {
    let of = |attach: bool| {
        tree!({"metadata": {"name": "d"}, "spec": {"attachRequired": attach, "podInfoOnMount": false,
            "storageCapacity": false, "seLinuxMount": false, "volumeLifecycleModes": ["Persistent"]}})
    };
    assert_eq!(texts(driver, &of(true)), [""; 0]);
    assert_eq!(texts(driver, &tree!({"spec": {}})).len(), 4);
    let text = "spec.attachedRequired: Invalid value: false: field is immutable";
    assert_eq!(updated(driver_update, &of(false), &of(true)), [text]);
}

#[test]
fn drivers_of_a_node_are_named_once_and_stay() {
    let of = |id: &str| tree!({"spec": {"drivers": [{"name": "d", "nodeID": id, "topologyKeys": []}]}});
    assert_eq!(texts(node, &of("a")), [""; 0]);
    assert_eq!(
        texts(
            node,
            &tree!({"spec": {"drivers": [{"name": "d", "nodeID": "a"}, {"name": "d", "nodeID": "b"}]}})
        )
        .len(),
        1
    );
    let shown = r#"{"Name":"d","NodeID":"b","TopologyKeys":[],"Allocatable":null}"#;
    assert_eq!(
        updated(node_update, &of("b"), &of("a")),
        [format!(
            "spec.drivers: Invalid value: {shown}: field is immutable"
        )]
    );
}

#[test]
fn capacities_name_a_class() {
    assert_eq!(
        texts(capacity, &tree!({"storageClassName": "a", "capacity": "1Gi"})),
        [""; 0]
    );
    assert_eq!(
        texts(capacity, &tree!({"storageClassName": "a", "capacity": "-1"})).len(),
        1
    );
    assert_eq!(texts(capacity, &tree!({})).len(), 1);
}

#[test]
fn attachments_have_one_source_and_stay() {
    let of = |name: &str| tree!({"spec": {"attacher": "a", "nodeName": "n", "source": {"persistentVolumeName": name}}});
    assert_eq!(texts(attachments::attachment, &of("p")), [""; 0]);
    assert_eq!(
        texts(
            attachments::attachment,
            &tree!({"spec": {"attacher": "a", "nodeName": "n"}})
        )
        .len(),
        1
    );
    let shown =
        r#"{"Attacher":"a","Source":{"PersistentVolumeName":"q","InlineVolumeSpec":null},"NodeName":"n"}"#;
    assert_eq!(
        updated(attachments::update, &of("q"), &of("p")),
        [format!("spec: Invalid value: {shown}: field is immutable")]
    );
}
