//! OIDC providers and webhooks as real HTTP servers, which also answer garbage, are late, and go away.

mod authorization;
mod chain;
mod oidc;
mod server;
mod tokens;
