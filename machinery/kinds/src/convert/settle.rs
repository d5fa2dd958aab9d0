//! What every object of some kinds undergoes between decoding and storing: deprecated twins of fields are made to agree,
//! write-only fields move to where they are kept, annotations that only old versions read are dropped.
//! The reference does this while it converts to its unversioned form and back.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use schema::{Map, SmolStr, Value};

use super::{Error, hpa};
use crate::pods;

/// Settles an object of a built-in kind in its hub version, in place. Settling twice changes nothing more.
pub fn settle(kind: &str, object: &mut Value) -> Result<(), Error> {
    let Value::Map(object) = object else { return Ok(()) };
    if let Some(spec) = pods::spec_mut(kind, object) {
        service_account(spec);
    }
    if let Some(metadata) = pods::metadata_mut(kind, object) {
        drop_init_container_annotations(metadata);
    }
    match kind {
        "Pod" => pod_addresses(object),
        "Node" => node_ranges(object),
        "Secret" => string_data(object),
        "DaemonSet" => template_generation(object)?,
        "Deployment" => rollback(object)?,
        "StatefulSet" => claim_templates(object),
        "HorizontalPodAutoscaler" => hpa::drop_annotations(object),
        _ => {}
    }
    Ok(())
}

/// The name that was once `serviceAccount` is always given under both names.
fn service_account(spec: &mut Map) {
    let text = |key| {
        spec.get(key)
            .and_then(Value::as_str)
            .filter(|name| !name.is_empty())
    };
    match text("serviceAccountName")
        .or(text("serviceAccount"))
        .map(SmolStr::new)
    {
        Some(name) => {
            spec.insert("serviceAccountName", name.clone());
            spec.insert("serviceAccount", name);
        }
        None => {
            spec.remove("serviceAccount");
        }
    }
}

/// Init containers were annotations once.
const INIT_CONTAINERS: [&str; 4] = [
    "pod.beta.kubernetes.io/init-containers",
    "pod.alpha.kubernetes.io/init-containers",
    "pod.beta.kubernetes.io/init-container-statuses",
    "pod.alpha.kubernetes.io/init-container-statuses",
];

fn drop_init_container_annotations(metadata: &mut Map) {
    let Some(Value::Map(annotations)) = metadata.get_mut("annotations") else {
        return;
    };
    annotations.retain(|name, _| !INIT_CONTAINERS.contains(&name));
    if annotations.is_empty() {
        metadata.remove("annotations");
    }
}

fn pod_addresses(pod: &mut Map) {
    let Some(Value::Map(status)) = pod.get_mut("status") else {
        return;
    };
    let ip_of = |item: &Value| item.str_at(&["ip"]).map(SmolStr::new);
    let to_item = |ip: SmolStr| {
        let mut item = Map::new();
        item.insert("ip", ip);
        Value::Map(item)
    };
    twin(status, "podIP", "podIPs", ip_of, to_item);
}

fn node_ranges(node: &mut Map) {
    let Some(Value::Map(spec)) = node.get_mut("spec") else {
        return;
    };
    twin(
        spec,
        "podCIDR",
        "podCIDRs",
        |item| item.as_str().map(SmolStr::new),
        Value::String,
    );
}

/// One value and a list whose first item it is. Where they differ the one value wins, for clients that know no other.
fn twin(
    map: &mut Map,
    one: &'static str,
    many: &'static str,
    read: impl Fn(&Value) -> Option<SmolStr>,
    write: impl Fn(SmolStr) -> Value,
) {
    let single = map
        .get(one)
        .and_then(Value::as_str)
        .filter(|text| !text.is_empty())
        .map(SmolStr::new);
    let first = map
        .get(many)
        .and_then(Value::as_list)
        .and_then(|list| list.first())
        .and_then(read);
    match (single, first) {
        (Some(single), first) if first.as_ref() != Some(&single) => {
            map.insert(many, vec![write(single)]);
        }
        (None, Some(first)) => {
            map.insert(one, first);
        }
        _ => {}
    }
}

/// `stringData` is only ever written: it lands in `data`, over what is there.
fn string_data(secret: &mut Map) {
    let Some(Value::Map(texts)) = secret.remove("stringData") else {
        return;
    };
    if texts.is_empty() {
        return;
    }
    let data = secret.map_at("data");
    for (key, text) in texts {
        let text = text.as_str().unwrap_or_default();
        data.insert(key, STANDARD.encode(text));
    }
}

