//! The deletion of an object: preconditions, admission, grace, finalizers, the store.

use kinds::Resource;
use object::meta;
use render::{Call, errors};
use schema::{Value, tree};
use serve::status::{Details, Status};

use super::deletion::{self, Next};
use super::{Admitted, finish, preconditions};
use crate::admission::Operation;
use crate::api::Api;
use crate::bootstrap::conditions::{self, Condition};
use crate::limits::UPDATE_TRIES_MAX;
use crate::objects::{Outcome, Stored};
use crate::options::DeleteOptions;
use crate::strategy;
use crate::strategy::api_objects::DEFINITION_CLEANUP;

/// What a deletion came to.
#[derive(Debug)]
pub enum Deleted {
    /// The object is gone and the answer says just that.
    Done(Status),
    /// The object, gone or still held.
    Object {
        /// Its last state.
        stored: Box<Stored>,
        /// Whether it is gone.
        gone: bool,
    },
}

/// Deletes one object.
pub async fn delete(
    api: &Api,
    call: &mut Call,
    namespace: &str,
    name: &str,
    options: &DeleteOptions,
) -> Result<Deleted, Status> {
    let admitted = Admitted {
        operation: Operation::Delete,
        namespace,
        name,
        subresource: None,
        old: None,
        dry_run: options.dry_run,
    };
    admitted.mutate(api, call, Value::Null).await?;
    if let Some(text) = deletion::warning(&call.hub, options) {
        call.warn(text);
    }
    let hub = call.hub.clone();
    let mut read = api.objects.get(&hub, namespace, name).await?;
    let mut seen: Option<Stored> = None;
    for _ in 0..UPDATE_TRIES_MAX {
        let Some(current) = read else {
            // Somebody else removed what this deletion had prepared.
            return match seen {
                Some(last) => Ok(answer(&call.resource, last, true)),
                None => Err(Status::not_found(&call.resource.group, &hub.resource, name)),
            };
        };
        match attempt(api, call, namespace, name, options, current).await? {
            Try::Done(deleted) => return Ok(deleted),
            Try::Raced(now) => read = now,
            Try::Prepared(now) => {
                read = Some(now.clone());
                seen = Some(now);
            }
        }
    }
    Err(errors::modified(&call.resource, name))
}

enum Try {
    Done(Deleted),
    Raced(Option<Stored>),
    /// Written so that it can go; now it goes.
    Prepared(Stored),
}

async fn attempt(
    api: &Api,
    call: &mut Call,
    namespace: &str,
    name: &str,
    options: &DeleteOptions,
    current: Stored,
) -> Result<Try, Status> {
    let hub = &call.hub.clone();
    check_preconditions(hub, name, options, &current.object)?;
    let admitted = Admitted {
        operation: Operation::Delete,
        namespace,
        name,
        subresource: None,
        old: Some(&current.object),
        dry_run: options.dry_run,
    };
    let (_, held) = admitted.validate(api, call, Value::Null).await?;
    // Nothing is taken for what goes.
    held.commit().await;
    let next = decide(hub, options, &current.object, &call.now);
    match next {
        Next::Pending => Ok(Try::Done(answer_held(hub, current))),
        Next::Remove => remove(api, call, namespace, name, options, current).await,
        Next::Write { object, then_remove } => {
            write(
                api,
                call,
                (namespace, name),
                options,
                current,
                object,
                then_remove,
            )
            .await
        }
    }
}

async fn remove(
    api: &Api,
    call: &Call,
    namespace: &str,
    name: &str,
    options: &DeleteOptions,
    current: Stored,
) -> Result<Try, Status> {
    let hub = &call.hub;
    if options.dry_run {
        return Ok(Try::Done(answer(&call.resource, current, true)));
    }
    match api.objects.delete(hub, namespace, name, &current).await? {
        Outcome::Raced(now) => Ok(Try::Raced(now)),
        Outcome::Written(gone) => {
            if let Some(effects) = api.effects(hub) {
                effects.deleted(&gone.object).await;
            }
            Ok(Try::Done(answer(&call.resource, gone, true)))
        }
    }
}

async fn write(
    api: &Api,
    call: &Call,
    (namespace, name): (&str, &str),
    options: &DeleteOptions,
    current: Stored,
    object: Value,
    then_remove: bool,
) -> Result<Try, Status> {
    let hub = &call.hub;
    if options.dry_run {
        let stored = finish::as_stored(api, hub, object, current.revision)?;
        return Ok(Try::Done(Deleted::Object {
            stored: Box::new(stored),
            gone: then_remove,
        }));
    }
    let unchanged = current.holds(&api.objects.encode(hub, &object)?);
    let written = match unchanged {
        true => current,
        false => match api
            .objects
            .update(hub, namespace, name, &object, &current)
            .await?
        {
            Outcome::Written(stored) => stored,
            Outcome::Raced(now) => return Ok(Try::Raced(now)),
        },
    };
    if !then_remove {
        return Ok(Try::Done(Deleted::Object {
            stored: Box::new(written),
            gone: false,
        }));
    }
    match remove(api, call, namespace, name, options, written.clone()).await? {
        Try::Raced(Some(now)) => Ok(Try::Raced(Some(now))),
        Try::Raced(None) => Ok(Try::Prepared(written)),
        done => Ok(done),
    }
}

