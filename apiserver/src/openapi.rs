//! Publishes the schema of what is served: `/openapi/v2` and `/openapi/v3`.

pub mod descriptions;
