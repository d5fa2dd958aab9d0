//! The order in which a request passes the filters, written once.

use std::sync::Arc;

use auth::tokens::StaticTokens;
use kinds::Catalog;
use serve::filter::{Chain, Filter};
use serve::filters::{
    AuditId, Authentication, Authorization, CacheControl, Compress, Deadline, EndLongRunning, InFlight,
    OperatorPaths, PanicGuard, ReadRequestInfo,
};
use serve::health::Health;
use serve::http::Handler;
use serve::metrics::Metrics;
use serve::request_info::RequestInfo;
use serve::shutdown::Shutdown;
use serve::tls::ClientAuthority;
use watchcache::Cache;
use watchcache::metrics::Numbers;

use crate::options::Serving;

/// What the filters need.
pub struct Parts {
    /// Of client certificates.
    pub clients: Arc<ClientAuthority>,
    /// Static tokens.
    pub tokens: Arc<StaticTokens>,
    /// Checks.
    pub health: Health,
    /// Whose numbers are told.
    pub cache: Arc<Cache>,
    /// Ends watches.
    pub shutdown: Shutdown,
}

/// The handler behind all filters: the first in the list sees a request first and its answer last.
pub fn chain(parts: Parts, serving: &Serving, handler: Handler) -> Handler {
    let metrics = Metrics::new(Box::new(is_served));
    metrics.register(|registry| registry.register_collector(Box::new(Numbers::new(parts.cache))));
    let filters: Vec<Box<dyn Filter>> = vec![
        Box::new(ReadRequestInfo),
        Box::new(metrics.clone()),
        Box::new(AuditId),
        Box::new(CacheControl),
        Box::new(PanicGuard),
        Box::new(Deadline::new(serving.request_timeout)),
        Box::new(
            EndLongRunning::new(parts.shutdown).spread_over(serving.shutdown_watch_termination_grace_period),
        ),
        Box::new(Compress),
        Box::new(Authentication {
            clients: parts.clients,
            tokens: parts.tokens,
        }),
        Box::new(InFlight::new(
            serving.max_requests_inflight,
            serving.max_mutating_requests_inflight,
        )),
        Box::new(Authorization),
        Box::new(OperatorPaths {
            health: parts.health,
            metrics,
        }),
    ];
    Chain::new(filters, handler).into_handler()
}

/// Metrics have labels for resources that exist.
fn is_served(info: &RequestInfo) -> bool {
    let found = Catalog::builtin().resource(&info.group, &info.version, &info.resource);
    found.is_some_and(|resource| {
        info.subresource.is_empty() || resource.subresource(&info.subresource).is_some()
    })
}
