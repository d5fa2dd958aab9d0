//! The chain itself: a table of plugins in the order of the reference, and those of them that are on.

use std::sync::Arc;
use std::time::{Duration, Instant};

use auth::Access;
use prometheus_client::registry::Registry;
use schema::{Value, yaml};
use serve::status::Status;

use super::configuration::{Configuration, Error};
use super::numbers::{Numbers, Step, Times};
use super::{Attributes, Held, Plugin, Reader, Told, default_classes, plugins, pod_security};
use crate::api::Api;
use crate::loopback::{Late, Loopback};
use crate::objects::Objects;

/// What a plugin is made from.
#[derive(Clone, Copy)]
pub struct Parts<'a> {
    /// Its part of the configuration file, as it stands there (YAML or JSON); absent without one.
    pub configuration: Option<&'a [u8]>,
    /// Objects in the store.
    pub objects: &'a Arc<Objects>,
    /// Who may do what.
    pub access: &'a Access,
    /// Writes as the server, once it serves.
    pub own: &'a Loopback,
}

impl Parts<'_> {
    /// Its configuration, decoded.
    pub fn decoded(&self) -> Result<Option<Value>, String> {
        let decoded = self.configuration.map(yaml::parse).transpose();
        decoded.map_err(|error| error.to_string())
    }
}

/// A plugin that there is.
pub struct Known {
    /// As flags name it.
    pub name: &'static str,
    /// Whether it is on unless a flag says otherwise.
    pub default_on: bool,
    make: fn(&Parts<'_>) -> Result<Box<dyn Plugin>, String>,
}

const fn on(name: &'static str, make: fn(&Parts<'_>) -> Result<Box<dyn Plugin>, String>) -> Known {
    Known {
        name,
        default_on: true,
        make,
    }
}

const fn off(name: &'static str, make: fn(&Parts<'_>) -> Result<Box<dyn Plugin>, String>) -> Known {
    Known {
        name,
        default_on: false,
        make,
    }
}

/// All plugins, in the order of the reference, in which they are asked whatever the order of the flags. MutatingAdmissionPolicy,
/// MutatingAdmissionWebhook, ValidatingAdmissionPolicy and ValidatingAdmissionWebhook come right before ResourceQuota, after which only
/// AlwaysDeny comes.
pub const KNOWN: &[Known] = &[
    off("AlwaysAdmit", |_| Ok(Box::new(plugins::AlwaysAdmit))),
    off("NamespaceAutoProvision", |parts| {
        let own = parts.own.clone();
        Ok(Box::new(plugins::NamespaceAutoProvision::new(own)))
    }),
    on("NamespaceLifecycle", |_| {
        Ok(Box::new(plugins::NamespaceLifecycle))
    }),
    off("NamespaceExists", |_| Ok(Box::new(plugins::NamespaceExists))),
    off("LimitPodHardAntiAffinityTopology", |_| {
        Ok(Box::new(plugins::LimitPodHardAntiAffinityTopology))
    }),
    on("LimitRanger", |_| Ok(Box::new(plugins::LimitRanger))),
    on("ServiceAccount", |_| Ok(Box::new(plugins::ServiceAccount))),
    off("NodeRestriction", |parts| {
        Ok(Box::new(plugins::NodeRestriction::new(
            parts.access.chain.clone(),
        )))
    }),
    on("TaintNodesByCondition", |_| {
        Ok(Box::new(plugins::TaintNodesByCondition))
    }),
    off("AlwaysPullImages", |_| Ok(Box::new(plugins::AlwaysPullImages))),
    off("ImagePolicyWebhook", |parts| {
        let file = parts.decoded()?;
        Ok(Box::new(plugins::ImagePolicyWebhook::new(file.as_ref())?))
    }),
    on("PodSecurity", |parts| {
        let configuration = match parts.decoded()? {
            Some(file) => pod_security::Configuration::read(&file)?,
            None => pod_security::Configuration::default(),
        };
        Ok(Box::new(plugins::PodSecurity::new(configuration)))
    }),
    off("PodNodeSelector", |parts| {
        let file = parts.decoded()?;
        Ok(Box::new(plugins::PodNodeSelector::new(file.as_ref())?))
    }),
    on("Priority", |_| Ok(Box::new(plugins::Priority))),
    on("DefaultTolerationSeconds", |_| {
        Ok(Box::new(plugins::DefaultTolerationSeconds))
    }),
    off("PodTolerationRestriction", |parts| {
        let file = parts.decoded()?;
        Ok(Box::new(plugins::PodTolerationRestriction::new(file.as_ref())?))
    }),
    off("EventRateLimit", |parts| {
        let file = parts.decoded()?;
        Ok(Box::new(plugins::EventRateLimit::new(file.as_ref())?))
    }),
    off("ExtendedResourceToleration", |_| {
        Ok(Box::new(plugins::ExtendedResourceToleration))
    }),
    on("DefaultStorageClass", |_| {
        Ok(Box::new(plugins::DefaultClass(&default_classes::CLAIMS)))
    }),
    on("StorageObjectInUseProtection", |_| {
        Ok(Box::new(plugins::StorageObjectInUseProtection))
    }),
    off("OwnerReferencesPermissionEnforcement", |parts| {
        let authorizer = parts.access.chain.clone();
        Ok(Box::new(plugins::OwnerReferencesPermissionEnforcement::new(
            authorizer,
        )))
    }),
    on("PersistentVolumeClaimResize", |_| {
        Ok(Box::new(plugins::PersistentVolumeClaimResize))
    }),
    on("RuntimeClass", |_| Ok(Box::new(plugins::RuntimeClass))),
    on("CertificateApproval", |parts| {
        Ok(Box::new(plugins::SignerPermission::approval(
            parts.access.chain.clone(),
        )))
    }),
    on("CertificateSigning", |parts| {
        Ok(Box::new(plugins::SignerPermission::signing(
            parts.access.chain.clone(),
        )))
    }),
    on("ClusterTrustBundleAttest", |parts| {
        Ok(Box::new(plugins::SignerPermission::attestation(
            parts.access.chain.clone(),
        )))
    }),
    on("CertificateSubjectRestriction", |_| {
        Ok(Box::new(plugins::CertificateSubjectRestriction))
    }),
    on("DefaultIngressClass", |_| {
        Ok(Box::new(plugins::DefaultClass(&default_classes::INGRESSES)))
    }),
    off("DenyServiceExternalIPs", |_| {
        Ok(Box::new(plugins::DenyServiceExternalIPs))
    }),
    on("PodTopologyLabels", |_| Ok(Box::new(plugins::PodTopologyLabels))),
    on("NodeDeclaredFeatureValidator", |_| {
        Ok(Box::new(plugins::NodeDeclaredFeatureValidator))
    }),
    on("PodResizeValidator", |_| {
        Ok(Box::new(plugins::PodResizeValidator))
    }),
    on("ResourceQuota", |parts| {
        Ok(Box::new(plugins::ResourceQuota::new(parts)?))
    }),
    off("AlwaysDeny", |_| Ok(Box::new(plugins::AlwaysDeny))),
];

