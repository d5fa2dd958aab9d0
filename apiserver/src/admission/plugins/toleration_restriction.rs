//! PodTolerationRestriction: which tolerations pods of a namespace get, and which they may have.

use async_trait::async_trait;
use object::meta;
use schema::{Value, json, tree};
use serve::status::Status;

use crate::admission::{Attributes, Plugin, Reader, Told, failure, tolerations};
use crate::strategy::pods::qos;

const DEFAULTS: &str = "scheduler.alpha.kubernetes.io/defaultTolerations";
const ALLOWED: &str = "scheduler.alpha.kubernetes.io/tolerationsWhitelist";
const API_VERSION: &str = "podtolerationrestriction.admission.k8s.io/v1alpha1";

/// See the module. What the configuration says holds for namespaces that say nothing.
#[derive(Debug, Default)]
pub struct PodTolerationRestriction {
    defaults: Vec<Value>,
    allowed: Vec<Value>,
}

impl PodTolerationRestriction {
    /// From its configuration: `default` and `whitelist`, lists of tolerations.
    pub fn new(configuration: Option<&Value>) -> Result<Self, String> {
        let Some(file) = configuration else {
            return Ok(Self::default());
        };
        if file.str_at(&["apiVersion"]) != Some(API_VERSION)
            || file.str_at(&["kind"]) != Some("Configuration")
        {
            return Err(format!("it is no Configuration of {API_VERSION}"));
        }
        Ok(Self {
            defaults: file.list_at(&["default"]).to_vec(),
            allowed: file.list_at(&["whitelist"]).to_vec(),
        })
    }

    async fn check(&self, attributes: &Attributes<'_>, reader: &dyn Reader) -> Result<(), Status> {
        let has = attributes.object.list_at(&["spec", "tolerations"]);
        if has.is_empty() {
            return Ok(());
        }
        let namespace = reader.namespace(attributes.namespace).await?;
        let listed = listed(&namespace, ALLOWED)?;
        let whose = if listed.is_some() { "namespace" } else { "cluster" };
        let allowed = listed.as_deref().unwrap_or(&self.allowed);
        if tolerations::all_allowed(has, allowed) {
            return Ok(());
        }
        Err(failure(format!(
            "pod tolerations (possibly merged with namespace default tolerations) conflict with its {whose} whitelist"
        )))
    }
}

/// The list in an annotation; `None` without the annotation.
fn listed(namespace: &Value, key: &str) -> Result<Option<Vec<Value>>, Status> {
    let text = match meta::of(namespace).annotation(key) {
        None => return Ok(None),
        Some("") => return Ok(Some(Vec::new())),
        Some(text) => text,
    };
    let list = json::parse(text.as_bytes()).map_err(|error| failure(error.to_string()))?;
    match list.as_list() {
        Some(list) => Ok(Some(list.to_vec())),
        None => Err(failure(format!("annotation {key} is no list of tolerations"))),
    }
}

#[async_trait]
impl Plugin for PodTolerationRestriction {
    fn name(&self) -> &'static str {
        "PodTolerationRestriction"
    }

    async fn mutate(
        &self,
        attributes: &mut Attributes<'_>,
        reader: &dyn Reader,
        _told: &mut Told,
    ) -> Result<(), Status> {
        if !attributes.writes("", "pods") {
            return Ok(());
        }
        let mut more = Vec::new();
        if attributes.creates("", "pods") {
            let namespace = reader.namespace(attributes.namespace).await?;
            let of_namespace = listed(&namespace, DEFAULTS)?;
            more.extend(of_namespace.unwrap_or_else(|| self.defaults.clone()));
        }
        // Pods that ask for nothing are the first to go where memory is short; all others stay.
        if qos::class(&attributes.object) != "BestEffort" {
            more.push(tree!({
                "key": "node.kubernetes.io/memory-pressure",
                "operator": "Exists",
                "effect": "NoSchedule",
            }));
        }
        let merged = tolerations::merged(attributes.object.list_at(&["spec", "tolerations"]), &more);
        if let (false, Some(map)) = (more.is_empty(), attributes.object.as_map_mut()) {
            map.map_at("spec").insert("tolerations", Value::List(merged));
        }
        self.check(attributes, reader).await
    }

    async fn validate(
        &self,
        attributes: &Attributes<'_>,
        reader: &dyn Reader,
        _told: &mut Told,
    ) -> Result<(), Status> {
        match attributes.writes("", "pods") {
            true => self.check(attributes, reader).await,
            false => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::admission::fixtures::{Write, namespace};

    fn create(spec: Value) -> Write<'static> {
        Write::create(
            "",
            "pods",
            tree!({"metadata": {"name": "p", "namespace": "ns"}, "spec": spec}),
        )
    }

    #[tokio::test]
    async fn pods_get_the_tolerations_of_their_namespace_or_of_the_cluster() {
        let file = tree!({
            "apiVersion": "podtolerationrestriction.admission.k8s.io/v1alpha1", "kind": "Configuration",
            "default": [{"key": "cluster", "operator": "Exists"}],
        });
        let plugin = PodTolerationRestriction::new(Some(&file)).unwrap();
        let own = tree!({"scheduler.alpha.kubernetes.io/defaultTolerations": "[{\"key\":\"own\"}]"});
        for (annotations, key) in [(own, "own"), (tree!({}), "cluster")] {
            let pod = create(tree!({}))
                .mutate(&plugin, &namespace(annotations))
                .await
                .unwrap();
            let list = pod.list_at(&["spec", "tolerations"]);
            assert_eq!((list.len(), list[0].str_at(&["key"])), (1, Some(key)));
        }
        let asking = tree!({"containers": [{"resources": {"requests": {"cpu": "1"}}}]});
        let pod = create(asking)
            .mutate(&plugin, &namespace(tree!({})))
            .await
            .unwrap();
        assert_eq!(pod.list_at(&["spec", "tolerations"]).len(), 2);
    }

    #[tokio::test]
    async fn memory_pressure_is_tolerated_by_what_asks_for_memory_or_cpu() {
        let plugin = PodTolerationRestriction::default();
        for (resource, amount, tolerated) in [
            ("memory", "1Gi", 1),
            ("memory", "0", 0),
            ("example.com/device", "1", 0),
        ] {
            let mut resources = tree!({"requests": {}});
            let requests = resources.as_map_mut().unwrap().map_at("requests");
            requests.insert(resource, amount);
            let pod = create(tree!({"containers": [{"resources": resources}]}))
                .mutate(&plugin, &namespace(tree!({})))
                .await
                .unwrap();
            let list = pod.list_at(&["spec", "tolerations"]);
            assert_eq!(list.len(), tolerated, "{resource} {amount}");
        }
    }

    #[tokio::test]
    async fn what_is_not_listed_is_refused() {
        let plugin = PodTolerationRestriction::default();
        let spec = tree!({"tolerations": [{"key": "b", "operator": "Exists"}]});
        let listed = tree!({"scheduler.alpha.kubernetes.io/tolerationsWhitelist": "[{\"key\":\"a\",\"operator\":\"Exists\"}]"});
        let refused = create(spec.clone())
            .mutate(&plugin, &namespace(listed))
            .await
            .unwrap_err();
        assert!(refused.message.ends_with("conflict with its namespace whitelist"));
        assert!(create(spec).mutate(&plugin, &namespace(tree!({}))).await.is_ok());
    }

    #[test]
    fn other_files_are_refused() {
        assert!(PodTolerationRestriction::new(Some(&tree!({"kind": "Pod"}))).is_err());
    }
}
