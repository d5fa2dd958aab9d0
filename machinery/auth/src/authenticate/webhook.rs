//! An authenticator over HTTP: a TokenReview is sent, its status names the user. Answers are remembered, failures are not.

use std::path::Path;
use std::time::{Duration, Instant};

use schema::{Value, tree};
use sha2::{Digest, Sha256};
use smol_str::SmolStr;

use super::{Authenticated, Outcome, common};
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

    /// The user that the webhook knows a token of.
    pub async fn authenticate(&self, token: &str, wanted: &[SmolStr]) -> Outcome {
        let key = key(token, wanted);
        if let Some(remembered) = self.answers.get(&key, Instant::now()) {
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
        let outcome = read(&answer, token, wanted)?;
        if !self.remembered_for.is_zero() {
            let now = Instant::now();
            self.answers
                .put(key, outcome.clone(), now + self.remembered_for, now);
        }
        Ok(outcome)
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

/// A webhook that says nothing of audiences knows none: then the token is for whoever asked. Nor does it say when a token ends:
/// one that says so itself counts until then.
fn read(answer: &Value, token: &str, wanted: &[SmolStr]) -> Outcome {
    let status = answer
        .get("status")
        .ok_or("the token webhook's answer has no status")?;
    if status.bool_at(&["authenticated"]) != Some(true) {
        let error = status.str_at(&["error"]).filter(|error| !error.is_empty());
        return error.map_or(Ok(None), |error| Err(error.to_owned()));
    }
    let told: Vec<SmolStr> = status
        .list_at(&["audiences"])
        .iter()
        .filter_map(Value::as_str)
        .map(SmolStr::new)
        .collect();
    let audiences = if told.is_empty() {
        wanted.to_vec()
    } else {
        common(&told, wanted)
    };
    if audiences.is_empty() && !wanted.is_empty() {
        return Ok(None);
    }
    let user = review::read_user(status.get("user").unwrap_or(&Value::Null));
    Ok(Some(Authenticated {
        user,
        audiences,
        until: Unverified::parse(token).and_then(|token| token.time("exp")),
    }))
}

fn key(token: &str, wanted: &[SmolStr]) -> [u8; 32] {
    let mut digest = Sha256::new();
    for part in [token].into_iter().chain(wanted.iter().map(SmolStr::as_str)) {
        digest.update((part.len() as u64).to_be_bytes());
        digest.update(part.as_bytes());
    }
    digest.finalize().into()
}
