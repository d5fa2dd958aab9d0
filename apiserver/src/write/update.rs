//! The update of an object: read, change, admission, checks, conditional write; from the start again when somebody else
//! wrote in between. PUT, PATCH and the subresources are changes to it.

use object::meta;
use render::{Call, errors};
use schema::Value;
use serve::status::Status;

use super::create::settle;
use super::{Admitted, context, create, deletion, facts, finish, managed_fields, metadata, preconditions};
use crate::admission::{Held, Operation};
use crate::api::Api;
use crate::limits::UPDATE_TRIES_MAX;
use crate::objects::{Outcome, Stored};
use crate::strategy;

/// What an update does to the object.
pub trait Change: Send {
    /// The next state, in hub form, from the present one (absent where the update may create). Called once a try.
    fn next(&mut self, call: &mut Call, current: Option<&Value>) -> Result<Value, Status>;

    /// The uid that the object must have.
    fn uid(&self) -> Option<&str> {
        None
    }

    /// Whether it creates an absent object.
    fn creates(&self) -> Creates {
        Creates::Never
    }

    /// Whether the next state comes with its owners, so that none are to be tracked.
    fn brings_owners(&self) -> bool {
        false
    }

    /// Whether it is the server's own write, which admission and strategies neither change nor check.
    fn is_direct(&self) -> bool {
        false
    }

    /// Whether a missing resource version means the present one, whatever the resource says.
    fn is_unconditional(&self) -> bool {
        false
    }
}

/// Whether a change creates an absent object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Creates {
    /// 404.
    Never,
    /// Where the resource allows that.
    IfAllowed,
    /// Whatever the resource says.
    Always,
}

/// What became of an update.
#[derive(Debug)]
pub struct Updated {
    /// The object as it is now, or last was.
    pub stored: Stored,
    /// It was not there before.
    pub created: bool,
}

/// Where an update goes.
#[derive(Clone, Copy, Debug)]
pub struct Target<'a> {
    /// Empty for objects outside namespaces.
    pub namespace: &'a str,
    /// The object's name.
    pub name: &'a str,
    /// The subresource written through; empty for the object itself.
    pub subresource: &'a str,
    /// Nothing is stored.
    pub dry_run: bool,
}

/// What one try gave.
enum Try {
    Done(Updated),
    Raced(Option<Stored>),
}

/// Updates an object.
pub async fn update(
    api: &Api,
    call: &mut Call,
    target: Target<'_>,
    change: &mut dyn Change,
) -> Result<Updated, Status> {
    let mut read = api
        .objects
        .get(&call.hub.clone(), target.namespace, target.name)
        .await?;
    for _ in 0..UPDATE_TRIES_MAX {
        let tried = match read {
            Some(current) => attempt(api, call, target, change, current).await?,
            None => create_instead(api, call, target, change).await?,
        };
        match tried {
            Try::Done(updated) => return Ok(updated),
            Try::Raced(now) => read = now,
        }
    }
    Err(errors::modified(&call.resource, target.name))
}

async fn create_instead(
    api: &Api,
    call: &mut Call,
    target: Target<'_>,
    change: &mut dyn Change,
) -> Result<Try, Status> {
    let hub = call.hub.clone();
    let creates = match change.creates() {
        Creates::Never => false,
        Creates::IfAllowed => hub.write.create_on_update,
        Creates::Always => true,
    };
    if !creates {
        return Err(Status::not_found(
            &call.resource.group,
            &hub.resource,
            target.name,
        ));
    }
    let mut object = change.next(call, None)?;
    meta::edit(&mut object).set_resource_version("");
    metadata::wipe(&mut object);
    metadata::set_namespace(&mut object, target.namespace)?;
    if !change.brings_owners() {
        managed_fields::track(call, &mut object, None, "");
    }
    let admitted = Admitted {
        operation: Operation::Create,
        namespace: target.namespace,
        name: target.name,
        subresource: None,
        old: None,
        dry_run: target.dry_run,
    };
    let object = admitted.mutate(api, call, object).await?;
    match create::attempt(api, call, object, target.dry_run).await {
        Ok(stored) => Ok(Try::Done(Updated {
            stored,
            created: true,
        })),
        Err(status) if status.is_already_exists() => Ok(Try::Raced(
            api.objects.get(&hub, target.namespace, target.name).await?,
        )),
        Err(status) => Err(status),
    }
}

async fn attempt(
    api: &Api,
    call: &mut Call,
    target: Target<'_>,
    change: &mut dyn Change,
    current: Stored,
) -> Result<Try, Status> {
    let hub = call.hub.clone();
    let old = &current.object;
    check_uid(api, call, target, change.uid(), old)?;
    let mut object = change.next(call, Some(old))?;
    if !change.is_direct() && !change.brings_owners() {
        managed_fields::track(call, &mut object, Some(old), target.subresource);
    }
    let resource = call.resource.clone();
    let admitted = Admitted {
        operation: Operation::Update,
        namespace: target.namespace,
        name: target.name,
        subresource: resource.subresource(target.subresource),
        old: Some(old),
        dry_run: target.dry_run,
    };
    if !change.is_direct() {
        object = admitted.mutate(api, call, object).await?;
    }
    check_version(call, target, change, &mut object, old)?;
    let effects = if target.subresource.is_empty() {
        api.effects(&hub)
    } else {
        None
    };
    let undo = match effects {
        Some(effects) => Some(
            effects
                .begin(
                    &context(call, target.subresource),
                    &mut object,
                    Some(old),
                    target.dry_run,
                )
                .await?,
        ),
        None => None,
    };
    let prepared = match change.is_direct() {
        true => Ok(()),
        false => prepare(call, target, &mut object, old),
    };
    let validated = match prepared {
        Ok(()) if change.is_direct() => Ok((object, Held::default())),
        Ok(()) => admitted.validate(api, call, object).await,
        Err(status) => Err(status),
    };
    let tried = match validated {
        Ok((object, mut held)) => {
            held.ask();
            let tried = store(api, call, target, object, &current).await;
            let happened = |tried: &Try| matches!(tried, Try::Done(_)) && !target.dry_run;
            super::settle(held, &tried, happened).await;
            tried
        }
        Err(status) => Err(status),
    };
    settle(undo, matches!(tried, Ok(Try::Done(_))) && !target.dry_run).await;
    tried
}

