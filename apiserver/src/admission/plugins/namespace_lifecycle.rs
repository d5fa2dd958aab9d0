//! NamespaceLifecycle: objects are made only in namespaces that exist and stay; the system's namespaces are not deleted.

use async_trait::async_trait;
use serve::status::{Cause, Status};

use crate::admission::{Attributes, Operation, Plugin, Reader, Told};

/// Namespaces that are not deleted.
const IMMORTAL: [&str; 3] = ["default", "kube-system", "kube-public"];
/// What may be created in a namespace that is going.
const ALLOWED_WHEN_TERMINATING: [(&str, &str); 1] = [("authorization.k8s.io", "localsubjectaccessreviews")];

/// See the module.
#[derive(Debug)]
pub struct NamespaceLifecycle;

#[async_trait]
impl Plugin for NamespaceLifecycle {
    fn name(&self) -> &'static str {
        "NamespaceLifecycle"
    }

    async fn mutate(
        &self,
        attributes: &mut Attributes<'_>,
        reader: &dyn Reader,
        _told: &mut Told,
    ) -> Result<(), Status> {
        let is_namespace = attributes.is("", "namespaces");
        if attributes.operation == Operation::Delete && is_namespace && IMMORTAL.contains(&attributes.name) {
            return Err(attributes.forbidden("this namespace may not be deleted"));
        }
        let concerns =
            attributes.operation == Operation::Create && !attributes.namespace.is_empty() && !is_namespace;
        let resource = (
            attributes.resource.group.as_str(),
            attributes.resource.resource.as_str(),
        );
        if !concerns || ALLOWED_WHEN_TERMINATING.contains(&resource) {
            return Ok(());
        }
        let namespace = reader.namespace(attributes.namespace).await?;
        match namespace.str_at(&["status", "phase"]) {
            Some("Terminating") => Err(terminating(attributes)),
            _ => Ok(()),
        }
    }
}

fn terminating(attributes: &Attributes<'_>) -> Status {
    let namespace = attributes.namespace;
    let why = format!("unable to create new content in namespace {namespace} because it is being terminated");
    let mut status = attributes.forbidden(&why);
    if let Some(details) = &mut status.details {
        details.causes.push(Cause {
            reason: "NamespaceTerminating".to_owned(),
            message: format!("namespace {namespace} is being terminated"),
            field: "metadata.namespace".to_owned(),
        });
    }
    status
}
