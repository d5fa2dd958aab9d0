//! Who makes a request and whether they may: users, the authenticators that find them, the authorizers that decide.
//! It knows no HTTP server; `serve` gives it certificates and headers.

pub mod authorize;
pub mod certificate;
pub mod tokens;
mod user;

pub use user::User;
