//! Resources that are not stored: reviews of who asks and what they may do, the state of components, bindings.

use auth::review::{self, Review};
use kinds::Verb;
use schema::{Map, Value, tree};
use serve::http::{Body, Response};
use serve::status::Status;

use crate::api::Api;
use crate::call::{Call, Shape};
use crate::negotiate::{self, Output};
use crate::options::{WriteKind, WriteOptions};
use crate::render::{ListMeta, ListWriter};
use crate::{body, render, subresources, verbs};

/// Answers a request for a resource that is not stored.
pub async fn answer(api: &Api, call: &mut Call, verb: Verb, content: Body) -> Result<Response, Status> {
    let resource = call.resource.resource.clone();
    match (resource.as_str(), verb) {
        ("bindings", Verb::Create) => subresources::bind_named(api, call, content).await,
        ("componentstatuses", Verb::List) => components(api, call).await,
        ("componentstatuses", Verb::Get) => component(api, call).await,
        (
            "selfsubjectreviews"
            | "selfsubjectaccessreviews"
            | "subjectaccessreviews"
            | "localsubjectaccessreviews"
            | "selfsubjectrulesreviews"
            | "tokenreviews",
            Verb::Create,
        ) => answer_review(api, call, content).await,
        _ => Err(Status::unknown_resource()),
    }
}

async fn answer_review(api: &Api, call: &mut Call, content: Body) -> Result<Response, Status> {
    let output = Output::of(&call.headers, &call.query)?;
    let media = negotiate::body_media(&call.headers)?;
    let bytes = verbs::body(content).await?;
    let options = WriteOptions::read(&call.query, WriteKind::Create)?;
    let shape = Shape::of(&call.resource);
    let mut object = body::decode(call, &shape, media, &bytes, options.field_validation)?;
    let status = status(api, call, &object).await?;
    if let Some(map) = object.as_map_mut() {
        map.insert("status", status);
        let created = call.now.clone();
        if shape.kind == "SelfSubjectReview" {
            map.map_at("metadata").insert("creationTimestamp", created);
        }
    }
    render::object(api, call, output, &shape, object, 201)
}

/// What a review finds.
async fn status(api: &Api, call: &Call, object: &Value) -> Result<Value, Status> {
    let access = &api.access;
    let nothing = Value::Map(Map::new());
    let spec = object.get("spec").unwrap_or(&nothing);
    let text = |field: &str| spec.str_at(&[field]).unwrap_or_default();
    let kind = match call.resource.resource.as_str() {
        "selfsubjectreviews" => return Ok(tree!({"userInfo": (review::user_info(&call.user))})),
        "selfsubjectrulesreviews" if text("namespace").is_empty() => {
            return Err(Status::bad_request("no namespace on request"));
        }
        "selfsubjectrulesreviews" => {
            return Ok(review::rules_status(&access.chain, &call.user, text("namespace")));
        }
        "tokenreviews" if text("token").is_empty() => {
            let why = "token is required for TokenReview in authentication";
            return Err(Status::bad_request(why));
        }
        "tokenreviews" => return Ok(review::token_status(&access.tokens, spec).await),
        "selfsubjectaccessreviews" => Review::OfSelf,
        "localsubjectaccessreviews" => Review::Local(call.namespace()),
        _ => Review::OfAnybody,
    };
    let errors = review::validate(kind, spec);
    if !errors.is_empty() {
        return Err(Status::invalid(&call.resource.group, "", "", &errors));
    }
    Ok(review::access_status(&access.chain, kind, &call.user, spec).await)
}

async fn components(api: &Api, call: &mut Call) -> Result<Response, Status> {
    let output = Output::of(&call.headers, &call.query)?;
    let store = store_component(api).await;
    let mut writer = ListWriter::new(call, output)?;
    writer.push(store)?;
    writer.finish(api, &ListMeta::default())
}

async fn component(api: &Api, call: &mut Call) -> Result<Response, Status> {
    let output = Output::of(&call.headers, &call.query)?;
    if call.name() != "etcd-0" {
        return Err(Status::not_found("", "componentstatus", call.name()));
    }
    let store = store_component(api).await;
    render::object(api, call, output, &Shape::of(&call.resource), store, 200)
}

/// The only component that this server knows: its store.
async fn store_component(api: &Api) -> Value {
    let (status, message) = match api.objects.store().health().await {
        Ok(()) => ("True", "ok".to_owned()),
        Err(error) => ("False", error.to_string()),
    };
    tree!({
        "apiVersion": "v1",
        "kind": "ComponentStatus",
        "metadata": {"name": "etcd-0"},
        "conditions": [{"type": "Healthy", "status": status, "message": message}],
    })
}
