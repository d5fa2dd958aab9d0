//! Bodies of requests: from bytes to a typed tree with defaults, refused in the reference's words.
//! What is done with the tree is the verb's affair.

mod registered;

use std::sync::Arc;

use kinds::Catalog;
use kinds::defaults::{self, Now};
use render::errors::internal_group;
use render::negotiate::Media;
use render::{Call, Shape};
use schema::json::Decoded;
use schema::{Error, SmolStr, TypeId, Types, Value, envelope, json, proto, yaml};
use serve::status::Status;

use crate::custom;
use crate::options::FieldValidation;

/// How much of a body an error shows.
const SUMMARY_BYTES: usize = 30;

/// Decodes a body that should have this shape. Unknown fields are handled as asked, warnings go to the call.
pub fn decode(
    call: &mut Call,
    shape: &Shape,
    media: Media,
    bytes: &[u8],
    validation: FieldValidation,
) -> Result<Value, Status> {
    if let Some(known) = custom::body::known(call, shape) {
        return custom::body::decode(call, shape, &known, media, bytes, validation);
    }
    let (api_version, kind) = type_meta(media, bytes).map_err(|why| unrecognized(shape, &why))?;
    let found = Found::new(shape, &api_version, &kind);
    let decoded = found.decode(shape, media, bytes)?;
    let mut object = decoded.value;
    if let Some(text) = strict_text(&decoded.strict, validation) {
        return Err(found.refused(shape, &format!("strict decoding error: {text}")));
    }
    if validation == FieldValidation::Warn {
        decoded
            .strict
            .iter()
            .for_each(|error| warn(call, &error.to_string()));
    }
    found.check_version(shape)?;
    shape.set_type(&mut object);
    Ok(object)
}

/// Tells the client of one strict error; repeated keys of YAML are told one by one.
pub fn warn(call: &mut Call, text: &str) {
    match text.strip_prefix("yaml: unmarshal errors:\n") {
        Some(lines) => lines.lines().for_each(|line| call.warn(line.trim())),
        None => call.warn(text),
    }
}

/// Fills defaults and brings an object of the call's resource into its hub form. Custom objects have theirs when they are decoded.
pub fn to_hub(call: &Call, mut object: Value) -> Result<Value, Status> {
    if call.resource.custom.is_some() {
        return Ok(object);
    }
    defaults::apply(call.resource.type_id, &mut object, Now(&call.now));
    let mut object = kinds::convert::to_storage(&call.resource, object)
        .map_err(|error| Status::bad_request(error.to_string()))?;
    // What another version has no field for still has its default.
    if !Arc::ptr_eq(&call.resource, &call.hub) {
        defaults::apply(call.hub.type_id, &mut object, Now(&call.now));
    }
    Ok(object)
}

/// The errors as one text where they are to be refused.
pub fn strict_text(errors: &[json::StrictError], validation: FieldValidation) -> Option<String> {
    if validation != FieldValidation::Strict || errors.is_empty() {
        return None;
    }
    let texts: Vec<_> = errors.iter().map(ToString::to_string).collect();
    Some(texts.join(", "))
}

/// What a body says that it is, with the gaps filled from what it should be.
struct Found {
    group: SmolStr,
    version: SmolStr,
    kind: SmolStr,
}

impl Found {
    fn new(shape: &Shape, api_version: &str, kind: &str) -> Self {
        let kind = if kind.is_empty() {
            shape.kind.clone()
        } else {
            SmolStr::new(kind)
        };
        let (group, version) = match api_version.split_once('/') {
            Some((group, version)) => (SmolStr::new(group), SmolStr::new(version)),
            None if api_version.is_empty() => (shape.group.clone(), shape.version.clone()),
            // A bare version with the expected kind means the expected group.
            None if kind == shape.kind => (shape.group.clone(), SmolStr::new(api_version)),
            None => (SmolStr::default(), SmolStr::new(api_version)),
        };
        Self { group, version, kind }
    }

