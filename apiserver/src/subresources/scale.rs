//! The scale of workloads: a view of an object's replica count and selector, and writes to the count through it.

use bytes::Bytes;
use object::field::{self, Path};
use object::meta;
use object::selector::label;
use schema::{Map, Value};
use serve::http::{Body, Response};
use serve::status::Status;

use crate::api::Api;
use crate::call::{Call, Shape};
use crate::negotiate::{self, Output};
use crate::options::{WriteKind, WriteOptions};
use crate::verbs::patch::{Patched, check_content_type};
use crate::write::metadata;
use crate::write::update::{self, Change, Target};
use crate::{body, render, verbs};

/// Answers with the scale of the object.
pub async fn scale_get(api: &Api, call: &mut Call) -> Result<Response, Status> {
    let output = Output::of(&call.headers, &call.query)?;
    let found = api.objects.get(&call.hub, call.namespace(), call.name()).await?;
    let stored = found.ok_or_else(|| Status::not_found(&call.hub.group, &call.hub.resource, call.name()))?;
    render::object(api, call, output, &shape(call)?, of(&stored.object), 200)
}

/// Sets the replica count from a scale.
pub async fn scale_update(api: &Api, call: &mut Call, content: Body) -> Result<Response, Status> {
    let output = Output::of(&call.headers, &call.query)?;
    let bytes = verbs::body(content).await?;
    let options = WriteOptions::read(&call.query, WriteKind::Update)?;
    let media = negotiate::body_media(&call.headers)?;
    let shape = shape(call)?;
    let scale = body::decode(call, &shape, media, &bytes, options.field_validation)?;
    metadata::check_name(&scale, call.namespace(), call.name())?;
    write(
        api,
        call,
        output,
        options.dry_run,
        SetScale {
            wish: Wish::Scale(scale),
            shape,
        },
    )
    .await
}

/// Sets the replica count by a patch of the scale.
pub async fn scale_patch(api: &Api, call: &mut Call, content: Body) -> Result<Response, Status> {
    check_content_type(call)?;
    let output = Output::of(&call.headers, &call.query)?;
    let bytes: Bytes = verbs::body(content).await?;
    let options = WriteOptions::read(&call.query, WriteKind::Patch)?;
    let patch = Patched::read(call, &bytes, options.field_validation)?;
    let shape = shape(call)?;
    write(
        api,
        call,
        output,
        options.dry_run,
        SetScale {
            wish: Wish::Patch(patch),
            shape,
        },
    )
    .await
}

enum Wish {
    Scale(Value),
    Patch(Patched),
}

struct SetScale {
    wish: Wish,
    shape: Shape,
}

impl Change for SetScale {
    fn next(&mut self, call: &mut Call, current: Option<&Value>) -> Result<Value, Status> {
        let Some(current) = current else {
            return Err(Status::not_found(
                &call.hub.group,
                &call.hub.resource,
                call.name(),
            ));
        };
        let scale = match &self.wish {
            Wish::Scale(scale) => scale.clone(),
            Wish::Patch(patch) => patch.apply(call, &self.shape, &of(current))?,
        };
        let replicas = scale.int_at(&["spec", "replicas"]).unwrap_or(0);
        if replicas < 0 {
            let path = Path::root("spec").child("replicas");
            let error = field::Error::invalid(&path, replicas, "must be greater than or equal to 0");
            return Err(Status::invalid("autoscaling", "Scale", call.name(), &[error]));
        }
        let mut next = current.clone();
        if let Some(map) = next.as_map_mut() {
            map.map_at("spec").insert("replicas", replicas);
        }
        meta::edit(&mut next).set_resource_version(meta::of(&scale).resource_version());
        Ok(next)
    }

    fn is_unconditional(&self) -> bool {
        true
    }
}

async fn write(
    api: &Api,
    call: &mut Call,
    output: Output,
    dry_run: bool,
    mut change: SetScale,
) -> Result<Response, Status> {
    let (namespace, name) = (call.namespace().to_owned(), call.name().to_owned());
    let target = Target {
        namespace: &namespace,
        name: &name,
        subresource: "scale",
        dry_run,
    };
    let updated = update::update(api, call, target, &mut change).await?;
    render::object(api, call, output, &change.shape, of(&updated.stored.object), 200)
}

fn shape(call: &Call) -> Result<Shape, Status> {
    call.subresource()
        .map(Shape::of_subresource)
        .ok_or_else(Status::unknown_resource)
}

/// The scale of an object in its hub form.
fn of(object: &Value) -> Value {
    let found = meta::of(object);
    let mut scale = Value::Map(Map::new());
    meta::edit(&mut scale)
        .set_name(found.name())
        .set_namespace(found.namespace())
        .set_uid(found.uid())
        .set_resource_version(found.resource_version())
        .set_creation_timestamp(found.creation_timestamp().map(Into::into));
    let mut status = Map::new();
    status.insert("replicas", object.int_at(&["status", "replicas"]).unwrap_or(0));
    let selector = selector(object);
    if !selector.is_empty() {
        status.insert("selector", selector);
    }
    if let Some(map) = scale.as_map_mut() {
        map.insert("apiVersion", "autoscaling/v1");
        map.insert("kind", "Scale");
        let replicas = object.int_at(&["spec", "replicas"]).unwrap_or(0);
        if replicas != 0 {
            map.map_at("spec").insert("replicas", replicas);
        }
        map.insert("status", status);
    }
    scale
}

/// The query form of the object's selector; replication controllers have plain labels.
fn selector(object: &Value) -> String {
    let Some(selector) = object.at(&["spec", "selector"]) else {
        return String::new();
    };
    let is_plain = object.str_at(&["kind"]) == Some("ReplicationController");
    match (is_plain, selector.as_map()) {
        (true, Some(labels)) => label::Selector::of_labels(labels).to_string(),
        _ => label::Selector::of_object(Some(selector))
            .map(|selector| selector.to_string())
            .unwrap_or_default(),
    }
}
