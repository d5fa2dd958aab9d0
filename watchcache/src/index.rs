//! By what a resource's events are found: the dimensions of the ring's index, and the one that serves a watch best.
//! The index itself is the ring's.

use std::sync::Arc;

use object::selector::shard::Prefix;
use render::Selection;
use ring::BucketKey;

use crate::event::Event;
use crate::item::{Item, Maker};
use crate::snapshot::Scope;

/// Objects of a namespace.
const NAMESPACE: u16 = 0;
/// One object.
const OBJECT: u16 = 1;
/// Objects of one name in all namespaces.
const NAME: u16 = 2;
/// The first of the ranges of hashes, one for each kind of prefix.
const SHARDS: u16 = 3;
/// The first of the indexed fields.
const FIELDS: u16 = SHARDS + Prefix::PER_OBJECT as u16;

/// The fields by which many clients watch a part of a resource each: the kubelets' share of pods and devices.
const INDEXED: &[(&str, &[&str])] = &[("Pod", &["spec.nodeName"]), ("ResourceSlice", &["spec.nodeName"])];

/// The indexed fields of a resource, as places in its selectable fields.
#[derive(Clone, Debug, Default)]
pub struct Index {
    fields: Vec<(&'static str, usize)>,
    /// Whether shard selectors are heeded. Then each event is in a bucket for each length of its hashes' prefixes.
    heeds_shards: bool,
}

/// Where a watch reads the ring: everything, or what concerns one value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Bucket {
    /// All events.
    All,
    /// Those of a namespace, an object or a field's value.
    Of(u16, Box<str>),
}

impl Index {
    /// Of the objects that are made by a maker.
    pub fn new(maker: &Maker) -> Self {
        let indexed = INDEXED
            .iter()
            .find(|(kind, _)| *kind == maker.hub().kind.as_str());
        let fields = indexed.map_or(&[][..], |(_, fields)| fields).iter();
        Self {
            fields: fields
                .filter_map(|field| Some((*field, maker.selectable().index(field)?)))
                .collect(),
            heeds_shards: maker.heeds_shards(),
        }
    }

    /// The buckets of an event: where its object is, and where it was if that is elsewhere.
    pub fn buckets<'e>(&'e self, event: &'e Event) -> impl Iterator<Item = BucketKey<'e>> {
        let object = event.now.as_ref().or(event.before.as_ref());
        let places = object.into_iter().flat_map(|item| {
            let is_inside = !item.namespace().is_empty();
            let of = |dimension, value| BucketKey { dimension, value };
            let key = std::str::from_utf8(item.key()).ok();
            let namespace = is_inside.then(|| of(NAMESPACE, item.namespace()));
            // Outside namespaces the key is the name.
            let name = is_inside.then(|| of(NAME, item.name()));
            let object = key.map(|key| of(OBJECT, key));
            [namespace, object, name].into_iter().flatten()
        });
        let fields = self.fields.iter().enumerate().flat_map(move |(at, (_, field))| {
            let now = event.now.as_deref().and_then(|item| value(item, *field));
            let before = event.before.as_deref().and_then(|item| value(item, *field));
            let before = before.filter(|before| Some(*before) != now);
            let dimension = FIELDS + at as u16;
            now.into_iter()
                .chain(before)
                .map(move |value| BucketKey { dimension, value })
        });
        places.chain(fields).chain(self.shards(event))
    }

    /// What each event's places in the buckets of shards take.
    pub fn shard_bytes(&self) -> usize {
        /// A bucket, and the events before and after in it.
        const PLACE_BYTES: usize = 24;
        match self.heeds_shards {
            true => Prefix::PER_OBJECT * PLACE_BYTES,
            false => 0,
        }
    }

    /// The buckets of an event for shard selectors: an object with another uid or namespace is elsewhere.
    fn shards<'e>(&self, event: &'e Event) -> impl Iterator<Item = BucketKey<'e>> + use<'e> {
        let hashes = |item: &'e Option<Arc<Item>>| {
            let item = item.as_deref().filter(|_| self.heeds_shards);
            let content = item.and_then(|item| item.content().ok());
            content.map(|content| content.facts.hashes())
        };
        let (now, before) = (hashes(&event.now), hashes(&event.before));
        // The ring takes a bucket that is named twice once: most lengths of two hashes' prefixes may be the same.
        let before = before.filter(|before| Some(*before) != now);
        let all = now.into_iter().chain(before).flat_map(Prefix::of_object);
        all.map(|prefix| BucketKey {
            dimension: SHARDS + prefix.kind(),
            value: prefix.text(),
        })
    }

    /// The bucket that holds all events of a watch and the fewest others.
    pub fn bucket(&self, scope: &Scope, selection: &Selection) -> Bucket {
        if let Scope::Object(key) = scope {
            return Bucket::Of(OBJECT, key.clone());
        }
        let field = self.fields.iter().enumerate().find_map(|(at, (field, _))| {
            let value = selection.exact(field)?;
            Some(Bucket::Of(FIELDS + at as u16, value.into()))
        });
        // A name without a namespace; with one it is an object.
        let name = selection.name().map(|name| Bucket::Of(NAME, name.into()));
        match (field.or(name), scope) {
            (Some(bucket), _) => bucket,
            (None, Scope::Namespace(namespace)) => Bucket::Of(NAMESPACE, namespace.clone()),
            (None, _) => self.shard(selection).unwrap_or(Bucket::All),
        }
    }

    fn shard(&self, selection: &Selection) -> Option<Bucket> {
        let prefix = selection.shards().filter(|_| self.heeds_shards)?.prefix()?;
        Some(Bucket::Of(SHARDS + prefix.kind(), prefix.text().into()))
    }
}

impl Bucket {
    /// Whether it has the objects of a scope and no others.
    pub fn is_exactly(&self, scope: &Scope) -> bool {
        match (self, scope) {
            (Bucket::All, Scope::All) => true,
            (Bucket::Of(dimension, value), Scope::Namespace(name)) => {
                *dimension == NAMESPACE && value == name
            }
            (Bucket::Of(dimension, value), Scope::Object(key)) => *dimension == OBJECT && value == key,
            _ => false,
        }
    }
}

fn value(item: &Item, field: usize) -> Option<&str> {
    item.content().ok().map(|content| content.facts.field(field))
}
