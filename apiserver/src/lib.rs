//! The request tier: what answers Kubernetes API requests over a store.
//! Watching at scale is `watchcache`'s, spreading clients is `router`'s.

pub mod admission;
pub mod allocate;
pub mod bootstrap;
pub mod discovery;
pub mod effects;
pub mod errors;
pub mod limits;
pub mod loopback;
pub mod objects;
pub mod openapi;
pub mod strategy;
