//! PATCH of an object: JSON patch, merge patch, strategic merge patch; server-side apply goes its own way.

mod printed;
mod restore;

use bytes::Bytes;
use kinds::defaults::{self, Now};
use object::field;
use object::patch::{json as json_patch, merge, strategic};
use render::negotiate::Output;
use render::{Call, Shape};
use schema::{SmolStr, Types, Value, json};
use serve::http::{Body, Response};
use serve::status::{Details, Status, reason};

use super::apply;
use crate::api::Api;
use crate::body;
use crate::custom;
use crate::options::{FieldValidation, WriteKind, WriteOptions};
use crate::write::metadata;
use crate::write::update::{self, Change, Target};

/// A patch, as it came.
pub enum Patch {
    /// RFC 6902.
    Json(json_patch::Patch),
    /// RFC 7386.
    Merge(Value),
    /// Kubernetes' own.
    Strategic(Value),
}

/// A decoded patch and what strict validation finds in its text.
pub struct Patched {
    patch: Patch,
    strict: Vec<String>,
    validation: FieldValidation,
}

impl Patched {
    /// Reads a patch by its content type; 415 if that is no patch.
    pub fn read(call: &Call, bytes: &Bytes, validation: FieldValidation) -> Result<Self, Status> {
        let content_type = content_type(call);
        let (patch, strict) = match content_type.as_str() {
            "application/json-patch+json" => decode_json_patch(bytes)?,
            "application/merge-patch+json" => {
                let (value, strict) = parse(bytes, "error decoding patch: ", "")?;
                (Patch::Merge(value), strict)
            }
            "application/strategic-merge-patch+json" => {
                let (value, strict) = parse(bytes, "", "map[string]interface {}")?;
                (Patch::Strategic(value), strict)
            }
            _ => return Err(unsupported()),
        };
        Ok(Self {
            patch,
            strict,
            validation,
        })
    }

    /// The patched form of an object of this shape, typed and canonical, without defaults.
    pub fn apply(&self, call: &mut Call, shape: &Shape, current: &Value) -> Result<Value, Status> {
        let types = Types::builtin();
        let mut text_of_current = Vec::new();
        json::encode(types, shape.type_id, current, &mut text_of_current);
        let mut original =
            json::parse(&text_of_current).map_err(|error| Status::internal(&error.to_string()))?;
        keep_field_sets(&mut original, current);
        let mut document = original.clone();
        match &self.patch {
            Patch::Json(patch) => patch.apply(&mut document).map_err(|_| unprocessable())?,
            Patch::Merge(patch) => {
                merge::apply(&mut document, patch).map_err(|error| Status::bad_request(error.to_string()))?;
            }
            Patch::Strategic(patch) => {
                strategic::apply(types, shape.type_id, &mut document, patch.clone())
                    .map_err(|error| strategic_error(&error))?;
            }
        }
        self.retype(call, shape, &original, &document)
    }

    fn retype(
        &self,
        call: &mut Call,
        shape: &Shape,
        original: &Value,
        document: &Value,
    ) -> Result<Value, Status> {
        let refused = |why: &str| match &self.patch {
            Patch::Strategic(patch) => invalid_patch(&strategic::printed(patch), why),
            _ => invalid_patch(
                &printed::printed(Types::builtin(), shape.type_id, original, document),
                why,
            ),
        };
        check_type(document, shape).map_err(|why| refused(&why))?;
        if let Some(known) = custom::body::known(call, shape) {
            let strict = (self.strict.clone(), self.validation);
            let mut object = custom::body::finish(call, shape, &known, document.clone(), strict, refused)?;
            known.version().schema.drop_nulls(&mut object);
            return Ok(object);
        }
        if let (Patch::Strategic(_), Some(why)) = (
            &self.patch,
            restore::misfit(Types::builtin(), shape.type_id, document),
        ) {
            return Err(refused(&why));
        }
        let decoded = json::from_tree(Types::builtin(), shape.type_id, document)
            .map_err(|error| refused(&error.to_string()))?;
        let strict: Vec<String> = self
            .strict
            .iter()
            .cloned()
            .chain(decoded.strict.iter().map(ToString::to_string))
            .collect();
        match self.validation {
            FieldValidation::Strict if !strict.is_empty() => {
                return Err(refused(&format!("strict decoding error: {}", strict.join(", "))));
            }
            FieldValidation::Warn => strict.into_iter().for_each(|text| call.warn(text)),
            _ => {}
        }
        let mut object = decoded.value;
        shape.set_type(&mut object);
        Ok(object)
    }
}

