//! The plugin's configuration: what may not be used at all without a quota that covers it (kind ResourceQuotaConfiguration).

use schema::Value;

use super::scopes::Scope;

const API_VERSIONS: [(&str, &str); 3] = [
    ("apiserver.config.k8s.io/v1", "ResourceQuotaConfiguration"),
    ("resourcequota.admission.k8s.io/v1beta1", "Configuration"),
    ("resourcequota.admission.k8s.io/v1alpha1", "Configuration"),
];

/// A resource that is limited where no quota covers it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limited {
    /// Its API group.
    pub group: String,
    /// Its plural name.
    pub resource: String,
    /// Parts of the names of what is limited.
    pub contains: Vec<String>,
    /// Scopes that a quota must be for.
    pub scopes: Vec<Scope>,
}

/// Reads the configuration; nothing is limited without one.
pub fn read(file: Option<&Value>) -> Result<Vec<Limited>, String> {
    let Some(file) = file else {
        return Ok(Vec::new());
    };
    let of = (
        file.str_at(&["apiVersion"]).unwrap_or_default(),
        file.str_at(&["kind"]).unwrap_or_default(),
    );
    if !API_VERSIONS.contains(&of) {
        let (version, kind) = API_VERSIONS[0];
        return Err(format!("it is no {kind} of {version}"));
    }
    let entries = file.list_at(&["limitedResources"]).iter().enumerate();
    entries.map(|(at, entry)| limited(at, entry)).collect()
}

fn limited(at: usize, entry: &Value) -> Result<Limited, String> {
    let text = |field: &str| entry.str_at(&[field]).unwrap_or_default().to_owned();
    let contains = entry.list_at(&["matchContains"]).iter();
    let limited = Limited {
        group: text("apiGroup"),
        resource: text("resource"),
        contains: contains.filter_map(Value::as_str).map(str::to_owned).collect(),
        scopes: entry.list_at(&["matchScopes"]).iter().map(Scope::of).collect(),
    };
    match limited.resource.is_empty() {
        true => Err(format!(
            "limitedResources[{at}].resource: Required value: must be specified"
        )),
        false => Ok(limited),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use schema::tree;

    #[test]
    fn limited_resources_are_read() {
        let read_of = |limited: Value| {
            read(Some(&tree!({
                "apiVersion": "apiserver.config.k8s.io/v1",
                "kind": "ResourceQuotaConfiguration",
                "limitedResources": (vec![limited]),
            })))
        };
        let high = tree!({"scopeName": "PriorityClass", "operator": "In", "values": ["high"]});
        let found = read_of(tree!({"resource": "pods", "matchScopes": [high]})).expect("it is good");
        assert_eq!(found[0].scopes[0].to_string(), "{PriorityClass In [high]}");
        let found =
            read_of(tree!({"apiGroup": "apps", "resource": "deployments", "matchContains": ["count/"]}));
        let found = found.expect("it is good");
        assert_eq!((found[0].group.as_str(), found[0].contains.len()), ("apps", 1));
        assert!(read_of(tree!({"apiGroup": "apps"})).is_err());
        assert!(read(Some(&tree!({"kind": "Pod"}))).is_err());
        assert_eq!(read(None), Ok(Vec::new()));
    }
}
