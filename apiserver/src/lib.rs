//! The request tier.
pub mod openapi;
