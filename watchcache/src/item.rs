//! One object as the cache holds it: canonical bytes and the few facts that it is found and dispatched by.
//! No decoded tree is kept.

use std::borrow::Borrow;
use std::cmp::Ordering;
use std::sync::Arc;

use bytes::Bytes;
use kinds::decorate::{Context, IpFamily};
use kinds::defaults::Now;
use kinds::facts::{Facts, Selectable};
use kinds::{Encoding, Resource, convert, stored};
use render::canonical::{Canonical, custom};
use schema::{Types, Value, envelope, proto};
use serve::status::Status;
use storage::{Entry, Revision};

use crate::body::Body;
use crate::marks::Marks;

/// What an item weighs beside its bytes: the item itself, its key and its place in the snapshot.
const OVERHEAD_BYTES: usize = 200;

/// An object at one revision.
#[derive(Debug)]
pub struct Item {
    key: Box<[u8]>,
    revision: Revision,
    content: Result<Content, Unreadable>,
}

/// Why an object cannot be decoded.
#[derive(Clone, Debug)]
struct Unreadable {
    why: Box<str>,
    is_foreign: bool,
}

/// What encrypted values begin with, where no encryption is configured here.
const ENCRYPTED: &[u8] = b"k8s:enc:";

/// What is in an object.
#[derive(Debug)]
pub struct Content {
    /// How the body is encoded.
    pub encoding: Encoding,
    /// The protobuf message of the hub form, without envelope and without resource version; or the JSON of a custom object.
    pub body: Body,
    /// What it is selected by.
    pub facts: Facts,
}

/// Makes items of what a store holds for one resource.
#[derive(Clone, Debug)]
pub struct Maker {
    hub: Arc<Resource>,
    /// The part of the keys that all objects share.
    prefix: Bytes,
    primary_family: IpFamily,
    selectable: Selectable,
    /// Whether shard selectors are heeded.
    heeds_shards: bool,
}

impl Maker {
    /// For objects of a resource in its hub version, stored below `prefix`.
    pub fn new(hub: Arc<Resource>, prefix: Bytes, primary_family: IpFamily) -> Self {
        Self {
            selectable: Selectable::of(&hub),
            hub,
            prefix,
            primary_family,
            heeds_shards: false,
        }
    }

    /// Whether the objects are found by shard selectors too: each is hashed for them then.
    pub fn sharded(self, heeds_shards: bool) -> Self {
        Self { heeds_shards, ..self }
    }

    /// Whether the objects are found by shard selectors.
    pub fn heeds_shards(&self) -> bool {
        self.heeds_shards
    }

    /// The resource.
    pub fn hub(&self) -> &Arc<Resource> {
        &self.hub
    }

    /// The fields that its objects are selected by.
    pub fn selectable(&self) -> &Selectable {
        &self.selectable
    }

    /// The part of the keys that all objects share.
    pub fn prefix(&self) -> &[u8] {
        &self.prefix
    }

