//! Lists as answers, written item by item: no tree of a whole list is ever held, and what can be sent in pieces may be.
//! Which objects are in a list is not known here.

mod assemble;

use std::sync::Arc;

use kinds::table as columns;
use kinds::table::Layout;
use kinds::{Resource, partial as metadata};
use schema::envelope::{field_len, put_field_head};
use schema::{Map, Types, Value, json, proto};
use serve::status::{Status, reason};

use crate::call::{Call, Shape, is_shown_as_held, shown};
use crate::canonical::Canonical;
use crate::errors::{self, internal_group};
use crate::negotiate::{Form, Media, Output};
use crate::partial;
use crate::table::{self, Include};

/// Items are field 2 of every list message.
const ITEMS: u32 = 2;

/// The metadata of a list.
#[derive(Clone, Debug, Default)]
pub struct ListMeta {
    /// The revision that it shows.
    pub resource_version: String,
    /// Where it goes on; empty at its end.
    pub continue_token: String,
    /// How many objects are left, where that is known.
    pub remaining: Option<i64>,
    /// The shards that it was restricted to, if it was: clients that share a collection look whether they were heard.
    pub shards: Option<String>,
}

/// A list that is being written: a head, items, a tail. Where [`ListWriter::streams`] says so, each can be sent when it is
/// there; protobuf's head wants the length of all items. [`ListWriter::finish`] makes an answer of items that are collected.
pub struct ListWriter {
    resource: Arc<Resource>,
    hub: Arc<Resource>,
    output: Output,
    shape: Shape,
    layout: Layout,
    include: Include,
    count: usize,
}

impl ListWriter {
    /// A list of the call's resource. Refuses forms that no list has.
    pub fn new(call: &Call, output: Output) -> Result<Self, Status> {
        if matches!(output.form, Form::Partial(_)) {
            return Err(not_an_object(&call.resource));
        }
        if call.resource.custom.is_some() && output.is_whole_protobuf() {
            return Err(errors::no_protobuf("UnstructuredList"));
        }
        let include = match output.form {
            Form::Table(_) => Include::read(&call.query)?,
            _ => Include::default(),
        };
        Ok(Self {
            resource: call.resource.clone(),
            hub: call.hub.clone(),
            output,
            shape: Shape::of(&call.resource),
            layout: columns::layout(&call.hub),
            include,
            count: 0,
        })
    }

    /// Appends an object in its hub form.
    pub fn push(&mut self, hub: Value, out: &mut Vec<u8>) -> Result<(), Status> {
        self.begin(out);
        match self.output.form {
            Form::Object | Form::Partial(_) => {
                let mut shown = shown(&self.resource, hub)?;
                if let (Some(map), None) = (shown.as_map_mut(), &self.resource.custom) {
                    map.remove("apiVersion");
                    map.remove("kind");
                }
                self.put_object(&shown, out);
            }
            Form::PartialList(version) => self.put_metadata(&hub, version, out),
            Form::Table(version) => {
                let mut shown = shown(&self.resource, hub.clone())?;
                self.shape.set_type(&mut shown);
                let shown = (&shown, self.shape.type_id);
                let row = table::row(&self.layout, &hub, shown, self.include, version);
                json::write(&row, out);
            }
        }
        Ok(())
    }

    /// Appends an object whose canonical bytes are known: without a tree where the form allows it. On an error `out` may have a
    /// part of it.
    pub fn push_canonical(&mut self, object: &Canonical<'_>, out: &mut Vec<u8>) -> Result<(), Status> {
        match (self.output.form, self.is_protobuf()) {
            (Form::Object, false) if self.is_plain() => {
                self.begin(out);
                object.to_json(&self.shape, false, out)
            }
            (Form::Object, true) if self.is_plain() => {
                self.begin(out);
                put_field_head(ITEMS, object.proto_len()?, out);
                object.to_proto(out)
            }
            (Form::PartialList(_), true) => {
                self.begin(out);
                put_field_head(ITEMS, object.metadata_proto_len()?, out);
                object.metadata_to_proto(out)
            }
            (Form::PartialList(_), false) => self.push(object.metadata()?, out),
            _ => self.push(object.tree(&self.hub)?, out),
        }
    }

    /// How many bytes [`Self::push_canonical`] appends in protobuf, without making them; `None` where that is not known before
    /// they are made: in versions other than the hub's, and in other encodings, which need no lengths.
    pub fn canonical_len(&self, object: &Canonical<'_>) -> Result<Option<usize>, Status> {
        let len = match self.output.form {
            _ if !self.is_protobuf() => return Ok(None),
            Form::Object if self.is_plain() => object.proto_len()?,
            Form::PartialList(_) => object.metadata_proto_len()?,
            _ => return Ok(None),
        };
        Ok(Some(field_len(ITEMS, len)))
    }

    /// Whether objects are shown whole in their hub form.
    fn is_plain(&self) -> bool {
        self.output.form == Form::Object && is_shown_as_held(&self.resource, &self.hub)
    }

    fn is_protobuf(&self) -> bool {
        self.output.media == Media::Protobuf && !matches!(self.output.form, Form::Table(_))
    }

    /// What stands before an item.
    fn begin(&mut self, out: &mut Vec<u8>) {
        if !self.is_protobuf() {
            out.push(if self.count == 0 { b'[' } else { b',' });
        }
        self.count += 1;
    }

    fn put_object(&self, shown: &Value, out: &mut Vec<u8>) {
        let types = Types::builtin();
        if self.is_protobuf() {
            let mut message = Vec::new();
            proto::encode(types, self.shape.type_id, shown, &mut message);
            put_field_head(ITEMS, message.len(), out);
            out.extend_from_slice(&message);
        } else {
            json::encode(types, self.shape.type_id, shown, out);
        }
    }

    fn put_metadata(&self, object: &Value, version: &str, out: &mut Vec<u8>) {
        if self.is_protobuf() {
            let mut message = Vec::new();
            partial::to_proto(object, &mut message);
            put_field_head(ITEMS, message.len(), out);
            out.extend_from_slice(&message);
        } else {
            json::write(&metadata::object(&partial::metadata_only(object), version), out);
        }
    }
}

impl ListMeta {
    /// `is_custom`: lists of custom objects say also that they do not continue.
    fn to_value(&self, is_custom: bool) -> Value {
        let mut meta = Map::new();
        if is_custom {
            meta.insert("continue", "");
        }
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
        if let Some(shards) = &self.shards {
            let mut info = Map::new();
            info.insert("selector", shards.as_str());
            meta.insert("shardInfo", info);
        }
        Value::Map(meta)
    }
}

fn not_an_object(resource: &Resource) -> Status {
    let text = format!(
        "you requested PartialObjectMetadata, but the requested object is a list (*{}.{})",
        internal_group(&resource.group),
        resource.list_kind
    );
    Status::failure(406, reason::NOT_ACCEPTABLE, text)
}
