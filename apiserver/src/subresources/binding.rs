//! Binding: a scheduler gives a pod its node.

use object::field::{self, Path};
use object::meta;
use render::negotiate::{self, Output};
use render::{Call, Shape};
use schema::{Map, Value, tree};
use serve::http::{Body, Response};
use serve::status::Status;

use crate::api::Api;
use crate::options::{WriteKind, WriteOptions};
use crate::write::preconditions;
use crate::write::update::{self, Change, Target};
use crate::{body, verbs, write};

/// POST to `pods/<name>/binding`.
pub async fn bind(api: &Api, call: &mut Call, content: Body) -> Result<Response, Status> {
    let shape = call
        .subresource()
        .map(Shape::of_subresource)
        .ok_or_else(Status::unknown_resource)?;
    let (binding, output, dry_run) = read(call, &shape, content).await?;
    if meta::of(&binding).name() != call.name() {
        return Err(Status::bad_request(
            "name in URL does not match name in Binding object",
        ));
    }
    apply(api, call, output, binding, dry_run).await
}

/// POST to the collection `bindings`: the binding names the pod.
pub async fn bind_named(api: &Api, call: &mut Call, content: Body) -> Result<Response, Status> {
    let shape = Shape::of(&call.resource);
    let (binding, output, dry_run) = read(call, &shape, content).await?;
    if let Some(pods) = api.discovery.resource("", "v1", "pods") {
        call.resource = pods.clone();
        call.hub = pods.clone();
    }
    apply(api, call, output, binding, dry_run).await
}

async fn read(call: &mut Call, shape: &Shape, content: Body) -> Result<(Value, Output, bool), Status> {
    let output = Output::of(&call.headers, &call.query)?;
    let media = negotiate::body_media(&call.headers)?;
    let bytes = verbs::body(content).await?;
    let options = WriteOptions::read(&call.query, WriteKind::Create)?;
    let mut binding = body::decode(call, shape, media, &bytes, options.field_validation)?;
    let namespace = call.info.namespace.clone();
    write::metadata::set_namespace(&mut binding, &namespace)?;
    Ok((binding, output, options.dry_run))
}

async fn apply(
    api: &Api,
    call: &mut Call,
    output: Output,
    binding: Value,
    dry_run: bool,
) -> Result<Response, Status> {
    check(&binding)?;
    let (namespace, name) = (call.info.namespace.clone(), meta::of(&binding).name().to_owned());
    // The pod gets what the binding says.
    let binding = write::pass_subresource(api, call, (&name, "binding"), binding, dry_run).await?;
    let target = Target {
        namespace: &namespace,
        name: &name,
        subresource: "binding",
        dry_run,
    };
    let key = api.objects.key(&call.hub, &namespace, &name);
    update::update(api, call, target, &mut Bind { binding, key }).await?;
    let created = Status {
        code: 201,
        ..Status::success()
    };
    Ok(render::status(&api.descriptions, call, output, &created))
}

/// The reference reports these without a reason.
fn check(binding: &Value) -> Result<(), Status> {
    let kind = binding.str_at(&["target", "kind"]).unwrap_or_default();
    let target = Path::root("target");
    let error = if !matches!(kind, "" | "Node") {
        Some(field::Error::not_supported(
            &target.child("kind"),
            kind,
            &["Node", "<empty>"],
        ))
    } else if binding.str_at(&["target", "name"]).unwrap_or_default().is_empty() {
        Some(field::Error::required(&target.child("name"), ""))
    } else {
        None
    };
    error.map_or(Ok(()), |error| Err(Status::failure(500, "", error.to_string())))
}

struct Bind {
    binding: Value,
    /// Of the pod in the store; messages name it.
    key: String,
}

impl Change for Bind {
    fn next(&mut self, call: &mut Call, current: Option<&Value>) -> Result<Value, Status> {
        let Some(pod) = current else {
            return Err(Status::not_found("", "pods", meta::of(&self.binding).name()));
        };
        let name = meta::of(pod).name();
        let refused = |why: String| Err(Status::conflict("", "pods/binding", name, &why));
        let wanted = meta::of(&self.binding);
        let (uid, version) = (wanted.uid(), wanted.resource_version());
        let unmet = preconditions::unmet(pod, preconditions::asked(uid), preconditions::asked(version));
        if let Some(why) = unmet {
            return refused(preconditions::storage_error(&self.key, &why));
        }
        if meta::of(pod).is_deleting() {
            return refused(format!(
                "pod {name} is being deleted, cannot be assigned to a host"
            ));
        }
        if let Some(node) = pod.str_at(&["spec", "nodeName"]).filter(|node| !node.is_empty()) {
            return refused(format!("pod {name} is already assigned to node {node:?}"));
        }
        if !pod.list_at(&["spec", "schedulingGates"]).is_empty() {
            return refused(format!("pod {name} has non-empty .spec.schedulingGates"));
        }
        let mut next = pod.clone();
        let node = self.binding.str_at(&["target", "name"]).unwrap_or_default();
        if let Some(map) = next.as_map_mut() {
            map.map_at("spec").insert("nodeName", node);
        }
        copy_entries(&mut next, meta::of(&self.binding).annotations(), "annotations");
        copy_entries(&mut next, meta::of(&self.binding).labels(), "labels");
        set_scheduled(&mut next, &call.now);
        Ok(next)
    }

    fn is_direct(&self) -> bool {
        true
    }

    fn is_unconditional(&self) -> bool {
        true
    }
}

fn copy_entries(pod: &mut Value, entries: Option<&Map>, field: &str) {
    for (key, value) in entries.into_iter().flat_map(Map::iter) {
        if let Some(map) = pod.as_map_mut() {
            map.map_at("metadata")
                .map_at(field)
                .insert(key.clone(), value.clone());
        }
    }
}

fn set_scheduled(pod: &mut Value, now: &str) {
    let Some(map) = pod.as_map_mut() else { return };
    let conditions = map
        .map_at("status")
        .entry_or_insert_with("conditions", || Value::List(Vec::new()));
    let Some(list) = conditions.as_list_mut() else {
        return;
    };
    list.retain(|condition| condition.str_at(&["type"]) != Some("PodScheduled"));
    list.push(tree!({"type": "PodScheduled", "status": "True", "lastTransitionTime": now}));
}
