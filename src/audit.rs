//! The audit log, put together from the flags.

use std::sync::Arc;
use std::time::Duration;

use auth::audit::{Audit, Batching, Log, Policy, Webhook};
use auth::client::{Caller, Kubeconfig};
use auth::limits::WEBHOOK_TIMEOUT;

use crate::error::Error;
use crate::options;

const MEGABYTE: u64 = 1024 * 1024;
/// Unless configured.
const LOG_MEGABYTES: u64 = 100;
const DAY: Duration = Duration::from_secs(24 * 3_600);

/// The backends, running; `None` without a policy or without a backend.
pub fn start(flags: &options::Audit) -> Result<Option<Audit>, Error> {
    let Some(path) = &flags.audit_policy_file else {
        return Ok(None);
    };
    const FLAG: &str = "audit-policy-file";
    let text = std::fs::read(path).map_err(|source| Error::File {
        flag: FLAG,
        path: path.clone(),
        source,
    })?;
    let policy =
        Policy::parse(&text).map_err(|why| Error::flag(FLAG, format!("{}: {why}", path.display())))?;
    let mut sinks = Vec::new();
    if let Some(path) = &flags.audit_log_path {
        let megabytes = if flags.audit_log_maxsize == 0 {
            LOG_MEGABYTES
        } else {
            flags.audit_log_maxsize
        };
        let days = u32::try_from(flags.audit_log_maxage).unwrap_or(u32::MAX);
        let log = Log {
            path: path.clone(),
            bytes_max: megabytes.saturating_mul(MEGABYTE),
            kept_max: flags.audit_log_maxbackup,
            kept_for: DAY.saturating_mul(days),
        };
        let failed = |source| Error::File {
            flag: "audit-log-path",
            path: path.clone(),
            source,
        };
        sinks.push(log.start().map_err(failed)?);
    }
    if let Some(path) = &flags.audit_webhook_config_file {
        let caller = Kubeconfig::read(path).and_then(|config| Caller::new(config, WEBHOOK_TIMEOUT));
        let caller = caller.map_err(|error| Error::flag("audit-webhook-config-file", error))?;
        let batching = Batching {
            buffer_events_max: flags.audit_webhook_batch_buffer_size,
            batch_events_max: flags.audit_webhook_batch_max_size,
            wait_max: flags.audit_webhook_batch_max_wait,
        };
        sinks.push(Webhook::new(caller, batching).start());
    }
    let audit = Audit {
        policy: Arc::new(policy),
        sinks,
    };
    Ok(Some(audit).filter(|audit| !audit.sinks.is_empty()))
}
