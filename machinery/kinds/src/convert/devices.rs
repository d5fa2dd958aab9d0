//! resource.k8s.io: v1beta1 nests a device and flattens a request where later versions do the opposite.
//! v1beta2 equals v1.

use schema::{Map, Value};

pub(super) fn from_v1beta1(kind: &str, object: &mut Value) {
    each_request(kind, object, |request| {
        let exactly = take(request, EXACT);
        if !exactly.is_empty() {
            request.insert("exactly", exactly);
        }
    });
    each_device(kind, object, |device| {
        if let Some(Value::Map(basic)) = device.remove("basic") {
            extend(device, basic);
        }
    });
}

pub(super) fn to_v1beta1(kind: &str, object: &mut Value) {
    each_request(kind, object, |request| {
        if let Some(Value::Map(exactly)) = request.remove("exactly") {
            extend(request, exactly);
        }
    });
    each_device(kind, object, |device| {
        let name = device.remove("name");
        let basic = std::mem::take(device);
        device.insert("basic", basic);
        if let Some(name) = name {
            device.insert("name", name);
        }
    });
    if let ("ResourceSlice", Some(Value::Map(spec))) = (kind, object.get_mut("spec")) {
        // No pointers in v1beta1: the empty name and false are as good as absent.
        spec.retain(|key, value| !(matches!(key, "nodeName" | "allNodes") && value.is_zero()));
    }
}

/// The fields that a request for one exact class has.
const EXACT: &[&str] = &[
    "adminAccess",
    "allocationMode",
    "capacity",
    "count",
    "deviceClassName",
    "selectors",
    "tolerations",
];

fn take(request: &mut Map, fields: &[&'static str]) -> Map {
    let mut taken = Map::new();
    for field in fields {
        if let Some(value) = request.remove(field)
            && !(value.is_zero() && *field == "deviceClassName")
        {
            taken.insert(*field, value);
        }
    }
    taken
}

fn extend(map: &mut Map, more: Map) {
    for (key, value) in more {
        map.insert(key, value);
    }
}

fn each_request(kind: &str, object: &mut Value, change: impl FnMut(&mut Map)) {
    let path: &[&str] = match kind {
        "ResourceClaim" => &["spec", "devices", "requests"],
        "ResourceClaimTemplate" => &["spec", "spec", "devices", "requests"],
        _ => return,
    };
    each(object, path, change);
}

fn each_device(kind: &str, object: &mut Value, change: impl FnMut(&mut Map)) {
    if kind == "ResourceSlice" {
        each(object, &["spec", "devices"], change);
    }
}

fn each(object: &mut Value, path: &[&str], change: impl FnMut(&mut Map)) {
    let list = object.at_mut(path).and_then(Value::as_list_mut);
    list.into_iter()
        .flatten()
        .filter_map(Value::as_map_mut)
        .for_each(change);
}

#[cfg(test)]
mod tests {
    use schema::tree;

    use super::*;

    #[test]
    fn requests_nest_and_flatten() {
        let flat = tree!({"spec": {"devices": {"requests": [
            {"name": "a", "deviceClassName": "c", "allocationMode": "ExactCount", "count": 1i64},
            {"name": "b", "firstAvailable": [{"name": "x", "deviceClassName": "c"}]}
        ]}}});
        let nested = tree!({"spec": {"devices": {"requests": [
            {"name": "a", "exactly": {"deviceClassName": "c", "allocationMode": "ExactCount", "count": 1i64}},
            {"name": "b", "firstAvailable": [{"name": "x", "deviceClassName": "c"}]}
        ]}}});
        let mut object = flat.clone();
        from_v1beta1("ResourceClaim", &mut object);
        assert_eq!(object, nested);
        to_v1beta1("ResourceClaim", &mut object);
        assert_eq!(object, flat);
    }

    #[test]
    fn devices_flatten_and_nest() {
        let nested = tree!({"spec": {"devices": [{"name": "d", "basic": {"allNodes": true}}]}});
        let mut object = nested.clone();
        from_v1beta1("ResourceSlice", &mut object);
        assert_eq!(
            object,
            tree!({"spec": {"devices": [{"name": "d", "allNodes": true}]}})
        );
        to_v1beta1("ResourceSlice", &mut object);
        assert_eq!(object, nested);
    }
}
