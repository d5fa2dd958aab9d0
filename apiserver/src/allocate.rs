//! Addresses and node ports of Services: which are free, and which to try first. It decides; the effects of a Service's
//! write do the reading and writing.

pub mod addresses;
pub mod bitmap;
pub mod bands;
