//! What tests of plugins share: a write, and objects to read.

use std::sync::Arc;

use async_trait::async_trait;
use auth::User;
use auth::authorize::rbac::{Kind, Rbac};
use auth::authorize::{Authorizer, Chain};
use kinds::{Catalog, Resource, Subresource};
use object::meta;
use schema::{Value, tree};
use serve::status::Status;

use super::{Attributes, Operation, Plugin, Reader, Told};

/// Objects by group and resource.
#[derive(Default)]
pub struct Objects(pub Vec<(&'static str, &'static str, Value)>);

#[async_trait]
impl Reader for Objects {
    async fn get(
        &self,
        group: &str,
        resource: &str,
        namespace: &str,
        name: &str,
    ) -> Result<Option<Arc<Value>>, Status> {
        let all = self.list(group, resource, namespace).await?;
        Ok(all.into_iter().find(|object| meta::of(object).name() == name))
    }

    async fn list(&self, group: &str, resource: &str, namespace: &str) -> Result<Vec<Arc<Value>>, Status> {
        let of_kind = self.0.iter().filter(|(g, r, _)| *g == group && *r == resource);
        let objects = of_kind.map(|(_, _, object)| object);
        let within =
            objects.filter(|object| namespace.is_empty() || meta::of(object).namespace() == namespace);
        Ok(within.cloned().map(Arc::new).collect())
    }
}

/// A reader that knows the namespace `ns` with annotations.
pub fn namespace(annotations: Value) -> Objects {
    let namespace = tree!({"metadata": {"name": "ns", "annotations": annotations}});
    Objects(vec![("", "namespaces", namespace)])
}

/// An authorizer that allows `ann` what rules say, everywhere.
pub fn granted(rules: Value) -> Arc<Chain> {
    const GROUP: &str = "rbac.authorization.k8s.io";
    let rbac = Arc::new(Rbac::default());
    let role = tree!({"metadata": {"name": "r"}, "rules": rules});
    rbac.put(Kind::ClusterRole, &role);
    let binding = tree!({
        "metadata": {"name": "b"},
        "roleRef": {"apiGroup": GROUP, "kind": "ClusterRole", "name": "r"},
        "subjects": [{"apiGroup": GROUP, "kind": "User", "name": "ann"}],
    });
    rbac.put(Kind::ClusterRoleBinding, &binding);
    Arc::new(Chain::new(vec![Authorizer::Rbac(rbac)]))
}

/// A write.
pub struct Write<'a> {
    operation: Operation,
    group: &'a str,
    version: &'a str,
    resource: &'a str,
    subresource: &'a str,
    object: Value,
    old: Option<Value>,
    user: User,
}

impl<'a> Write<'a> {
    /// A new object.
    pub fn create(group: &'a str, resource: &'a str, object: Value) -> Self {
        Self {
            operation: Operation::Create,
            group,
            version: "v1",
            resource,
            subresource: "",
            object,
            old: None,
            user: User::anonymous(),
        }
    }

    /// A change.
    pub fn update(group: &'a str, resource: &'a str, object: Value, old: Value) -> Self {
        Self {
            operation: Operation::Update,
            old: Some(old),
            ..Self::create(group, resource, object)
        }
    }

    /// A deletion of what is at this name and namespace.
    pub fn delete(group: &'a str, resource: &'a str, old: Value) -> Self {
        Self {
            operation: Operation::Delete,
            old: Some(old),
            ..Self::create(group, resource, Value::Null)
        }
    }

    /// In another version.
    pub fn of_version(self, version: &'a str) -> Self {
        Self { version, ..self }
    }

    /// Through a subresource.
    pub fn through(self, subresource: &'a str) -> Self {
        Self { subresource, ..self }
    }

    /// By somebody.
    pub fn by(self, user: User) -> Self {
        Self { user, ..self }
    }

    fn resource(&self) -> &'static Arc<Resource> {
        let found = Catalog::builtin().resource(self.group, self.version, self.resource);
        found.expect("a built-in resource")
    }

    fn found_subresource(&self) -> Option<&'static Subresource> {
        let found = self.resource().subresource(self.subresource);
        assert!(
            self.subresource.is_empty() || found.is_some(),
            "{} has no subresource {}",
            self.resource,
            self.subresource
        );
        found
    }

    fn attributes<'b>(&'b self, subresource: Option<&'b Subresource>) -> Attributes<'b> {
        let named = self.old.as_ref().unwrap_or(&self.object);
        Attributes {
            operation: self.operation,
            resource: self.resource(),
            subresource,
            namespace: meta::of(named).namespace(),
            name: meta::of(named).name(),
            object: self.object.clone(),
            old: self.old.as_ref(),
            user: &self.user,
            dry_run: false,
        }
    }

    /// What a plugin says of it.
    pub async fn validate(&self, plugin: &dyn Plugin, reader: &Objects) -> (Result<(), Status>, Told) {
        let mut told = Told::default();
        let attributes = self.attributes(self.found_subresource());
        let verdict = plugin.validate(&attributes, reader, &mut told).await;
        (verdict, told)
    }

    /// What a plugin makes of the object.
    pub async fn mutate(&self, plugin: &dyn Plugin, reader: &Objects) -> Result<Value, Status> {
        let mut told = Told::default();
        let mut attributes = self.attributes(self.found_subresource());
        plugin.mutate(&mut attributes, reader, &mut told).await?;
        Ok(attributes.object)
    }
}
