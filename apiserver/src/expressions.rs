//! What expressions of the API may use: those of admission, selectors of devices, and rules of schemas.
//! The language is `cel`'s; where expressions stand in objects is with the objects' validation.

pub mod admission;
pub mod devices;
pub mod schemas;
