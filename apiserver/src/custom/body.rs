//! Bodies of custom objects: from bytes or a patch's result to a tree as the schema of its version has it, in the reference's words.

use ::custom::Known;
use object::field::{Error, Path};
use render::negotiate::Media;
use render::{Call, Shape};
use schema::json::{self, StrictError};
use schema::{Types, Value, yaml};
use serve::status::Status;

use crate::body;
use crate::options::FieldValidation;

const METADATA: &str = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta";

/// What a call's body is decoded with, where it is a custom object.
pub fn known(call: &Call, shape: &Shape) -> Option<Known> {
    let is_main = shape.kind == call.resource.kind && shape.group == call.resource.group;
    Known::of(&call.resource).filter(|_| is_main).cloned()
}

/// Decodes a body: unknown fields are handled as asked, defaults filled in.
pub fn decode(
    call: &mut Call,
    shape: &Shape,
    known: &Known,
    media: Media,
    bytes: &[u8],
    validation: FieldValidation,
) -> Result<Value, Status> {
    let (api_version, kind) = body::type_meta(media, bytes).map_err(|why| body::unrecognized(shape, &why))?;
    if kind.is_empty() {
        let why = format!(
            "Object 'Kind' is missing in '{}' ({})",
            String::from_utf8_lossy(bytes),
            body::summary(bytes)
        );
        return Err(body::unrecognized(shape, &why));
    }
    let parsed = match media {
        Media::Yaml => yaml::parse_strict(bytes),
        _ => json::parse_strict(bytes),
    };
    let parsed = parsed.map_err(|error| refused(shape, &error.message))?;
    if !api_version.is_empty() && api_version != shape.api_version() {
        return Err(Status::bad_request(format!(
            "the API version in the data ({api_version}) does not match the expected API version ({})",
            shape.api_version()
        )));
    }
    let duplicates = parsed.strict.iter().map(StrictError::to_string).collect();
    let mut object = finish(
        call,
        shape,
        known,
        parsed.value,
        (duplicates, validation),
        |why| refused(shape, why),
    )?;
    known.version().schema.drop_nulls(&mut object);
    if kind != shape.kind {
        return Err(other_kind(shape, &kind, &object));
    }
    Ok(object)
}

/// A tree that is to be an object: metadata typed, unknown fields handled as asked, defaults filled in. `strict` is what was found in
/// its text before; `refuse` words what is wrong.
pub fn finish(
    call: &mut Call,
    shape: &Shape,
    known: &Known,
    mut object: Value,
    (mut strict, validation): (Vec<String>, FieldValidation),
    refuse: impl Fn(&str) -> Status,
) -> Result<Value, Status> {
    if let Some(metadata) = object.get_mut("metadata") {
        let types = Types::builtin();
        let id = types.id(METADATA).ok_or_else(Status::unknown_resource)?;
        let decoded = json::from_tree(types, id, metadata).map_err(|error| refuse(&error.message))?;
        *metadata = decoded.value;
        strict.extend(decoded.strict.into_iter().map(|error| {
            let path = format!("metadata.{}", error.path);
            StrictError { path, ..error }.to_string()
        }));
    }
    if !known.definition().preserves_unknown {
        let unknown = known.version().schema.prune(&mut object);
        strict.extend(unknown.into_iter().map(|path| format!("unknown field {path:?}")));
    }
    match validation {
        FieldValidation::Strict if !strict.is_empty() => {
            return Err(refuse(&format!("strict decoding error: {}", strict.join(", "))));
        }
        FieldValidation::Warn => strict.iter().for_each(|text| body::warn(call, text)),
        _ => {}
    }
    known.version().schema.fill(&mut object);
    shape.set_type(&mut object);
    Ok(object)
}

fn refused(shape: &Shape, why: &str) -> Status {
    Status::bad_request(format!(
        "{} in version {:?} cannot be handled as a {}: {why}",
        shape.kind, shape.version, shape.kind
    ))
}

/// Of a kind that is not the resource's, which the reference finds as it validates.
fn other_kind(shape: &Shape, kind: &str, object: &Value) -> Status {
    let name = object.str_at(&["metadata", "name"]).unwrap_or_default();
    let error = Error::invalid(&Path::root("kind"), kind, format!("must be {}", shape.kind));
    Status::invalid(&shape.group, kind, name, &[error])
}
