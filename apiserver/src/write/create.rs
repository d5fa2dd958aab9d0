//! The creation of an object: admission, what the server sets, validation, the store; a generated name that is taken is
//! generated anew.

use object::meta;
use render::{Call, errors};
use schema::Value;
use serve::status::{Status, reason};

use super::{Admitted, context, facts, finish, managed_fields, metadata};
use crate::admission::Operation;
use crate::api::Api;
use crate::effects::Undo;
use crate::limits::GENERATED_NAME_TRIES_MAX;
use crate::objects::{Outcome, Stored};
use crate::strategy;

/// Creates an object that is in its hub form.
pub async fn create(api: &Api, call: &mut Call, mut object: Value, dry_run: bool) -> Result<Stored, Status> {
    metadata::wipe(&mut object);
    let namespace = call.namespace().to_owned();
    metadata::set_namespace(&mut object, &namespace)?;
    managed_fields::track(call, &mut object, None, "");
    let name = meta::of(&object).name().to_owned();
    let admitted = Admitted {
        operation: Operation::Create,
        namespace: &namespace,
        name: &name,
        subresource: None,
        old: None,
        dry_run,
    };
    let object = admitted.mutate(api, call, object).await?;
    let tries = if name.is_empty() {
        GENERATED_NAME_TRIES_MAX
    } else {
        1
    };
    for _ in 1..tries {
        match attempt(api, call, object.clone(), dry_run).await {
            Err(status) if status.is_already_exists() => {}
            done => return done,
        }
    }
    let last = attempt(api, call, object, dry_run).await;
    last.map_err(|status| if tries > 1 { not_unique(status) } else { status })
}

/// Creates an admitted object once. Also how an update creates.
pub(super) async fn attempt(
    api: &Api,
    call: &mut Call,
    mut object: Value,
    dry_run: bool,
) -> Result<Stored, Status> {
    metadata::fill(&mut object, &call.now);
    let undo = match api.effects(&call.hub) {
        Some(effects) => Some(
            effects
                .begin(&context(call, ""), &mut object, None, dry_run)
                .await?,
        ),
        None => None,
    };
    let done = finish_attempt(api, call, object, dry_run).await;
    settle(undo, done.is_ok() && !dry_run).await;
    done
}

/// Keeps or takes back what a write did beside the object.
pub(super) async fn settle(undo: Option<Box<dyn Undo>>, done: bool) {
    match undo {
        Some(undo) if done => undo.commit().await,
        Some(undo) => undo.undo().await,
        None => {}
    }
}

async fn finish_attempt(
    api: &Api,
    call: &mut Call,
    mut object: Value,
    dry_run: bool,
) -> Result<Stored, Status> {
    let hub = call.hub.clone();
    let strategy = strategy::of_resource(&hub);
    facts::prepare_create(&hub, &mut object);
    let told = strategy.warnings_before(&object);
    told.into_iter().for_each(|text| call.warn(text));
    strategy.prepare_create(&context(call, ""), &mut object);
    let mut errors = metadata::create_errors(&hub, &object);
    strategy.validate_create(&context(call, ""), &object, &mut errors);
    let name = meta::of(&object).name().to_owned();
    if !errors.is_empty() {
        return Err(errors::invalid(&hub, &name, &errors));
    }
    let warnings = strategy.warnings(&context(call, ""), &object, None);
    warnings.into_iter().for_each(|text| call.warn(text));
    let namespace = call.namespace().to_owned();
    let admitted = Admitted {
        operation: Operation::Create,
        namespace: &namespace,
        name: &name,
        subresource: None,
        old: None,
        dry_run,
    };
    let (object, mut held) = admitted.validate(api, call, object).await?;
    if !meta::of(&object).resource_version().is_empty() {
        held.give_back().await;
        return Err(Status::failure(
            500,
            "",
            "resourceVersion should not be set on objects to be created",
        ));
    }
    held.ask();
    let done = store(api, call, &namespace, &name, object, dry_run).await;
    super::settle(held, &done, |_| !dry_run).await;
    done
}

async fn store(
    api: &Api,
    call: &Call,
    namespace: &str,
    name: &str,
    object: Value,
    dry_run: bool,
) -> Result<Stored, Status> {
    let taken = if dry_run {
        match api.objects.get(&call.hub, namespace, name).await? {
            None => return finish::as_stored(api, &call.hub, object, storage::Revision(0)),
            taken => taken,
        }
    } else {
        match api.objects.create(&call.hub, namespace, name, &object).await? {
            Outcome::Written(stored) => return Ok(stored),
            Outcome::Raced(taken) => taken,
        }
    };
    let mut status = Status::already_exists(&call.hub.group, &call.hub.resource, name);
    if taken.is_some_and(|taken| meta::of(&taken.object).is_deleting()) {
        status.message.insert_str(0, "object is being deleted: ");
    }
    Err(status)
}

fn not_unique(status: Status) -> Status {
    if status.reason != reason::ALREADY_EXISTS {
        return status;
    }
    let message = format!(
        "{}, the server was not able to generate a unique name for the object",
        status.message
    );
    Status { message, ..status }
}
