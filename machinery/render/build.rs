//! Takes the descriptions of types and fields out of the crate k8s-openapi, for `kubectl explain` and table columns.
//! The result is one compressed table in the build folder: `type<TAB>field<TAB>description` lines, field empty for the type.

use flate2::{Compression, write::DeflateEncoder};
use k8s_openapi::schemars::generate::SchemaSettings;
use k8s_openapi::{
    api, apiextensions_apiserver::pkg::apis::apiextensions, apimachinery::pkg, kube_aggregator,
};
use serde_json::Value;
use std::{env, error::Error, fs::File, io::Write, path::PathBuf};

macro_rules! definitions_below {
    ($($root:ty),* $(,)?) => {{
        let mut generator = SchemaSettings::draft2020_12().into_generator();
        $( generator.subschema_for::<$root>(); )*
        generator.take_definitions(true)
    }};
}

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=build.rs");
    let path = PathBuf::from(env::var("OUT_DIR")?).join("descriptions.deflate");
    let mut table = DeflateEncoder::new(File::create(path)?, Compression::best());
    for (name, definition) in definitions() {
        write_line(&mut table, &name, "", &definition)?;
        if let Some(Value::Object(fields)) = definition.get("properties") {
            for (field, schema) in fields {
                write_line(&mut table, &name, field, schema)?;
            }
        }
    }
    table.finish()?;
    Ok(())
}

fn write_line(to: &mut impl Write, name: &str, field: &str, schema: &Value) -> Result<(), Box<dyn Error>> {
    if let Some(Value::String(text)) = schema.get("description") {
        let text = text
            .replace('\\', "\\\\")
            .replace('\n', "\\n")
            .replace('\t', "\\t");
        writeln!(to, "{name}\t{field}\t{text}")?;
    }
    Ok(())
}

/// Every type that a served kind or subresource reaches.
fn definitions() -> serde_json::Map<String, Value> {
    use api::*;
    use pkg::apis::meta::v1 as meta;
    definitions_below![
        admissionregistration::v1::MutatingAdmissionPolicy,
        admissionregistration::v1::MutatingAdmissionPolicyBinding,
        admissionregistration::v1::MutatingWebhookConfiguration,
        admissionregistration::v1::ValidatingAdmissionPolicy,
        admissionregistration::v1::ValidatingAdmissionPolicyBinding,
        admissionregistration::v1::ValidatingWebhookConfiguration,
        apiextensions::v1::CustomResourceDefinition,
        apps::v1::ControllerRevision,
        apps::v1::DaemonSet,
        apps::v1::Deployment,
        apps::v1::ReplicaSet,
        apps::v1::StatefulSet,
        authentication::v1::SelfSubjectReview,
        authentication::v1::TokenRequest,
        authentication::v1::TokenReview,
        authorization::v1::LocalSubjectAccessReview,
        authorization::v1::SelfSubjectAccessReview,
        authorization::v1::SelfSubjectRulesReview,
        authorization::v1::SubjectAccessReview,
        autoscaling::v1::HorizontalPodAutoscaler,
        autoscaling::v1::Scale,
        autoscaling::v2::HorizontalPodAutoscaler,
        batch::v1::CronJob,
        batch::v1::Job,
        certificates::v1::CertificateSigningRequest,
        coordination::v1::Lease,
        core::v1::Binding,
        core::v1::ComponentStatus,
        core::v1::ConfigMap,
        core::v1::Endpoints,
        core::v1::Event,
        core::v1::LimitRange,
        core::v1::Namespace,
        core::v1::Node,
        core::v1::PersistentVolume,
        core::v1::PersistentVolumeClaim,
        core::v1::Pod,
        core::v1::PodTemplate,
        core::v1::ReplicationController,
        core::v1::ResourceQuota,
        core::v1::Secret,
        core::v1::Service,
        core::v1::ServiceAccount,
        discovery::v1::EndpointSlice,
        events::v1::Event,
        flowcontrol::v1::FlowSchema,
        flowcontrol::v1::PriorityLevelConfiguration,
        kube_aggregator::pkg::apis::apiregistration::v1::APIService,
        networking::v1::IPAddress,
        networking::v1::Ingress,
        networking::v1::IngressClass,
        networking::v1::NetworkPolicy,
        networking::v1::ServiceCIDR,
        node::v1::RuntimeClass,
        policy::v1::Eviction,
        policy::v1::PodDisruptionBudget,
        rbac::v1::ClusterRole,
        rbac::v1::ClusterRoleBinding,
        rbac::v1::Role,
        rbac::v1::RoleBinding,
        resource::v1::DeviceClass,
        resource::v1::ResourceClaim,
        resource::v1::ResourceClaimTemplate,
        resource::v1::ResourceSlice,
        scheduling::v1::PriorityClass,
        storage::v1::CSIDriver,
        storage::v1::CSINode,
        storage::v1::CSIStorageCapacity,
        storage::v1::StorageClass,
        storage::v1::VolumeAttachment,
        storage::v1::VolumeAttributesClass,
        meta::APIGroupList,
        meta::APIResourceList,
        meta::APIVersions,
        meta::DeleteOptions,
        meta::Patch,
        meta::Status,
        meta::WatchEvent<core::v1::ConfigMap>,
        pkg::version::Info,
    ]
}