/// The uid in what a client sends is a precondition.
fn check_uid(
    api: &Api,
    call: &Call,
    target: Target<'_>,
    uid: Option<&str>,
    old: &Value,
) -> Result<(), Status> {
    let Some(why) = preconditions::unmet(old, uid.and_then(preconditions::asked), None) else {
        return Ok(());
    };
    let key = api.objects.key(&call.hub, target.namespace, target.name);
    let why = preconditions::storage_error(&key, &why);
    let resource = &call.resource;
    Err(Status::conflict(
        &resource.group,
        &resource.resource,
        target.name,
        &why,
    ))
}

/// A client that names a resource version means the object as it was then.
fn check_version(
    call: &Call,
    target: Target<'_>,
    change: &dyn Change,
    object: &mut Value,
    old: &Value,
) -> Result<(), Status> {
    let now = schema::SmolStr::new(meta::of(old).resource_version());
    let asked = meta::of(object).resource_version();
    if asked.is_empty() || asked == "0" {
        if call.hub.write.unconditional_update || change.is_unconditional() {
            meta::edit(object).set_resource_version(now);
            return Ok(());
        }
        let path = object::field::Path::root("metadata").child("resourceVersion");
        let shown = object::field::Printed::raw("0");
        let error = object::field::Error::invalid(&path, shown, "must be specified for an update");
        // The reference names the resource here, not the kind.
        return Err(Status::invalid(
            &call.resource.group,
            &call.resource.resource,
            target.name,
            &[error],
        ));
    }
    if asked != now {
        return Err(errors::modified(&call.resource, target.name));
    }
    Ok(())
}

/// Everything between the client's wish and what may be stored.
fn prepare(call: &mut Call, target: Target<'_>, object: &mut Value, old: &Value) -> Result<(), Status> {
    let hub = call.hub.clone();
    let strategy = strategy::of_resource(&hub);
    metadata::set_namespace(object, target.namespace)?;
    facts::prepare_update(&hub, target.subresource, object, old);
    strategy.prepare_update(&context(call, target.subresource), object, old);
    facts::move_generation(&hub, target.subresource, object, old);
    keep_metadata(object, old);
    let mut errors = metadata::update_errors(&hub, object, old);
    let forgiven = strategy.validate_change(&context(call, target.subresource), object, old, &mut errors);
    forgiven.into_iter().for_each(|text| call.warn(text));
    if !errors.is_empty() {
        return Err(errors::invalid(&hub, target.name, &errors));
    }
    let warnings = strategy.warnings(&context(call, target.subresource), object, Some(old));
    warnings.into_iter().for_each(|text| call.warn(text));
    Ok(())
}

/// What an update cannot take away.
fn keep_metadata(object: &mut Value, old: &Value) {
    let old = meta::of(old);
    let mut edit = meta::edit(object);
    if edit.view().uid().is_empty() {
        edit.set_uid(old.uid());
    }
    if let Some(created) = old.creation_timestamp() {
        edit.set_creation_timestamp(Some(created.into()));
    }
    if let Some(deletion) = old.deletion_timestamp() {
        edit.set_deletion_timestamp(Some(deletion.into()));
    }
    if edit.view().deletion_grace_period_seconds().is_none() {
        edit.set_deletion_grace_period_seconds(old.deletion_grace_period_seconds());
    }
}

async fn store(
    api: &Api,
    call: &Call,
    target: Target<'_>,
    object: Value,
    current: &Stored,
) -> Result<Try, Status> {
    let hub = &call.hub;
    let done = |stored: Stored| {
        Ok(Try::Done(Updated {
            stored,
            created: false,
        }))
    };
    if deletion::ends_with_update(hub, &object, &current.object) {
        return end(api, call, target, object, current).await;
    }
    if target.dry_run {
        return done(finish::as_stored(api, hub, object, current.revision)?);
    }
    // What changes nothing is not written.
    if current.holds(&api.objects.encode(hub, &object)?) {
        return done(current.clone());
    }
    match api
        .objects
        .update(hub, target.namespace, target.name, &object, current)
        .await?
    {
        Outcome::Written(stored) => done(stored),
        Outcome::Raced(now) => Ok(Try::Raced(now)),
    }
}

/// The last finalizer of a deleted object is gone: so is the object.
async fn end(
    api: &Api,
    call: &Call,
    target: Target<'_>,
    object: Value,
    current: &Stored,
) -> Result<Try, Status> {
    let last = finish::as_stored(api, &call.hub, object, current.revision)?;
    if !target.dry_run {
        match api
            .objects
            .delete(&call.hub, target.namespace, target.name, current)
            .await?
        {
            Outcome::Written(_) => {}
            Outcome::Raced(now) => return Ok(Try::Raced(now)),
        }
        if let Some(effects) = api.effects(&call.hub) {
            effects.deleted(&last.object).await;
        }
    }
    Ok(Try::Done(Updated {
        stored: last,
        created: false,
    }))
}
