//! PodNodeSelector: pods of a namespace go to the nodes that the namespace is for.

use std::collections::{BTreeMap, HashMap};

use async_trait::async_trait;
use object::meta;
use schema::{SmolStr, Value};
use serve::status::Status;

use crate::admission::{Attributes, Plugin, Reader, Told, failure};

const ANNOTATION: &str = "scheduler.alpha.kubernetes.io/node-selector";
const CLUSTER_DEFAULT: &str = "clusterDefaultNodeSelector";
const CONFLICT: &str = "pod node label selector conflicts with its namespace node label selector";
const NOT_LISTED: &str = "pod node label selector labels conflict with its namespace whitelist";

type Labels = BTreeMap<SmolStr, SmolStr>;

/// See the module.
#[derive(Debug, Default)]
pub struct PodNodeSelector {
    /// Of namespaces without the annotation.
    default: Labels,
    /// What pods of a namespace may select by, by the namespace's name.
    allowed: HashMap<SmolStr, Labels>,
}

impl PodNodeSelector {
    /// From its configuration: `podNodeSelectorPluginConfig`, with `clusterDefaultNodeSelector` and names of namespaces.
    pub fn new(configuration: Option<&Value>) -> Result<Self, String> {
        let mut plugin = Self::default();
        let selectors = configuration.and_then(|file| file.map_at(&["podNodeSelectorPluginConfig"]));
        for (name, selector) in selectors.into_iter().flat_map(schema::Map::iter) {
            let labels = parsed(selector.as_str().unwrap_or_default())?;
            match name.as_str() {
                CLUSTER_DEFAULT => plugin.default = labels,
                _ => {
                    plugin.allowed.insert(name.clone(), labels);
                }
            }
        }
        Ok(plugin)
    }

    async fn of_namespace(&self, attributes: &Attributes<'_>, reader: &dyn Reader) -> Result<Labels, Status> {
        let namespace = reader.namespace(attributes.namespace).await?;
        match meta::of(&namespace).annotation(ANNOTATION) {
            Some(selector) => parsed(selector).map_err(failure),
            None => Ok(self.default.clone()),
        }
    }

    fn check(&self, attributes: &Attributes<'_>, wanted: &Labels) -> Result<(), Status> {
        let has = labels(&attributes.object);
        attributes.require(!conflict(wanted, &has), CONFLICT)?;
        let allowed = self
            .allowed
            .get(attributes.namespace)
            .filter(|list| !list.is_empty());
        let is_listed = |list: &Labels| has.iter().all(|(key, value)| list.get(key) == Some(value));
        attributes.require(allowed.is_none_or(is_listed), NOT_LISTED)
    }
}

/// `a=b,c=d`; empty is none.
fn parsed(selector: &str) -> Result<Labels, String> {
    let pairs = selector.split(',').filter(|_| !selector.is_empty());
    pairs
        .map(|pair| match pair.split_once('=') {
            Some((key, value)) => Ok((key.trim().into(), value.trim().into())),
            None => Err(format!("invalid selector: [{selector}]")),
        })
        .collect()
}

fn labels(pod: &Value) -> Labels {
    let selector = pod.map_at(&["spec", "nodeSelector"]).into_iter();
    selector
        .flat_map(schema::Map::iter)
        .filter_map(|(key, value)| Some((key.clone(), value.as_str()?.into())))
        .collect()
}

fn conflict(a: &Labels, b: &Labels) -> bool {
    a.iter()
        .any(|(key, value)| b.get(key).is_some_and(|other| other != value))
}

#[async_trait]
impl Plugin for PodNodeSelector {
    fn name(&self) -> &'static str {
        "PodNodeSelector"
    }

    async fn mutate(
        &self,
        attributes: &mut Attributes<'_>,
        reader: &dyn Reader,
        _told: &mut Told,
    ) -> Result<(), Status> {
        if !attributes.creates("", "pods") {
            return Ok(());
        }
        let wanted = self.of_namespace(attributes, reader).await?;
        attributes.require(!conflict(&wanted, &labels(&attributes.object)), CONFLICT)?;
        if let (false, Some(map)) = (wanted.is_empty(), attributes.object.as_map_mut()) {
            let selector = map.map_at("spec").map_at("nodeSelector");
            for (key, value) in &wanted {
                selector.insert(key.clone(), value.clone());
            }
        }
        self.check(attributes, &wanted)
    }

    async fn validate(
        &self,
        attributes: &Attributes<'_>,
        reader: &dyn Reader,
        _told: &mut Told,
    ) -> Result<(), Status> {
        if !attributes.creates("", "pods") {
            return Ok(());
        }
        let wanted = self.of_namespace(attributes, reader).await?;
        self.check(attributes, &wanted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::admission::fixtures::{Write, namespace};
    use schema::tree;

    fn create(selector: Value) -> Write<'static> {
        let pod = tree!({"metadata": {"name": "p", "namespace": "ns"}, "spec": {"nodeSelector": selector}});
        Write::create("", "pods", pod)
    }

    fn plugin() -> PodNodeSelector {
        let file = tree!({"podNodeSelectorPluginConfig": {
            "clusterDefaultNodeSelector": "pool=default", "ns": "pool=default,env=test,own=1",
        }});
        PodNodeSelector::new(Some(&file)).unwrap()
    }

    #[tokio::test]
    async fn selectors_of_namespaces_and_the_default_are_merged_in() {
        let own = || namespace(tree!({"scheduler.alpha.kubernetes.io/node-selector": "own=1"}));
        for (reader, told) in [(own(), ("own", "1")), (namespace(tree!({})), ("pool", "default"))] {
            let pod = create(tree!({"env": "test"}))
                .mutate(&plugin(), &reader)
                .await
                .unwrap();
            assert_eq!(labels(&pod).get(told.0).map(SmolStr::as_str), Some(told.1));
            assert_eq!(labels(&pod).len(), 2);
        }
    }

    #[tokio::test]
    async fn conflicts_and_what_is_not_listed_are_refused() {
        let reader = namespace(tree!({}));
        let refused = create(tree!({"pool": "other"}))
            .mutate(&plugin(), &reader)
            .await
            .unwrap_err();
        assert!(refused.message.ends_with(CONFLICT));
        let refused = create(tree!({"gpu": "1"}))
            .mutate(&plugin(), &reader)
            .await
            .unwrap_err();
        assert!(refused.message.ends_with(NOT_LISTED));
    }

    #[test]
    fn what_is_no_selector_is_refused() {
        assert!(parsed("a").is_err());
        assert_eq!(parsed(""), Ok(Labels::new()));
    }
}
