//! Warnings about deprecated fields of objects that carry no pod template. It refuses nothing.

use kinds::Resource;
use schema::Value;
use schema::quantity::Quantity;

use crate::validation::definitions;

/// Volume sources of a PersistentVolume whose drivers are gone, with when they were deprecated and when they stopped working.
const GONE_SOURCES: [(&str, &str, &str); 8] = [
    ("cephfs", "v1.28", "v1.31+"),
    ("flocker", "v1.22", "v1.25+"),
    ("glusterfs", "v1.25", "v1.26+"),
    ("photonPersistentDisk", "v1.11", "v1.16+"),
    ("quobyte", "v1.22", "v1.25+"),
    ("rbd", "v1.28", "v1.31+"),
    ("scaleIO", "v1.16", "v1.22+"),
    ("storageos", "v1.22", "v1.25+"),
];

/// An annotation, since when it is deprecated, and the field that took its place.
const CLASS_ANNOTATION: (&str, &str, &str) = (
    "volume.beta.kubernetes.io/storage-class",
    "v1.8",
    "storageClassName",
);
const MOUNT_OPTIONS_ANNOTATION: (&str, &str, &str) =
    ("volume.beta.kubernetes.io/mount-options", "v1.31", "mountOptions");

/// What the client should know of an object that it writes; `old` is absent on create.
pub fn of(resource: &Resource, object: &Value, old: Option<&Value>) -> Vec<String> {
    match (resource.group.as_str(), resource.resource.as_str()) {
        ("", "services") => service(object),
        ("", "serviceaccounts") => account(object),
        ("", "persistentvolumes") => volume(object),
        ("", "persistentvolumeclaims") => claim(object),
        ("networking.k8s.io", "ingresses") if old.is_none() => ingress(object),
        ("storage.k8s.io", "csidrivers") => driver(object),
        ("discovery.k8s.io", "endpointslices") => slice(object),
        ("apiextensions.k8s.io", "customresourcedefinitions") => definitions::warnings(object, old),
        _ => Vec::new(),
    }
}

fn service(service: &Value) -> Vec<String> {
    let mut warnings = Vec::new();
    let spec = |field: &str| service.str_at(&["spec", field]).unwrap_or_default();
    if !spec("externalName").is_empty() && spec("type") != "ExternalName" {
        warnings.push("spec.externalName is ignored when spec.type is not \"ExternalName\"".to_owned());
    }
    if !service.list_at(&["spec", "externalIPs"]).is_empty() {
        warnings.push(
            "spec.externalIPs is deprecated and may no longer be implemented in some clusters".to_owned(),
        );
    }
    if spec("clusterIP") == "None" {
        let affinity = spec("sessionAffinity");
        let ignored = [
            ("loadBalancerIP", !spec("loadBalancerIP").is_empty()),
            (
                "externalIPs",
                !service.list_at(&["spec", "externalIPs"]).is_empty(),
            ),
            ("SessionAffinity", !affinity.is_empty() && affinity != "None"),
        ];
        let told = ignored.iter().filter(|(_, is_set)| *is_set);
        warnings.extend(told.map(|(field, _)| format!("spec.{field} is ignored for headless services")));
    }
    if spec("trafficDistribution") == "PreferClose" {
        warnings.push(
            "spec.trafficDistribution: \"PreferClose\" is deprecated; use \"PreferSameZone\"".to_owned(),
        );
    }
    warnings
}

fn account(account: &Value) -> Vec<String> {
    const ANNOTATION: &str = "kubernetes.io/enforce-mountable-secrets";
    let annotated = object::meta::of(account).annotation(ANNOTATION).is_some();
    annotated
        .then(|| format!("metadata.annotations[{ANNOTATION}]: deprecated in v1.32+; prefer separate namespaces to isolate access to mounted secrets"))
        .into_iter()
        .collect()
}

/// Annotations that became fields.
fn annotations(object: &Value, known: &[(&str, &str, &str)]) -> Vec<String> {
    let meta = object::meta::of(object);
    let set = known.iter().filter(|(key, ..)| meta.annotation(key).is_some());
    let told = set.map(|(key, since, field)| {
        format!("metadata.annotations[{key}]: deprecated since {since}; use \"{field}\" attribute instead")
    });
    told.collect()
}

