//! Serving HTTP for every tier: types of requests and answers, status errors, request info, TLS, health, shutdown.
//! It knows no resource and no store.

pub mod feed;
pub mod filter;
pub mod filters;
pub mod frame;
pub mod health;
pub mod http;
pub mod limits;
pub mod load;
pub mod metrics;
pub mod negotiate;
pub mod pages;
pub mod peer;
pub mod pki;
pub mod pretty;
pub mod profile;
pub mod query;
pub mod request_info;
pub mod server;
pub mod shutdown;
pub mod status;
pub mod tcp;
pub mod tls;
pub mod upgrade;
pub mod version;
pub mod warnings;
