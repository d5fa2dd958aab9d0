//! The request tier: what answers Kubernetes API requests over a store.
//! Watching at scale is `watchcache`'s, spreading clients is `router`'s.
//
// NOTE to helpers (from the lead): contracts and much of the pipeline are on main: strategy.rs, effects.rs, admission.rs (+ plugins),
// objects.rs (store access), errors.rs, limits.rs, loopback.rs, bootstrap/, allocate/, openapi/, serve::{status,http,query,request_info,tls,pki}.
// Do NOT write these again: fix what does not compile, and build on them. `core`: verbs, options, negotiation, rendering, watch, build().
// `serve`: server, health, metrics, src/. `pods` and `rules`: strategy/, validation/.

pub mod allocate;
pub mod discovery;
pub mod limits;
pub mod openapi;
pub mod strategy;
