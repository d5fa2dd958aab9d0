//! Lists as answers, written item by item: no tree of a whole list is ever held.

use kinds::table as columns;
use kinds::table::Layout;
use schema::{Map, Types, Value, envelope, json, proto};
use serve::http::Response;
use serve::status::{Status, reason};
use storage::Entry;

use super::stored::{canonical, transcode};
use super::table::{self, Include};
use super::{finish_json, partial, respond};
use crate::api::Api;
use crate::body;
use crate::call::{Call, Shape};
use crate::negotiate::{Form, Media, Output};

/// Field 1 (metadata) and field 2 (items) of every list message.
const METADATA_TAG: u8 = 0x0a;
const ITEM_TAG: u8 = 0x12;
const LIST_META: &str = "io.k8s.apimachinery.pkg.apis.meta.v1.ListMeta";

/// The metadata of a list.
#[derive(Clone, Debug, Default)]
pub struct ListMeta {
    /// The revision that it shows.
    pub resource_version: String,
    /// Where it goes on; empty at its end.
    pub continue_token: String,
    /// How many objects are left, where that is known.
    pub remaining: Option<i64>,
}

/// A list that is being written.
pub struct ListWriter<'a> {
    call: &'a Call,
    output: Output,
    shape: Shape,
    layout: Layout,
    include: Include,
    items: Vec<u8>,
    count: usize,
}

impl<'a> ListWriter<'a> {
    /// A list of the call's resource. Refuses forms that no list has.
    pub fn new(call: &'a Call, output: Output) -> Result<Self, Status> {
        if matches!(output.form, Form::Partial(_)) {
            return Err(Status::failure(
                406,
                reason::NOT_ACCEPTABLE,
                format!(
                    "you requested PartialObjectMetadata, but the requested object is a list (*{}.{})",
                    body::internal_group(&call.resource.group),
                    call.resource.list_kind
                ),
            ));
        }
        let include = match output.form {
            Form::Table(_) => Include::read(&call.query)?,
            _ => Include::default(),
        };
        let layout = columns::layout(&call.hub);
        Ok(Self {
            call,
            output,
            shape: Shape::of(&call.resource),
            layout,
            include,
            items: Vec::new(),
            count: 0,
        })
    }

    /// Adds an object as it is stored: without a tree where the bytes are what clients see. `object` is its hub form where
    /// that is known already.
    pub fn push_stored(&mut self, api: &Api, entry: &Entry, object: Option<Value>) -> Result<(), Status> {
        let plain = self.output.form == Form::Object && self.output.media != Media::Protobuf;
        if plain && canonical(self.call, &entry.value) {
            self.comma();
            self.count += 1;
            return transcode(&self.shape, entry, false, &mut self.items);
        }
        match object {
            Some(object) => self.push(object),
            None => self.push(api.objects.decode(&self.call.hub, entry)?.object),
        }
    }

    fn comma(&mut self) {
        if self.count > 0 && self.output.media != Media::Protobuf {
            self.items.push(b',');
        }
    }

    /// Adds an object in its hub form.
    pub fn push(&mut self, hub: Value) -> Result<(), Status> {
        let protobuf = self.output.media == Media::Protobuf;
        self.comma();
        self.count += 1;
        match self.output.form {
            Form::Object | Form::Partial(_) => {
                let mut shown = body::from_hub(self.call, hub)?;
                if let Some(map) = shown.as_map_mut() {
                    map.remove("apiVersion");
                    map.remove("kind");
                }
                self.push_object(&shown);
            }
            Form::PartialList(_) if protobuf => {
                let mut message = Vec::new();
                partial::to_proto(&hub, &mut message);
                partial::put_message(ITEM_TAG, &message, &mut self.items);
            }
            Form::PartialList(version) => partial::to_json(&hub, version, &mut self.items),
            Form::Table(version) => {
                let mut shown = body::from_hub(self.call, hub.clone())?;
                body::set_type(&mut shown, &self.shape);
                let row = table::row(
                    &self.layout,
                    &hub,
                    (&shown, self.shape.type_id),
                    self.include,
                    version,
                );
                json::write(&row, &mut self.items);
            }
        }
        Ok(())
    }

    fn push_object(&mut self, shown: &Value) {
        let types = Types::builtin();
        if self.output.media == Media::Protobuf {
            let mut message = Vec::new();
            proto::encode(types, self.shape.type_id, shown, &mut message);
            partial::put_message(ITEM_TAG, &message, &mut self.items);
        } else {
            json::encode(types, self.shape.type_id, shown, &mut self.items);
        }
    }

    /// The answer.
    pub fn finish(self, api: &Api, meta: &ListMeta) -> Result<Response, Status> {
        let metadata = meta.to_value();
        let bytes = match self.output.form {
            Form::Table(version) => {
                let text = table::assemble(
                    &self.layout,
                    Some(&api.descriptions),
                    version,
                    &metadata,
                    &self.items,
                );
                finish_json(text, self.output)?
            }
            Form::PartialList(version) => self.assemble(
                &format!("meta.k8s.io/{version}"),
                "PartialObjectMetadataList",
                &metadata,
            )?,
            _ => self.assemble(
                &self.shape.api_version(),
                &self.call.resource.list_kind,
                &metadata,
            )?,
        };
        Ok(respond(200, self.output.media, bytes))
    }

    fn assemble(&self, api_version: &str, kind: &str, metadata: &Value) -> Result<Vec<u8>, Status> {
        if self.output.media == Media::Protobuf {
            let mut message = Vec::with_capacity(self.items.len() + 64);
            let mut head = Vec::new();
            if let Some(id) = Types::builtin().id(LIST_META) {
                proto::encode(Types::builtin(), id, metadata, &mut head);
            }
            partial::put_message(METADATA_TAG, &head, &mut message);
            message.extend_from_slice(&self.items);
            return Ok(envelope::wrap(api_version, kind, &message));
        }
        let mut text = Vec::with_capacity(self.items.len() + 256);
        text.extend_from_slice(
            format!("{{\"kind\":\"{kind}\",\"apiVersion\":\"{api_version}\",\"metadata\":").as_bytes(),
        );
        json::write(metadata, &mut text);
        text.extend_from_slice(b",\"items\":");
        // An empty list of metadata is nil in the reference.
        if self.items.is_empty() && matches!(self.output.form, Form::PartialList(_)) {
            text.extend_from_slice(b"null}");
        } else {
            text.push(b'[');
            text.extend_from_slice(&self.items);
            text.extend_from_slice(b"]}");
        }
        finish_json(text, self.output)
    }
}

impl ListMeta {
    fn to_value(&self) -> Value {
        let mut meta = Map::new();
        for (key, text) in [
            ("continue", &self.continue_token),
            ("resourceVersion", &self.resource_version),
        ] {
            if !text.is_empty() {
                meta.insert(key, text.as_str());
            }
        }
        if let Some(remaining) = self.remaining {
            meta.insert("remainingItemCount", remaining);
        }
        Value::Map(meta)
    }
}
