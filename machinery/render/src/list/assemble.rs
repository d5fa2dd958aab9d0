//! What stands around the items of a list, and answers of whole lists.

use schema::envelope::{self, field_len, put_field_head};
use schema::{Types, Value, json, proto};
use serve::http::Response;
use serve::status::Status;

use super::{ListMeta, ListWriter};
use crate::descriptions::Descriptions;
use crate::negotiate::{Form, Media};
use crate::respond::{finish_json, respond};
use crate::table;

/// Metadata is field 1 of every list message.
const METADATA: u32 = 1;
const LIST_META: &str = "io.k8s.apimachinery.pkg.apis.meta.v1.ListMeta";

impl ListWriter {
    /// Whether head, items and tail are the answer one after the other. Else (YAML, JSON with line breaks) they must be
    /// collected for [`Self::finish`].
    pub fn streams(&self) -> bool {
        self.output.media != Media::Yaml && !self.output.pretty
    }

    /// Whether [`Self::head`] wants the length of all items.
    pub fn wants_length(&self) -> bool {
        self.is_protobuf()
    }

    /// How the answer is encoded: its content type is [`Media::name`].
    pub fn media(&self) -> Media {
        self.output.media
    }

    /// What stands before the items. `items_len` is how many bytes they have in all; it matters where
    /// [`Self::wants_length`] says so.
    pub fn head(&self, texts: &Descriptions, meta: &ListMeta, items_len: usize) -> Vec<u8> {
        let is_custom = self.resource.custom.is_some() && self.output.form == Form::Object;
        let metadata = meta.to_value(is_custom);
        let (api_version, kind) = match self.output.form {
            Form::Table(version) => {
                let mut out = Vec::with_capacity(1024);
                table::head(&self.layout, Some(texts), version, &metadata, &mut out);
                return out;
            }
            Form::PartialList(version) => (
                format!("meta.k8s.io/{version}"),
                "PartialObjectMetadataList".to_owned(),
            ),
            _ => (
                self.shape.api_version().to_string(),
                self.resource.list_kind.to_string(),
            ),
        };
        match self.is_protobuf() {
            true => protobuf_head(&api_version, &kind, &metadata, items_len),
            false => json_head(&api_version, &kind, &metadata),
        }
    }

    /// What stands after the items that were pushed.
    pub fn tail(&self) -> &'static [u8] {
        let is_partial = matches!(self.output.form, Form::PartialList(_));
        match (self.is_protobuf(), self.count) {
            (true, _) => &envelope::TAIL,
            // An empty list of metadata is nil in the reference.
            (false, 0) if is_partial => b"null}\n",
            (false, 0) => b"[]}\n",
            (false, _) => b"]}\n",
        }
    }

    /// The answer of all items that were pushed.
    pub fn finish(self, texts: &Descriptions, meta: &ListMeta, items: &[u8]) -> Result<Response, Status> {
        let mut bytes = self.head(texts, meta, items.len());
        bytes.reserve_exact(items.len() + self.tail().len());
        bytes.extend_from_slice(items);
        bytes.extend_from_slice(self.tail());
        if !self.streams() {
            bytes.pop_if(|last| *last == b'\n');
            bytes = finish_json(bytes, self.output)?;
        }
        Ok(respond(200, self.output.media, bytes))
    }
}

fn json_head(api_version: &str, kind: &str, metadata: &Value) -> Vec<u8> {
    let mut out =
        format!("{{\"kind\":\"{kind}\",\"apiVersion\":\"{api_version}\",\"metadata\":").into_bytes();
    json::write(metadata, &mut out);
    out.extend_from_slice(b",\"items\":");
    out
}

fn protobuf_head(api_version: &str, kind: &str, metadata: &Value, items_len: usize) -> Vec<u8> {
    let mut message = Vec::new();
    if let Some(id) = Types::builtin().id(LIST_META) {
        proto::encode(Types::builtin(), id, metadata, &mut message);
    }
    let mut out = Vec::with_capacity(message.len() + 128);
    let body_len = field_len(METADATA, message.len()) + items_len;
    envelope::head(api_version, kind, body_len, &mut out);
    put_field_head(METADATA, message.len(), &mut out);
    out.extend_from_slice(&message);
    out
}
