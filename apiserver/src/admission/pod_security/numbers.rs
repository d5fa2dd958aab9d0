//! What PodSecurity counts, under the names and labels of the reference.

use std::borrow::Cow;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::registry::Registry;
use serve::version;

use super::{Level, LevelVersion, Version};
use crate::admission::{Attributes, Operation};

/// What a policy is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// What violates it is refused.
    Enforce,
    /// What violates it is noted.
    Audit,
    /// What violates it is told to the client.
    Warn,
}

/// What was judged. The resource is one of three words.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Judged {
    request_operation: &'static str,
    resource: &'static str,
    subresource: Cow<'static, str>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Evaluation {
    decision: &'static str,
    policy_level: &'static str,
    policy_version: Cow<'static, str>,
    mode: &'static str,
    #[prometheus(flatten)]
    judged: Judged,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Failure {
    fatal: &'static str,
    #[prometheus(flatten)]
    judged: Judged,
}

/// The numbers. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct Numbers {
    evaluations: Family<Evaluation, Counter>,
    exemptions: Family<Judged, Counter>,
    errors: Family<Failure, Counter>,
}

impl Numbers {
    /// A policy was looked at. Where it only notes or warns, the reference counts violations alone.
    pub fn evaluated(&self, attributes: &Attributes<'_>, mode: Mode, policy: LevelVersion, is_allowed: bool) {
        let evaluation = Evaluation {
            decision: if is_allowed { "allow" } else { "deny" },
            policy_level: policy.level.name(),
            policy_version: version_of(policy),
            mode: mode.name(),
            judged: Judged::of(attributes),
        };
        self.evaluations.get_or_create(&evaluation).inc();
    }

    /// Somebody or something was not judged.
    pub fn exempted(&self, attributes: &Attributes<'_>) {
        self.exemptions.get_or_create(&Judged::of(attributes)).inc();
    }

    /// Labels, or a namespace, could not be read. It is fatal where there is then no policy.
    pub fn failed(&self, attributes: &Attributes<'_>, is_fatal: bool) {
        let failure = Failure {
            fatal: if is_fatal { "true" } else { "false" },
            judged: Judged::of(attributes),
        };
        self.errors.get_or_create(&failure).inc();
    }

    /// Adds the numbers to a registry, which ends each name with `_total`.
    pub fn register(&self, registry: &mut Registry) {
        registry.register(
            "pod_security_evaluations",
            "Policies that were looked at for requests that are not exempt",
            self.evaluations.clone(),
        );
        registry.register(
            "pod_security_exemptions",
            "Requests that were exempt",
            self.exemptions.clone(),
        );
        registry.register(
            "pod_security_errors",
            "Errors that prevented the normal evaluation",
            self.errors.clone(),
        );
    }
}

impl Mode {
    fn name(self) -> &'static str {
        match self {
            Self::Enforce => "enforce",
            Self::Audit => "audit",
            Self::Warn => "warn",
        }
    }
}

impl Judged {
    fn of(attributes: &Attributes<'_>) -> Self {
        let resource = &attributes.resource;
        Self {
            request_operation: match attributes.operation {
                Operation::Create => "create",
                Operation::Update => "update",
                Operation::Delete => "delete",
            },
            resource: match (resource.group.as_str(), resource.resource.as_str()) {
                ("", "pods") => "pod",
                ("", "namespaces") => "namespace",
                _ => "controller",
            },
            subresource: match attributes.subresource {
                None => Cow::Borrowed(""),
                Some(subresource) => Cow::Owned(subresource.name.to_string()),
            },
        }
    }
}

/// Versions that this server does not know are one: labels of namespaces must not make metrics grow.
fn version_of(policy: LevelVersion) -> Cow<'static, str> {
    match policy.version {
        _ if policy.level == Level::Privileged => Cow::Borrowed("latest"),
        Version::Latest => Cow::Borrowed("latest"),
        Version::Minor(minor) if version::MINOR.parse().is_ok_and(|own: i64| minor <= own) => {
            Cow::Owned(policy.version.to_string())
        }
        Version::Minor(_) => Cow::Borrowed("future"),
    }
}
