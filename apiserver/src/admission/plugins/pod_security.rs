//! PodSecurity: refuses, notes and warns of pods that a namespace's level of the standards forbids.

use async_trait::async_trait;
use object::field::{Error, aggregate, quote};
use object::meta;
use prometheus_client::registry::Registry;
use schema::Value;
use serve::status::Status;
use tokio::time::{Instant, timeout_at};

use crate::admission::pod_security::existing_pods::Survey;
use crate::admission::pod_security::policy::PREFIX;
use crate::admission::pod_security::{
    Configuration, Level, LevelVersion, Mode, Numbers, Pod, Policy, evaluate, pod_of, significance,
};
use crate::admission::{Attributes, Operation, Plugin, Reader, Told};
use crate::limits::{POD_SECURITY_STEP, POD_SECURITY_TIME_MAX};

/// Subresources of pods that change nothing that is judged.
const IGNORED_SUBRESOURCES: [&str; 8] = [
    "exec",
    "attach",
    "binding",
    "eviction",
    "log",
    "portforward",
    "proxy",
    "status",
];
const EXEMPT: &str = "exempt";
const ENFORCED: &str = "enforce-policy";
const VIOLATIONS: &str = "audit-violations";
const ERROR: &str = "error";

/// The key of a note in the audit event.
fn key(name: &str) -> String {
    format!("{PREFIX}{name}")
}

/// See the module.
#[derive(Debug, Default)]
pub struct PodSecurity {
    configuration: Configuration,
    numbers: Numbers,
}

impl PodSecurity {
    /// As configured.
    pub fn new(configuration: Configuration) -> Self {
        Self {
            configuration,
            numbers: Numbers::default(),
        }
    }

    /// A namespace's labels must be readable; existing pods that a stricter level forbids are told.
    async fn check_namespace(
        &self,
        attributes: &Attributes<'_>,
        reader: &dyn Reader,
        told: &mut Told,
    ) -> Result<(), Status> {
        let (policy, errors) = self.policy(&attributes.object);
        let old = attributes.old.map(|old| self.policy(old));
        let is_news = old.as_ref().is_none_or(|(_, old)| *old != errors);
        if !errors.is_empty() && is_news {
            return Err(self.invalid(attributes, &errors));
        }
        let name = meta::of(&attributes.object).name();
        if old.is_some_and(|(old, _)| !is_stricter(policy.enforce, old.enforce)) {
            return Ok(());
        }
        if self.exempts(name) {
            told.warnings.extend(self.ignored(&attributes.object, &policy));
        } else if attributes.before_update().is_some() {
            let warnings = self.survey(name, policy.enforce, reader).await;
            told.warnings.extend(warnings);
        }
        Ok(())
    }

    /// Labels of an exempt namespace that mean nothing there, but seem to.
    fn ignored(&self, namespace: &Value, policy: &Policy) -> Option<String> {
        if is_all_allowed(policy, true) || *policy == self.configuration.defaults {
            return None;
        }
        let name = quote(meta::of(namespace).name());
        let labelled = policy.labelled(meta::of(namespace).labels());
        Some(format!(
            "namespace {name} is exempt from Pod Security, and the policy ({labelled}) will be ignored"
        ))
    }

    /// What existing pods violate. Listing and judging share the time there is.
    async fn survey(&self, namespace: &str, enforce: LevelVersion, reader: &dyn Reader) -> Vec<String> {
        let end = Instant::now() + POD_SECURITY_TIME_MAX;
        let Ok(Ok(pods)) = timeout_at(end, reader.list("", "pods", namespace)).await else {
            return vec!["failed to list pods while checking new PodSecurity enforce level".to_owned()];
        };
        let mut survey = Survey::new(enforce, &pods, &self.configuration.runtime_classes);
        while survey.judge(POD_SECURITY_STEP) && Instant::now() < end {
            tokio::task::yield_now().await;
        }
        survey.warnings(namespace)
    }

    fn invalid(&self, attributes: &Attributes<'_>, errors: &[Error]) -> Status {
        let name = meta::of(&attributes.object).name();
        Status::invalid("", &attributes.resource.kind, name, errors)
    }

    fn policy(&self, namespace: &Value) -> (Policy, Vec<Error>) {
        self.configuration
            .defaults
            .with_labels(meta::of(namespace).labels())
    }

    /// Whether a namespace is exempt.
    fn exempts(&self, namespace: &str) -> bool {
        !namespace.is_empty() && self.configuration.namespaces.contains(namespace)
    }

    fn is_exempt(&self, attributes: &Attributes<'_>, told: &mut Told) -> bool {
        let user = attributes.user.name.as_str();
        if self.exempts(attributes.namespace) {
            told.annotate(key(EXEMPT), "namespace");
            return true;
        }
        let is_exempt = !user.is_empty() && self.configuration.usernames.contains(user);
        if is_exempt {
            told.annotate(key(EXEMPT), "user");
        }
        is_exempt
    }

