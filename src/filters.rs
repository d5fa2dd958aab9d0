//! The order in which a request passes the filters, written once.

use std::sync::Arc;

use render::Discovery;
use serve::filter::{Chain, Filter};
use serve::filters::{
    Audit, AuditId, Authentication, Authorization, CacheControl, Compress, Deadline, EndLongRunning,
    Impersonation, InFlight, OperatorPaths, PanicGuard, ReadRequestInfo, Rights, TellLoad, Traces,
};
use serve::health::Health;
use serve::http::Handler;
use serve::metrics::Metrics;
use serve::profile::Profiles;
use serve::shutdown::Shutdown;
use watchcache::Cache;
use watchcache::metrics::Numbers;

use crate::metrics::Deprecated;
use crate::options::{Listening, Serving};
use crate::pages;

/// What the filters need.
pub struct Parts {
    /// Who comes in.
    pub authentication: Authentication,
    /// Tells routers how much is under way.
    pub load: TellLoad,
    /// What is told of requests, if anything is.
    pub audit: Option<auth::audit::Audit>,
    /// Who may do what.
    pub authorization: Authorization,
    /// Whether watches may go on; they do without it.
    pub rights: Option<Rights>,
    /// Checks.
    pub health: Health,
    /// What is counted.
    pub metrics: Metrics,
    /// What is served.
    pub discovery: Discovery,
    /// Whose numbers are told too.
    pub cache: Arc<Cache>,
    /// Ends watches.
    pub shutdown: Shutdown,
}

/// The handler behind all filters: the first in the list sees a request first and its answer last.
pub fn chain(parts: Parts, serving: &Serving, handler: Handler) -> Handler {
    let metrics = parts.metrics;
    let deprecated = Deprecated::new(parts.discovery, &metrics);
    let pages = pages::of_cache(&serving.listening, &parts.cache);
    metrics.register(|registry| {
        parts.health.outcomes.register(registry);
        registry.register_collector(Box::new(Numbers::new(parts.cache)));
    });
    let filters: Vec<Box<dyn Filter>> = vec![
        Box::new(ReadRequestInfo),
        Box::new(metrics.clone()),
        Box::new(traces(&serving.listening)),
        Box::new(AuditId),
        Box::new(CacheControl),
        Box::new(PanicGuard),
        Box::new(parts.load),
        Box::new(Deadline::new(serving.listening.request_timeout)),
        Box::new(
            EndLongRunning::new(parts.shutdown)
                .spread_over(serving.listening.shutdown_watch_termination_grace_period),
        ),
        Box::new(Compress),
        Box::new(parts.authentication),
        Box::new(Audit { audit: parts.audit }),
        Box::new(Impersonation::new(parts.authorization.chain.clone())),
        Box::new(InFlight::new(
            serving.max_requests_inflight,
            serving.max_mutating_requests_inflight,
        )),
        Box::new(parts.rights),
        Box::new(parts.authorization),
        Box::new(deprecated),
        Box::new(OperatorPaths {
            health: parts.health,
            metrics,
            pages,
            profiles: profiles(&serving.listening),
        }),
    ];
    Chain::new(filters, handler).into_handler()
}

/// What takes profiles, unless it is switched off.
pub fn profiles(listening: &Listening) -> Option<Profiles> {
    listening.profiling.then(Profiles::default)
}

/// The filter that traces requests, if they are.
pub fn traces(listening: &Listening) -> Option<Traces> {
    listening.tracing_config_file.as_ref().map(|_| Traces)
}
