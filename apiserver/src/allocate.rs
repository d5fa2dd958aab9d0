//! Addresses and node ports of Services: which are free, which to try first, and taking and freeing them in the store in
//! the ways of kube-apiserver, so that several servers of both kinds may share it.

pub mod addresses;
pub mod bands;
pub mod bitmap;
pub mod cluster_ips;
pub mod node_ports;
pub mod repair;
pub mod services;

pub use services::ServiceEffects;
