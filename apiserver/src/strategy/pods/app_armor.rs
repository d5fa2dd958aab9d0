//! AppArmor profiles from before there was a field for them: a new pod's annotations become fields of its containers.
//! Whether they are profiles at all is validation's part. Source: KEP-24.

use object::meta;
use schema::{Value, tree};

use crate::validation::pod_spec::APP_ARMOR_NAME_BYTES_MAX;
use crate::validation::pods::profiles::{APP_ARMOR, LOCALHOST, RUNTIME_DEFAULT, UNCONFINED};

/// Fills in the profile of each container that has an annotation and no profile of its own, unless the pod's says the same.
pub fn fill(pod: &mut Value) {
    let is_windows = pod.str_at(&["spec", "os", "name"]) == Some("windows");
    if is_windows || pod.at(&["metadata", "annotations"]).is_none() {
        return;
    }
    let profiles = |name: &str| profile(meta::of(pod).annotation(&format!("{APP_ARMOR}{name}"))?);
    let of_pod = pod.at(&["spec", "securityContext", "appArmorProfile"]);
    let mut found = Vec::new();
    for list in ["initContainers", "containers"] {
        for (at, container) in pod.list_at(&["spec", list]).iter().enumerate() {
            let has_own = container.at(&["securityContext", "appArmorProfile"]).is_some();
            let profile = profiles(container.str_at(&["name"]).unwrap_or_default());
            if let Some(profile) = profile.filter(|profile| !has_own && of_pod != Some(profile)) {
                found.push((list, at, profile));
            }
        }
    }
    for (list, at, profile) in found {
        let containers = pod.at_mut(&["spec", list]).and_then(Value::as_list_mut);
        let container = containers.and_then(|list| list.get_mut(at)?.as_map_mut());
        if let Some(container) = container {
            container
                .map_at("securityContext")
                .insert("appArmorProfile", profile);
        }
    }
}

/// What an annotation says, as a field; none if it says no profile.
fn profile(said: &str) -> Option<Value> {
    Some(match said {
        UNCONFINED => tree!({"type": "Unconfined"}),
        RUNTIME_DEFAULT => tree!({"type": "RuntimeDefault"}),
        said => {
            let name = said.strip_prefix(LOCALHOST)?;
            // What validation would refuse in the field is left where it is.
            if name.is_empty() || name.trim() != name || name.len() > APP_ARMOR_NAME_BYTES_MAX {
                return None;
            }
            tree!({"type": "Localhost", "localhostProfile": (name.to_owned())})
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(annotation: &str, of_pod: Value) -> Option<Value> {
        let mut pod = tree!({
            "metadata": {"annotations": {"container.apparmor.security.beta.kubernetes.io/a": (annotation.to_owned())}},
            "spec": {"securityContext": of_pod, "containers": [{"name": "a"}, {"name": "b"}]},
        });
        fill(&mut pod);
        let containers = pod.list_at(&["spec", "containers"]);
        assert_eq!(containers[1], tree!({"name": "b"}));
        containers[0].at(&["securityContext", "appArmorProfile"]).cloned()
    }

    #[test]
    fn annotations_become_fields_where_the_pod_says_otherwise() {
        let none = || tree!({});
        assert_eq!(filled("unconfined", none()), Some(tree!({"type": "Unconfined"})));
        assert_eq!(
            filled("runtime/default", none()),
            Some(tree!({"type": "RuntimeDefault"}))
        );
        let local = tree!({"type": "Localhost", "localhostProfile": "x"});
        assert_eq!(filled("localhost/x", none()), Some(local));
        assert_eq!(filled("localhost/", none()), None);
        assert_eq!(filled("localhost/x ", none()), None);
        assert_eq!(filled(&format!("localhost/{}", "x".repeat(4_096)), none()), None);
        assert_eq!(filled("bogus", none()), None);
        let same = tree!({"appArmorProfile": {"type": "Unconfined"}});
        assert_eq!(filled("unconfined", same), None);
    }
}
