//! The facts of every Kubernetes API type, and the codecs that they drive: JSON, YAML, protobuf, declared defaults, OpenAPI.
//! It knows nothing of resources, stores or HTTP.
//!
//! One model serves all types: a [`Value`] tree with a [`TypeSchema`] beside it. No type has code of its own.

mod canonical;
pub mod envelope;
pub mod error;
pub mod json;
pub mod limits;
pub mod openapi;
pub mod proto;
pub mod quantity;
pub mod splice;
pub mod time;
pub mod transcode;
pub mod tree;
pub mod types;
pub mod yaml;

pub use error::{Error, ErrorKind};
pub use smol_str::SmolStr;
pub use tree::{Map, Value};
pub use types::{Field, FieldType, ListType, TypeId, TypeSchema, Types};