/// Field sets stay the text that they are: their order is not that of trees.
fn keep_field_sets(tree: &mut Value, typed: &Value) {
    let entries = tree
        .at_mut(&["metadata", "managedFields"])
        .and_then(Value::as_list_mut);
    let texts = typed
        .list_at(&["metadata", "managedFields"])
        .iter()
        .map(|entry| entry.get("fieldsV1"));
    for (entry, text) in entries.into_iter().flatten().zip(texts) {
        if let (Some(map), Some(text)) = (entry.as_map_mut(), text) {
            map.insert("fieldsV1", text.clone());
        }
    }
}

/// A patch of an object of the call's resource.
pub struct PatchObject<'a> {
    patch: &'a Patched,
    namespace: String,
    name: String,
}

impl<'a> PatchObject<'a> {
    /// Of the object that the call names.
    pub fn new(call: &Call, patch: &'a Patched) -> Self {
        Self {
            patch,
            namespace: call.namespace().to_owned(),
            name: call.name().to_owned(),
        }
    }
}

impl Change for PatchObject<'_> {
    fn next(&mut self, call: &mut Call, current: Option<&Value>) -> Result<Value, Status> {
        let Some(current) = current else {
            return Err(Status::not_found(
                &call.resource.group,
                &call.resource.resource,
                &self.name,
            ));
        };
        let shape = Shape::of(&call.resource);
        let shown = call.shown(current.clone())?;
        let mut object = self.patch.apply(call, &shape, &shown)?;
        if call.resource.custom.is_none() {
            defaults::apply(shape.type_id, &mut object, Now(&call.now));
        }
        metadata::check_name(&object, &self.namespace, &self.name)?;
        body::to_hub(call, object)
    }
}

/// Patches the object, or one of its parts that has the object's own shape.
pub async fn patch(api: &Api, call: &mut Call, content: Body) -> Result<Response, Status> {
    check_content_type(call)?;
    if is_apply(call) {
        return apply::apply(api, call, content).await;
    }
    let output = Output::of(&call.headers, &call.query)?;
    let bytes = super::body(content).await?;
    let options = WriteOptions::read(&call.query, WriteKind::Patch)?;
    let patched = Patched::read(call, &bytes, options.field_validation);
    let (namespace, name) = (call.namespace().to_owned(), call.name().to_owned());
    let patched = match patched {
        Ok(patched) => patched,
        // What is not there is missed before what is wrong with the patch.
        Err(status) if status.code != 415 => {
            return match api.objects.get(&call.hub, &namespace, &name).await? {
                Some(_) => Err(status),
                None => Err(Status::not_found(&call.hub.group, &call.hub.resource, &name)),
            };
        }
        Err(status) => return Err(status),
    };
    let subresource = call.info.subresource.clone();
    let target = Target {
        namespace: &namespace,
        name: &name,
        subresource: &subresource,
        dry_run: options.dry_run,
    };
    let mut change = PatchObject::new(call, &patched);
    let updated = update::update(api, call, target, &mut change).await?;
    render::object(
        &api.descriptions,
        call,
        output,
        &Shape::of(&call.resource),
        updated.stored.object,
        200,
    )
}

