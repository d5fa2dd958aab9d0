//! OIDC providers and webhooks as real HTTP servers, which also answer garbage, are late, and go away.

mod audit;
mod authorization;
mod chain;
mod fuzz;
mod oidc;
mod server;
mod tokens;
