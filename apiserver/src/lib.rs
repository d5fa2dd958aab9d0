//! The request tier.
pub mod allocate;
pub mod discovery;
pub mod openapi;
pub mod strategy { pub mod services; }
pub mod admission {
pub mod nodes; pub mod storage_objects; pub mod runtime_class_pods; pub mod priority_of_pods; pub mod service_account_pods; pub mod pod_tolerations;
}
