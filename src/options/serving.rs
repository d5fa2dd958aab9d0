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
    /// Another serving certificate for some names: cert.pem,key.pem or cert.pem,key.pem:name,*.name. Without names it is for those
    /// in it. Repeat it for several
    #[arg(long, value_name = "FILES")]
    pub tls_sni_cert_key: Vec<String>,
    /// The chance, for each request on HTTP/2, that its connection is asked to close and the client to open another, behind a load
    /// balancer perhaps to another server; 0 to 0.02
    #[arg(long, value_name = "NUMBER", default_value_t = 0.0, value_parser = goaway_chance)]
    pub goaway_chance: f64,
    /// Where spans of requests are sent to, and of how many (YAML, apiserver.config.k8s.io TracingConfiguration); without it nothing
    /// is traced
    #[arg(long, value_name = "FILE")]
    pub tracing_config_file: Option<PathBuf>,
    /// Whether profiles are taken at /debug/pprof/profile (CPU) and /debug/pprof/heap, for who may
    #[arg(long, value_name = "BOOL", default_value_t = true, action = clap::ArgAction::Set, num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub profiling: bool,
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
    /// What the process is, as it tells of itself.
    #[arg(skip)]
    pub component: &'static str,
    /// All flags, for who asks how it was started.
    #[arg(skip)]
    pub given: std::sync::Arc<[(String, String)]>,
    /// Stop when standard input ends, as at SIGTERM: for processes that end with the one that started them
    #[arg(long)]
    pub stop_with_stdin: bool,
}

/// More would close connections faster than they are of use (the reference's limit).
const GOAWAY_CHANCE_MAX: f64 = 0.02;

fn goaway_chance(text: &str) -> Result<f64, String> {
    let chance = text.parse().map_err(|_| "it is not a number".to_owned())?;
    match (0.0..=GOAWAY_CHANCE_MAX).contains(&chance) {
        true => Ok(chance),
        false => Err(format!(
            "it can not be less than 0 or greater than {GOAWAY_CHANCE_MAX}"
        )),
    }
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
