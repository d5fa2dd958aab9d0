//! DELETE of one object.

use render::negotiate::{self, Output};
use render::{Call, Shape};
use schema::Types;
use serve::http::{Body, Response};
use serve::status::Status;

use crate::api::Api;
use crate::body;
use crate::options::{DeleteOptions, FieldValidation};
use crate::write::delete::{self, Deleted};

/// Deletes the object that the call names.
pub async fn delete(api: &Api, call: &mut Call, content: Body) -> Result<Response, Status> {
    let output = Output::of(&call.headers, &call.query)?;
    let options = options(call, content).await?;
    let (namespace, name) = (call.namespace().to_owned(), call.name().to_owned());
    match delete::delete(api, call, &namespace, &name, &options).await? {
        Deleted::Done(status) => Ok(render::status(&api.descriptions, call, output, &status)),
        Deleted::Object { stored, gone } => {
            // Only the deprecated way of asking for a cascade is told that it is not done yet.
            let code = if !gone && options.orphan_dependents == Some(false) {
                202
            } else {
                200
            };
            render::object(
                &api.descriptions,
                call,
                output,
                &Shape::of(&call.resource),
                stored.object,
                code,
            )
        }
    }
}

/// The options in the body, or in the query where there is none.
pub(super) async fn options(call: &mut Call, content: Body) -> Result<DeleteOptions, Status> {
    let bytes = super::body(content).await?;
    if bytes.is_empty() {
        return DeleteOptions::from_query(&call.query);
    }
    let media = negotiate::body_media(&call.headers)?;
    let shape = shape(call);
    let object = body::decode(call, &shape, media, &bytes, FieldValidation::Ignore)?;
    DeleteOptions::from_body(&object)
}

/// Options may come as those of any group.
fn shape(call: &Call) -> Shape {
    let name = "io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions";
    let type_id = Types::builtin().id(name).unwrap_or(call.resource.type_id);
    Shape {
        group: Default::default(),
        version: "v1".into(),
        kind: "DeleteOptions".into(),
        type_id,
    }
}