    fn decode(&self, shape: &Shape, media: Media, bytes: &[u8]) -> Result<Decoded, Status> {
        let Some(type_id) = self.type_id(shape) else {
            let version = kinds::resource::api_version(&self.group, &self.version);
            let why = format!(
                "no kind {:?} is registered for version {version:?} in scheme {:?}",
                self.kind,
                registered::scheme(&shape.group)
            );
            return Err(self.refused(shape, &why));
        };
        let decoded =
            decode_typed(type_id, media, bytes).map_err(|error| self.refused(shape, &error.message))?;
        if self.kind != shape.kind || !self.is_group_of(shape) {
            let why = format!(
                "converting ({}.{}) to ({}.{}): unknown conversion",
                self.version,
                self.kind,
                internal_group(&shape.group),
                shape.kind
            );
            return Err(self.refused(shape, &why));
        }
        Ok(decoded)
    }

    fn type_id(&self, shape: &Shape) -> Option<TypeId> {
        let is_shape = self.kind == shape.kind && self.group == shape.group && self.version == shape.version;
        if is_shape {
            return Some(shape.type_id);
        }
        let resource = Catalog::builtin().kind(&self.group, &self.version, &self.kind);
        resource
            .map(|found| found.type_id)
            .or_else(|| registered::type_id(&self.group, &self.version, &self.kind))
    }

    /// Events of both groups are one kind.
    fn is_group_of(&self, shape: &Shape) -> bool {
        internal_group(&self.group) == internal_group(&shape.group)
    }

    fn check_version(&self, shape: &Shape) -> Result<(), Status> {
        if self.group == shape.group && self.version == shape.version {
            return Ok(());
        }
        let found = kinds::resource::api_version(&self.group, &self.version);
        Err(Status::bad_request(format!(
            "the API version in the data ({found}) does not match the expected API version ({})",
            shape.api_version()
        )))
    }

    fn refused(&self, shape: &Shape, why: &str) -> Status {
        Status::bad_request(format!(
            "{} in version {:?} cannot be handled as a {}: {why}",
            self.kind, self.version, shape.kind
        ))
    }
}

pub(crate) fn unrecognized(shape: &Shape, why: &str) -> Status {
    Status::bad_request(format!(
        "the object provided is unrecognized (must be of type {}): {why}",
        shape.kind
    ))
}

pub(crate) fn type_meta(media: Media, bytes: &[u8]) -> Result<(SmolStr, SmolStr), String> {
    let parsed = |bytes: &[u8]| {
        json::type_meta(bytes).map_err(|error| {
            format!(
                "couldn't get version/kind; json parse error: {error} ({})",
                summary(bytes)
            )
        })
    };
    match media {
        Media::Json => parsed(bytes),
        Media::Yaml => {
            let tree = yaml::parse(bytes).map_err(|error| error.to_string())?;
            let mut text = Vec::new();
            json::write(&tree, &mut text);
            parsed(&text)
        }
        Media::Protobuf => {
            let found = envelope::split(bytes).map_err(|error| format!("{error} ({})", summary(bytes)))?;
            Ok((SmolStr::new(&found.api_version), SmolStr::new(&found.kind)))
        }
    }
}

fn decode_typed(type_id: TypeId, media: Media, bytes: &[u8]) -> Result<Decoded, Error> {
    let types = Types::builtin();
    match media {
        Media::Json => json::decode(types, type_id, bytes),
        Media::Yaml => yaml::decode(types, type_id, bytes),
        Media::Protobuf => {
            let found = envelope::split(bytes)?;
            let value = proto::decode(types, type_id, found.body)?;
            Ok(Decoded {
                value,
                strict: Vec::new(),
            })
        }
    }
}

/// The beginning of a body, as errors show it.
pub(crate) fn summary(bytes: &[u8]) -> String {
    let shown = &bytes[..bytes.len().min(SUMMARY_BYTES)];
    let dots = if bytes.len() > SUMMARY_BYTES { " ..." } else { "" };
    match shown.first() {
        None => "<empty>".to_owned(),
        Some(b'{') => format!("{}{dots}", String::from_utf8_lossy(shown)),
        Some(_) => {
            let hex: String = shown.iter().map(|byte| format!("{byte:02x}")).collect();
            format!("{hex}{dots}")
        }
    }
}
