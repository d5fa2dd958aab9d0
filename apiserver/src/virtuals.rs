//! Resources that are not stored: reviews of who asks and what they may do, the state of components, bindings.

use auth::review::{self, Review};
use kinds::Verb;
use object::field::{self, Path, Printed};
use render::list::{ListMeta, ListWriter};
use render::negotiate::{self, Output};
use render::{Call, Shape};
use schema::{Map, Types, Value, tree};
use serve::http::{Body, Response};
use serve::status::Status;

use crate::api::Api;
use crate::options::{WriteKind, WriteOptions};
use crate::write::managed_fields;
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
    let is_of_self = matches!(
        call.resource.resource.as_str(),
        "selfsubjectreviews" | "selfsubjectrulesreviews"
    );
    if !is_of_self {
        managed_fields::track(call, &mut object, None, "");
    }
    let status = status(api, call, &object).await?;
    // These two are answered with a new object: nothing of what was sent comes back.
    if is_of_self {
        object = Value::Map(Map::new());
    }
    if let Some(map) = object.as_map_mut() {
        map.insert("status", status);
        let created = call.now.clone();
        if shape.kind == "SelfSubjectReview" {
            map.map_at("metadata").insert("creationTimestamp", created);
        }
    }
    render::object(&api.descriptions, call, output, &shape, object, 201)
}

/// What is wrong with a review's metadata: it is no object that could have a name. Its owners, which the server noted, are shown
/// with it.
fn metadata_error(review: Review<'_>, object: &Value) -> Option<field::Error> {
    let metadata = object.map_at(&["metadata"])?;
    let is_ours = |key: &str, value: &Value| match (key, review) {
        ("managedFields", _) => true,
        ("namespace", Review::Local(namespace)) => value.as_str() == Some(namespace),
        _ => value.is_zero(),
    };
    if metadata.iter().all(|(key, value)| is_ours(key, value)) {
        return None;
    }
    let types = Types::builtin();
    let id = types.id("io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta")?;
    let printed = Printed::typed(types, id, &Value::Map(metadata.clone()));
    let why = match review {
        Review::Local(_) => "must be empty except for namespace",
        _ => "must be empty",
    };
    Some(field::Error::invalid(&Path::root("metadata"), printed, why))
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
    let mut errors = review::validate(kind, spec);
    errors.extend(metadata_error(kind, object));
    if !errors.is_empty() {
        return Err(Status::invalid(&call.resource.group, "", "", &errors));
    }
    Ok(review::access_status(&access.chain, kind, &call.user, spec).await)
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
