//! The request tier: what answers Kubernetes API requests over a store.
//! Watching at scale is `watchcache`'s, spreading clients is `router`'s.

pub mod admission;
pub mod allocate;
mod api;
mod body;
pub mod bootstrap;
mod config;
pub mod custom;
pub mod effects;
pub mod expressions;
mod freshness;
mod issuer;
pub mod limits;
pub mod loopback;
pub mod objects;
pub mod openapi;
mod options;
mod route;
pub mod strategy;
mod subresources;
pub mod validation;
mod verbs;
mod virtuals;
mod write;

pub use config::{Config, DEFAULT_SERVICE_RANGE, EVENT_TTL, Prepared, build};
