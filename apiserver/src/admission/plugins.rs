//! The built-in plugins: each asks whether a write concerns it, reads what it needs, and applies the decision of its module.

mod certificates;
mod claim_resize;
mod namespace_lifecycle;
mod node_restriction;
mod pod_security;
mod pods;
mod storage;

pub use certificates::{
    CertificateApproval, CertificateSigning, CertificateSubjectRestriction, ClusterTrustBundleAttest,
};
pub use claim_resize::PersistentVolumeClaimResize;
pub use namespace_lifecycle::NamespaceLifecycle;
pub use node_restriction::NodeRestriction;
pub use pod_security::PodSecurity;
pub use pods::{DefaultTolerationSeconds, PodTopologyLabels, Priority, RuntimeClass, ServiceAccount};
pub use storage::{
    DefaultIngressClass, DefaultStorageClass, StorageObjectInUseProtection, TaintNodesByCondition,
};
