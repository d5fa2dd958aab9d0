//! Objects as the bytes of their hub form, and what clients see made of them without a tree where that can be.
//! Where the bytes are kept, and who made them canonical, is not known here.

pub mod custom;

use kinds::{Encoding, Resource, stored};
use schema::{TypeId, Types, Value, envelope, json, proto, splice, transcode};
use serve::status::Status;
use storage::{Entry, Revision};

use crate::call::Shape;
use crate::decoder::set_revision;
use crate::errors;
use crate::partial;

/// An object in its hub form: the protobuf message that [`proto::encode`] makes of it, or what [`custom::body`] makes of a custom
/// one, and its revision, which need not be in there.
#[derive(Clone, Copy, Debug)]
pub struct Canonical<'a> {
    /// Where it is stored; errors name it.
    pub key: &'a [u8],
    /// How the body is encoded: custom objects are JSON.
    pub encoding: Encoding,
    /// The message, without envelope; or the JSON.
    pub body: &'a [u8],
    /// What clients see as its resource version.
    pub revision: Revision,
}

impl<'a> Canonical<'a> {
    /// A stored value that reads add nothing to, found without decoding it. Such a value may hold fields that are not known
    /// and lack some that are: it is good for [`Self::to_json`] only.
    pub(crate) fn of_stored(hub: &Resource, entry: &'a Entry) -> Result<Option<Self>, Status> {
        if !stored::is_canonical(hub, &entry.value) {
            return Ok(None);
        }
        let envelope = envelope::split(&entry.value)
            .map_err(|error| errors::undecodable(&entry.key, &error.to_string()))?;
        Ok(Some(Self {
            key: &entry.key,
            encoding: Encoding::Protobuf,
            body: envelope.body,
            revision: entry.mod_revision,
        }))
    }

    /// Its tree.
    pub fn tree(&self, hub: &Resource) -> Result<Value, Status> {
        if self.is_custom() {
            return self.custom_tree();
        }
        let mut object = self.decode(hub.type_id, self.body)?;
        Shape::of(hub).set_type(&mut object);
        set_revision(&mut object, self.revision);
        Ok(object)
    }

    /// Appends it as JSON, `typed` with `apiVersion` and `kind`.
    /// A custom object says them itself, also in a list.
    pub fn to_json(&self, shape: &Shape, typed: bool, out: &mut Vec<u8>) -> Result<(), Status> {
        if self.is_custom() {
            return custom::to_json(self.body, self.revision.0, out).ok_or_else(|| self.cut_short());
        }
        let (api_version, kind) = match typed {
            true => (shape.api_version(), shape.kind.clone()),
            false => Default::default(),
        };
        let revision = Some(self.revision.0);
        let types = Types::builtin();
        transcode::to_json(
            types,
            shape.type_id,
            self.body,
            &api_version,
            &kind,
            revision,
            out,
        )
        .map_err(|error| self.broken(error))
    }

    /// Appends its message, with the revision. Custom objects have none: whoever asks for it is refused before.
    pub fn to_proto(&self, out: &mut Vec<u8>) -> Result<(), Status> {
        splice::splice(self.body, self.revision.0, out).map_err(|error| self.broken(error))
    }

    /// How many bytes [`Self::to_proto`] appends.
    pub fn proto_len(&self) -> Result<usize, Status> {
        splice::spliced_len(self.body, self.revision.0).map_err(|error| self.broken(error))
    }

    /// A tree of nothing but its metadata.
    pub fn metadata(&self) -> Result<Value, Status> {
        if self.is_custom() {
            return self.custom_tree();
        }
        let (bytes, _) = splice::split(self.body).map_err(|error| self.broken(error))?;
        let mut map = schema::Map::with_capacity(1);
        if let Some(id) = partial::metadata_type() {
            map.insert("metadata", self.decode(id, bytes)?);
        }
        let mut object = Value::Map(map);
        set_revision(&mut object, self.revision);
        Ok(object)
    }

    /// Appends the message of its PartialObjectMetadata.
    pub fn metadata_to_proto(&self, out: &mut Vec<u8>) -> Result<(), Status> {
        if self.hides_annotation()? {
            partial::to_proto(&self.metadata()?, out);
            return Ok(());
        }
        splice::splice_metadata(self.body, self.revision.0, out).map_err(|error| self.broken(error))
    }

    /// How many bytes [`Self::metadata_to_proto`] appends.
    pub fn metadata_proto_len(&self) -> Result<usize, Status> {
        if self.hides_annotation()? {
            let mut message = Vec::new();
            self.metadata_to_proto(&mut message)?;
            return Ok(message.len());
        }
        splice::spliced_metadata_len(self.body, self.revision.0).map_err(|error| self.broken(error))
    }

    /// Whether its metadata must be read to be shown.
    fn hides_annotation(&self) -> Result<bool, Status> {
        if self.is_custom() {
            return Ok(true);
        }
        let meta = proto::peek_meta(self.body).map_err(|error| self.broken(error))?;
        let mut annotations = meta.annotations.iter();
        Ok(annotations.any(|(key, _)| *key == partial::DAEMON_SET_GENERATION))
    }

    fn is_custom(&self) -> bool {
        self.encoding == Encoding::Json
    }

    fn custom_tree(&self) -> Result<Value, Status> {
        let text = custom::text(self.body).ok_or_else(|| self.cut_short())?;
        let mut object = json::parse(text).map_err(|error| self.broken(error))?;
        set_revision(&mut object, self.revision);
        Ok(object)
    }

    fn cut_short(&self) -> Status {
        errors::undecodable(self.key, "the body is cut short")
    }

    fn decode(&self, id: TypeId, bytes: &[u8]) -> Result<Value, Status> {
        proto::decode(Types::builtin(), id, bytes).map_err(|error| self.broken(error))
    }

    fn broken(&self, error: schema::Error) -> Status {
        errors::undecodable(self.key, &error.to_string())
    }
}
