//! An authorizer over HTTP: a SubjectAccessReview is sent, its status decides. Answers are remembered, failures are not.

use std::sync::Arc;
use std::time::{Duration, Instant};

use schema::{Value, json};

use super::conditions::Conditions;
use super::{Attributes, Decision};
use crate::User;
use crate::cache::Cache;
use crate::client::{Caller, Error};
use crate::expressions::apart;
use crate::limits::{CACHED_ANSWERS_MAX, CACHED_QUESTION_BYTES_MAX};
use crate::review;

/// How a webhook is used.
#[derive(Clone, Debug)]
pub struct Settings {
    /// For how long an allowance is remembered; zero is not at all.
    pub authorized_for: Duration,
    /// For how long everything else is.
    pub unauthorized_for: Duration,
    /// `v1` or `v1beta1`.
    pub version: String,
    /// What a webhook that fails means.
    pub denies_on_failure: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            authorized_for: Duration::from_secs(300),
            unauthorized_for: Duration::from_secs(30),
            version: "v1".to_owned(),
            denies_on_failure: false,
        }
    }
}

/// The authorizer.
#[derive(Debug)]
pub struct Webhook {
    caller: Caller,
    settings: Settings,
    conditions: Arc<Conditions>,
    answers: Cache<String, Decision>,
}

impl Webhook {
    /// Asks there.
    pub fn new(caller: Caller, settings: Settings) -> Self {
        Self {
            caller,
            settings,
            conditions: Arc::default(),
            answers: Cache::new(CACHED_ANSWERS_MAX),
        }
    }

    /// Asks under these conditions only.
    pub fn when(self, conditions: Conditions) -> Self {
        Self {
            conditions: Arc::new(conditions),
            ..self
        }
    }

    /// What the webhook says, now or a while ago.
    pub async fn decide(&self, user: &User, attributes: &Attributes<'_>) -> Decision {
        let spec = review::access_spec(user, attributes);
        let key = json::to_string(&spec);
        // What is remembered was asked under these conditions: they held for it.
        if let Some(remembered) = self.answers.get(&key, Instant::now()) {
            return remembered;
        }
        match self.is_for(&spec).await {
            Ok(true) => {}
            Ok(false) => return Decision::no_opinion(""),
            Err(error) => return self.failed(error),
        }
        match self
            .caller
            .ask(&self.question(spec))
            .await
            .and_then(|answer| read(&answer))
        {
            Ok(decision) => {
                self.remember(key, &decision);
                decision
            }
            Err(error) => self.failed(error.to_string()),
        }
    }

    /// Whether it is asked this at all. Conditions may take their time.
    async fn is_for(&self, spec: &Value) -> Result<bool, String> {
        if self.conditions.is_empty() {
            return Ok(true);
        }
        let (conditions, spec) = (self.conditions.clone(), spec.clone());
        apart(move || conditions.hold(&spec)).await?
    }

    fn question(&self, spec: Value) -> Value {
        schema::tree!({
            "apiVersion": (format!("authorization.k8s.io/{}", self.settings.version)),
            "kind": "SubjectAccessReview",
            "metadata": {},
            "spec": spec,
        })
    }

    fn remember(&self, key: String, decision: &Decision) {
        let time = match decision.is_allowed() {
            true => self.settings.authorized_for,
            false => self.settings.unauthorized_for,
        };
        if !time.is_zero() && key.len() <= CACHED_QUESTION_BYTES_MAX {
            let now = Instant::now();
            self.answers.put(key, decision.clone(), now + time, now);
        }
    }

    fn failed(&self, error: String) -> Decision {
        tracing::warn!(%error, "an authorization webhook failed");
        let decision = match self.settings.denies_on_failure {
            true => Decision::deny(""),
            false => Decision::no_opinion(""),
        };
        Decision {
            error: Some(error),
            ..decision
        }
    }
}

fn read(answer: &Value) -> Result<Decision, Error> {
    let flag = |field: &str| match answer.at(&["status", field]) {
        None | Some(Value::Null) => Ok(false),
        Some(flag) => flag
            .as_bool()
            .ok_or_else(|| Error::Answer(format!("its {field} is no boolean"))),
    };
    let text = |field: &str| answer.str_at(&["status", field]).unwrap_or_default();
    if answer.at(&["status"]).and_then(Value::as_map).is_none() {
        return Err(Error::Answer("it has no status".to_owned()));
    }
    match (flag("allowed")?, flag("denied")?) {
        (true, true) => Err(Error::Answer(
            "webhook subject access review returned both allow and deny response".to_owned(),
        )),
        (true, false) => Ok(Decision::allow(text("reason"))),
        (false, true) => Ok(Decision::deny(text("reason"))),
        (false, false) => Ok(Decision::no_opinion(text("reason"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::Kubeconfig;

    /// Nobody is at the address: who asks there fails.
    fn webhook(condition: &'static str) -> Webhook {
        let kubeconfig = Kubeconfig {
            server: "http://127.0.0.1:1/".to_owned(),
            ..Kubeconfig::default()
        };
        let caller = Caller::new(kubeconfig, Duration::from_secs(1)).expect("a client");
        let conditions = Conditions::read(&[schema::tree!({"expression": condition})]).expect("good");
        let caller = caller.with_tries(1, Duration::ZERO);
        Webhook::new(caller, Settings::default()).when(conditions)
    }

    #[tokio::test]
    async fn conditions_are_looked_at_for_what_is_not_remembered() {
        let (user, attributes) = (User::new("jane", "", &[]), Attributes::path("get", "/x"));
        let webhook = webhook("request.user == 'other'");
        assert_eq!(webhook.decide(&user, &attributes).await, Decision::no_opinion(""));
        let key = json::to_string(&review::access_spec(&user, &attributes));
        webhook.remember(key, &Decision::allow("before"));
        assert_eq!(
            webhook.decide(&user, &attributes).await,
            Decision::allow("before")
        );
        let other = webhook.decide(&User::new("other", "", &[]), &attributes).await;
        assert!(other.error.is_some(), "{other:?}");
    }
}
