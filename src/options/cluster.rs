//! Flags about what is served and handed out.

use std::time::Duration;

use clap::Args;

use super::duration;

/// What the cluster is like.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Cluster")]
pub struct Cluster {
    /// Ranges of Service addresses (CIDR), at most one of each family, separated by a comma
    #[arg(long, value_name = "CIDRS", default_value = apiserver::DEFAULT_SERVICE_RANGE)]
    pub service_cluster_ip_range: String,
    /// Ports of NodePort Services, both ends included
    #[arg(long, value_name = "RANGE", default_value = "30000-32767")]
    pub service_node_port_range: String,
    /// How long events are kept
    #[arg(long, value_name = "DURATION", default_value = "1h0m0s", value_parser = duration)]
    pub event_ttl: Duration,
    /// APIs to switch on or off: api/beta=true, batch/v1=false, ... separated by commas
    #[arg(long, value_name = "SETTINGS", default_value = "")]
    pub runtime_config: String,
    /// Features to switch on or off: Name=true, ... separated by commas
    #[arg(long, value_name = "SETTINGS", default_value = "")]
    pub feature_gates: String,
}
