//! The built-in plugins: each asks whether a write concerns it, reads what it needs, and applies the decision of its module.

mod limit_ranger;
mod namespace_lifecycle;
mod pods;
mod resource_quota;
mod storage;

pub use limit_ranger::LimitRanger;
pub use namespace_lifecycle::NamespaceLifecycle;
pub use pods::{DefaultTolerationSeconds, PodTopologyLabels, Priority, RuntimeClass, ServiceAccount};
pub use resource_quota::ResourceQuota;
pub use storage::{
    DefaultIngressClass, DefaultStorageClass, StorageObjectInUseProtection, TaintNodesByCondition,
};
