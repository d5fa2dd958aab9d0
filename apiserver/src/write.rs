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
pub mod preconditions;
pub mod update;

use kinds::Subresource;
use render::Call;
use schema::Value;
use serve::status::Status;

use crate::admission::{Attributes, Held, Operation, Told};
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

impl Admitted<'_> {
    fn attributes<'c>(&'c self, call: &'c Call, object: Value) -> Attributes<'c> {
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
        }
    }

    /// Lets admission change the object, and sees to it that roles give nothing that the user lacks.
    pub async fn mutate(&self, api: &Api, call: &mut Call, object: Value) -> Result<Value, Status> {
        let (mut attributes, mut told) = (self.attributes(call, object), Told::default());
        let mut done = api.chain.mutate(&mut attributes, &api.reader, &mut told).await;
        if done.is_ok() {
            done = grants::check(api, call, &attributes).await;
        }
        let object = attributes.object;
        tell(call, told);
        done.map(|()| object)
    }

    /// Lets admission refuse the object, which comes back with what plugins took for the write.
    pub async fn validate(&self, api: &Api, call: &mut Call, object: Value) -> Result<(Value, Held), Status> {
        let (attributes, mut told) = (self.attributes(call, object), Told::default());
        let done = api.chain.validate(&attributes, &api.reader, &mut told).await;
        let object = attributes.object;
        tell(call, told);
        done.map(|held| (object, held))
    }
}

/// Lets admission change or refuse what acts on an object (its name, and the subresource) and is not stored itself: a binding, an
/// eviction, a token. What plugins took for it is given back.
pub(crate) async fn pass_subresource(
    api: &Api,
    call: &mut Call,
    (name, subresource): (&str, &str),
    object: Value,
    dry_run: bool,
) -> Result<Value, Status> {
    let (resource, namespace) = (call.resource.clone(), call.info.namespace.clone());
    let admitted = Admitted {
        operation: Operation::Create,
        namespace: &namespace,
        name,
        subresource: resource.subresource(subresource),
        old: None,
        dry_run,
    };
    let object = admitted.mutate(api, call, object).await?;
    let (object, held) = admitted.validate(api, call, object).await?;
    held.give_back().await;
    Ok(object)
}

fn tell(call: &mut Call, told: Told) {
    told.warnings.into_iter().for_each(|text| call.warn(text));
    for (key, text) in told.annotations {
        call.annotate(key, text);
    }
}

/// Keeps or gives back what plugins took, by what became of the write. Where nobody knows (the store did not answer) it is kept:
/// a quota is rather charged too much, which its controller sets right, than exceeded.
pub(crate) async fn settle<T>(held: Held, done: &Result<T, Status>, happened: impl Fn(&T) -> bool) {
    match done {
        Ok(done) if !happened(done) => held.give_back().await,
        Err(status) if status.code < 500 => held.give_back().await,
        _ => held.commit().await,
    }
}