    /// The part of a key below the prefix.
    pub fn below<'k>(&self, key: &'k [u8]) -> &'k [u8] {
        key.strip_prefix(self.prefix.as_ref()).unwrap_or(key)
    }

    /// An object as it is stored, made canonical. What cannot be decoded becomes an item that says why: it must not vanish.
    pub fn item(&self, entry: &Entry) -> Item {
        let key = String::from_utf8_lossy(&entry.key);
        let content = match entry.readable() {
            Ok(value) => self.content(value).map_err(|error| Unreadable {
                why: format!("unable to decode {key}: {error}").into(),
                is_foreign: matches!(error, convert::Error::Unregistered { .. })
                    || value.starts_with(ENCRYPTED),
            }),
            Err(why) => Err(Unreadable {
                why: why.into(),
                is_foreign: true,
            }),
        };
        if let Err(Unreadable { why, .. }) = &content {
            tracing::error!(%key, %why, "a stored object cannot be read");
        }
        Item {
            key: self.below(&entry.key).into(),
            revision: entry.mod_revision,
            content,
        }
    }

    fn content(&self, value: &Bytes) -> Result<Content, convert::Error> {
        let now = schema::time::Time::now().format();
        let context = Context {
            now: Now(&now),
            primary_family: self.primary_family,
        };
        let tree = stored::canonical(&self.hub, value, context)?;
        let facts = Facts::of(&self.selectable, &tree);
        let facts = match self.heeds_shards {
            true => facts.hashed(&tree),
            false => facts,
        };
        Ok(match &self.hub.custom {
            Some(_) => Content {
                facts,
                encoding: Encoding::Json,
                body: Body::new(Bytes::from(custom::body(&tree).into_boxed_slice())),
            },
            None => Content {
                facts,
                encoding: Encoding::Protobuf,
                body: Body::new(self.body(value, &tree)),
            },
        })
    }

    /// The canonical message: the stored bytes themselves where they are it, so that they are held once.
    fn body(&self, value: &Bytes, tree: &Value) -> Bytes {
        let mut message = Vec::with_capacity(value.len() + 256);
        proto::encode(Types::builtin(), self.hub.type_id, tree, &mut message);
        match envelope::split(value) {
            Ok(stored) if stored.body == message => value.slice_ref(stored.body),
            _ => {
                message.shrink_to_fit();
                Bytes::from(message)
            }
        }
    }
}

impl Item {
    /// `namespace/name`, or the bare name of what is in no namespace.
    pub fn key(&self) -> &[u8] {
        &self.key
    }

    /// The namespace; empty for what is in none.
    pub fn namespace(&self) -> &str {
        match self.slash() {
            Some(at) => text(&self.key[..at]),
            None => "",
        }
    }

    /// The name.
    pub fn name(&self) -> &str {
        text(&self.key[self.slash().map_or(0, |at| at + 1)..])
    }

    /// When it was written.
    pub fn revision(&self) -> Revision {
        self.revision
    }

    /// What is in it; an error is why it cannot be decoded.
    pub fn content(&self) -> Result<&Content, &str> {
        self.content.as_ref().map_err(|unreadable| &*unreadable.why)
    }

    /// Whether another server may read what is unreadable here: it is encrypted with what is not configured here, or of a version
    /// that this release does not know. What is broken, nobody can read.
    pub fn is_foreign(&self) -> bool {
        self.content
            .as_ref()
            .is_err_and(|unreadable| unreadable.is_foreign)
    }

    /// Shows its canonical bytes; an error is what a reader is told.
    pub fn read<R>(&self, see: impl FnOnce(Canonical<'_>) -> Result<R, Status>) -> Result<R, Status> {
        let content = self.content().map_err(Status::internal)?;
        let shown = content.body.read(|body| {
            see(Canonical {
                key: &self.key,
                encoding: content.encoding,
                body,
                revision: self.revision,
            })
        });
        shown.map_err(|error| Status::internal(&error.to_string()))?
    }

    /// About how many bytes it takes, as long as it is whole.
    pub fn weight_bytes(&self) -> usize {
        let content = match &self.content {
            Ok(content) => content.body.len() + content.facts.heap_bytes(),
            Err(unreadable) => unreadable.why.len(),
        };
        OVERHEAD_BYTES + self.key.len() + content
    }

    fn slash(&self) -> Option<usize> {
        self.key.iter().position(|byte| *byte == b'/')
    }
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap_or_default()
}

/// An item in its place by key: what the snapshot's map is of.
#[derive(Clone, Debug)]
pub struct ByKey {
    /// The item.
    pub item: Arc<Item>,
    /// What it may be selected by.
    pub marks: Marks,
}

impl ByKey {
    /// An item in its place.
    pub fn new(item: Arc<Item>) -> Self {
        Self {
            marks: Marks::of(&item),
            item,
        }
    }
}

impl Borrow<[u8]> for ByKey {
    fn borrow(&self) -> &[u8] {
        self.item.key()
    }
}

impl PartialEq for ByKey {
    fn eq(&self, other: &Self) -> bool {
        self.item.key == other.item.key
    }
}

impl Eq for ByKey {}

impl PartialOrd for ByKey {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for ByKey {
    fn cmp(&self, other: &Self) -> Ordering {
        self.item.key.cmp(&other.item.key)
    }
}
