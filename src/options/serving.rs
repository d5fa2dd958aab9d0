//! Flags about the listener and its limits.

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::duration;

/// Where a process listens, whatever its tier, and how it stops.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Serving")]
pub struct Listening {
    /// The address to listen on; 0.0.0.0 is all
    #[arg(long, value_name = "IP", default_value = "0.0.0.0")]
    pub bind_address: IpAddr,
    /// The port to listen on; 0 is a free one
    #[arg(long, value_name = "PORT", default_value_t = 6443)]
    pub secure_port: u16,
    /// The address under which the rest of the cluster reaches this server [default: the bind address, or the one that
    /// packets leave from]
    #[arg(long, value_name = "IP")]
    pub advertise_address: Option<IpAddr>,
    /// The serving certificate (PEM, with its chain) [default: one of our own in the data folder]
    #[arg(long, value_name = "FILE", requires = "tls_private_key_file")]
    pub tls_cert_file: Option<PathBuf>,
    /// The serving certificate's key (PEM)
    #[arg(long, value_name = "FILE", requires = "tls_cert_file")]
    pub tls_private_key_file: Option<PathBuf>,
    /// How long a request may take, watches excepted; those under way are given as long when the process stops
    #[arg(long, value_name = "DURATION", default_value = "1m0s", value_parser = duration)]
    pub request_timeout: Duration,
    /// How long to go on serving after SIGTERM while /readyz fails, so that load balancers notice
    #[arg(long, value_name = "DURATION", default_value = "0s", value_parser = duration)]
    pub shutdown_delay_duration: Duration,
    /// Over how long watches end when the server stops, one after the other, so that their clients do not all come back at once;
    /// 0 ends all together
    #[arg(long, value_name = "DURATION", default_value = "0s", value_parser = duration)]
    pub shutdown_watch_termination_grace_period: Duration,
    /// Stop when standard input ends, as at SIGTERM: for processes that end with the one that started them
    #[arg(long)]
    pub stop_with_stdin: bool,
}

/// How it answers.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Serving")]
pub struct Serving {
    #[command(flatten)]
    pub listening: Listening,
    /// Reads under way at a time; 0 is without a limit
    #[arg(long, value_name = "COUNT", default_value_t = 400)]
    pub max_requests_inflight: usize,
    /// Writes under way at a time; 0 is without a limit
    #[arg(long, value_name = "COUNT", default_value_t = 200)]
    pub max_mutating_requests_inflight: usize,
}
