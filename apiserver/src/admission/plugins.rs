//! The built-in plugins: each asks whether a write concerns it, reads what it needs, and applies the decision of its module.

mod always;
mod anti_affinity;
mod certificates;
mod claim_resize;
mod event_rate_limit;
mod extended_resources;
mod external_ips;
mod image_pulls;
mod limit_ranger;
mod namespace_exists;
mod namespace_lifecycle;
mod node_restriction;
mod node_selector;
mod owner_references;
mod pod_resize;
mod pod_security;
mod pods;
mod resource_quota;
mod storage;
mod toleration_restriction;

pub use always::{AlwaysAdmit, AlwaysDeny};
pub use anti_affinity::LimitPodHardAntiAffinityTopology;
pub use certificates::{
    CertificateApproval, CertificateSigning, CertificateSubjectRestriction, ClusterTrustBundleAttest,
};
pub use claim_resize::PersistentVolumeClaimResize;
pub use event_rate_limit::EventRateLimit;
pub use extended_resources::ExtendedResourceToleration;
pub use external_ips::DenyServiceExternalIPs;
pub use image_pulls::AlwaysPullImages;
pub use limit_ranger::LimitRanger;
pub use namespace_exists::NamespaceExists;
pub use namespace_lifecycle::NamespaceLifecycle;
pub use node_restriction::NodeRestriction;
pub use node_selector::PodNodeSelector;
pub use owner_references::OwnerReferencesPermissionEnforcement;
pub use pod_resize::PodResizeValidator;
pub use pod_security::PodSecurity;
pub use pods::{DefaultTolerationSeconds, PodTopologyLabels, Priority, RuntimeClass, ServiceAccount};
pub use resource_quota::ResourceQuota;
pub use storage::{
    DefaultIngressClass, DefaultStorageClass, StorageObjectInUseProtection, TaintNodesByCondition,
};
pub use toleration_restriction::PodTolerationRestriction;