/// Plugins in order.
pub struct Chain {
    plugins: Vec<(Box<dyn Plugin>, Times)>,
    own: Late,
    numbers: Numbers,
}

impl Chain {
    /// The plugins that are on, each made with its configuration. What they write fails before [`Chain::connect`].
    pub fn new(
        configuration: &Configuration,
        objects: &Arc<Objects>,
        access: &Access,
    ) -> Result<Self, Error> {
        let own = Late::default();
        let client = own.client();
        let on = KNOWN.iter().filter(|known| configuration.is_on(known));
        let plugins = on.map(|known| {
            let parts = Parts {
                configuration: configuration.of(known.name),
                objects,
                access,
                own: &client,
            };
            let made = (known.make)(&parts).map_err(|why| Error::plugin(known.name, why))?;
            Ok((made, Times::default()))
        });
        Ok(Self {
            plugins: plugins.collect::<Result<_, _>>()?,
            own,
            numbers: Numbers::default(),
        })
    }

    /// What plugins write goes there.
    pub(crate) fn connect(&self, api: &Arc<Api>) {
        self.own.connect(api);
    }

    /// Adds what plugins count to a registry.
    pub fn register(&self, registry: &mut Registry) {
        self.numbers.register(registry);
        for (plugin, _) in &self.plugins {
            plugin.register(registry);
        }
    }

    /// Lets each plugin change the object.
    pub async fn mutate(
        &self,
        attributes: &mut Attributes<'_>,
        reader: &dyn Reader,
        told: &mut Told,
    ) -> Result<(), Status> {
        let (step, begun) = (Step::mutate(attributes.operation), Instant::now());
        let (mut ended, mut last) = (Ok(()), begun);
        for (plugin, times) in &self.plugins {
            ended = plugin.mutate(attributes, reader, told).await;
            let took = lap(&mut last);
            self.numbers
                .plugin(plugin.name(), times, step, ended.is_err(), took);
            if ended.is_err() {
                break;
            }
        }
        self.numbers.step(step, ended.is_err(), last - begun);
        ended
    }

    /// Lets each plugin refuse it, and returns what they took for the write.
    pub async fn validate(
        &self,
        attributes: &Attributes<'_>,
        reader: &dyn Reader,
        told: &mut Told,
    ) -> Result<Held, Status> {
        let (step, begun) = (Step::validate(attributes.operation), Instant::now());
        let ended = self.ask(step, attributes, reader, told).await;
        self.numbers.step(step, ended.is_err(), begun.elapsed());
        ended
    }

    async fn ask(
        &self,
        step: Step,
        attributes: &Attributes<'_>,
        reader: &dyn Reader,
        told: &mut Told,
    ) -> Result<Held, Status> {
        let (mut held, mut last) = (Held::default(), Instant::now());
        for (plugin, times) in &self.plugins {
            let decided = match plugin.validate(attributes, reader, told).await {
                Ok(()) => plugin.hold(attributes, reader).await,
                Err(status) => Err(status),
            };
            let took = lap(&mut last);
            self.numbers
                .plugin(plugin.name(), times, step, decided.is_err(), took);
            match decided {
                Ok(taken) => held.add(taken),
                Err(status) => {
                    held.give_back().await;
                    return Err(status);
                }
            }
        }
        Ok(held)
    }
}

/// The time since the last lap: what one plugin ends with the next begins with.
fn lap(last: &mut Instant) -> Duration {
    let begun = std::mem::replace(last, Instant::now());
    last.duration_since(begun)
}

#[cfg(test)]
mod tests;
