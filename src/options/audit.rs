//! Flags about the audit log.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::duration;

/// What is told of requests, and where to.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Audit")]
pub struct Audit {
    /// What is told of which requests (YAML, audit.k8s.io/v1 Policy); without it nothing is
    #[arg(long, value_name = "FILE")]
    pub audit_policy_file: Option<PathBuf>,
    /// The file that events are written to; - is standard output
    #[arg(long, value_name = "FILE", requires = "audit_policy_file")]
    pub audit_log_path: Option<PathBuf>,
    /// Days that files set aside are kept; 0 is without a limit
    #[arg(long, value_name = "DAYS", default_value_t = 0)]
    pub audit_log_maxage: u64,
    /// Files set aside that are kept; 0 is without a limit
    #[arg(long, value_name = "COUNT", default_value_t = 0)]
    pub audit_log_maxbackup: usize,
    /// Megabytes of a file until it is set aside; 0 is 100
    #[arg(long, value_name = "MEGABYTES", default_value_t = 0)]
    pub audit_log_maxsize: u64,
    /// A webhook that events are sent to (kubeconfig)
    #[arg(long, value_name = "FILE", requires = "audit_policy_file")]
    pub audit_webhook_config_file: Option<PathBuf>,
    /// Events that wait for the webhook; more are dropped and counted
    #[arg(long, value_name = "COUNT", default_value_t = 10_000)]
    pub audit_webhook_batch_buffer_size: usize,
    /// Events of one request
    #[arg(long, value_name = "COUNT", default_value_t = 400)]
    pub audit_webhook_batch_max_size: usize,
    /// How long the first of a batch waits for others
    #[arg(long, value_name = "DURATION", default_value = "30s", value_parser = duration)]
    pub audit_webhook_batch_max_wait: Duration,
}