/// How often a daemon set's template changed; kept in an annotation since the field is gone.
const TEMPLATE_GENERATION: &str = "deprecated.daemonset.template.generation";
/// The revision that a deployment is to roll back to; kept in an annotation since the field is gone.
const ROLLBACK_TO: &str = "deprecated.deployment.rollback.to";

fn template_generation(set: &mut Map) -> Result<(), Error> {
    let number = annotated_number(set, TEMPLATE_GENERATION)?.unwrap_or(0);
    let annotations = set.map_at("metadata").map_at("annotations");
    annotations.insert(SmolStr::new_static(TEMPLATE_GENERATION), number.to_string());
    Ok(())
}

fn rollback(deployment: &mut Map) -> Result<(), Error> {
    if let Some(number) = annotated_number(deployment, ROLLBACK_TO)? {
        let annotations = deployment.map_at("metadata").map_at("annotations");
        annotations.insert(SmolStr::new_static(ROLLBACK_TO), number.to_string());
    }
    Ok(())
}

fn annotated_number(object: &Map, annotation: &str) -> Result<Option<i64>, Error> {
    let metadata = object.get("metadata");
    let text = metadata.and_then(|metadata| metadata.str_at(&["annotations", annotation]));
    text.map(parse_number).transpose()
}

/// As Go's `strconv.ParseInt` with base 10.
fn parse_number(text: &str) -> Result<i64, Error> {
    text.parse().map_err(|error: std::num::ParseIntError| {
        use std::num::IntErrorKind::{NegOverflow, PosOverflow};
        let why = match error.kind() {
            PosOverflow | NegOverflow => "value out of range",
            _ => "invalid syntax",
        };
        Error::Number {
            text: text.to_string(),
            why,
        }
    })
}

/// The claims in it are whole objects; their kind is not stored.
fn claim_templates(set: &mut Map) {
    let claims = set
        .get_mut("spec")
        .and_then(|spec| spec.get_mut("volumeClaimTemplates"));
    for claim in claims
        .and_then(Value::as_list_mut)
        .into_iter()
        .flatten()
        .filter_map(Value::as_map_mut)
    {
        for (key, value) in [("apiVersion", "v1"), ("kind", "PersistentVolumeClaim")] {
            if claim.get(key).is_none_or(Value::is_zero) {
                claim.insert(key, value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use schema::tree;

    use super::*;

    fn settled(kind: &str, mut object: Value) -> Value {
        settle(kind, &mut object).expect("settles");
        object
    }

    #[test]
    fn service_account_has_two_names() {
        let written = tree!({"spec": {"serviceAccount": "a"}});
        let both = tree!({"spec": {"serviceAccount": "a", "serviceAccountName": "a"}});
        assert_eq!(settled("Pod", written), both);
        let template =
            tree!({"spec": {"template": {"spec": {"serviceAccountName": "b", "serviceAccount": "a"}}}});
        let both =
            tree!({"spec": {"template": {"spec": {"serviceAccountName": "b", "serviceAccount": "b"}}}});
        assert_eq!(settled("ReplicaSet", template), both);
    }

    #[test]
    fn string_data_goes_over_data() {
        let secret = tree!({"data": {"a": "eA==", "b": "eA=="}, "stringData": {"a": "y"}});
        assert_eq!(
            settled("Secret", secret),
            tree!({"data": {"a": "eQ==", "b": "eA=="}})
        );
    }

    #[test]
    fn single_address_wins_over_a_list_that_differs() {
        let node = tree!({"spec": {"podCIDR": "10.0.0.0/24", "podCIDRs": ["10.1.0.0/24", "fd00::/64"]}});
        let agreed = tree!({"spec": {"podCIDR": "10.0.0.0/24", "podCIDRs": ["10.0.0.0/24"]}});
        assert_eq!(settled("Node", node), agreed);
        let pod = tree!({"status": {"podIPs": [{"ip": "10.0.0.1"}]}});
        assert_eq!(settled("Pod", pod).str_at(&["status", "podIP"]), Some("10.0.0.1"));
    }

    #[test]
    fn template_generation_must_be_a_number() {
        let set = tree!({"metadata": {"annotations": {"deprecated.daemonset.template.generation": "x"}}});
        let error = settle("DaemonSet", &mut set.clone()).expect_err("no number");
        assert_eq!(
            error.to_string(),
            "strconv.ParseInt: parsing \"x\": invalid syntax"
        );
        let plain = settled("DaemonSet", tree!({}));
        assert_eq!(
            plain.str_at(&["metadata", "annotations", TEMPLATE_GENERATION]),
            Some("0")
        );
    }
}
