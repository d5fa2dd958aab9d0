//! Flags about etcd.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::duration;

/// Where the store is.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Storage")]
pub struct Etcd {
    /// etcd's endpoints, separated by commas (http:// or https://) [default: an embedded store in the data folder]
    #[arg(long, value_name = "URLS", value_delimiter = ',')]
    pub etcd_servers: Vec<String>,
    /// Authorities of etcd's certificates (PEM)
    #[arg(long, value_name = "FILE")]
    pub etcd_cafile: Option<PathBuf>,
    /// The client certificate for etcd (PEM)
    #[arg(long, value_name = "FILE", requires = "etcd_keyfile")]
    pub etcd_certfile: Option<PathBuf>,
    /// The client certificate's key (PEM)
    #[arg(long, value_name = "FILE", requires = "etcd_certfile")]
    pub etcd_keyfile: Option<PathBuf>,
    /// What all keys begin with
    #[arg(long, value_name = "PREFIX", default_value = "/registry")]
    pub etcd_prefix: String,
    /// Other etcd servers for single resources: group/resource#server1;server2, separated by commas; /events for the core group
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    pub etcd_servers_overrides: Vec<String>,
    /// Which resources are encrypted in the store, with which keys: an EncryptionConfiguration of apiserver.config.k8s.io/v1
    #[arg(long, value_name = "FILE")]
    pub encryption_provider_config: Option<PathBuf>,
    /// Look at that file once a minute and use what changed, without a restart
    #[arg(long, num_args = 0..=1, require_equals = true, default_value_t = false, default_missing_value = "true", value_name = "BOOL", action = clap::ArgAction::Set, requires = "encryption_provider_config")]
    pub encryption_provider_config_automatic_reload: bool,
    /// Between compactions of the store's history; 0 leaves it to others
    #[arg(long, value_name = "DURATION", default_value = "5m0s", value_parser = duration)]
    pub etcd_compaction_interval: Duration,
}
