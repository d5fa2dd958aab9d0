//! One event in the encoding of its watch: a JSON line, or a length and a protobuf envelope.

use std::sync::Arc;

use bytes::Bytes;
use kinds::table as columns;
use kinds::{Resource, partial};
use schema::envelope::{self, field_len, put_field_head};
use schema::{Map, Types, Value, json, proto, tree};
use serve::status::Status;

use super::event::Kind;
use crate::call::{Call, Shape, is_shown_as_held, shown};
use crate::canonical::Canonical;
use crate::descriptions::Descriptions;
use crate::errors;
use crate::negotiate::{Form, Media, Output};
use crate::partial::{metadata_only, to_envelope, to_proto};
use crate::table::{self, Include};

/// Makes the frames of watches that ask for a resource in one version and one [`Format`].
///
/// Only the first table of a watch has column definitions: that frame is made with a `header`, the texts of the columns. Other
/// frames, and those of other forms, are the same with and without.
#[derive(Clone)]
pub struct Framer {
    resource: Arc<Resource>,
    hub: Arc<Resource>,
    shape: Shape,
    format: Format,
}

/// What tells the frames of one event apart, beside the version and the header.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Format {
    /// Encoding and transformation.
    pub output: Output,
    /// What of the object stands in a table's row.
    pub include: Include,
}

impl Framer {
    /// For a watch of the call's resource.
    pub fn new(call: &Call, output: Output) -> Result<Self, Status> {
        let include = Include::read(&call.query)?;
        if call.resource.custom.is_some() && output.is_whole_protobuf() {
            return Err(errors::no_protobuf("Unstructured"));
        }
        Ok(Self {
            resource: call.resource.clone(),
            hub: call.hub.clone(),
            shape: Shape::of(&call.resource),
            format: Format { output, include },
        })
    }

    /// What its frames depend on beside the version.
    pub fn format(&self) -> Format {
        self.format
    }

    /// Whether the first frame of a watch is another than it is later.
    pub fn has_header(&self) -> bool {
        matches!(self.format.output.form, Form::Table(_))
    }

    /// An event about an object in its hub form.
    pub fn event(&self, header: Option<&Descriptions>, kind: Kind, hub: Value) -> Result<Bytes, Status> {
        let cells = self.has_header().then(|| hub.clone());
        let mut shown = shown(&self.resource, hub)?;
        self.shape.set_type(&mut shown);
        let types = Types::builtin();
        let mut object = Vec::with_capacity(1024);
        match (self.format.output.form, self.format.output.media) {
            (Form::Object, Media::Protobuf) => {
                let mut message = Vec::with_capacity(1024);
                proto::encode(types, self.shape.type_id, &shown, &mut message);
                object = envelope::wrap(&self.shape.api_version(), &self.shape.kind, &message);
            }
            (Form::Object, _) => json::encode(types, self.shape.type_id, &shown, &mut object),
            (Form::Partial(version) | Form::PartialList(version), Media::Protobuf) => {
                object = to_envelope(&shown, version);
            }
            (Form::Partial(version) | Form::PartialList(version), _) => {
                json::write(&partial::object(&metadata_only(&shown), version), &mut object);
            }
            (Form::Table(version), _) => {
                object = self.table(header, &cells.unwrap_or_default(), &shown, version);
            }
        }
        Ok(self.frame(kind, &object))
    }

    /// The same about an object whose canonical bytes are known: without a tree where the form allows it.
    pub fn canonical(
        &self,
        header: Option<&Descriptions>,
        kind: Kind,
        object: &Canonical<'_>,
    ) -> Result<Bytes, Status> {
        let is_hub = is_shown_as_held(&self.resource, &self.hub);
        match (self.format.output.form, self.format.output.media) {
            (Form::Object, Media::Protobuf) if is_hub => {
                let (api_version, name) = (self.shape.api_version(), &self.shape.kind);
                let len = object.proto_len()?;
                enveloped(kind, &api_version, name, len, |out| object.to_proto(out))
            }
            (Form::Object, _) if is_hub => json_frame(kind, object.body.len() * 2, |out| {
                object.to_json(&self.shape, true, out)
            }),
            (Form::Partial(version) | Form::PartialList(version), media) if is_hub => {
                let metadata = object.metadata()?;
                match media {
                    Media::Protobuf => {
                        let mut message = Vec::with_capacity(1024);
                        to_proto(&metadata, &mut message);
                        let api_version = format!("meta.k8s.io/{version}");
                        enveloped(
                            kind,
                            &api_version,
                            "PartialObjectMetadata",
                            message.len(),
                            |out| {
                                out.extend_from_slice(&message);
                                Ok(())
                            },
                        )
                    }
                    _ => json_frame(kind, 1024, |out| {
                        json::write(&partial::object(&metadata_only(&metadata), version), out);
                        Ok(())
                    }),
                }
            }
            _ => self.event(header, kind, object.tree(&self.hub)?),
        }
    }

