//! Serving HTTP for every tier: types of requests and answers, status errors, request info, TLS, health, shutdown.
//! It knows no resource and no store.

pub mod pki;
pub mod shutdown;
pub mod tls;