fn check_preconditions(
    hub: &Resource,
    name: &str,
    options: &DeleteOptions,
    object: &Value,
) -> Result<(), Status> {
    let found = meta::of(object);
    let wanted = &options.preconditions;
    if has_own_deletion(hub) {
        return check_own_preconditions(hub, name, options, object);
    }
    if let Some(uid) = wanted.uid.as_deref().filter(|uid| *uid != found.uid()) {
        let why = format!(
            "the UID in the precondition ({uid}) does not match the UID in record ({}). The object might have been deleted and then recreated",
            found.uid()
        );
        return Err(Status::conflict(&hub.group, &hub.kind, name, &why));
    }
    if let Some(version) = wanted
        .resource_version
        .as_deref()
        .filter(|version| *version != found.resource_version())
    {
        let why = format!(
            "the ResourceVersion in the precondition ({version}) does not match the ResourceVersion in record ({}). The object might have been modified",
            found.resource_version()
        );
        return Err(Status::conflict(&hub.group, &hub.kind, name, &why));
    }
    Ok(())
}

fn check_own_preconditions(
    hub: &Resource,
    name: &str,
    options: &DeleteOptions,
    object: &Value,
) -> Result<(), Status> {
    let wanted = &options.preconditions;
    match preconditions::unmet(object, wanted.uid.as_deref(), wanted.resource_version.as_deref()) {
        Some(why) => Err(Status::conflict(&hub.group, &hub.resource, name, &why)),
        None => Ok(()),
    }
}

fn decide(hub: &Resource, options: &DeleteOptions, object: &Value, now: &schema::SmolStr) -> Next {
    match hub.kind.as_str() {
        "Namespace" => decide_namespace(hub, options, object, now),
        "CustomResourceDefinition" if !meta::of(object).is_deleting() => decide_definition(object, now),
        _ => deletion::decide(hub, strategy::of_resource(hub), options, object, now),
    }
}

/// A definition first loses its objects; its controller then takes the finalizer away.
fn decide_definition(object: &Value, now: &schema::SmolStr) -> Next {
    let mut next = object.clone();
    meta::edit(&mut next)
        .set_deletion_timestamp(Some(now.clone()))
        .add_finalizer(DEFINITION_CLEANUP);
    let terminating = Condition {
        kind: "Terminating",
        status: "True",
        reason: "InstanceDeletionPending",
        message: "CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon"
            .to_owned(),
    };
    conditions::set(&mut next, &terminating, now);
    Next::Write {
        object: next,
        then_remove: false,
    }
}

/// A namespace is first emptied by its controller, which then takes its finalizer away.
fn decide_namespace(hub: &Resource, options: &DeleteOptions, object: &Value, now: &schema::SmolStr) -> Next {
    if meta::of(object).is_deleting() {
        return match object.list_at(&["spec", "finalizers"]) {
            [] => deletion::decide(hub, strategy::of_resource(hub), options, object, now),
            _ => Next::Pending,
        };
    }
    let mut next = object.clone();
    meta::edit(&mut next).set_deletion_timestamp(Some(now.clone()));
    if let Some(finalizers) = deletion::finalizers(hub, options, object) {
        meta::edit(&mut next).set_finalizers(finalizers);
    }
    if let Some(map) = next.as_map_mut() {
        map.map_at("status").insert("phase", tree!("Terminating"));
    }
    Next::Write {
        object: next,
        then_remove: false,
    }
}

/// Kinds whose deletion begins by their own rule.
fn has_own_deletion(hub: &Resource) -> bool {
    matches!(hub.kind.as_str(), "Namespace" | "CustomResourceDefinition")
}

fn answer_held(hub: &Resource, stored: Stored) -> Deleted {
    match returns_object(hub) {
        true => Deleted::Object {
            stored: Box::new(stored),
            gone: false,
        },
        false => answer(hub, stored, false),
    }
}

fn answer(resource: &Resource, stored: Stored, gone: bool) -> Deleted {
    if returns_object(resource) {
        return Deleted::Object {
            stored: Box::new(stored),
            gone,
        };
    }
    let found = meta::of(&stored.object);
    let details = Details {
        name: found.name().to_owned(),
        group: resource.group.to_string(),
        kind: resource.resource.to_string(),
        uid: found.uid().to_owned(),
        ..Details::default()
    };
    Deleted::Done(Status::success().with_details(details))
}

/// Whether the answer to a deletion is the object: so the reference declares it for these.
fn returns_object(hub: &Resource) -> bool {
    const CORE: [&str; 8] = [
        "namespaces",
        "persistentvolumeclaims",
        "persistentvolumes",
        "pods",
        "podtemplates",
        "resourcequotas",
        "serviceaccounts",
        "services",
    ];
    match hub.group.as_str() {
        "" => CORE.contains(&hub.resource.as_str()),
        "resource.k8s.io" => true,
        "storage.k8s.io" => hub.resource != "csistoragecapacities",
        _ => false,
    }
}
