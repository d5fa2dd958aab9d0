//! OwnerReferencesPermissionEnforcement: who makes an object be deleted with another could delete it, and who makes a deletion wait
//! could set finalizers there.

use std::sync::Arc;

use async_trait::async_trait;
use auth::authorize::{self, Chain, Decision};
use kinds::{Catalog, Resource};
use object::meta::{self, OwnerReference};
use schema::Value;
use serve::status::Status;

use crate::admission::{Attributes, Operation, Plugin, Reader, Told};

/// See the module.
#[derive(Debug)]
pub struct OwnerReferencesPermissionEnforcement {
    authorizer: Arc<Chain>,
}

impl OwnerReferencesPermissionEnforcement {
    /// Asking this authorizer.
    pub fn new(authorizer: Arc<Chain>) -> Self {
        Self { authorizer }
    }

    async fn check_delete(&self, attributes: &Attributes<'_>) -> Result<(), Status> {
        let question = authorize::Attributes {
            version: &attributes.resource.version,
            subresource: attributes.subresource.map_or("", |found| found.name.as_str()),
            ..authorize::Attributes::resource(
                "delete",
                &attributes.resource.group,
                &attributes.resource.resource,
                attributes.namespace,
                attributes.name,
            )
        };
        let decision = self.authorizer.decide(attributes.user, &question).await;
        match decision.is_allowed() {
            true => Ok(()),
            false => Err(attributes.forbidden(&format!(
                "cannot set an ownerRef on a resource you can't delete: {}",
                told(&decision)
            ))),
        }
    }

    async fn check_blocking(
        &self,
        attributes: &Attributes<'_>,
        owner: OwnerReference<'_>,
    ) -> Result<(), Status> {
        let Some(resource) = resource_of(owner) else {
            let (version, kind) = (owner.api_version(), owner.kind());
            return Err(attributes.forbidden(&format!(
                "cannot set blockOwnerDeletion in this case because cannot find RESTMapping for APIVersion {version} Kind {kind}: no matches for kind \"{kind}\" in version \"{version}\""
            )));
        };
        let namespace = if resource.namespaced {
            attributes.namespace
        } else {
            ""
        };
        let question = authorize::Attributes {
            version: &resource.version,
            subresource: "finalizers",
            ..authorize::Attributes::resource(
                "update",
                &resource.group,
                &resource.resource,
                namespace,
                owner.name(),
            )
        };
        let decision = self.authorizer.decide(attributes.user, &question).await;
        match decision.is_allowed() {
            true => Ok(()),
            false => Err(attributes.forbidden(&format!(
                "cannot set blockOwnerDeletion if an ownerReference refers to a resource you can't set finalizers on: {}",
                told(&decision)
            ))),
        }
    }
}

/// Reason and error, as the reference prints them.
fn told(decision: &Decision) -> String {
    let error = decision.error.as_deref().unwrap_or("<nil>");
    format!("{}, {error}", decision.reason)
}

fn resource_of(owner: OwnerReference<'_>) -> Option<&'static Arc<Resource>> {
    let (group, version) = owner
        .api_version()
        .split_once('/')
        .unwrap_or(("", owner.api_version()));
    Catalog::builtin().kind(group, version, owner.kind())
}

fn owners(object: &Value) -> &[Value] {
    object.list_at(&["metadata", "ownerReferences"])
}

fn blocks(owner: &Value) -> bool {
    owner.bool_at(&["blockOwnerDeletion"]) == Some(true)
}

/// Owners whose deletion waits for the object, and did not before.
fn newly_blocking<'a>(object: &'a Value, old: Option<&Value>) -> Vec<OwnerReference<'a>> {
    let before = old.map(owners).unwrap_or_default();
    let did_block = |owner: &Value| {
        let mut same = before.iter().filter(|other| other.get("uid") == owner.get("uid"));
        same.any(blocks)
    };
    let blocking = meta::of(object).owner_references().zip(owners(object));
    blocking
        .filter(|(_, owner)| blocks(owner) && !did_block(owner))
        .map(|(owner, _)| owner)
        .collect()
}

#[async_trait]
impl Plugin for OwnerReferencesPermissionEnforcement {
    fn name(&self) -> &'static str {
        "OwnerReferencesPermissionEnforcement"
    }

    async fn validate(
        &self,
        attributes: &Attributes<'_>,
        _reader: &dyn Reader,
        _told: &mut Told,
    ) -> Result<(), Status> {
        let writes = attributes.operation != Operation::Delete;
        let before = attributes.old.map(owners).unwrap_or_default();
        let changes = owners(&attributes.object) != before;
        // The status of a pod carries its metadata, and kubelets may not delete pods of others.
        if !writes || !changes || attributes.is_subresource("", "pods", "status") {
            return Ok(());
        }
        self.check_delete(attributes).await?;
        for owner in newly_blocking(&attributes.object, attributes.old) {
            self.check_blocking(attributes, owner).await?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::admission::fixtures::{Objects, Write, granted};
    use auth::User;
    use schema::tree;

    fn owned(blocks: bool, kind: &str) -> Write<'static> {
        let object = tree!({"metadata": {"name": "c", "namespace": "ns", "ownerReferences": [
            {"apiVersion": "apps/v1", "kind": kind, "name": "d", "uid": "u", "blockOwnerDeletion": blocks},
        ]}});
        let old = tree!({"metadata": {"name": "c", "namespace": "ns"}});
        Write::update("", "configmaps", object, old).by(User::new("ann", "", &[]))
    }

    async fn refusal(rules: Value, write: Write<'_>) -> Option<String> {
        let plugin = OwnerReferencesPermissionEnforcement::new(granted(rules));
        let done = write.validate(&plugin, &Objects::default()).await.0;
        done.err().map(|status| status.message)
    }

    #[tokio::test]
    async fn owners_are_set_by_who_may_delete() {
        let delete = || tree!({"apiGroups": [""], "resources": ["configmaps"], "verbs": ["delete"]});
        let refused = refusal(tree!([]), owned(false, "Deployment")).await.unwrap();
        assert!(
            refused.contains("cannot set an ownerRef on a resource you can't delete: "),
            "{refused}"
        );
        assert_eq!(
            refusal(Value::List(vec![delete()]), owned(false, "Deployment")).await,
            None
        );
        let plain = tree!({"metadata": {"name": "c"}});
        let same = Write::update("", "configmaps", plain.clone(), plain);
        assert_eq!(refusal(tree!([]), same).await, None);
    }

    #[tokio::test]
    async fn blocking_needs_the_finalizers_of_the_owner() {
        let delete = tree!({"apiGroups": [""], "resources": ["configmaps"], "verbs": ["delete"]});
        let finalizers =
            tree!({"apiGroups": ["apps"], "resources": ["deployments/finalizers"], "verbs": ["update"]});
        let few = || Value::List(vec![delete.clone()]);
        let refused = refusal(few(), owned(true, "Deployment")).await.unwrap();
        assert!(
            refused.contains("a resource you can't set finalizers on: "),
            "{refused}"
        );
        let unknown = refusal(few(), owned(true, "Nothing")).await.unwrap();
        assert!(unknown.contains("cannot find RESTMapping for APIVersion apps/v1 Kind Nothing"));
        let both = Value::List(vec![delete.clone(), finalizers]);
        assert_eq!(refusal(both, owned(true, "Deployment")).await, None);
    }
}
