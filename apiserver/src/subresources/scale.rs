//! The scale of workloads: a view of an object's replica count and selector, and writes to the count through it.

mod owners;
pub mod view;

use bytes::Bytes;
use object::field::{self, Path};
use object::meta;
use object::ownership::{Apply, Set};
use object::selector::label;
use render::negotiate::{self, Output};
use render::{Call, Shape};
use schema::{Types, Value, json};
use serve::http::{Body, Response};
use serve::status::Status;

use crate::api::Api;
use crate::custom;
use crate::options::{WriteKind, WriteOptions};
use crate::verbs::apply::{self, Configuration};
use crate::verbs::patch::{Patched, check_content_type, is_apply};
use crate::write::update::{self, Change, Target};
use crate::write::{managed_fields, metadata};
use crate::{body, verbs};
use view::View;

/// Answers with the scale of the object.
pub async fn scale_get(api: &Api, call: &mut Call) -> Result<Response, Status> {
    let output = Output::of(&call.headers, &call.query)?;
    let found = api.objects.get(&call.hub, call.namespace(), call.name()).await?;
    let stored = found.ok_or_else(|| Status::not_found(&call.hub.group, &call.hub.resource, call.name()))?;
    render::object(
        &api.descriptions,
        call,
        output,
        &shape(call)?,
        of(call, &stored.object)?,
        200,
    )
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
    let shape = shape(call)?;
    let kind = if is_apply(call) {
        WriteKind::Apply
    } else {
        WriteKind::Patch
    };
    let options = WriteOptions::read(&call.query, kind)?;
    let dry_run = options.dry_run;
    let wish = match kind {
        WriteKind::Apply => Wish::Apply(Configuration::read(&bytes)?, options),
        _ => Wish::Patch(Patched::read(call, &bytes, options.field_validation)?),
    };
    write(api, call, output, dry_run, SetScale { wish, shape }).await
}

enum Wish {
    Scale(Value),
    Patch(Patched),
    Apply(Configuration, WriteOptions),
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
        match &self.wish {
            Wish::Scale(scale) => set(call, current, scale),
            Wish::Patch(patch) => {
                let scale = patch.apply(call, &self.shape, &of(call, current)?)?;
                set(call, current, &scale)
            }
            Wish::Apply(configuration, options) => self.apply(call, current, configuration, options),
        }
    }

    fn brings_owners(&self) -> bool {
        matches!(self.wish, Wish::Apply(..))
    }

    fn is_unconditional(&self) -> bool {
        true
    }
}

impl SetScale {
    /// Applies a scale to that of the object.
    fn apply(
        &self,
        call: &mut Call,
        current: &Value,
        configuration: &Configuration,
        options: &WriteOptions,
    ) -> Result<Value, Status> {
        let (types, kind) = (Types::builtin(), call.hub.kind.clone());
        configuration.check(&self.shape, (types, self.shape.type_id))?;
        if call.resource.custom.is_some() {
            return Err(custom::scale::not_applied(call, &self.shape));
        }
        let scale_version = self.shape.api_version();
        let apply = Apply {
            types,
            manager: &options.field_manager,
            api_version: &scale_version,
            subresource: "scale",
            // The reference does not note when a scale was written.
            now: "",
            ignored: &Set::default(),
            versions: &managed_fields::OneVersion(&self.shape),
            force: options.force,
        };
        let entries = managed_fields::entries(current);
        let live = json::printed(types, self.shape.type_id, &of(call, current)?);
        let of_scale = owners::of_scale(&entries, &kind, &self.shape);
        let applied = apply.run(of_scale, self.shape.type_id, &live, configuration.tree());
        let applied = applied.map_err(|conflicts| apply::refused(&conflicts))?;
        configuration.check_strict(call, options.field_validation)?;
        let scale = applied.object.unwrap_or(live);
        metadata::check_name(&scale, call.namespace(), call.name())?;
        let mut next = set(call, current, &scale)?;
        let entries = owners::of_object(entries, applied.entries, &kind, &call.hub.api_version());
        meta::edit(&mut next).set_managed_fields(entries.write());
        Ok(next)
    }
}

/// The object with the replica count and the resource version of a scale.
fn set(call: &Call, current: &Value, scale: &Value) -> Result<Value, Status> {
    let replicas = scale.int_at(&["spec", "replicas"]).unwrap_or(0);
    if call.resource.custom.is_none() {
        check_replicas(replicas, call.name())?;
    }
    let mut next = current.clone();
    match (custom::scale::places(call), next.as_map_mut()) {
        (Some(places), _) => custom::scale::set(&places, &mut next, replicas),
        (None, Some(map)) => drop(map.map_at("spec").insert("replicas", replicas)),
        (None, None) => {}
    }
    meta::edit(&mut next).set_resource_version(meta::of(scale).resource_version());
    Ok(next)
}

/// Those of custom resources are checked with the resource.
fn check_replicas(replicas: i64, name: &str) -> Result<(), Status> {
    if replicas >= 0 {
        return Ok(());
    }
    let path = Path::root("spec").child("replicas");
    let error = field::Error::invalid(&path, replicas, "must be greater than or equal to 0");
    Err(Status::invalid("autoscaling", "Scale", name, &[error]))
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
    let scale = of(call, &updated.stored.object)?;
    render::object(&api.descriptions, call, output, &change.shape, scale, 200)
}

fn shape(call: &Call) -> Result<Shape, Status> {
    call.subresource()
        .map(Shape::of_subresource)
        .ok_or_else(Status::unknown_resource)
}

/// The scale of an object in its hub form.
fn of(call: &Call, object: &Value) -> Result<Value, Status> {
    match custom::scale::places(call) {
        Some(places) => custom::scale::of(&places, object),
        None => Ok(of_built_in(object)),
    }
}

fn of_built_in(object: &Value) -> Value {
    let number = |part: &str| object.int_at(&[part, "replicas"]).unwrap_or(0);
    let view = View {
        wanted: number("spec"),
        present: number("status"),
        selector: &selector(object),
    };
    view.of(object)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_no_less_replicas_than_none() {
        assert!(check_replicas(0, "a").is_ok());
        let told = "Scale.autoscaling \"a\" is invalid: spec.replicas: Invalid value: -1: must be greater than or equal to 0";
        assert_eq!(check_replicas(-1, "a").expect_err("too few").message, told);
    }
}
