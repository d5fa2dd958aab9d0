//! Publishes the schema of what is served: `/openapi/v2` and `/openapi/v3`.
//! Types come from the schema tables, paths from the catalog, descriptions from k8s-openapi.

pub mod documents;
pub mod gnostic;
pub mod names;
pub mod operation;
pub mod parameter;
pub mod paths;
mod publish;
pub mod render;

pub use publish::OpenApi;
