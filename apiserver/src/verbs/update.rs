//! PUT of an object, or of one of its parts that has the object's own shape.

use object::meta;
use render::negotiate::{self, Output};
use render::{Call, Shape};
use schema::Value;
use serve::http::{Body, Response};
use serve::status::Status;

use crate::api::Api;
use crate::body;
use crate::options::{WriteKind, WriteOptions};
use crate::write::metadata;
use crate::write::update::{self, Change, Creates, Target};

/// The object that a client sent.
pub struct Replace {
    object: Value,
    uid: String,
}

impl Replace {
    /// By this object in its hub form.
    pub fn new(object: Value) -> Self {
        let uid = meta::of(&object).uid().to_owned();
        Self { object, uid }
    }
}

impl Change for Replace {
    fn next(&mut self, _call: &mut Call, _current: Option<&Value>) -> Result<Value, Status> {
        Ok(self.object.clone())
    }

    fn uid(&self) -> Option<&str> {
        Some(&self.uid)
    }

    fn creates(&self) -> Creates {
        Creates::IfAllowed
    }
}

/// Replaces the object by the one in the body, or creates it where the resource allows that.
pub async fn update(api: &Api, call: &mut Call, content: Body) -> Result<Response, Status> {
    let output = Output::of(&call.headers, &call.query)?;
    let bytes = super::body(content).await?;
    let options = WriteOptions::read(&call.query, WriteKind::Update)?;
    let media = negotiate::body_media(&call.headers)?;
    let shape = Shape::of(&call.resource);
    let object = body::decode(call, &shape, media, &bytes, options.field_validation)?;
    let (namespace, name) = (call.namespace().to_owned(), call.name().to_owned());
    let subresource = call.info.subresource.clone();
    metadata::check_name(&object, &namespace, &name)?;
    let object = body::to_hub(call, object)?;
    let target = Target {
        namespace: &namespace,
        name: &name,
        subresource: &subresource,
        dry_run: options.dry_run,
    };
    let updated = update::update(api, call, target, &mut Replace::new(object)).await?;
    let code = if updated.created { 201 } else { 200 };
    render::object(
        &api.descriptions,
        call,
        output,
        &shape,
        updated.stored.object,
        code,
    )
}
