//! Writes: the pipeline that create, update, patch, delete and the subresources share, from a tree in its hub form to the
//! store. Verbs bring the tree; strategies, admission and effects bring the differences.

pub mod create;
pub mod delete;
mod deletion;
pub mod facts;
mod finish;
mod grants;
pub mod managed_fields;
pub mod metadata;
pub mod update;

use kinds::Subresource;
use render::Call;
use schema::Value;
use serve::status::Status;

use crate::admission::{Attributes, Operation};
use crate::api::Api;
use crate::strategy::WriteContext;

/// What strategies and effects may know of this write.
pub(crate) fn context<'a>(call: &'a Call, subresource: &'a str) -> WriteContext<'a> {
    WriteContext {
        resource: &call.hub,
        group: &call.resource.group,
        subresource,
        user: &call.user,
        now: &call.now,
    }
}

/// A write as admission sees it.
pub(crate) struct Admitted<'a> {
    pub operation: Operation,
    pub namespace: &'a str,
    pub name: &'a str,
    pub subresource: Option<&'a Subresource>,
    pub old: Option<&'a Value>,
    pub dry_run: bool,
}

impl<'a> Admitted<'a> {
    fn attributes(&self, call: &'a Call, object: Value) -> Attributes<'a> {
        Attributes {
            operation: self.operation,
            resource: &call.hub,
            subresource: self.subresource,
            namespace: self.namespace,
            name: self.name,
            object,
            old: self.old,
            user: &call.user,
            dry_run: self.dry_run,
            warnings: Vec::new(),
        }
    }

    /// Lets admission change the object, and sees to it that roles give nothing that the user lacks. Returns it with
    /// warnings for the client.
    pub async fn mutate(
        &self,
        api: &Api,
        call: &Call,
        object: Value,
    ) -> Result<(Value, Vec<String>), Status> {
        let mut attributes = self.attributes(call, object);
        api.chain.mutate(&mut attributes, &*api.objects).await?;
        grants::check(api, call, &attributes).await?;
        Ok((attributes.object, attributes.warnings))
    }

    /// Lets admission refuse the object.
    pub async fn validate(&self, api: &Api, call: &Call, object: &Value) -> Result<(), Status> {
        let attributes = self.attributes(call, object.clone());
        api.chain.validate(&attributes, &*api.objects).await
    }
}
