//! Resources that are not stored: reviews of who asks and what they may do, the state of components, bindings.

use auth::authorize::{self, Attributes};
use kinds::Verb;
use render::list::{ListMeta, ListWriter};
use render::negotiate::{self, Output};
use render::{Call, Shape};
use schema::{Map, Value, tree};
use serve::http::{Body, Response};
use serve::status::Status;

use crate::api::Api;
use crate::options::{WriteKind, WriteOptions};
use crate::{body, subresources, verbs};

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
            | "localsubjectaccessreviews",
            Verb::Create,
        ) => review(api, call, content).await,
        _ => Err(Status::unknown_resource()),
    }
}

async fn review(api: &Api, call: &mut Call, content: Body) -> Result<Response, Status> {
    let output = Output::of(&call.headers, &call.query)?;
    let media = negotiate::body_media(&call.headers)?;
    let bytes = verbs::body(content).await?;
    let options = WriteOptions::read(&call.query, WriteKind::Create)?;
    let shape = Shape::of(&call.resource);
    let mut object = body::decode(call, &shape, media, &bytes, options.field_validation)?;
    let status = match call.resource.resource.as_str() {
        "selfsubjectreviews" => tree!({"userInfo": (user_info(&call.user))}),
        "selfsubjectaccessreviews" => access(&call.user, &object),
        _ => access(&reviewed_user(&object), &object),
    };
    if let Some(map) = object.as_map_mut() {
        map.insert("status", status);
        let created = call.now.clone();
        if shape.kind == "SelfSubjectReview" {
            map.map_at("metadata").insert("creationTimestamp", created);
        }
    }
    render::object(&api.descriptions, call, output, &shape, object, 201)
}

fn user_info(user: &auth::User) -> Value {
    let texts = |texts: &[schema::SmolStr]| Value::List(texts.iter().cloned().map(Value::from).collect());
    let mut info = Map::new();
    info.insert("username", user.name.clone());
    if !user.uid.is_empty() {
        info.insert("uid", user.uid.clone());
    }
    if !user.groups.is_empty() {
        info.insert("groups", texts(&user.groups));
    }
    if !user.extra.is_empty() {
        let extra: Map = user
            .extra
            .iter()
            .map(|(key, values)| (key.clone(), texts(values)))
            .collect();
        info.insert("extra", extra);
    }
    Value::Map(info)
}

fn reviewed_user(review: &Value) -> auth::User {
    let text = |field: &str| review.str_at(&["spec", field]).unwrap_or_default();
    let groups: Vec<&str> = review
        .list_at(&["spec", "groups"])
        .iter()
        .filter_map(Value::as_str)
        .collect();
    auth::User::new(text("user"), text("uid"), &groups)
}

/// What the authorizer says to the attributes in a review's spec.
fn access(user: &auth::User, review: &Value) -> Value {
    let resource = |field: &str| {
        review
            .str_at(&["spec", "resourceAttributes", field])
            .unwrap_or_default()
    };
    let other = |field: &str| {
        review
            .str_at(&["spec", "nonResourceAttributes", field])
            .unwrap_or_default()
    };
    let is_resource = review.at(&["spec", "resourceAttributes"]).is_some();
    let attributes = Attributes {
        is_resource,
        verb: if is_resource {
            resource("verb")
        } else {
            other("verb")
        },
        group: resource("group"),
        resource: resource("resource"),
        subresource: resource("subresource"),
        namespace: resource("namespace"),
        name: resource("name"),
        path: other("path"),
    };
    tree!({"allowed": (authorize::allowed(user, &attributes))})
}

async fn components(api: &Api, call: &mut Call) -> Result<Response, Status> {
    let output = Output::of(&call.headers, &call.query)?;
    let store = store_component(api).await;
    let (mut writer, mut items) = (ListWriter::new(call, output)?, Vec::new());
    writer.push(store, &mut items)?;
    writer.finish(&api.descriptions, &ListMeta::default(), &items)
}

async fn component(api: &Api, call: &mut Call) -> Result<Response, Status> {
    let output = Output::of(&call.headers, &call.query)?;
    if call.name() != "etcd-0" {
        return Err(Status::not_found("", "componentstatus", call.name()));
    }
    let store = store_component(api).await;
    render::object(
        &api.descriptions,
        call,
        output,
        &Shape::of(&call.resource),
        store,
        200,
    )
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
