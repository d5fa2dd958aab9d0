//! A webhook that is asked again when it does not answer, with growing pauses.

use std::time::Duration;

use bytes::Bytes;
use schema::{Value, json};

use super::{Client, Error, Kubeconfig};
use crate::limits::{WEBHOOK_PAUSE, WEBHOOK_TRIES_MAX};

/// A webhook.
#[derive(Clone, Debug)]
pub struct Caller {
    client: Client,
    kubeconfig: Kubeconfig,
    timeout: Duration,
    tries_max: u32,
    pause: Duration,
}

impl Caller {
    /// Of the server in a kubeconfig; one try may take `timeout`.
    pub fn new(kubeconfig: Kubeconfig, timeout: Duration) -> Result<Self, Error> {
        Ok(Self {
            client: Client::new(&kubeconfig.trust)?,
            kubeconfig,
            timeout,
            tries_max: WEBHOOK_TRIES_MAX,
            pause: WEBHOOK_PAUSE,
        })
    }

    /// With another number of tries and another first pause.
    pub fn with_tries(self, tries_max: u32, pause: Duration) -> Self {
        Self {
            tries_max: tries_max.max(1),
            pause,
            ..self
        }
    }

    /// The answer to a JSON object, read as JSON.
    pub async fn ask(&self, question: &Value) -> Result<Value, Error> {
        let mut body = Vec::new();
        json::write(question, &mut body);
        let answer = self.send(body.into()).await?;
        json::parse(&answer).map_err(|error| Error::Answer(error.to_string()))
    }

    /// The bytes that are answered to bytes.
    pub async fn send(&self, body: Bytes) -> Result<Bytes, Error> {
        let mut pause = self.pause;
        for _ in 1..self.tries_max {
            match self.once(body.clone()).await {
                Err(error) if error.is_retriable() => tracing::debug!(%error, "a webhook is asked again"),
                answer => return answer,
            }
            tokio::time::sleep(pause).await;
            pause = pause * 3 / 2;
        }
        self.once(body).await
    }

    async fn once(&self, body: Bytes) -> Result<Bytes, Error> {
        let authorization = self.kubeconfig.authorization.header();
        self.client
            .post(
                &self.kubeconfig.server,
                authorization.as_deref(),
                body,
                self.timeout,
            )
            .await
    }
}
