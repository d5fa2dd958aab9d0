//! One event in the encoding of its watch: a JSON line, or a length and a protobuf envelope.

use bytes::Bytes;
use kinds::partial;
use kinds::table as columns;
use schema::{Map, Types, Value, envelope, json, proto, tree};
use serve::status::Status;

use super::event::Kind;
use crate::api::Api;
use crate::body;
use crate::call::{Call, Shape};
use crate::negotiate::{Form, Media, Output};
use crate::render::table::{self, Include};

/// Makes the frames of one watch.
pub struct Framer {
    output: Output,
    shape: Shape,
    include: Include,
    /// Only the first table of a watch has column definitions.
    has_header: bool,
}

impl Framer {
    /// For a watch of the call's resource.
    pub fn new(call: &Call, output: Output) -> Result<Self, Status> {
        let include = Include::read(&call.query)?;
        Ok(Self {
            output,
            shape: Shape::of(&call.resource),
            include,
            has_header: true,
        })
    }

    /// An event about an object in its hub form.
    pub fn event(&mut self, api: &Api, call: &Call, kind: Kind, hub: Value) -> Result<Bytes, Status> {
        let cells = matches!(self.output.form, Form::Table(_)).then(|| hub.clone());
        let mut shown = body::from_hub(call, hub)?;
        body::set_type(&mut shown, &self.shape);
        let types = Types::builtin();
        let mut object = Vec::with_capacity(1024);
        match (self.output.form, self.output.media) {
            (Form::Object, Media::Protobuf) => {
                let mut message = Vec::with_capacity(1024);
                proto::encode(types, self.shape.type_id, &shown, &mut message);
                object = envelope::wrap(&self.shape.api_version(), &self.shape.kind, &message);
            }
            (Form::Object, _) => json::encode(types, self.shape.type_id, &shown, &mut object),
            (Form::Partial(version) | Form::PartialList(version), Media::Protobuf) => {
                object = crate::render::partial_envelope(&shown, version);
            }
            (Form::Partial(version) | Form::PartialList(version), _) => {
                json::write(
                    &partial::object(&crate::render::metadata_only(&shown), version),
                    &mut object,
                );
            }
            (Form::Table(version), _) => {
                object = self.table(api, call, &cells.unwrap_or_default(), &shown, version);
            }
        }
        Ok(self.frame(kind, &object))
    }

    /// How far the watch has come.
    pub fn bookmark(
        &mut self,
        api: &Api,
        call: &Call,
        revision: i64,
        initial_end: bool,
    ) -> Result<Bytes, Status> {
        let mut metadata = Map::new();
        metadata.insert("resourceVersion", revision.to_string());
        if initial_end {
            metadata.insert("annotations", tree!({"k8s.io/initial-events-end": "true"}));
        }
        let mut object = Map::new();
        object.insert("apiVersion", call.hub.api_version());
        object.insert("kind", call.hub.kind.clone());
        object.insert("metadata", metadata);
        self.event(api, call, Kind::Bookmark, Value::Map(object))
    }

    /// Why the watch ends.
    pub fn error(&self, status: &Status) -> Bytes {
        let value = status.to_value();
        let types = Types::builtin();
        let mut object = Vec::new();
        match (
            self.output.media,
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

    fn table(&mut self, api: &Api, call: &Call, hub: &Value, shown: &Value, version: &str) -> Vec<u8> {
        let layout = columns::layout(&call.hub);
        let mut rows = Vec::new();
        json::write(
            &table::row(&layout, hub, (shown, self.shape.type_id), self.include, version),
            &mut rows,
        );
        let revision = shown.str_at(&["metadata", "resourceVersion"]).unwrap_or_default();
        let meta = tree!({"resourceVersion": revision});
        let header = std::mem::replace(&mut self.has_header, false).then_some(&api.descriptions);
        table::assemble(&layout, header, version, &meta, &rows)
    }

    fn frame(&self, kind: Kind, object: &[u8]) -> Bytes {
        if self.output.media == Media::Protobuf {
            return protobuf_frame(kind, object);
        }
        let mut frame = Vec::with_capacity(object.len() + 32);
        frame.extend_from_slice(b"{\"type\":\"");
        frame.extend_from_slice(kind.as_str().as_bytes());
        frame.extend_from_slice(b"\",\"object\":");
        frame.extend_from_slice(object);
        frame.extend_from_slice(b"}\n");
        Bytes::from(frame)
    }
}

/// A WatchEvent, bare as clients read it from a stream, after its length in four bytes, the most significant first. The object
/// in it has its envelope.
fn protobuf_frame(kind: Kind, object: &[u8]) -> Bytes {
    // Fields 1 (type) and 2 (object, whose field 1 is the raw bytes).
    let mut raw = Vec::with_capacity(object.len() + 8);
    crate::render::put_message(0x0a, object, &mut raw);
    let mut event = Vec::with_capacity(raw.len() + 32);
    crate::render::put_message(0x0a, kind.as_str().as_bytes(), &mut event);
    crate::render::put_message(0x12, &raw, &mut event);
    let mut frame = Vec::with_capacity(event.len() + 4);
    frame.extend_from_slice(&u32::try_from(event.len()).unwrap_or(u32::MAX).to_be_bytes());
    frame.extend_from_slice(&event);
    Bytes::from(frame)
}
