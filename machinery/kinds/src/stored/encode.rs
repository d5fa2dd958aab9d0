//! The bytes that are stored for an object in its hub form.

use schema::{Map, Types, Value, envelope, json, proto};

use crate::convert;
use crate::{Encoding, Resource};

/// Encodes an object in its hub form as it is stored: protobuf behind the envelope, or JSON and a newline. Resource
/// version and self link are not stored. `None` for resources that are not stored.
///
/// A custom object may come in any version of its definition.
pub fn encode(resource: &Resource, mut object: Value) -> Option<Vec<u8>> {
    if let Some(Value::Map(metadata)) = object.get_mut("metadata") {
        metadata.remove("resourceVersion");
        metadata.remove("selfLink");
    }
    if let Some(kind) = &resource.custom {
        let storage = resource.storage.as_ref()?;
        let mut bytes = Vec::with_capacity(1024);
        json::write(&kind.converted(object, &storage.api_version()).ok()?, &mut bytes);
        bytes.push(b'\n');
        return Some(bytes);
    }
    let hub = super::hub(resource)?;
    let storage = hub.storage.as_ref()?;
    let mut bytes = Vec::new();
    match storage.encoding {
        Encoding::Protobuf => {
            proto::encode(Types::builtin(), hub.type_id, &object, &mut bytes);
            return Some(envelope::wrap(&storage.api_version(), &storage.kind, &bytes));
        }
        Encoding::Json if hub.kind == "CustomResourceDefinition" => definition(object, &mut bytes)?,
        Encoding::Json => json::encode(Types::builtin(), hub.type_id, &object, &mut bytes),
    }
    bytes.push(b'\n');
    Some(bytes)
}

/// OpenAPI name prefix of the types that the stored version shares with v1.
const V1: &str = "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.";

/// The stored version has no type of its own here: its fields in their order, each by v1's type.
fn definition(mut object: Value, out: &mut Vec<u8>) -> Option<()> {
    convert::definition_to_stored(&mut object);
    let empty = Map::new();
    let metadata = object.get("metadata").cloned().unwrap_or(Value::Map(Map::new()));
    let spec = object.map_at(&["spec"]).unwrap_or(&empty);
    out.extend_from_slice(b"{\"kind\":\"CustomResourceDefinition\",\"apiVersion\":\"");
    out.extend_from_slice(convert::DEFINITION_VERSION.as_bytes());
    out.extend_from_slice(b"\",\"metadata\":");
    typed("io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta", &metadata, out)?;
    out.extend_from_slice(b",\"spec\":");
    definition_spec(spec, out)?;
    out.extend_from_slice(b",\"status\":");
    let status = object.get("status").cloned().unwrap_or(Value::Map(Map::new()));
    typed(&format!("{V1}CustomResourceDefinitionStatus"), &status, out)?;
    out.push(b'}');
    Some(())
}

/// How a field of the stored form is written.
#[derive(Clone, Copy)]
enum As {
    Plain,
    Typed(&'static str),
    Versions,
    Columns,
    Conversion,
}

fn definition_spec(spec: &Map, out: &mut Vec<u8>) -> Option<()> {
    let fields = [
        ("group", As::Plain),
        ("version", As::Plain),
        ("names", As::Typed("CustomResourceDefinitionNames")),
        ("scope", As::Plain),
        ("validation", As::Typed("CustomResourceValidation")),
        ("subresources", As::Typed("CustomResourceSubresources")),
        ("versions", As::Versions),
        ("additionalPrinterColumns", As::Columns),
        ("selectableFields", As::Typed("SelectableField")),
        ("conversion", As::Conversion),
        ("preserveUnknownFields", As::Plain),
    ];
    object(spec, &fields, out)
}

fn object(map: &Map, fields: &[(&str, As)], out: &mut Vec<u8>) -> Option<()> {
    out.push(b'{');
    let mut first = true;
    for (name, how) in fields {
        let Some(value) = map.get(name) else { continue };
        if !first {
            out.push(b',');
        }
        first = false;
        json::write(&Value::from(*name), out);
        out.push(b':');
        write(value, *how, out)?;
    }
    out.push(b'}');
    Some(())
}

fn write(value: &Value, how: As, out: &mut Vec<u8>) -> Option<()> {
    const VERSION: [(&str, As); 9] = [
        ("name", As::Plain),
        ("served", As::Plain),
        ("storage", As::Plain),
        ("deprecated", As::Plain),
        ("deprecationWarning", As::Plain),
        ("schema", As::Typed("CustomResourceValidation")),
        ("subresources", As::Typed("CustomResourceSubresources")),
        ("additionalPrinterColumns", As::Columns),
        ("selectableFields", As::Typed("SelectableField")),
    ];
    const COLUMN: [(&str, As); 6] = [
        ("name", As::Plain),
        ("type", As::Plain),
        ("format", As::Plain),
        ("description", As::Plain),
        ("priority", As::Plain),
        ("JSONPath", As::Plain),
    ];
    const CONVERSION: [(&str, As); 3] = [
        ("strategy", As::Plain),
        ("webhookClientConfig", As::Typed("WebhookClientConfig")),
        ("conversionReviewVersions", As::Plain),
    ];
    match (how, value) {
        (As::Plain, value) => {
            json::write(value, out);
            Some(())
        }
        (As::Typed(_) | As::Versions | As::Columns, Value::List(list)) => {
            out.push(b'[');
            for (at, item) in list.iter().enumerate() {
                if at > 0 {
                    out.push(b',');
                }
                write(item, how, out)?;
            }
            out.push(b']');
            Some(())
        }
        (As::Typed(name), value) => typed(&format!("{V1}{name}"), value, out),
        (As::Versions, value) => object(&version_with_flags(value.as_map()?), &VERSION, out),
        (As::Columns, value) => object(value.as_map()?, &COLUMN, out),
        (As::Conversion, value) => object(value.as_map()?, &CONVERSION, out),
    }
}

/// `served` and `storage` are always written.
fn version_with_flags(version: &Map) -> Map {
    let mut version = version.clone();
    for flag in ["served", "storage"] {
        version.entry_or_insert_with(flag, || Value::Bool(false));
    }
    version
}

fn typed(message: &str, value: &Value, out: &mut Vec<u8>) -> Option<()> {
    json::encode(Types::builtin(), Types::builtin().id(message)?, value, out);
    Some(())
}
