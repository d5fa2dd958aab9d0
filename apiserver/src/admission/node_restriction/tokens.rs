//! Which tokens a kubelet may ask for: those of accounts of pods on it, bound to the pod, for an audience that the pod uses.

use object::meta;
use schema::Value;

use super::pods;

/// The name and uid of the pod that a token is to be bound to.
pub fn bound_pod(request: &Value) -> Result<(&str, &str), &'static str> {
    let bound = request.at(&["spec", "boundObjectRef"]).unwrap_or(&Value::Null);
    let text = |field: &str| bound.str_at(&[field]).unwrap_or_default();
    let name = text("name");
    if text("apiVersion") != "v1" || text("kind") != "Pod" || name.is_empty() {
        return Err("node requested token not bound to a pod");
    }
    match text("uid") {
        "" => Err("node requested token with a pod binding without a uid"),
        uid => Ok((name, uid)),
    }
}

/// Whether the pod is the one meant, and on the node.
pub fn check_pod(node: &str, pod: &Value, uid: &str) -> Result<(), String> {
    if meta::of(pod).uid() != uid {
        return Err(format!(
            "the UID in the bound object reference ({uid}) does not match the UID in record. The object might have been deleted and then recreated"
        ));
    }
    match pods::is_on(node, pod) {
        true => Ok(()),
        false => Err("node requested token bound to a pod scheduled on a different node".to_owned()),
    }
}

/// The audience that is asked for; empty is the server's own.
pub fn audience(request: &Value) -> Result<&str, &'static str> {
    match request.list_at(&["spec", "audiences"]) {
        [] => Ok(""),
        [one] => Ok(one.as_str().unwrap_or_default()),
        _ => Err("node may only request 0 or 1 audiences"),
    }
}

/// Whether the pod has a volume with a token for the audience.
pub fn projects(pod: &Value, audience: &str) -> bool {
    let volumes = pod.list_at(&["spec", "volumes"]).iter();
    volumes
        .flat_map(|volume| volume.list_at(&["projected", "sources"]))
        .filter_map(|source| source.get("serviceAccountToken"))
        .any(|token| token.str_at(&["audience"]).unwrap_or_default() == audience)
}

/// Where the CSI drivers of a pod's volumes are told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Driver {
    /// By name.
    Named(String),
    /// By the volume that is bound to a claim.
    OfClaim(String),
}

/// The drivers of a pod's volumes.
pub fn drivers(pod: &Value) -> Vec<Driver> {
    let volumes = pod.list_at(&["spec", "volumes"]).iter();
    volumes.filter_map(|volume| driver(pod, volume)).collect()
}

fn driver(pod: &Value, volume: &Value) -> Option<Driver> {
    if let Some(driver) = volume.str_at(&["csi", "driver"]) {
        return Some(Driver::Named(driver.to_owned()));
    }
    if volume.at(&["ephemeral", "volumeClaimTemplate"]).is_some() {
        let name = volume.str_at(&["name"]).unwrap_or_default();
        return Some(Driver::OfClaim(format!("{}-{name}", meta::of(pod).name())));
    }
    let claim = volume.str_at(&["persistentVolumeClaim", "claimName"])?;
    Some(Driver::OfClaim(claim.to_owned()))
}

/// Whether a CSIDriver gets tokens for the audience.
pub fn driver_wants(driver: &Value, audience: &str) -> bool {
    let mut requests = driver.list_at(&["spec", "tokenRequests"]).iter();
    requests.any(|request| request.str_at(&["audience"]).unwrap_or_default() == audience)
}

#[cfg(test)]
mod tests {
    use super::*;
    use schema::tree;

    #[test]
    fn a_token_is_bound_to_a_pod_by_uid() {
        let request = |bound: Value| tree!({"spec": {"boundObjectRef": bound}});
        let pod = request(tree!({"apiVersion": "v1", "kind": "Pod", "name": "p", "uid": "u"}));
        assert_eq!(bound_pod(&pod), Ok(("p", "u")));
        let no_uid = request(tree!({"apiVersion": "v1", "kind": "Pod", "name": "p"}));
        assert_eq!(
            bound_pod(&no_uid),
            Err("node requested token with a pod binding without a uid")
        );
        for other in [
            tree!({"spec": {}}),
            request(tree!({"apiVersion": "v1", "kind": "Secret", "name": "p", "uid": "u"})),
            request(tree!({"apiVersion": "v1", "kind": "Pod", "uid": "u"})),
        ] {
            assert_eq!(bound_pod(&other), Err("node requested token not bound to a pod"));
        }
    }

    #[test]
    fn the_pod_is_the_one_meant_and_on_the_node() {
        let pod = tree!({"metadata": {"uid": "u"}, "spec": {"nodeName": "n"}});
        assert_eq!(check_pod("n", &pod, "u"), Ok(()));
        assert!(
            check_pod("n", &pod, "v")
                .unwrap_err()
                .contains("(v) does not match")
        );
        assert!(check_pod("m", &pod, "u").unwrap_err().contains("different node"));
    }

    #[test]
    fn audiences_come_from_volumes_and_drivers() {
        let pod = tree!({"metadata": {"name": "p"}, "spec": {"volumes": [
            {"name": "t", "projected": {"sources": [{"serviceAccountToken": {"audience": "vault"}}]}},
            {"name": "c", "csi": {"driver": "d"}},
            {"name": "e", "ephemeral": {"volumeClaimTemplate": {}}},
            {"name": "v", "persistentVolumeClaim": {"claimName": "claim"}},
        ]}});
        assert!(projects(&pod, "vault") && !projects(&pod, ""));
        assert_eq!(
            drivers(&pod),
            [
                Driver::Named("d".to_owned()),
                Driver::OfClaim("p-e".to_owned()),
                Driver::OfClaim("claim".to_owned()),
            ]
        );
        let driver = tree!({"spec": {"tokenRequests": [{"audience": "a"}]}});
        assert!(driver_wants(&driver, "a") && !driver_wants(&driver, "b"));
        assert_eq!(
            audience(&tree!({"spec": {"audiences": ["a", "b"]}})),
            Err("node may only request 0 or 1 audiences")
        );
    }
}