    /// A pod, or the template of a workload: what it makes is refused later, so that one is only told of.
    async fn check_pod(
        &self,
        attributes: &Attributes<'_>,
        pod: &Value,
        reader: &dyn Reader,
        told: &mut Told,
    ) -> Result<(), Status> {
        let is_pod = attributes.resource.resource == "pods";
        if self.is_exempt(attributes, told) {
            self.numbers.exempted(attributes);
            return Ok(());
        }
        let namespace = match reader.namespace(attributes.namespace).await {
            Ok(namespace) => namespace,
            Err(error) => {
                self.numbers.failed(attributes, true);
                return lookup_failed(attributes.namespace, &error, is_pod, told);
            }
        };
        let (policy, errors) = self.policy(&namespace);
        if errors.is_empty() && is_all_allowed(&policy, is_pod) {
            if is_pod {
                self.numbers
                    .evaluated(attributes, Mode::Enforce, policy.enforce, true);
                told.annotate(key(ENFORCED), policy.enforce.to_string());
            }
            return Ok(());
        }
        let kept = attributes.before_update().filter(|_| is_pod);
        if kept.is_some_and(|old| !significance::is_significant(pod, old)) {
            return Ok(());
        }
        if self.is_exempt_class(pod) {
            self.numbers.exempted(attributes);
            told.annotate(key(EXEMPT), "runtimeClass");
            return Ok(());
        }
        if let Some(errors) = aggregate(&errors) {
            self.numbers.failed(attributes, false);
            told.annotate(key(ERROR), format!("Failed to parse policy: {errors}"));
        }
        self.judge(attributes, &policy, Pod::of(pod), told)
    }

    /// What a pod violates is refused; a template is only noted and told of.
    fn judge(
        &self,
        attributes: &Attributes<'_>,
        policy: &Policy,
        pod: Pod<'_>,
        told: &mut Told,
    ) -> Result<(), Status> {
        if let Some(text) = self.would_violate(attributes, Mode::Audit, policy.audit, pod) {
            told.annotate(key(VIOLATIONS), text);
        }
        if attributes.resource.resource == "pods" {
            let enforce = policy.enforce;
            told.annotate(key(ENFORCED), enforce.to_string());
            let violations = evaluate(enforce, pod);
            self.numbers
                .evaluated(attributes, Mode::Enforce, enforce, violations.is_empty());
            if !violations.is_empty() {
                let details = violations.details();
                return Err(attributes.forbidden(&format!("violates PodSecurity \"{enforce}\": {details}")));
            }
        }
        if let Some(text) = self.would_violate(attributes, Mode::Warn, policy.warn, pod) {
            told.warn(text);
        }
        Ok(())
    }

    /// The text for what violates a policy that refuses nothing.
    fn would_violate(
        &self,
        attributes: &Attributes<'_>,
        mode: Mode,
        policy: LevelVersion,
        pod: Pod<'_>,
    ) -> Option<String> {
        let violations = evaluate(policy, pod);
        if violations.is_empty() {
            return None;
        }
        self.numbers.evaluated(attributes, mode, policy, false);
        let details = violations.details();
        Some(format!("would violate PodSecurity \"{policy}\": {details}"))
    }

    fn is_exempt_class(&self, pod: &Value) -> bool {
        let class = pod.str_at(&["spec", "runtimeClassName"]).unwrap_or_default();
        !class.is_empty() && self.configuration.runtime_classes.contains(class)
    }
}

/// Pods are refused, and what makes them is judged when it does.
fn lookup_failed(namespace: &str, error: &Status, is_pod: bool, told: &mut Told) -> Result<(), Status> {
    let why = format!("failed to lookup namespace {}", quote(namespace));
    let refusal = Status::internal(&why);
    let noted = if is_pod { &refusal.message } else { &why };
    told.annotate(key(ERROR), format!("{noted}: {}", error.message));
    match is_pod {
        true => Err(refusal),
        false => Ok(()),
    }
}

/// Whether pods that are there could violate a new level which the old one allowed.
fn is_stricter(new: LevelVersion, old: LevelVersion) -> bool {
    new != old && new.level != Level::Privileged && (new.version != old.version || new.level > old.level)
}

fn is_all_allowed(policy: &Policy, enforces: bool) -> bool {
    let is_privileged = |mode: LevelVersion| mode.level == Level::Privileged;
    is_privileged(policy.warn) && is_privileged(policy.audit) && (!enforces || is_privileged(policy.enforce))
}

#[async_trait]
impl Plugin for PodSecurity {
    fn name(&self) -> &'static str {
        "PodSecurity"
    }

    fn register(&self, registry: &mut Registry) {
        self.numbers.register(registry);
    }

    async fn validate(
        &self,
        attributes: &Attributes<'_>,
        reader: &dyn Reader,
        told: &mut Told,
    ) -> Result<(), Status> {
        if attributes.operation == Operation::Delete {
            return Ok(());
        }
        if attributes.is("", "namespaces") {
            return self.check_namespace(attributes, reader, told).await;
        }
        let (group, resource) = (&attributes.resource.group, &attributes.resource.resource);
        let is_judged = attributes.subresource.is_none_or(|subresource| {
            resource == "pods" && !IGNORED_SUBRESOURCES.contains(&subresource.name.as_str())
        });
        match pod_of(group, resource, &attributes.object) {
            Some(pod) if is_judged => self.check_pod(attributes, pod, reader, told).await,
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests;
