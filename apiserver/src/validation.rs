//! Whether objects are valid, beyond their metadata: the rules of each kind, in the order and words of the reference.
//! It changes nothing and looks at nothing but the object and the one before it.

pub mod addresses;
pub mod admission_policies;
pub mod api_services;
pub mod autoscaling;
pub mod certificates;
pub mod claims;
pub mod cluster;
pub mod conditions;
pub mod config;
pub mod definitions;
pub mod devices;
pub mod disruption;
pub mod endpoints;
pub mod events;
mod expressions;
pub mod flow_control;
pub mod internal_form;
pub mod json_schema;
pub mod limits;
mod line_diff;
pub mod namespaces;
pub mod networking;
pub mod nodes;
mod pem;
pub mod place;
pub mod pod_spec;
pub mod pods;
pub mod quantities;
pub mod quotas;
pub mod rbac;
pub mod services;
pub mod signers;
pub mod storage;
pub mod trust_bundles;
pub mod urls;
pub mod volumes;
pub mod webhooks;
pub mod workloads;

#[cfg(test)]
mod covered;
#[cfg(test)]
mod recorded;
