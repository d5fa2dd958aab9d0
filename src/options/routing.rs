//! Flags of the router: where it listens, whom it lets in, and what it passes on to.

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::{Logging, Tiers, duration};

/// Everything that can be set for a router.
#[derive(Clone, Debug, Args)]
pub struct Routing {
    /// The folder of its own certificate and `admin.kubeconfig`
    /// [default: $XDG_DATA_HOME/shardplane or ~/.local/share/shardplane]
    #[arg(long, value_name = "DIR", env = "SHARDPLANE_DATA_DIR")]
    pub data_dir: Option<PathBuf>,
    /// The folder of authorities and keys of our own, which the processes of a system share [default: pki in the data folder]
    #[arg(long, value_name = "DIR")]
    pub cert_dir: Option<PathBuf>,
    #[command(flatten)]
    pub listening: Listening,
    #[command(flatten)]
    pub clients: Clients,
    #[command(flatten)]
    pub tiers: Tiers,
    #[command(flatten)]
    pub logging: Logging,
}

/// Where it listens, and how it stops.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Serving")]
pub struct Listening {
    /// The address to listen on; 0.0.0.0 is all
    #[arg(long, value_name = "IP", default_value = "0.0.0.0")]
    pub bind_address: IpAddr,
    /// The port to listen on; 0 is a free one
    #[arg(long, value_name = "PORT", default_value_t = 6443)]
    pub secure_port: u16,
    /// The address that the serving certificate also has [default: the bind address, or the one that packets leave from]
    #[arg(long, value_name = "IP")]
    pub advertise_address: Option<IpAddr>,
    /// The serving certificate (PEM, with its chain) [default: one of our own in the data folder]
    #[arg(long, value_name = "FILE", requires = "tls_private_key_file")]
    pub tls_cert_file: Option<PathBuf>,
    /// The serving certificate's key (PEM)
    #[arg(long, value_name = "FILE", requires = "tls_cert_file")]
    pub tls_private_key_file: Option<PathBuf>,
    /// How long requests that are under way may take to end when the router stops
    #[arg(long, value_name = "DURATION", default_value = "1m0s", value_parser = duration)]
    pub request_timeout: Duration,
    /// How long to go on serving after SIGTERM while /readyz fails, so that load balancers notice
    #[arg(long, value_name = "DURATION", default_value = "0s", value_parser = duration)]
    pub shutdown_delay_duration: Duration,
    /// Over how long watches end when the router stops, one after the other; 0 ends all together
    #[arg(long, value_name = "DURATION", default_value = "0s", value_parser = duration)]
    pub shutdown_watch_termination_grace_period: Duration,
    /// Requests and watches under way at a time, of all clients
    #[arg(long, value_name = "COUNT", default_value_t = router::limits::REQUESTS_MAX)]
    pub max_requests: usize,
    /// The same of each client address
    #[arg(long, value_name = "COUNT", default_value_t = router::limits::REQUESTS_PER_CLIENT_MAX)]
    pub max_requests_per_client: usize,
}

/// Whom it lets in.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Access")]
pub struct Clients {
    /// Authorities of client certificates (PEM) [default: our own]
    #[arg(long, value_name = "FILE")]
    pub client_ca_file: Option<PathBuf>,
    /// Headers that the tiers read a user's name from; like the others they are taken out of what clients send
    #[arg(
        long,
        value_name = "LIST",
        value_delimiter = ',',
        default_value = "X-Remote-User"
    )]
    pub requestheader_username_headers: Vec<String>,
    /// Headers with the user's uid
    #[arg(
        long,
        value_name = "LIST",
        value_delimiter = ',',
        default_value = "X-Remote-Uid"
    )]
    pub requestheader_uid_headers: Vec<String>,
    /// Headers with groups
    #[arg(
        long,
        value_name = "LIST",
        value_delimiter = ',',
        default_value = "X-Remote-Group"
    )]
    pub requestheader_group_headers: Vec<String>,
    /// Beginnings of headers with extras
    #[arg(
        long,
        value_name = "LIST",
        value_delimiter = ',',
        default_value = "X-Remote-Extra-"
    )]
    pub requestheader_extra_headers_prefix: Vec<String>,
}