fn claim(claim: &Value) -> Vec<String> {
    let mut warnings = annotations(claim, &[CLASS_ANNOTATION]);
    let storage = claim.str_at(&["spec", "resources", "requests", "storage"]);
    if let Some(text) = storage
        && Quantity::parse(text).is_ok_and(|amount| !amount.is_multiple_of(0))
    {
        warnings.push(format!(
            "spec.resources.requests[storage]: fractional byte value {text:?} is invalid, must be an integer"
        ));
    }
    warnings
}

fn volume(volume: &Value) -> Vec<String> {
    let mut warnings = annotations(volume, &[CLASS_ANNOTATION, MOUNT_OPTIONS_ANNOTATION]);
    if volume.str_at(&["spec", "persistentVolumeReclaimPolicy"]) == Some("Recycle") {
        warnings.push("spec.persistentVolumeReclaimPolicy: The Recycle reclaim policy is deprecated. Instead, the recommended approach is to use dynamic provisioning.".to_owned());
    }
    for (source, deprecated, gone) in GONE_SOURCES {
        if volume.at(&["spec", source]).is_some() {
            warnings.push(format!(
                "spec.{source}: deprecated in {deprecated}, non-functional in {gone}"
            ));
        }
    }
    warnings
}

fn ingress(ingress: &Value) -> Vec<String> {
    const ANNOTATION: &str = "kubernetes.io/ingress.class";
    let annotated = object::meta::of(ingress).annotation(ANNOTATION).is_some();
    annotated
        .then(|| {
            format!("annotation \"{ANNOTATION}\" is deprecated, please use 'spec.ingressClassName' instead")
        })
        .into_iter()
        .collect()
}

fn driver(driver: &Value) -> Vec<String> {
    let asks_for_tokens = !driver.list_at(&["spec", "tokenRequests"]).is_empty();
    let says_where = driver.at(&["spec", "serviceAccountTokenInSecrets"]).is_some();
    (asks_for_tokens && !says_where)
        .then(|| "spec.serviceAccountTokenInSecrets is unset; if supported by this CSI driver, set to true to prevent possible logging of tokens in volume attributes".to_owned())
        .into_iter()
        .collect()
}

fn slice(slice: &Value) -> Vec<String> {
    let is_fqdn = slice.str_at(&["addressType"]) == Some("FQDN");
    is_fqdn
        .then(|| "spec.addressType: FQDN endpoints are deprecated".to_owned())
        .into_iter()
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use schema::tree;

    fn warnings(group: &str, resource: &str, object: &Value) -> Vec<String> {
        of(
            kinds::Catalog::builtin()
                .resource(group, "v1", resource)
                .expect("a built-in resource"),
            object,
            None,
        )
    }

    #[test]
    fn deprecated_fields_are_told_and_others_are_not() {
        let service =
            tree!({"spec": {"type": "ClusterIP", "externalName": "a.b", "externalIPs": ["1.2.3.4"]}});
        assert_eq!(warnings("", "services", &service).len(), 2);
        let alias = tree!({"spec": {"type": "ExternalName", "externalName": "a.b"}});
        assert!(warnings("", "services", &alias).is_empty());
        let volume = tree!({"spec": {"rbd": {}, "persistentVolumeReclaimPolicy": "Retain"}});
        assert_eq!(
            warnings("", "persistentvolumes", &volume),
            ["spec.rbd: deprecated in v1.28, non-functional in v1.31+"]
        );
        let claim = tree!({
            "metadata": {"annotations": {"volume.beta.kubernetes.io/storage-class": "a"}},
            "spec": {"resources": {"requests": {"storage": "1500m"}}},
        });
        assert_eq!(
            warnings("", "persistentvolumeclaims", &claim),
            [
                "metadata.annotations[volume.beta.kubernetes.io/storage-class]: deprecated since v1.8; use \"storageClassName\" attribute instead",
                "spec.resources.requests[storage]: fractional byte value \"1500m\" is invalid, must be an integer",
            ]
        );
        let driver = tree!({"spec": {"tokenRequests": [{"audience": ""}]}});
        assert_eq!(warnings("storage.k8s.io", "csidrivers", &driver).len(), 1);
    }
}