/// 415 for what is no patch, as the reference's router says it.
pub fn check_content_type(call: &Call) -> Result<(), Status> {
    const KNOWN: [&str; 4] = [
        apply::MEDIA_TYPE,
        "application/json-patch+json",
        "application/merge-patch+json",
        "application/strategic-merge-patch+json",
    ];
    let found = content_type(call);
    let is_strategic = found == KNOWN[3];
    if is_strategic && call.resource.custom.is_some() {
        return Err(Status::unsupported_media_type(&[KNOWN[1], KNOWN[2], KNOWN[0]]));
    }
    match KNOWN.contains(&found.as_str()) {
        true => Ok(()),
        false => Err(unsupported()),
    }
}

/// Whether the body is an applied configuration.
pub fn is_apply(call: &Call) -> bool {
    content_type(call) == apply::MEDIA_TYPE
}

fn content_type(call: &Call) -> SmolStr {
    let value = call
        .headers
        .get(http::header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    SmolStr::new(value.split(';').next().unwrap_or_default().trim())
}

fn unsupported() -> Status {
    Status::failure(415, reason::UNSUPPORTED_MEDIA_TYPE, "415: Unsupported Media Type")
        .with_details(Details::default())
}

fn decode_json_patch(bytes: &[u8]) -> Result<(Patch, Vec<String>), Status> {
    let bad = |why: String| Status::bad_request(format!("error decoding patch: {why}"));
    let tree = json::parse(bytes).map_err(|error| bad(error.to_string()))?;
    let patch = json_patch::Patch::decode(&tree).map_err(|error| match error {
        json_patch::DecodeError::TooManyOperations(_) => {
            Status::too_large(format!("Request entity too large: {error}"))
        }
        error => bad(error.to_string()),
    })?;
    let unknown = patch.unknown_fields().to_vec();
    Ok((Patch::Json(patch), unknown))
}

/// `wanted` names the Go type that a patch which is no object does not fit.
fn parse(bytes: &[u8], prefix: &str, wanted: &str) -> Result<(Value, Vec<String>), Status> {
    let parsed =
        json::parse_strict(bytes).map_err(|error| Status::bad_request(format!("{prefix}{error}")))?;
    if !wanted.is_empty() && !matches!(parsed.value, Value::Map(_)) {
        let found = match parsed.value {
            Value::List(_) => "array",
            Value::String(_) => "string",
            Value::Bool(_) => "bool",
            Value::Null => return Ok((Value::Map(schema::Map::new()), Vec::new())),
            _ => "number",
        };
        return Err(Status::bad_request(format!(
            "json: cannot unmarshal {found} into Go value of type {wanted}"
        )));
    }
    Ok((
        parsed.value,
        parsed.strict.iter().map(ToString::to_string).collect(),
    ))
}

/// A patch's result must still be of the kind that was patched.
fn check_type(document: &Value, shape: &Shape) -> Result<(), String> {
    let text = |key: &str| document.str_at(&[key]).unwrap_or_default();
    let (api_version, kind) = (text("apiVersion"), text("kind"));
    let same = (api_version.is_empty() || api_version == shape.api_version())
        && (kind.is_empty() || kind == shape.kind);
    if same {
        return Ok(());
    }
    let kind = if kind.is_empty() {
        shape.kind.as_str()
    } else {
        kind
    };
    Err(format!(
        "no kind {kind:?} is registered for version {api_version:?} in scheme \"pkg/api/legacyscheme/scheme.go:30\""
    ))
}

fn unprocessable() -> Status {
    Status::failure(
        422,
        reason::INVALID,
        "the server rejected our request due to an error in our request",
    )
    .with_details(Details::default())
}

fn strategic_error(error: &strategic::Error) -> Status {
    match error.fault() {
        strategic::Fault::Malformed => Status::bad_request(error.to_string()),
        strategic::Fault::Unmergeable => unprocessable(),
        strategic::Fault::Internal => Status::failure(500, "", error.to_string()),
    }
}

fn invalid_patch(shown: &str, why: &str) -> Status {
    let error = field::Error::invalid(&field::Path::root("patch"), shown, why);
    Status::invalid("", "", "", &[error])
}
