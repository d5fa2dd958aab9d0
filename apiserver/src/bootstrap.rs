//! What a cluster has from its first start on, and what each server keeps up while it runs: system namespaces, default
//! policy, flow control, priority classes, the `kubernetes` Service and its endpoints, the server's own identity.
//! All of it goes through [`Loopback`]; only leases and endpoints of other servers are read from the store itself.

pub mod api_services;
pub mod cluster;
pub mod conditions;
pub mod definition_names;
pub mod definition_shape;
pub mod flow_control;
pub mod hooks;
pub mod identity;
pub mod kubernetes_service;
pub mod master_leases;
pub mod objects;
pub mod policy;
pub mod service_availability;
