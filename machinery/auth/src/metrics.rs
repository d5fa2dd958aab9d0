//! The numbers of authentication and authorization, under the names that the reference gives them. They are counted where
//! requests are decided; nothing here knows a request.

use std::time::{Duration, SystemTime};

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Registry;
use sha2::{Digest, Sha256};

/// The first bound of durations in seconds; each next one is twice as large.
const SECONDS_MIN: f64 = 0.001;
const BOUNDS: u16 = 15;

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ByResult {
    result: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Username {
    username: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ByStatus {
    status: &'static str,
    apiserver_id_hash: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Info {
    apiserver_id_hash: String,
    hash: String,
}

type Histograms = Family<ByResult, Histogram, fn() -> Histogram>;

fn seconds() -> Histogram {
    Histogram::new(exponential_buckets(SECONDS_MIN, 2.0, BOUNDS))
}

/// How many attempts ended in which way, and how long they took. Clones share the numbers.
#[derive(Clone, Debug)]
pub struct Attempts {
    counts: Family<ByResult, Counter>,
    seconds: Histograms,
}

impl Default for Attempts {
    fn default() -> Self {
        Self {
            counts: Family::default(),
            seconds: Family::new_with_constructor(seconds),
        }
    }
}

impl Attempts {
    /// One more.
    pub fn count(&self, result: &'static str, took: Duration) {
        let label = ByResult { result };
        self.counts.get_or_create(&label).inc();
        self.seconds.get_or_create(&label).observe(took.as_secs_f64());
    }

    fn register(&self, registry: &mut Registry, (counts, seconds): (&str, &str), what: &str) {
        registry.register(
            counts,
            format!("Attempts at {what} by result"),
            self.counts.clone(),
        );
        registry.register(seconds, format!("Time that {what} took"), self.seconds.clone());
    }
}

/// Bounds of what client certificates still have to live, in seconds: half an hour to a year.
const REMAINING_SECONDS: [f64; 14] = [
    0.0,
    1_800.0,
    3_600.0,
    7_200.0,
    21_600.0,
    43_200.0,
    86_400.0,
    172_800.0,
    345_600.0,
    604_800.0,
    2_592_000.0,
    7_776_000.0,
    15_552_000.0,
    31_104_000.0,
];

/// Who came in. Clones share the numbers.
#[derive(Clone, Debug)]
pub struct Authentication {
    /// `success`, `failure`, `error`.
    pub attempts: Attempts,
    users: Family<Username, Counter>,
    certificates: Histogram,
}

impl Default for Authentication {
    fn default() -> Self {
        Self {
            attempts: Attempts::default(),
            users: Family::default(),
            certificates: Histogram::new(REMAINING_SECONDS),
        }
    }
}

impl Authentication {
    /// A request of somebody who is known. Names are put into few classes: labels must not grow with users.
    pub fn count_user(&self, name: &str) {
        let username = class(name).to_owned();
        self.users.get_or_create(&Username { username }).inc();
    }

    /// A request with a client certificate that is good until then (seconds since 1970).
    pub fn count_certificate(&self, until: i64) {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        let now = now.map_or(0.0, |now| now.as_secs_f64());
        self.certificates.observe(until as f64 - now);
    }

    /// Adds the numbers to a registry.
    pub fn register(&self, registry: &mut Registry) {
        registry.register(
            "apiserver_client_certificate_expiration_seconds",
            "What client certificates still have to live when they are used",
            self.certificates.clone(),
        );
        let names = ("authentication_attempts", "authentication_duration_seconds");
        self.attempts.register(registry, names, "authentication");
        registry.register(
            "authenticated_user_requests",
            "Authenticated requests by class of user",
            self.users.clone(),
        );
    }
}

fn class(name: &str) -> &str {
    match name {
        "admin" | "client" | "kube_proxy" | "kubelet" | "system:serviceaccount:kube-system:default" => name,
        _ if name.contains('@') => "email_id",
        _ => "other",
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ByAuthorizer {
    r#type: &'static str,
    name: String,
    decision: &'static str,
}

/// Which authorizer decided how often, and how: `allowed`, `denied`. Clones share the numbers.
#[derive(Clone, Debug, Default)]
pub struct Decisions {
    counts: Family<ByAuthorizer, Counter>,
}

impl Decisions {
    /// One more of an authorizer that is named by its type.
    pub fn count(&self, r#type: &'static str, is_allowed: bool) {
        let labels = ByAuthorizer {
            r#type,
            name: r#type.to_ascii_lowercase(),
            decision: if is_allowed { "allowed" } else { "denied" },
        };
        self.counts.get_or_create(&labels).inc();
    }

    /// Adds the numbers to a registry.
    pub fn register(&self, registry: &mut Registry) {
        registry.register(
            "apiserver_authorization_decisions",
            "Final decisions by authorizer",
            self.counts.clone(),
        );
    }
}

/// What was decided: `allowed`, `denied`, `no-opinion`, `error`. Clones share the numbers.
#[derive(Clone, Debug, Default)]
pub struct Authorization {
    /// By result.
    pub attempts: Attempts,
}

impl Authorization {
    /// Adds the numbers to a registry.
    pub fn register(&self, registry: &mut Registry) {
        let names = ("authorization_attempts", "authorization_duration_seconds");
        self.attempts.register(registry, names, "authorization");
    }
}

/// How often tokens were known already. Hits are counted without a look at a label. Clones share the numbers.
#[derive(Clone, Debug)]
pub struct TokenCache {
    requests: Family<CacheStatus, Counter>,
    fetches: Family<CacheStatus, Counter>,
    active: Gauge,
    hits: Counter,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct CacheStatus {
    status: &'static str,
}

impl Default for TokenCache {
    fn default() -> Self {
        let requests = Family::<CacheStatus, Counter>::default();
        let hits = requests.get_or_create(&CacheStatus { status: "hit" }).clone();
        Self {
            requests,
            fetches: Family::default(),
            active: Gauge::default(),
            hits,
        }
    }
}

impl TokenCache {
    /// A token that was known.
    pub fn hit(&self) {
        self.hits.inc();
    }

    /// A token that the authenticators are asked about; dropped when they have answered.
    pub fn miss(&self) -> Fetch {
        self.requests.get_or_create(&CacheStatus { status: "miss" }).inc();
        self.active.inc();
        Fetch {
            cache: self.clone(),
            status: "error",
        }
    }

    /// Adds the numbers to a registry.
    pub fn register(&self, registry: &mut Registry) {
        registry.register(
            "authentication_token_cache_request",
            "Look-ups of tokens by whether they were known",
            self.requests.clone(),
        );
        registry.register(
            "authentication_token_cache_fetch",
            "Questions to the authenticators of tokens",
            self.fetches.clone(),
        );
        registry.register(
            "authentication_token_cache_active_fetch_count",
            "Questions to the authenticators of tokens that are under way",
            self.active.clone(),
        );
    }
}

/// A question that is under way.
#[derive(Debug)]
pub struct Fetch {
    cache: TokenCache,
    status: &'static str,
}

impl Fetch {
    /// The token was good. Otherwise it counts as an error.
    pub fn succeeded(&mut self) {
        self.status = "ok";
    }
}

impl Drop for Fetch {
    fn drop(&mut self) {
        self.cache.active.dec();
        let status = CacheStatus { status: self.status };
        self.cache.fetches.get_or_create(&status).inc();
    }
}

/// How a configuration file was read again. Clones share the numbers.
#[derive(Clone, Debug)]
pub struct Reloads {
    server: String,
    counts: Family<ByStatus, Counter>,
    last: Family<ByStatus, Gauge<f64, std::sync::atomic::AtomicU64>>,
    info: Family<Info, Gauge>,
}

impl Reloads {
    /// Of a server, which is told apart from others by a hash of its identity (`sha256:` and hexadecimal digits).
    pub fn new(server: &str) -> Self {
        Self {
            server: server.to_owned(),
            counts: Family::default(),
            last: Family::default(),
            info: Family::default(),
        }
    }

    /// It was read now, with or without success.
    pub fn count(&self, succeeded: bool) {
        let status = ByStatus {
            status: if succeeded { "success" } else { "failure" },
            apiserver_id_hash: self.server.clone(),
        };
        self.counts.get_or_create(&status).inc();
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        self.last
            .get_or_create(&status)
            .set(now.map_or(0.0, |now| now.as_secs_f64()));
    }

    /// What counts now, by the hash of the file.
    pub fn set_hash(&self, hash: &str) {
        self.info.clear();
        let info = Info {
            apiserver_id_hash: self.server.clone(),
            hash: hash.to_owned(),
        };
        self.info.get_or_create(&info).set(1);
    }

    /// Adds the numbers to a registry; `of` is `authentication` or `authorization`.
    pub fn register(&self, registry: &mut Registry, of: &str) {
        let name = |end: &str| format!("apiserver_{of}_config_controller_{end}");
        registry.register(
            name("automatic_reloads"),
            format!("How often the {of} configuration was read again, by status"),
            self.counts.clone(),
        );
        registry.register(
            name("automatic_reload_last_timestamp_seconds"),
            format!("When the {of} configuration was last read again, by status"),
            self.last.clone(),
        );
        registry.register(
            name("last_config_info"),
            format!("The hash of the {of} configuration that counts"),
            self.info.clone(),
        );
    }
}

/// A digest of what a file holds, as metrics tell it.
pub fn digest(content: &[u8]) -> String {
    let digest = Sha256::digest(content);
    let digits: Vec<String> = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{}", digits.concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(registry: &Registry) -> String {
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, registry).expect("writing to a text");
        text
    }

    #[test]
    fn names_are_those_of_the_reference() {
        let mut registry = Registry::default();
        let authentication = Authentication::default();
        authentication.register(&mut registry);
        authentication.attempts.count("success", Duration::from_millis(3));
        authentication.count_user("admin");
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        authentication.count_certificate(now.expect("after 1970").as_secs() as i64 + 4_000);
        authentication.count_user("joe@example.com");
        authentication.count_user("system:serviceaccount:a:b");
        let authorization = Authorization::default();
        authorization.register(&mut registry);
        authorization.attempts.count("no-opinion", Duration::ZERO);
        let decisions = Decisions::default();
        decisions.register(&mut registry);
        decisions.count("RBAC", true);
        let cache = TokenCache::default();
        cache.register(&mut registry);
        cache.hit();
        cache.miss().succeeded();
        let fetching = cache.miss();
        let reloads = Reloads::new("sha256:x");
        reloads.register(&mut registry, "authentication");
        reloads.count(true);
        reloads.set_hash("sha256:a");
        reloads.set_hash("sha256:b");
        let text = text(&registry);
        for line in [
            "authentication_attempts_total{result=\"success\"} 1",
            "authentication_duration_seconds_bucket{le=\"0.004\",result=\"success\"} 1",
            "authenticated_user_requests_total{username=\"admin\"} 1",
            "authenticated_user_requests_total{username=\"email_id\"} 1",
            "authenticated_user_requests_total{username=\"other\"} 1",
            "apiserver_client_certificate_expiration_seconds_bucket{le=\"3600.0\"} 0",
            "apiserver_client_certificate_expiration_seconds_bucket{le=\"7200.0\"} 1",
            "apiserver_authorization_decisions_total{type=\"RBAC\",name=\"rbac\",decision=\"allowed\"} 1",
            "authorization_attempts_total{result=\"no-opinion\"} 1",
            "authentication_token_cache_request_total{status=\"hit\"} 1",
            "authentication_token_cache_request_total{status=\"miss\"} 2",
            "authentication_token_cache_fetch_total{status=\"ok\"} 1",
            "authentication_token_cache_active_fetch_count 1",
            "apiserver_authentication_config_controller_automatic_reloads_total{status=\"success\",apiserver_id_hash=\"sha256:x\"} 1",
            "apiserver_authentication_config_controller_last_config_info{apiserver_id_hash=\"sha256:x\",hash=\"sha256:b\"} 1",
        ] {
            assert!(text.contains(line), "{line} is not in\n{text}");
        }
        assert!(!text.contains("sha256:a\""));
        assert!(text.contains("automatic_reload_last_timestamp_seconds{status=\"success\""));
        drop(fetching);
    }
}
