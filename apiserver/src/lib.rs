//! The request tier.
pub mod allocate;
pub mod openapi;
