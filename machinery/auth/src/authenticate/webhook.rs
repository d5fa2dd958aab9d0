//! An authenticator over HTTP: a TokenReview is sent, its status names the user. Answers are remembered, failures are not.

use std::path::Path;
use std::time::{Duration, Instant};

use schema::{Value, tree};
use sha2::{Digest, Sha256};
use smol_str::SmolStr;

use super::{Authenticated, Outcome, common, unix_seconds};
use crate::cache::Cache;
use crate::client::{Caller, Error, Kubeconfig};
use crate::jwt::Unverified;
use crate::limits::{CACHED_ANSWERS_MAX, WEBHOOK_TIMEOUT};
use crate::review;

/// Where an API server tells whose token it is.
const TOKEN_REVIEWS: &str = "/apis/authentication.k8s.io/v1/tokenreviews";

/// The authenticator.
#[derive(Debug)]
pub struct Webhook {
    caller: Caller,
    version: String,
    remembered_for: Duration,
    answers: Cache<[u8; 32], Option<Authenticated>>,
}

impl Webhook {
    /// Asks there, with reviews of this version (`v1` or `v1beta1`), and remembers what it is told for a while.
    pub fn new(caller: Caller, version: &str, remembered_for: Duration) -> Self {
        Self {
            caller,
            version: version.to_owned(),
            remembered_for,
            answers: Cache::new(CACHED_ANSWERS_MAX),
        }
    }

    /// Asks another API server (`--authentication-kubeconfig`).
    pub fn delegated(kubeconfig: &Path, remembered_for: Duration) -> Result<Self, Error> {
        let kubeconfig = Kubeconfig::read(kubeconfig)?.below(TOKEN_REVIEWS);
        let caller = Caller::new(kubeconfig, WEBHOOK_TIMEOUT)?;
        Ok(Self::new(caller, "v1", remembered_for))
    }

    /// The user that the webhook knows a token of. `own` are the server's audiences: a webhook that names none means those.
    pub async fn authenticate(&self, token: &str, wanted: &[SmolStr], own: &[SmolStr]) -> Outcome {
        let key = key(token, wanted);
        // What is answered is as old as the question, however long the answer takes.
        let asked = Instant::now();
        if let Some(remembered) = self.answers.get(&key, asked) {
            return Ok(remembered);
        }
        let answer = self
            .caller
            .ask(&self.question(token, wanted))
            .await
            .map_err(|error| {
                tracing::warn!(%error, "a token webhook failed");
                "the token webhook failed".to_owned()
            })?;
        let outcome = read(&answer, wanted, own)?;
        let outcome = outcome.map(|found| Authenticated {
            until: end_of(token, unix_seconds()),
            ..found
        });
        if !self.remembered_for.is_zero() {
            let until = asked + self.good_for(outcome.as_ref());
            self.answers.put(key, outcome.clone(), until, Instant::now());
        }
        Ok(outcome)
    }

    /// A token that ends is asked about again then.
    fn good_for(&self, outcome: Option<&Authenticated>) -> Duration {
        let left = outcome
            .and_then(|found| found.until)
            .map(|until| u64::try_from(until.saturating_sub(unix_seconds())).unwrap_or(0));
        self.remembered_for
            .min(left.map_or(self.remembered_for, Duration::from_secs))
    }

    fn question(&self, token: &str, wanted: &[SmolStr]) -> Value {
        let audiences = Value::List(wanted.iter().cloned().map(Value::from).collect());
        tree!({
            "apiVersion": (format!("authentication.k8s.io/{}", self.version)),
            "kind": "TokenReview",
            "metadata": {},
            "spec": {"token": token, "audiences": audiences},
        })
    }
}

/// A webhook does not say when a token ends. One that says so itself counts until then; where that is past already, the webhook
/// knows better.
fn end_of(token: &str, now: i64) -> Option<i64> {
    let told = Unverified::parse(token)?.time("exp");
    told.filter(|end| now < *end)
}

/// A webhook that says nothing of audiences knows of none: to it every token is for this server, and for nobody else.
fn read(answer: &Value, wanted: &[SmolStr], own: &[SmolStr]) -> Outcome {
    let status = answer.get("status").filter(|status| status.as_map().is_some());
    let status = status.ok_or("the token webhook's answer has no status")?;
    let broken = || "the token webhook's answer is no TokenReview".to_owned();
    let is_good = match field(status, "authenticated") {
        None => false,
        Some(flag) => flag.as_bool().ok_or_else(broken)?,
    };
    if !is_good {
        let error = status.str_at(&["error"]).filter(|error| !error.is_empty());
        return error.map_or(Ok(None), |error| Err(error.to_owned()));
    }
    let told = texts(status, "audiences").ok_or_else(broken)?;
    let audiences = common(if told.is_empty() { own } else { &told }, wanted);
    if audiences.is_empty() && !wanted.is_empty() {
        return Ok(None);
    }
    let user = field(status, "user").filter(|user| is_user_info(user));
    let user = review::read_user(user.ok_or_else(broken)?);
    if user.name.is_empty() {
        return Err("the token webhook names no user".to_owned());
    }
    Ok(Some(Authenticated {
        user,
        audiences,
        until: None,
    }))
}

/// Whether nothing would be left out if it were read as a UserInfo.
fn is_user_info(user: &Value) -> bool {
    let is_text = |name: &str| field(user, name).is_none_or(|value| value.as_str().is_some());
    let is_extra = |extra: &Value| {
        let entries = extra.as_map();
        entries.is_some_and(|entries| entries.iter().all(|(key, _)| texts(extra, key).is_some()))
    };
    user.as_map().is_some()
        && is_text("username")
        && is_text("uid")
        && texts(user, "groups").is_some()
        && field(user, "extra").is_none_or(is_extra)
}

/// A field that is there and not null.
fn field<'a>(of: &'a Value, name: &str) -> Option<&'a Value> {
    of.get(name).filter(|value| !value.is_null())
}

/// A list of texts, empty if it is not there; `None` if it is something else.
fn texts(of: &Value, name: &str) -> Option<Vec<SmolStr>> {
    let Some(value) = field(of, name) else {
        return Some(Vec::new());
    };
    let texts = value.as_list()?.iter();
    texts.map(|text| text.as_str().map(SmolStr::new)).collect()
}

fn key(token: &str, wanted: &[SmolStr]) -> [u8; 32] {
    let mut digest = Sha256::new();
    for part in [token].into_iter().chain(wanted.iter().map(SmolStr::as_str)) {
        digest.update((part.len() as u64).to_be_bytes());
        digest.update(part.as_bytes());
    }
    digest.finalize().into()
}
