//! What every tier must know of a resource: names, scope, versions, keys, selectable fields, table columns, write facts.
//! It does not read or write any store and knows no HTTP; what only a write needs beyond these facts is `apiserver`'s.

pub mod amounts;
pub mod catalog;
pub mod convert;
pub mod custom;
pub mod decorate;
pub mod defaults;
pub mod discovery;
pub mod facts;
pub mod fields;
pub mod gates;
pub mod keys;
pub mod partial;
pub mod pod_resources;
pub mod pods;
pub mod resource;
pub mod runtime;
pub mod stored;
pub mod table;

pub use catalog::{Catalog, Group, GroupVersion};
pub use facts::{Facts, Selectable};
pub use gates::{Gate, Gates};
pub use keys::{KeySpan, Keys};
pub use resource::{Encoding, Generation, Resource, Stage, Storage, Subresource, Verb, Verbs, WriteFacts};
pub use runtime::RuntimeConfig;
