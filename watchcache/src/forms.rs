//! In which forms the events of a resource are read: one framer for all watches that read the same.

use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use kinds::Resource;
use render::negotiate::Output;
use render::watch::{Framer, Kind};
use render::{Call, Canonical, Descriptions};
use serve::status::Status;
use storage::Revision;

use crate::delivery::Sent;
use crate::frames::FormId;
use crate::item::Item;

/// The forms of one resource. There are few: versions, encodings and transformations.
#[derive(Default)]
pub struct Forms {
    known: Mutex<Vec<Arc<Encoder>>>,
}

/// Makes the frames of one form.
pub struct Encoder {
    id: FormId,
    resource: Arc<Resource>,
    framer: Framer,
    texts: Arc<Descriptions>,
    sent: Sent,
}

impl Forms {
    /// Those that were asked for.
    pub fn known(&self) -> Vec<Arc<Encoder>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The encoder for a watch, shared by all that are alike.
    pub fn encoder(
        &self,
        call: &Call,
        output: Output,
        texts: &Arc<Descriptions>,
    ) -> Result<Arc<Encoder>, Status> {
        let framer = Framer::new(call, output)?;
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let is_like = |encoder: &&Arc<Encoder>| {
            Arc::ptr_eq(&encoder.resource, &call.resource) && encoder.framer.format() == framer.format()
        };
        if let Some(found) = known.iter().find(is_like) {
            return Ok(found.clone());
        }
        let encoder = Arc::new(Encoder {
            id: FormId(u32::try_from(known.len()).unwrap_or(u32::MAX)),
            resource: call.resource.clone(),
            framer,
            texts: texts.clone(),
            sent: Sent::default(),
        });
        known.push(encoder.clone());
        Ok(encoder)
    }
}

impl Encoder {
    /// Its number among the forms of its resource.
    pub fn id(&self) -> FormId {
        self.id
    }

    /// The version that is read.
    pub fn version(&self) -> &str {
        &self.resource.version
    }

    /// What was sent in this form.
    pub fn sent(&self) -> &Sent {
        &self.sent
    }

    /// Whether the first frame of a watch tells more than the others.
    pub fn has_header(&self) -> bool {
        self.framer.has_header()
    }

    /// An event about an item, shown with a revision.
    pub fn event(
        &self,
        kind: Kind,
        item: &Item,
        revision: Revision,
        is_first: bool,
    ) -> Result<Bytes, Status> {
        item.read(|canonical| {
            let object = Canonical {
                revision,
                ..canonical
            };
            self.framer
                .canonical(is_first.then_some(&*self.texts), kind, &object)
        })
    }

    /// How far a watch has come.
    pub fn bookmark(&self, revision: Revision, initial_end: bool, is_first: bool) -> Result<Bytes, Status> {
        let header = is_first.then_some(&*self.texts);
        self.framer.bookmark(header, revision.0, initial_end)
    }

    /// Why a watch ends.
    pub fn error(&self, status: &Status) -> Bytes {
        self.framer.error(status)
    }
}