    /// How far the watch has come.
    pub fn bookmark(
        &self,
        header: Option<&Descriptions>,
        revision: i64,
        initial_end: bool,
    ) -> Result<Bytes, Status> {
        let mut metadata = Map::new();
        metadata.insert("resourceVersion", revision.to_string());
        if initial_end {
            metadata.insert("annotations", tree!({"k8s.io/initial-events-end": "true"}));
        }
        let mut object = Map::new();
        object.insert("apiVersion", self.hub.api_version());
        object.insert("kind", self.hub.kind.clone());
        object.insert("metadata", metadata);
        self.event(header, Kind::Bookmark, Value::Map(object))
    }

    /// Why the watch ends.
    pub fn error(&self, status: &Status) -> Bytes {
        let value = status.to_value();
        let types = Types::builtin();
        let mut object = Vec::new();
        match (
            self.format.output.media,
            types.id("io.k8s.apimachinery.pkg.apis.meta.v1.Status"),
        ) {
            (Media::Protobuf, Some(id)) => {
                let mut message = Vec::new();
                proto::encode(types, id, &value, &mut message);
                object = envelope::wrap("v1", "Status", &message);
            }
            _ => json::write(&value, &mut object),
        }
        self.frame(Kind::Error, &object)
    }

    fn table(&self, header: Option<&Descriptions>, hub: &Value, shown: &Value, version: &str) -> Vec<u8> {
        let layout = columns::layout(&self.hub);
        let mut rows = Vec::new();
        let object = (shown, self.shape.type_id);
        json::write(
            &table::row(&layout, hub, object, self.format.include, version),
            &mut rows,
        );
        let revision = shown.str_at(&["metadata", "resourceVersion"]).unwrap_or_default();
        let meta = tree!({"resourceVersion": revision});
        table::assemble(&layout, header, version, &meta, &rows)
    }

    fn frame(&self, kind: Kind, object: &[u8]) -> Bytes {
        let put = |out: &mut Vec<u8>| {
            out.extend_from_slice(object);
            Ok::<_, std::convert::Infallible>(())
        };
        let made = match self.format.output.media {
            Media::Protobuf => protobuf_frame(kind, object.len(), put),
            _ => json_frame(kind, object.len(), put),
        };
        made.unwrap_or_else(|never| match never {})
    }
}

/// A line; `put` appends the object, of about so many bytes.
fn json_frame<E>(
    kind: Kind,
    object_len: usize,
    put: impl FnOnce(&mut Vec<u8>) -> Result<(), E>,
) -> Result<Bytes, E> {
    let mut frame = Vec::with_capacity(object_len + 40);
    frame.extend_from_slice(b"{\"type\":\"");
    frame.extend_from_slice(kind.as_str().as_bytes());
    frame.extend_from_slice(b"\",\"object\":");
    put(&mut frame)?;
    frame.extend_from_slice(b"}\n");
    // It may be held for as long as its event: without the room that was left.
    frame.shrink_to_fit();
    Ok(Bytes::from(frame))
}

/// An event about an enveloped object; `put` appends its message of exactly so many bytes.
fn enveloped(
    kind: Kind,
    api_version: &str,
    name: &str,
    message_len: usize,
    put: impl FnOnce(&mut Vec<u8>) -> Result<(), Status>,
) -> Result<Bytes, Status> {
    let mut head = Vec::with_capacity(64);
    envelope::head(api_version, name, message_len, &mut head);
    let len = head.len() + message_len + envelope::TAIL.len();
    protobuf_frame(kind, len, |out| {
        out.extend_from_slice(&head);
        put(out)?;
        out.extend_from_slice(&envelope::TAIL);
        Ok(())
    })
}

/// A WatchEvent, bare as clients read it from a stream, after its length in four bytes, the most significant first. The object
/// in it has its envelope; `put` appends it, exactly so many bytes.
fn protobuf_frame<E>(
    kind: Kind,
    object_len: usize,
    put: impl FnOnce(&mut Vec<u8>) -> Result<(), E>,
) -> Result<Bytes, E> {
    // Fields 1 (type) and 2 (object, whose field 1 is the raw bytes).
    let raw_len = field_len(1, object_len);
    let event_len = field_len(1, kind.as_str().len()) + field_len(2, raw_len);
    let mut frame = Vec::with_capacity(event_len + 4);
    frame.extend_from_slice(&u32::try_from(event_len).unwrap_or(u32::MAX).to_be_bytes());
    put_field_head(1, kind.as_str().len(), &mut frame);
    frame.extend_from_slice(kind.as_str().as_bytes());
    put_field_head(2, raw_len, &mut frame);
    put_field_head(1, object_len, &mut frame);
    put(&mut frame)?;
    Ok(Bytes::from(frame))
}
