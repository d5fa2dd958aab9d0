//! ImagePolicyWebhook: a webhook says which images pods may have.

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use auth::cache::Cache;
use auth::client::{Caller, Error, Kubeconfig};
use auth::limits::WEBHOOK_TRIES_MAX;
use object::names;
use schema::{Value, json};
use serve::status::Status;
use tokio::time::timeout;

use crate::admission::image_policy::{Configuration, Verdict, review, spec};
use crate::admission::{Attributes, Operation, Plugin, Reader, Told};
use crate::limits::{IMAGE_REVIEW_BYTES_MAX, IMAGE_REVIEW_TIMEOUT, IMAGE_REVIEWS_MAX};

/// What keys of notes in the audit event begin with.
const PREFIX: &str = "imagepolicywebhook.image-policy.k8s.io/";
const FAILED_OPEN: &str = "failed-open";
const EPHEMERAL: &str = "ephemeralcontainers";

/// See the module.
#[derive(Debug)]
pub struct ImagePolicyWebhook {
    caller: Caller,
    /// For all tries together: what a failure means is to be decided before the request itself has taken too long.
    limit: Duration,
    configuration: Configuration,
    /// By what was asked.
    verdicts: Cache<String, Arc<Verdict>>,
}

impl ImagePolicyWebhook {
    /// From its configuration, which there must be.
    pub fn new(file: Option<&Value>) -> Result<Self, String> {
        let configuration = Configuration::read(file)?;
        let kubeconfig = Kubeconfig::read(&configuration.kubeconfig);
        let caller = kubeconfig.and_then(|kubeconfig| Caller::new(kubeconfig, IMAGE_REVIEW_TIMEOUT));
        let caller = caller.map_err(|error| error.to_string())?;
        let caller = caller.with_tries(WEBHOOK_TRIES_MAX, configuration.pause);
        Ok(Self::asking(caller, IMAGE_REVIEW_TIMEOUT, configuration))
    }

    fn asking(caller: Caller, limit: Duration, configuration: Configuration) -> Self {
        Self {
            caller,
            limit,
            configuration,
            verdicts: Cache::new(IMAGE_REVIEWS_MAX),
        }
    }

    /// What the webhook says, now or a while ago.
    async fn verdict(&self, spec: &Value) -> Result<Arc<Verdict>, Error> {
        let key = json::to_string(spec);
        if let Some(remembered) = self.verdicts.get(&key, Instant::now()) {
            return Ok(remembered);
        }
        let review = review(spec);
        let asked = timeout(self.limit, self.caller.ask(&review)).await;
        let answer = asked.unwrap_or(Err(Error::Timeout(self.limit)))?;
        let verdict = Arc::new(Verdict::read(&answer).map_err(Error::Answer)?);
        self.remember(key, &verdict);
        Ok(verdict)
    }

    fn remember(&self, key: String, verdict: &Arc<Verdict>) {
        let time = match verdict.allowed {
            true => self.configuration.allowed_for,
            false => self.configuration.denied_for,
        };
        if !time.is_zero() && key.len() + verdict.bytes() <= IMAGE_REVIEW_BYTES_MAX {
            let now = Instant::now();
            self.verdicts.put(key, verdict.clone(), now + time, now);
        }
    }

    fn failed(&self, attributes: &Attributes<'_>, error: &Error, told: &mut Told) -> Result<(), Status> {
        tracing::warn!(%error, "the image policy webhook failed");
        if self.configuration.allows_on_failure {
            told.annotate(format!("{PREFIX}{FAILED_OPEN}"), "true");
            return Ok(());
        }
        Err(attributes.forbidden(&error.to_string()))
    }
}

/// Which of the pod's containers a write is asked about, if about any.
fn containers(attributes: &Attributes<'_>) -> Option<&'static [&'static str]> {
    let (group, resource) = (&attributes.resource.group, &attributes.resource.resource);
    if attributes.operation == Operation::Delete || !group.is_empty() || resource != "pods" {
        return None;
    }
    match attributes.subresource {
        None => Some(&["containers", "initContainers"]),
        Some(subresource) if subresource.name == EPHEMERAL => Some(&["ephemeralContainers"]),
        Some(_) => None,
    }
}

/// Notes what the webhook wants to be in the audit event; what is no key there is left out.
fn note(verdict: &Verdict, told: &mut Told) {
    for (end, text) in &verdict.annotations {
        let key = format!("{PREFIX}{end}");
        match names::qualified_name(&key).is_empty() {
            true => told.annotate(key, text.clone()),
            false => tracing::warn!(
                key,
                "the image policy webhook's annotation has no key for an audit event"
            ),
        }
    }
}

#[async_trait]
impl Plugin for ImagePolicyWebhook {
    fn name(&self) -> &'static str {
        "ImagePolicyWebhook"
    }

    async fn validate(
        &self,
        attributes: &Attributes<'_>,
        _reader: &dyn Reader,
        told: &mut Told,
    ) -> Result<(), Status> {
        let Some(lists) = containers(attributes) else {
            return Ok(());
        };
        let spec = spec(&attributes.object, lists, attributes.namespace);
        let verdict = match self.verdict(&spec).await {
            Ok(verdict) => verdict,
            Err(error) => return self.failed(attributes, &error, told),
        };
        note(&verdict, told);
        match verdict.refusal() {
            Some(why) => Err(attributes.forbidden(&why)),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests;
