//! AppArmor profiles from before there was a field for them: a new pod's annotations become fields of its containers.
//! Whether they are profiles at all is validation's part. Source: KEP-24.

use object::field::Path;
use object::meta;
use schema::{Value, tree};

use crate::validation::pod_spec::APP_ARMOR_NAME_BYTES_MAX;
use crate::validation::pods::app_armor_warning;
use crate::validation::pods::profiles::{APP_ARMOR, LOCALHOST, RUNTIME_DEFAULT, UNCONFINED};

/// A container's annotation that counts: the container has no profile of its own, and the pod's is another.
struct Annotated {
    list: &'static str,
    at: usize,
    key: String,
    /// None if it is not a valid one.
    profile: Option<Value>,
}

/// Fills in the profile of each container that has an annotation and no profile of its own, unless the pod's says the same.
pub fn fill(pod: &mut Value) {
    for Annotated {
        list, at, profile, ..
    } in annotated(pod)
    {
        let containers = pod.at_mut(&["spec", list]).and_then(Value::as_list_mut);
        let container = containers.and_then(|list| list.get_mut(at)?.as_map_mut());
        if let Some((container, profile)) = container.zip(profile) {
            container
                .map_at("securityContext")
                .insert("appArmorProfile", profile);
        }
    }
}

/// Warnings about what [`fill`] is to fill in, and about annotations that are not valid.
pub fn warnings(pod: &Value) -> Vec<String> {
    let annotated = annotated(pod).into_iter();
    let path = |key: &str| Path::root("metadata").child("annotations").key(key);
    annotated
        .map(|found| app_armor_warning(&path(&found.key)))
        .collect()
}

fn annotated(pod: &Value) -> Vec<Annotated> {
    let is_windows = pod.str_at(&["spec", "os", "name"]) == Some("windows");
    if is_windows || pod.at(&["metadata", "annotations"]).is_none() {
        return Vec::new();
    }
    let of_pod = pod.at(&["spec", "securityContext", "appArmorProfile"]);
    let mut found = Vec::new();
    for list in ["initContainers", "containers"] {
        for (at, container) in pod.list_at(&["spec", list]).iter().enumerate() {
            let key = format!("{APP_ARMOR}{}", container.str_at(&["name"]).unwrap_or_default());
            let has_own = container.at(&["securityContext", "appArmorProfile"]).is_some();
            let Some(said) = meta::of(pod).annotation(&key).filter(|_| !has_own) else {
                continue;
            };
            let profile = profile(said);
            if profile.is_none() || of_pod != profile.as_ref() {
                found.push(Annotated {
                    list,
                    at,
                    key,
                    profile,
                });
            }
        }
    }
    found
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
        let warned = warnings(&pod);
        let before = pod.clone();
        fill(&mut pod);
        let words = "metadata.annotations[container.apparmor.security.beta.kubernetes.io/a]: deprecated since v1.30; use the \
                     \"appArmorProfile\" field instead";
        // Told of what is filled in, and of what cannot be.
        let is_told = pod != before || profile(annotation).is_none();
        assert_eq!(warned, vec![words; usize::from(is_told)]);
        assert_eq!(warnings(&pod).len(), usize::from(profile(annotation).is_none()));
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
