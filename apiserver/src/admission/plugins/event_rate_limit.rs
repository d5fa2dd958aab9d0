//! EventRateLimit: 429 for who writes too many events.

use std::time::Instant;

use async_trait::async_trait;
use object::field::aggregate_texts;
use schema::Value;
use serve::status::{Status, reason};

use crate::admission::event_rates::{Limit, LimitType, source_and_object};
use crate::admission::{Attributes, Plugin, Reader, Told};

/// See the module.
#[derive(Debug)]
pub struct EventRateLimit {
    limits: Vec<Limit>,
}

impl EventRateLimit {
    /// From its configuration, which there must be.
    pub fn new(configuration: Option<&Value>) -> Result<Self, String> {
        Ok(Self {
            limits: Limit::read(configuration)?,
        })
    }
}

fn key(limit_type: LimitType, attributes: &Attributes<'_>) -> String {
    match limit_type {
        LimitType::Server => String::new(),
        LimitType::Namespace => attributes.namespace.to_owned(),
        LimitType::User => attributes.user.name.to_string(),
        LimitType::SourceAndObject => source_and_object(&attributes.object),
    }
}

#[async_trait]
impl Plugin for EventRateLimit {
    fn name(&self) -> &'static str {
        "EventRateLimit"
    }

    async fn validate(
        &self,
        attributes: &Attributes<'_>,
        _reader: &dyn Reader,
        _told: &mut Told,
    ) -> Result<(), Status> {
        let writes = attributes.writes("", "events") || attributes.writes("events.k8s.io", "events");
        if !writes || attributes.dry_run {
            return Ok(());
        }
        let now = Instant::now();
        let taken = self
            .limits
            .iter()
            .map(|limit| limit.take(&key(limit.limit_type, attributes), now));
        // Each limit counts the event, also after one has refused it.
        let Some(why) = aggregate_texts(taken.filter_map(Result::err)) else {
            return Ok(());
        };
        let message = format!("Too many requests: {why}");
        Err(Status::failure(429, reason::TOO_MANY_REQUESTS, message))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::admission::fixtures::{Objects, Write};
    use schema::tree;

    #[tokio::test]
    async fn too_many_events_are_refused() {
        let file = tree!({
            "apiVersion": "eventratelimit.admission.k8s.io/v1alpha1", "kind": "Configuration",
            "limits": [{"type": "Namespace", "qps": 1i64, "burst": 1i64}],
        });
        let plugin = EventRateLimit::new(Some(&file)).unwrap();
        let write = Write::create(
            "",
            "events",
            tree!({"metadata": {"name": "e", "namespace": "ns"}}),
        );
        let reader = Objects::default();
        assert_eq!(write.validate(&plugin, &reader).await.0, Ok(()));
        let refused = write.validate(&plugin, &reader).await.0.unwrap_err();
        assert_eq!(refused.code, 429);
        assert!(
            refused
                .message
                .ends_with("limit reached on type Namespace for key ns")
        );
    }
}
